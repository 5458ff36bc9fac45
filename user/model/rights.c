/* SPDX-License-Identifier: Apache-2.0 */
#include "model/rights.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "model/stack.h"

#define ANY    "*"
#define BLANKS " \t"

/* A word at *@at, into @word. false: there is none, or it is too long. */
static bool take_word(const char **at, char *word, size_t size)
{
	size_t n;

	*at += strspn(*at, BLANKS);
	n = strcspn(*at, BLANKS ",");
	if (n == 0 || n >= size)
		return false;
	memcpy(word, *at, n);
	word[n] = '\0';
	*at += n;
	return true;
}

/* One entry of the text at *@at, which goes on behind it. 1; 0: there is none; -EINVAL: it is no pair. */
static int next_pair(const char **at, char principal[static WEIR_PRINCIPAL_MAX + 1],
		     char role[static WEIR_ROLE_MAX + 1])
{
	*at += strspn(*at, "," BLANKS);
	if (!**at)
		return 0;
	if (!take_word(at, principal, WEIR_PRINCIPAL_MAX + 1) ||
	    !take_word(at, role, WEIR_ROLE_MAX + 1))
		return -EINVAL;
	*at += strspn(*at, BLANKS);
	return **at && **at != ',' ? -EINVAL : 1;
}

int weir_rights_check(const char *rights, struct weir_error *err)
{
	char principal[WEIR_PRINCIPAL_MAX + 1], role[WEIR_ROLE_MAX + 1];
	const char *at = rights, *here = rights;
	int r;

	if (strlen(rights) >= WEIR_RIGHTS_TEXT)
		return weir_fail(err, -EINVAL, "the rights have %zu bytes, expected fewer than %d",
				 strlen(rights), WEIR_RIGHTS_TEXT);
	while ((r = next_pair(&at, principal, role)) > 0) {
		here = at;
		if (strcmp(role, ANY) != 0 && weir_role_check(role, err) < 0)
			return err->code;
	}
	if (r < 0)
		return weir_fail(err, -EINVAL,
				 "'%.64s' is no right: expected a principal and a role",
				 here + strspn(here, "," BLANKS));
	return 0;
}

bool weir_rights_allow(const char *rights, const char *principal, const char *role)
{
	char who[WEIR_PRINCIPAL_MAX + 1], what[WEIR_ROLE_MAX + 1];
	const char *at = rights;

	if (!rights[strspn(rights, "," BLANKS)])
		return true;
	while (next_pair(&at, who, what) > 0) {
		if (strcmp(who, ANY) != 0 && strcmp(who, principal) != 0)
			continue;
		if (strcmp(what, ANY) == 0 || strcmp(what, role) == 0 ||
		    weir_role_is_below(role, what))
			return true;
	}
	return false;
}
