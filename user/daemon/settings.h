/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_SETTINGS_H
#define WEIR_SETTINGS_H

/*
 * The keys of the configuration, in one table: section, name, default, and who reads a value.
 *
 * Files, command line, defaults and the example file all go by it.
 */

#include <stdbool.h>
#include <stddef.h>

struct weir_error;
struct weir_options;

struct weir_setting {
	const char *section, *key;
	const char *fallback; /* the default, as it would be written in a file */
	int (*set)(const char *value, void *field, struct weir_error *err);
	size_t offset; /* of the field in struct weir_options */
};

extern const struct weir_setting weir_settings[];
extern const size_t weir_n_settings;

/* -EINVAL: no such section, or no such key in it; the text lists what there is. */
int weir_setting_find(const char *section, const char *key, const struct weir_setting **ret,
		      struct weir_error *err);

/* -EINVAL: not a value for this key; the text says what was expected, @options is unchanged. */
int weir_setting_apply(const struct weir_setting *setting, const char *value,
		       struct weir_options *options, struct weir_error *err);

#endif /* WEIR_SETTINGS_H */
