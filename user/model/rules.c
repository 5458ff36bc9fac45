/* SPDX-License-Identifier: Apache-2.0 */
#include "model/rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/error.h"

#define MAPPED_BITS 96 /* of ::ffff:0:0, before an address of v4 */
#define MAX_PORT    65535

static const struct weir_address mapped = { .bytes = { [10] = 0xff, [11] = 0xff } };

static const struct {
	const char *name;
	uint32_t number;
	bool has_ports;
} protocols[] = {
	{ "any", 0, true },
	{ "tcp", IPPROTO_TCP, true },
	{ "udp", IPPROTO_UDP, true },
	{ "icmp", IPPROTO_ICMP, false },
};

static bool has_prefix(const struct weir_address *address, const struct weir_address *of,
		       uint32_t bits)
{
	uint32_t whole = bits / 8, rest = bits % 8;

	if (memcmp(address->bytes, of->bytes, whole) != 0)
		return false;
	return rest == 0 || (address->bytes[whole] ^ of->bytes[whole]) >> (8 - rest) == 0;
}

static bool is_clear_behind(const struct weir_address *address, uint32_t bits)
{
	struct weir_address cut = {};

	memcpy(cut.bytes, address->bytes, bits / 8);
	if (bits % 8)
		cut.bytes[bits / 8] =
			address->bytes[bits / 8] & (unsigned char)(0xff << (8 - bits % 8));
	return memcmp(&cut, address, sizeof(cut)) == 0;
}

/* Digits alone: strtoul() takes blanks and signs. */
static bool parse_number(const char *text, uint32_t max, uint32_t *ret)
{
	uint32_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (uint32_t)(*text - '0');
		if (value > max)
			return false;
	}
	*ret = value;
	return true;
}

static int parse_address(char *text, struct weir_rule *rule, struct weir_error *err)
{
	char *slash = strchr(text, '/');
	uint32_t most;

	if (strcmp(text, "any") == 0)
		return 0;
	if (slash)
		*slash = '\0';
	if (inet_pton(AF_INET, text, rule->address.bytes + 12) == 1) {
		rule->family = AF_INET;
		memcpy(rule->address.bytes, mapped.bytes, 12);
	} else if (inet_pton(AF_INET6, text, rule->address.bytes) == 1) {
		rule->family = AF_INET6;
	} else {
		return weir_fail(err, -EINVAL,
				 "'%s' is no address: expected one of v4 or v6, with or without a "
				 "/PREFIX, or any",
				 text);
	}
	most = rule->family == AF_INET ? 32 : 128;
	rule->prefix = most;
	if (slash && !parse_number(slash + 1, most, &rule->prefix))
		return weir_fail(err, -EINVAL, "prefix '/%s' of %s: expected 0 to %u", slash + 1,
				 text, most);
	if (rule->family == AF_INET)
		rule->prefix += MAPPED_BITS;
	else if (rule->prefix >= MAPPED_BITS && has_prefix(&rule->address, &mapped, MAPPED_BITS))
		rule->family = AF_INET;
	if (!is_clear_behind(&rule->address, rule->prefix))
		return weir_fail(err, -EINVAL, "%s/%s has bits set behind its prefix", text,
				 slash ? slash + 1 : "");
	return 0;
}

static int parse_ports(char *text, struct weir_rule *rule, struct weir_error *err)
{
	char *dash = strchr(text, '-');

	if (dash)
		*dash = '\0';
	if (!parse_number(text, MAX_PORT, &rule->low) ||
	    !parse_number(dash ? dash + 1 : text, MAX_PORT, &rule->high) || rule->low > rule->high)
		return weir_fail(
			err, -EINVAL,
			"ports '%s%s%s': expected one of 0 to %d, or two with '-' between, "
			"the lower first",
			text, dash ? "-" : "", dash ? dash + 1 : "", MAX_PORT);
	return 0;
}

static int parse_protocol(const char *text, char *ports, struct weir_rule *rule,
			  struct weir_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (strcmp(text, protocols[i].name) != 0)
			continue;
		rule->protocol = protocols[i].number;
		if (!ports)
			return 0;
		if (!protocols[i].has_ports)
			return weir_fail(err, -EINVAL, "%s has no ports", text);
		return parse_ports(ports, rule, err);
	}
	return weir_fail(err, -EINVAL, "protocol '%s': expected tcp, udp, icmp or any", text);
}

static int parse_words(char *text, struct weir_rule *rule, struct weir_error *err)
{
	char *rest = NULL;
	char *verdict = strtok_r(text, " \t", &rest), *address = strtok_r(NULL, " \t", &rest);
	char *protocol = strtok_r(NULL, " \t", &rest), *ports = strtok_r(NULL, " \t", &rest);

	if (!verdict || (strcmp(verdict, "allow") != 0 && strcmp(verdict, "deny") != 0))
		return weir_fail(err, -EINVAL, "'%s': expected allow or deny first",
				 verdict ? verdict : "");
	rule->allow = strcmp(verdict, "allow") == 0;
	if (!address)
		return weir_fail(err, -EINVAL, "expected an address behind %s", verdict);
	if (strtok_r(NULL, " \t", &rest))
		return weir_fail(err, -EINVAL,
				 "expected nothing behind the ports: VERDICT ADDRESS [PROTOCOL "
				 "[PORTS]]");
	if (parse_address(address, rule, err) < 0)
		return err->code;
	return protocol ? parse_protocol(protocol, ports, rule, err) : 0;
}

int weir_rule_parse(const char *text, struct weir_rule *ret, struct weir_error *err)
{
	struct weir_rule rule = { .family = AF_UNSPEC, .high = MAX_PORT };
	char words[160];

	if (strlen(text) >= sizeof(words))
		return weir_fail(err, -EINVAL, "it has %zu bytes, at most %zu", strlen(text),
				 sizeof(words) - 1);
	memcpy(words, text, strlen(text) + 1);
	if (parse_words(words, &rule, err) < 0)
		return weir_fail_in(err, "'%.*s'", 80, text);
	*ret = rule;
	return 0;
}

/* ---- For the map ---- */

static int fill(struct weir_rule_entry *entry, const struct weir_rule *const *sorted, size_t n,
		struct weir_error *err)
{
	const struct weir_rules_key *key = &entry->key;
	bool v4 = key->prefix >= MAPPED_BITS && has_prefix(&key->address, &mapped, MAPPED_BITS);
	struct weir_rules *to = &entry->rules;

	for (size_t i = 0; i < n; i++) {
		/* Rules of v6 are none of v4's, though its addresses lie within them as they are looked up. */
		if (sorted[i]->prefix > key->prefix || (v4 && sorted[i]->family == AF_INET6) ||
		    !has_prefix(&key->address, &sorted[i]->address, sorted[i]->prefix))
			continue;
		if (to->n == WEIR_RULES_MAX)
			return weir_fail(err, -EINVAL,
					 "more than %d rules are about one address: see those of "
					 "prefix %u and shorter ones",
					 WEIR_RULES_MAX, key->prefix);
		to->list[to->n].low = sorted[i]->low;
		to->list[to->n].high = sorted[i]->high;
		to->list[to->n].protocol = sorted[i]->protocol;
		to->list[to->n].allow = sorted[i]->allow;
		to->n++;
	}
	return 0;
}

/* From the longest prefix to the shortest, and as they were given within one: they lie in one array. */
static int by_prefix(const void *left, const void *right)
{
	const struct weir_rule *const *a = left, *const *b = right;

	if ((*a)->prefix != (*b)->prefix)
		return (*a)->prefix > (*b)->prefix ? -1 : 1;
	return *a < *b ? -1 : *a > *b;
}

static int by_key(const void *left, const void *right)
{
	const struct weir_rule_entry *a = left, *b = right;

	if (a->key.prefix != b->key.prefix)
		return a->key.prefix < b->key.prefix ? -1 : 1;
	return memcmp(&a->key.address, &b->key.address, sizeof(a->key.address));
}

/* Each prefix once. */
static size_t drop_repeated(struct weir_rule_entry *entries, size_t n)
{
	size_t kept = 0;

	qsort(entries, n, sizeof(entries[0]), by_key);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || by_key(&entries[kept - 1], &entries[i]) != 0)
			entries[kept++] = entries[i];
	return kept;
}

static int lay_out(const struct weir_rule *rules, size_t n_rules, struct weir_rule_entry *entries,
		   size_t *ret_n, struct weir_error *err)
{
	scoped(freep) const struct weir_rule **sorted = calloc(n_rules + 1, sizeof(*sorted));
	size_t n = 0;

	if (!sorted)
		return weir_fail_memory(err);
	for (size_t i = 0; i < n_rules; i++) {
		sorted[i] = &rules[i];
		entries[n].key.prefix = rules[i].prefix;
		entries[n++].key.address = rules[i].address;
	}
	qsort(sorted, n_rules, sizeof(sorted[0]), by_prefix);
	/* So that no address of v4 is taken for one that a rule of v6 is about. */
	if (n > 0) {
		entries[n].key.prefix = MAPPED_BITS;
		entries[n++].key.address = mapped;
	}
	n = drop_repeated(entries, n);
	for (size_t i = 0; i < n; i++)
		if (fill(&entries[i], sorted, n_rules, err) < 0)
			return err->code;
	for (size_t i = 0; i < n; i++)
		entries[i].key.prefix += 8 * sizeof(entries[i].key.set);
	*ret_n = n;
	return 0;
}

int weir_rules_compile(const char *const *texts, struct weir_rule_entry **ret, size_t *ret_n,
		       struct weir_error *err)
{
	scoped(freep) struct weir_rule *rules = calloc(WEIR_MAX_RULES, sizeof(*rules));
	scoped(freep) struct weir_rule_entry *entries = NULL;
	size_t n = 0;

	if (!rules)
		return weir_fail_memory(err);
	for (; texts && texts[n]; n++) {
		if (n == WEIR_MAX_RULES)
			return weir_fail(err, -EINVAL, "more than %d rules", WEIR_MAX_RULES);
		if (weir_rule_parse(texts[n], &rules[n], err) < 0)
			return weir_fail_in(err, "rule %zu", n + 1);
	}
	entries = calloc(n + 1, sizeof(*entries));
	if (!entries)
		return weir_fail_memory(err);
	if (lay_out(rules, n, entries, ret_n, err) < 0)
		return err->code;
	*ret = take_ptr(entries);
	return 0;
}
