/* SPDX-License-Identifier: Apache-2.0 */
/* Failures as text: see error.h. Formats into a local first, because arguments may point into @err. */

#include "base/error.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int weir_fail(struct weir_error *err, int code, const char *fmt, ...)
{
	char text[WEIR_ERROR_TEXT];
	va_list args;

	assert(code < 0);

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);

	err->code = code;
	memcpy(err->text, text, strlen(text) + 1);
	return code;
}

int weir_fail_in(struct weir_error *err, const char *fmt, ...)
{
	char context[WEIR_ERROR_TEXT], text[2 * WEIR_ERROR_TEXT + 2];
	size_t len;
	va_list args;

	assert(err->code < 0);

	va_start(args, fmt);
	vsnprintf(context, sizeof(context), fmt, args);
	va_end(args);

	/* The context stands in front, so what no longer fits is the tail of the detail. */
	snprintf(text, sizeof(text), "%s: %s", context, err->text);
	len = strnlen(text, sizeof(err->text) - 1);
	memcpy(err->text, text, len);
	err->text[len] = '\0';
	return err->code;
}

int weir_fail_memory(struct weir_error *err)
{
	return weir_fail(err, -ENOMEM, "out of memory");
}
