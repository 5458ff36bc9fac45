/* SPDX-License-Identifier: Apache-2.0 */
/* Values of section [roles], and of what can be reserved beside CPUs and memory. */
#include "daemon/values.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/quantity.h"
#include "control/disks.h"
#include "control/static_roles.h"
#include "daemon/options.h"
#include "model/rights.h"

int weir_value_disk(const char *value, void *field, struct weir_error *err)
{
	uint64_t bytes = WEIR_ABSENT;

	if (strcmp(value, "auto") != 0 && weir_parse_memory(value, &bytes, err) < 0)
		return err->code;
	if (bytes == WEIR_INFINITE)
		return weir_fail(err, -EINVAL, "'%s' is no size of a disk", value);
	*(uint64_t *)field = bytes;
	return 0;
}

int weir_value_disks(const char *value, void *field, struct weir_error *err)
{
	return weir_disks_check(value, err) < 0 ? err->code : weir_value_text(value, field, err);
}

int weir_value_statics(const char *value, void *field, struct weir_error *err)
{
	return weir_statics_check(value, err) < 0 ? err->code : weir_value_text(value, field, err);
}

int weir_value_rights(const char *value, void *field, struct weir_error *err)
{
	if (weir_rights_check(value, err) < 0)
		return err->code;
	/* All of it: tunables are compared as bytes. */
	memset(field, 0, WEIR_RIGHTS_TEXT);
	snprintf(field, WEIR_RIGHTS_TEXT, "%s", value);
	return 0;
}

int weir_value_grace(const char *value, void *field, struct weir_error *err)
{
	uint64_t ms;

	if (weir_parse_duration(value, &ms, err) < 0)
		return err->code;
	*(uint64_t *)field = ms * 1000;
	return 0;
}
