/* SPDX-License-Identifier: Apache-2.0 */
#include "api/media.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "metrics/open_metrics.h"

#define BLANKS " \t"

static const char *const types[] = {
	[WEIR_MEDIA_JSON] = "application/json",
	[WEIR_MEDIA_PROTOBUF] = "application/x-protobuf",
};

const char *weir_media_type(enum weir_media media)
{
	return media == WEIR_MEDIA_OPEN_METRICS ? WEIR_OPEN_METRICS_TYPE : types[media];
}

/* Is the type at @text, which ends at a parameter, a comma, a blank or the end, this one? */
static bool type_is(const char *text, const char *type)
{
	size_t length = strcspn(text, ";," BLANKS);

	return length == strlen(type) && strncasecmp(text, type, length) == 0;
}

enum weir_media weir_media_of(const char *content_type)
{
	const char *text = content_type + strspn(content_type, BLANKS);

	for (size_t i = WEIR_MEDIA_JSON; i < ARRAY_SIZE(types); i++) {
		if (type_is(text, types[i]))
			return (enum weir_media)i;
	}
	return WEIR_MEDIA_NONE;
}

/* "0.75" -> 750. What is not 1 and not less, or is no number, is 1. */
static int thousandths(const char *text)
{
	int value = 0;

	if (*text++ != '0')
		return 1000;
	if (*text == '.')
		text++;
	for (int unit = 100; unit && isdigit((unsigned char)*text); unit /= 10)
		value += (*text++ - '0') * unit;
	return value;
}

/* Of the range at @text, up to @end. 0: "not that". */
static int quality_of(const char *text, const char *end)
{
	const char *p = text;

	while ((p = memchr(p, ';', (size_t)(end - p)))) {
		p += 1 + strspn(p + 1, BLANKS);
		if (strncasecmp(p, "q=", 2) == 0)
			return thousandths(p + 2);
	}
	return 1000;
}

/* How narrowly @range covers @type. 0: it does not. */
static int specificity_of(const char *range, const char *type)
{
	if (type_is(range, type))
		return 3;
	if (type_is(range, "application/*"))
		return 2;
	return type_is(range, "*/*") ? 1 : 0;
}

void weir_accept_add(struct weir_accept *accept, const char *value)
{
	const char *range = value, *end;

	for (;; range = end) {
		range += strspn(range, "," BLANKS);
		if (!*range)
			return;
		end = range + strcspn(range, ",");
		accept->given = true;
		for (size_t i = WEIR_MEDIA_JSON; i < ARRAY_SIZE(types); i++) {
			int specificity = specificity_of(range, types[i]);

			if (specificity <= accept->of[i].specificity)
				continue;
			accept->of[i].specificity = specificity;
			accept->of[i].quality = quality_of(range, end);
		}
	}
}

enum weir_media weir_accept_choose(const struct weir_accept *accept)
{
	int json = accept->of[WEIR_MEDIA_JSON].quality;
	int protobuf = accept->of[WEIR_MEDIA_PROTOBUF].quality;

	if (!accept->given)
		return WEIR_MEDIA_JSON;
	if (!json && !protobuf)
		return WEIR_MEDIA_NONE;
	return json >= protobuf ? WEIR_MEDIA_JSON : WEIR_MEDIA_PROTOBUF;
}
