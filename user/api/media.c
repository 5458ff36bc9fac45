/* SPDX-License-Identifier: Apache-2.0 */
#include "api/media.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

#define BLANKS " \t"

/* Is the type at @text, which ends at a parameter, a comma, a blank or the end, this one? */
static bool type_is(const char *text, const char *type)
{
	size_t length = strcspn(text, ";," BLANKS);

	return length == strlen(type) && strncasecmp(text, type, length) == 0;
}

bool weir_media_is_json(const char *content_type)
{
	return type_is(content_type + strspn(content_type, BLANKS), "application/json");
}

/* Does the range at @text, up to @end, carry a quality of 0, "not that"? */
static bool is_unwanted(const char *text, const char *end)
{
	const char *p = text;

	while ((p = memchr(p, ';', (size_t)(end - p)))) {
		p += 1 + strspn(p + 1, BLANKS);
		if (strncasecmp(p, "q=", 2) != 0)
			continue;
		p += 2;
		return *p == '0' && !isdigit((unsigned char)p[strspn(p, "0.")]);
	}
	return false;
}

static int specificity_of(const char *range)
{
	static const char *const covers_json[] = { "*/*", "application/*", "application/json" };

	for (size_t i = 0; i < ARRAY_SIZE(covers_json); i++) {
		if (type_is(range, covers_json[i]))
			return (int)i + 1;
	}
	return 0;
}

void weir_accept_add(struct weir_accept *accept, const char *value)
{
	const char *range = value;

	for (;;) {
		const char *end;
		int specificity;

		range += strspn(range, "," BLANKS);
		if (!*range)
			return;
		end = range + strcspn(range, ",");
		accept->given = true;
		specificity = specificity_of(range);
		if (specificity > accept->specificity) {
			accept->specificity = specificity;
			accept->wanted = !is_unwanted(range, end);
		}
		range = end;
	}
}

bool weir_accept_is_json(const struct weir_accept *accept)
{
	return !accept->given || accept->wanted;
}
