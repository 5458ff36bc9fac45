/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Amounts are read as decimals, never as doubles: 0.3 is three tenths, and what is not a whole
 * number of the unit is noticed instead of rounded.
 */

#include "base/quantity.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"

#define TEXT_MAX     63 /* nobody means an amount longer than this, and error texts quote it whole */
#define DECIMALS_MAX 19 /* so that they fit an uint64_t */

struct unit {
	const char *suffix;
	uint64_t scale; /* how many of the smallest there are in one */
};

/* One kind of amount: how it is written, and how large it may get. */
struct kind {
	const char *example, *smallest;
	const struct unit *units;
	size_t n_units;
	const char *known; /* put behind the complaint about an unknown suffix */
	uint64_t most;
	const char *most_text;
};

static const struct unit cpu_units[] = {
	{ "", 1000 },
	{ "m", 1 },
	{ "%", 10 },
};

static const struct kind cpu_kind = {
	.example = "an amount of CPU, such as 0.5, 500m, 150% or max",
	.smallest = "millicores",
	.units = cpu_units,
	.n_units = ARRAY_SIZE(cpu_units),
	.known = ", expected m or %",
	.most = WEIR_MAX_MCPU,
	.most_text = "1000000 CPUs",
};
static_assert(WEIR_MAX_MCPU == 1000000 * 1000ULL, "the text above says so");

static const struct unit memory_units[] = {
	{ "", 1 },
	{ "Ki", 1ULL << 10 },
	{ "Mi", 1ULL << 20 },
	{ "Gi", 1ULL << 30 },
	{ "Ti", 1ULL << 40 },
	{ "k", 1000 },
	{ "K", 1000 },
	{ "M", 1000000 },
	{ "G", 1000000000 },
	{ "T", 1000000000000 },
};

static const struct kind memory_kind = {
	.example = "an amount of memory, such as 512Mi, 1.5G, 1048576 or max",
	.smallest = "bytes",
	.units = memory_units,
	.n_units = ARRAY_SIZE(memory_units),
	.known = ", expected Ki, Mi, Gi, Ti, k, M, G or T",
	.most = WEIR_MAX_BYTES,
	.most_text = "1048576Ti",
};
static_assert(WEIR_MAX_BYTES == 1048576 * (1ULL << 40), "the text above says so");

static const struct unit duration_units[] = {
	{ "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "min", 60000 }, { "h", 3600000 },
};

static const struct kind duration_kind = {
	.example = "a duration, such as 10s, 500ms, 2min or 1h",
	.smallest = "milliseconds",
	.units = duration_units,
	.n_units = ARRAY_SIZE(duration_units),
	.known = ", expected ms, s, min or h",
	.most = UINT64_MAX / 1000000, /* callers may count in nanoseconds */
	.most_text = "584 years",
};

/* The fraction is without its trailing zeros: 1.250 is {1, 25, 100}. */
struct decimal {
	uint64_t whole; /* UINT64_MAX: that or more */
	uint64_t fraction, divisor;
};

static size_t count_digits(const char *text)
{
	return strspn(text, "0123456789");
}

static uint64_t read_digits(const char *text, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return UINT64_MAX;
	}
	return value;
}

/* "2", "2.5", ".5", but not "2." or ".". *@ret_rest is what follows. */
static bool read_decimal(const char *text, struct decimal *ret, const char **ret_rest)
{
	size_t n_whole = count_digits(text), n_fraction = 0;
	const char *rest = text + n_whole;
	uint64_t fraction = 0, divisor = 1;

	if (*rest == '.') {
		const char *decimals = rest + 1;

		n_fraction = count_digits(decimals);
		if (!n_fraction)
			return false;
		rest = decimals + n_fraction;

		while (n_fraction && decimals[n_fraction - 1] == '0')
			n_fraction--;
		for (size_t i = 0; i < n_fraction && i < DECIMALS_MAX; i++)
			divisor *= 10;
		/* Finer than any unit can be: a fraction that none makes whole. */
		fraction = n_fraction <= DECIMALS_MAX ? read_digits(decimals, n_fraction) : 1;
	} else if (!n_whole) {
		return false;
	}

	*ret = (struct decimal){ read_digits(text, n_whole), fraction, divisor };
	*ret_rest = rest;
	return true;
}

static const struct unit *find_unit(const struct kind *kind, const char *suffix)
{
	for (size_t i = 0; i < kind->n_units; i++) {
		if (strcmp(kind->units[i].suffix, suffix) == 0)
			return &kind->units[i];
	}
	return NULL;
}

static int fail_suffix(const struct kind *kind, const char *text, const char *suffix,
		       struct weir_error *err)
{
	/* Whoever writes 500m of memory means mebibytes, never half a byte. */
	if (kind == &memory_kind && strcmp(suffix, "m") == 0)
		return weir_fail(err, -EINVAL,
				 "'%s' has the suffix 'm', which means milli; write '%.*sMi'", text,
				 (int)(suffix - text), text);

	return weir_fail(err, -EINVAL, "'%s' has an unknown suffix '%s'%s", text, suffix,
			 kind->known);
}

static int parse_amount(const char *text, const struct kind *kind, uint64_t *ret,
			struct weir_error *err)
{
	const struct unit *unit;
	struct decimal number;
	const char *suffix;
	unsigned __int128 part;
	size_t len = strlen(text);
	uint64_t value;

	if (len > TEXT_MAX)
		return weir_fail(err, -EINVAL, "a text of %zu bytes is not %s", len, kind->example);
	if (!read_decimal(text, &number, &suffix))
		return weir_fail(err, -EINVAL, "'%s' is not %s", text, kind->example);

	unit = find_unit(kind, suffix);
	if (!unit)
		return fail_suffix(kind, text, suffix, err);

	part = (unsigned __int128)number.fraction * unit->scale;
	if (part % number.divisor)
		return weir_fail(err, -EINVAL, "'%s' is not a whole number of %s", text,
				 kind->smallest);

	if (__builtin_mul_overflow(number.whole, unit->scale, &value) ||
	    __builtin_add_overflow(value, (uint64_t)(part / number.divisor), &value) ||
	    value > kind->most)
		return weir_fail(err, -ERANGE, "'%s' is more than %s", text, kind->most_text);

	*ret = value;
	return 0;
}

int weir_parse_cpu(const char *text, uint64_t *ret_mcpu, struct weir_error *err)
{
	if (strcmp(text, "max") == 0) {
		*ret_mcpu = WEIR_INFINITE;
		return 0;
	}
	return parse_amount(text, &cpu_kind, ret_mcpu, err);
}

int weir_parse_memory(const char *text, uint64_t *ret_bytes, struct weir_error *err)
{
	if (strcmp(text, "max") == 0) {
		*ret_bytes = WEIR_INFINITE;
		return 0;
	}
	return parse_amount(text, &memory_kind, ret_bytes, err);
}

int weir_parse_band(const char *text, weir_parse_fn *parse, uint64_t *ret_request,
		    uint64_t *ret_limit, struct weir_error *err)
{
	uint64_t request = WEIR_ABSENT, limit = WEIR_ABSENT;
	size_t n = strcspn(text, ":");
	const char *limit_text = text[n] ? text + n + 1 : "";
	char request_text[TEXT_MAX + 1];
	int r;

	if (n > TEXT_MAX)
		return weir_fail(err, -EINVAL, "a request of %zu bytes is too long", n);
	memcpy(request_text, text, n);
	request_text[n] = '\0';

	if (!*request_text && !*limit_text)
		return weir_fail(err, -EINVAL,
				 "'%s' has neither a request nor a limit, expected REQUEST, "
				 "REQUEST:LIMIT or :LIMIT",
				 text);

	if (*request_text) {
		r = parse(request_text, &request, err);
		if (r < 0)
			return r;
		if (request == WEIR_INFINITE)
			return weir_fail(err, -EINVAL, "'max' may be a limit, not a request");
	}
	if (*limit_text) {
		r = parse(limit_text, &limit, err);
		if (r < 0)
			return r;
	}

	*ret_request = request;
	*ret_limit = limit;
	return 0;
}

/* The words for what is no number; false: @amount is one. */
static bool format_special(uint64_t amount, char *buf)
{
	if (amount != WEIR_INFINITE && amount != WEIR_ABSENT)
		return false;
	snprintf(buf, WEIR_QUANTITY_TEXT, "%s", amount == WEIR_INFINITE ? "max" : "-");
	return true;
}

const char *weir_format_cpu(uint64_t mcpu, char buf[WEIR_QUANTITY_TEXT])
{
	int len;

	if (format_special(mcpu, buf))
		return buf;

	len = snprintf(buf, WEIR_QUANTITY_TEXT, "%" PRIu64 ".%03" PRIu64, mcpu / 1000, mcpu % 1000);
	while (buf[len - 1] == '0')
		buf[--len] = '\0';
	if (buf[len - 1] == '.')
		buf[--len] = '\0';
	return buf;
}

static const struct unit binary_units[] = {
	{ "", 1 },
	{ "Ki", 1ULL << 10 },
	{ "Mi", 1ULL << 20 },
	{ "Gi", 1ULL << 30 },
	{ "Ti", 1ULL << 40 },
};

/* To the nearest tenth, without the overflow of bytes * 10. */
static uint64_t tenths(uint64_t bytes, uint64_t scale)
{
	return bytes / scale * 10 + (bytes % scale * 10 + scale / 2) / scale;
}

const char *weir_format_memory(uint64_t bytes, char buf[WEIR_QUANTITY_TEXT])
{
	const struct unit *unit = binary_units;
	const struct unit *last = &binary_units[ARRAY_SIZE(binary_units) - 1];

	if (format_special(bytes, buf))
		return buf;

	/* By the rounded figure, or else a byte less than 1Mi would read 1024.0Ki. */
	if (bytes >= 1024)
		unit++;
	while (unit->scale > 1 && unit < last && tenths(bytes, unit->scale) >= 10240)
		unit++;

	if (bytes % unit->scale == 0) {
		snprintf(buf, WEIR_QUANTITY_TEXT, "%" PRIu64 "%s", bytes / unit->scale,
			 unit->suffix);
	} else {
		uint64_t value = tenths(bytes, unit->scale);

		snprintf(buf, WEIR_QUANTITY_TEXT, "%" PRIu64 ".%" PRIu64 "%s", value / 10,
			 value % 10, unit->suffix);
	}
	return buf;
}

const char *weir_format_memory_exact(uint64_t bytes, char buf[WEIR_QUANTITY_TEXT])
{
	const struct unit *unit = binary_units;

	if (format_special(bytes, buf))
		return buf;

	for (size_t i = 1; bytes && i < ARRAY_SIZE(binary_units); i++) {
		if (bytes % binary_units[i].scale == 0)
			unit = &binary_units[i];
	}
	snprintf(buf, WEIR_QUANTITY_TEXT, "%" PRIu64 "%s", bytes / unit->scale, unit->suffix);
	return buf;
}

int weir_parse_duration(const char *text, uint64_t *ret_ms, struct weir_error *err)
{
	return parse_amount(text, &duration_kind, ret_ms, err);
}
