/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_VOLUME_LIST_H
#define WEIR_CLI_VOLUME_LIST_H

/* What volumes there are. */

#include <stdbool.h>
#include <stdio.h>

#include "cli/reserved.h"

/* @now_us: CLOCK_REALTIME. -ENOMEM. */
int weir_volume_list_print(const struct weir_volume_list *list, uint64_t now_us, FILE *file);
void weir_volume_list_json(const struct weir_volume_list *list, FILE *file);

/* Ask for them, and print them. The exit code. */
int weir_volume_list_show(struct weir_client *client, bool json);

#endif /* WEIR_CLI_VOLUME_LIST_H */
