/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_VOLUME_LIST_H
#define WEIR_CLI_VOLUME_LIST_H

/* What volumes there are. */

#include <stdbool.h>
#include <stdio.h>

#include "cli/reserved.h"

#define WEIR_USED_UNKNOWN UINT64_MAX

/* @used: bytes on the disk of each, UNKNOWN where it could not be found out; NULL: it was not. @now_us: CLOCK_REALTIME. -ENOMEM. */
int weir_volume_list_print(const struct weir_volume_list *list, const uint64_t *used,
			   uint64_t now_us, FILE *file);
void weir_volume_list_json(const struct weir_volume_list *list, const uint64_t *used, FILE *file);

/* Ask for them, and print them; with @used after having walked through each. The exit code. */
int weir_volume_list_show(struct weir_client *client, bool used, bool json);

#endif /* WEIR_CLI_VOLUME_LIST_H */
