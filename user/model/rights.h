/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_RIGHTS_H
#define WEIR_RIGHTS_H

/*
 * Who may do what with the reservations of which roles: "alice eng, bob eng/ads" lets alice do it for eng and all roles
 * below it. A principal or a role that is "*" is every one; an empty text lets everybody. Pure.
 */

#include <stdbool.h>

struct weir_error;

#define WEIR_RIGHTS_TEXT 2048

/* -EINVAL: it is no such text. */
int weir_rights_check(const char *rights, struct weir_error *err);

bool weir_rights_allow(const char *rights, const char *principal, const char *role);

#endif /* WEIR_RIGHTS_H */
