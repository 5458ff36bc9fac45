/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_RULES_H
#define WEIR_RULES_H

/*
 * Rules of policy "custom": parsed, and laid out for the map in which the fence looks an address up by
 * its longest prefix (bpf/fence/address.h). Pure.
 *
 *	allow|deny ADDRESS[/PREFIX]|any [tcp|udp|icmp|any [PORT[-PORT]]]
 *
 * The rule of the longest prefix that an address has counts; of several of one prefix the first that fits;
 * where none of that prefix fits, those of the next shorter one. "any" is every address of either version;
 * 0.0.0.0/0 is every one of v4, ::/0 of v6. A v4-mapped address is the v4 address.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/abi_fence.h"

struct weir_error;

#define WEIR_MAX_RULES 1024 /* of one container */

struct weir_rule {
	struct weir_address address; /* v4 as ::ffff:a.b.c.d */
	uint32_t prefix; /* of its 128 bits */
	int family; /* AF_INET, AF_INET6; AF_UNSPEC: either */
	uint32_t protocol; /* as IP counts them, 1 being either version's ICMP; 0: any */
	uint32_t low, high; /* ports */
	bool allow;
};

/* What lies in the map for one prefix; in `key` the set is for the caller to fill in. */
struct weir_rule_entry {
	struct weir_rules_key key;
	struct weir_rules rules;
};

/* -EINVAL: the text says which part is wrong, and what was expected. */
int weir_rule_parse(const char *text, struct weir_rule *ret, struct weir_error *err);

/*
 * @texts: NULL-terminated; NULL: none. The entries are the caller's to free(). -EINVAL: a rule is wrong, and is
 * named by its place; there are too many; or more than WEIR_RULES_MAX are about one address.
 */
int weir_rules_compile(const char *const *texts, struct weir_rule_entry **ret, size_t *ret_n,
		       struct weir_error *err);

#endif /* WEIR_RULES_H */
