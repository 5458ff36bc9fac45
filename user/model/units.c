/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mesos' scalars to exact amounts. Its contract is fixed point with three decimals
 * (src/common/values.cpp: llround(x * 1000)); from there on everything is integers, so that
 * 0.1 + 0.2 = 0.3 and a thousand launches leave no crumbs.
 */

#include <errno.h>
#include <math.h>

#include "base/error.h"
#include "model/container.h"

#define THOUSAND 1000ULL
#define MIB	 (1ULL << 20)

/* In thousandths. @most is in whole units, small enough for a double to hold its thousandths. */
static int to_thousandths(double value, uint64_t most, const char *what, uint64_t *ret,
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

	*ret = (uint64_t)llround(value * (double)THOUSAND);
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
	return to_thousandths(value, WEIR_MAX_MCPU / THOUSAND, what, ret, err);
}

int weir_scalar_to_bytes(double mib, bool infinite_ok, const char *what, uint64_t *ret,
			 struct weir_error *err)
{
	uint64_t thousandths = 0;
	int r;

	if (infinite_ok && is_plus_infinite(mib)) {
		*ret = WEIR_INFINITE;
		return 0;
	}

	r = to_thousandths(mib, WEIR_MAX_BYTES / MIB, what, &thousandths, err);
	if (r < 0)
		return r;

	/* Whole MiB apart from the rest: their product with 1 MiB would overflow. */
	*ret = thousandths / THOUSAND * MIB +
	       (thousandths % THOUSAND * MIB + THOUSAND / 2) / THOUSAND;
	return 0;
}
