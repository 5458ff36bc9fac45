/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_VALUES_H
#define WEIR_VALUES_H

/*
 * What stands in a configuration, read key by key: each takes the value as it is written, and writes the
 * field of struct weir_options that the table of settings names. -EINVAL: not a value for it; the text
 * says what was expected, and the field is unchanged.
 */

struct weir_error;

int weir_value_text(const char *value, void *field,
		    struct weir_error *err); /* char *, owned; any text */
int weir_value_socket(const char *value, void *field, struct weir_error *err);
int weir_value_path(const char *value, void *field, struct weir_error *err);
int weir_value_pin_dir(const char *value, void *field, struct weir_error *err);
int weir_value_prefix(const char *value, void *field, struct weir_error *err);
int weir_value_parent(const char *value, void *field, struct weir_error *err);
int weir_value_log_level(const char *value, void *field, struct weir_error *err);
int weir_value_threads(const char *value, void *field, struct weir_error *err);
int weir_value_group(const char *value, void *field, struct weir_error *err);
int weir_value_reserve_cpu(const char *value, void *field, struct weir_error *err);
int weir_value_reserve_memory(const char *value, void *field, struct weir_error *err);
int weir_value_default_cpu_limit(const char *value, void *field, struct weir_error *err);
int weir_value_log_max(const char *value, void *field, struct weir_error *err);
int weir_value_version(const char *value, void *field, struct weir_error *err);
int weir_value_switch(const char *value, void *field, struct weir_error *err);
int weir_value_linger(const char *value, void *field, struct weir_error *err);
int weir_value_changes(const char *value, void *field, struct weir_error *err);
int weir_value_share(const char *value, void *field, struct weir_error *err);
int weir_value_ports(const char *value, void *field, struct weir_error *err);
int weir_value_agent_socket(const char *value, void *field, struct weir_error *err);
int weir_value_agent_cgroup(const char *value, void *field, struct weir_error *err);
int weir_value_user(const char *value, void *field, struct weir_error *err);
int weir_value_tier(const char *value, void *field, struct weir_error *err);
int weir_value_net(const char *value, void *field, struct weir_error *err);

/* values_roles.c */
int weir_value_disk(const char *value, void *field, struct weir_error *err); /* uint64_t, bytes */
int weir_value_disks(const char *value, void *field, struct weir_error *err); /* char *, owned */
int weir_value_statics(const char *value, void *field, struct weir_error *err); /* char *, owned */
int weir_value_rights(const char *value, void *field,
		      struct weir_error *err); /* WEIR_RIGHTS_TEXT bytes */
int weir_value_grace(const char *value, void *field, struct weir_error *err); /* uint64_t, us */

#endif /* WEIR_VALUES_H */
