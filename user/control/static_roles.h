/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_STATIC_ROLES_H
#define WEIR_STATIC_ROLES_H

/*
 * Static reservations: what the configuration reserves, "eng cpus=2 mem=4Gi disk=10Gi, ops cpus=1", and nobody else can
 * take away. They are brought to what it says at the start, as far as that goes without taking from anybody.
 */

struct weir_controller;
struct weir_error;

/* Is it such a text? -EINVAL. */
int weir_statics_check(const char *text, struct weir_error *err);

/* Bring them to it, after the containers have been recovered. What can't be, since it is refined, has volumes, or is not free, stays, and a warning says so. */
int weir_statics_apply(struct weir_controller *controller, const char *text,
		       struct weir_error *err);

#endif /* WEIR_STATIC_ROLES_H */
