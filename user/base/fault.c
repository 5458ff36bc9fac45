/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	int code;
} errors[] = {
	{ "ENOSPC", -ENOSPC },
	{ "EIO", -EIO },
	{ "EROFS", -EROFS },
};

static int fail_as(const char *what)
{
	if (strcmp(what, "KILL") == 0)
		kill(getpid(), SIGKILL);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (strcmp(errors[i].name, what) == 0)
			return errors[i].code;
	}
	return 0;
}

int weir_fault(const char *name)
{
	static unsigned long passed;
	static const char *wanted;
	static bool looked;
	size_t n = strlen(name);
	unsigned long which = 1;
	const char *rest;
	char *end;

	if (!looked) {
		wanted = getenv("WEIR_FAULT");
		looked = true;
	}
	if (!wanted || strncmp(wanted, name, n) != 0)
		return 0;
	rest = wanted + n;
	if (*rest == '@') {
		which = strtoul(rest + 1, &end, 10);
		rest = end;
	}
	if (*rest != '=' || ++passed != which)
		return 0;
	return fail_as(rest + 1);
}
