/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mesos' scalars to exact amounts. CPUs are fixed point with three decimals
 * (src/common/values.cpp: llround(x * 1000)). Memory is rounded to the byte, which is finer than
 * Mesos' three decimals of a MiB and keeps "100M" what it says. From there on everything is
 * integers, so that 0.1 + 0.2 = 0.3 and a thousand launches leave no crumbs.
 */

#include <errno.h>
#include <math.h>

#include "base/error.h"
#include "model/container.h"

#define MIB (1ULL << 20)

#define MAX_COUNT (1ULL << 32)

/* In units of 1/@scale. @most is in whole units. */
static int to_fixed(double value, uint64_t scale, uint64_t most, const char *what, uint64_t *ret,
		    struct weir_error *err)
{
	if (isnan(value))
		return weir_fail(err, -EINVAL, "%s is not a number", what);
	if (value < 0)
		return weir_fail(err, -EINVAL, "%s is negative: %g", what, value);
	if (isinf(value))
		return weir_fail(err, -EINVAL, "%s is infinite, which only a limit may be", what);
	if (value > (double)most)
		return weir_fail(err, -ERANGE, "%s is too large: %g, at most %g", what, value,
				 (double)most);

	*ret = (uint64_t)llround(value * (double)scale);
	return 0;
}

static bool is_plus_infinite(double value)
{
	return isinf(value) && value > 0;
}

int weir_scalar_to_mcpu(double value, bool infinite_ok, const char *what, uint64_t *ret,
			struct weir_error *err)
{
	if (infinite_ok && is_plus_infinite(value)) {
		*ret = WEIR_INFINITE;
		return 0;
	}
	return to_fixed(value, 1000, WEIR_MAX_MCPU / 1000, what, ret, err);
}

int weir_scalar_to_bytes(double mib, bool infinite_ok, const char *what, uint64_t *ret,
			 struct weir_error *err)
{
	if (infinite_ok && is_plus_infinite(mib)) {
		*ret = WEIR_INFINITE;
		return 0;
	}
	/* The scale is a power of two: the product is exact. */
	return to_fixed(mib, MIB, WEIR_MAX_BYTES / MIB, what, ret, err);
}

int weir_scalar_to_count(double value, const char *what, uint64_t *ret, struct weir_error *err)
{
	uint64_t count = 0;

	if (is_plus_infinite(value)) {
		*ret = WEIR_INFINITE;
		return 0;
	}
	if (to_fixed(value, 1, MAX_COUNT, what, &count, err) < 0)
		return err->code;
	if ((double)count != value)
		return weir_fail(err, -EINVAL, "%s is no whole number: %g", what, value);
	*ret = count;
	return 0;
}
