/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_MAPS_H
#define WEIR_CLI_MAPS_H

struct weir_globals;
struct weir_metrics;

/* Map what --pin-dir names. An exit code, after having said why it is not 0. */
int weir_open_maps(const struct weir_globals *globals, struct weir_metrics *ret);

#endif /* WEIR_CLI_MAPS_H */
