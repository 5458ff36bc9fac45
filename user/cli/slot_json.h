/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_SLOT_JSON_H
#define WEIR_CLI_SLOT_JSON_H

/* Records of the maps as JSON: every field by the name it has in weir/abi.h. */

struct weir_json_out;
struct weir_node;
struct weir_sample;
struct weir_sampled;

void weir_slot_json(struct weir_json_out *json, const struct weir_sampled *one);
void weir_node_json(struct weir_json_out *json, const char *key, const struct weir_node *node);

/* {"node": …, "containers": […]} and a newline, on stdout. */
void weir_sample_json(const struct weir_sample *sample);

#endif /* WEIR_CLI_SLOT_JSON_H */
