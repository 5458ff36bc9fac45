/* SPDX-License-Identifier: Apache-2.0 */
/* Rules as they are written, and as they lie in the map: against a reference that knows no map. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "model/rules.h"

static struct weir_address at(const char *text)
{
	struct weir_address address = { .bytes = { [10] = 0xff, [11] = 0xff } };

	if (inet_pton(AF_INET, text, address.bytes + 12) != 1)
		assert_int_equal(inet_pton(AF_INET6, text, address.bytes), 1);
	return address;
}

static bool lies_in(const struct weir_address *address, const struct weir_address *of,
		    uint32_t bits)
{
	for (uint32_t i = 0; i < bits; i++)
		if ((address->bytes[i / 8] ^ of->bytes[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

/* What the kernel does: the longest prefix, and in its list the first that fits. 1, 0; -1: no rule. */
static int look_up(const struct weir_rule_entry *entries, size_t n, const char *text,
		   uint32_t protocol, uint32_t port)
{
	const struct weir_address address = at(text);
	const struct weir_rule_entry *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (lies_in(&address, &entries[i].key.address, entries[i].key.prefix - 32) &&
		    (!best || entries[i].key.prefix > best->key.prefix))
			best = &entries[i];
	for (uint32_t i = 0; best && i < best->rules.n; i++)
		if ((!best->rules.list[i].protocol || best->rules.list[i].protocol == protocol) &&
		    port >= best->rules.list[i].low && port <= best->rules.list[i].high)
			return (int)best->rules.list[i].allow;
	return -1;
}

static const struct {
	const char *rules[6];
	const char *address;
	uint32_t protocol, port;
	int verdict;
} cases[] = {
	{ { "allow 10.0.0.0/8 tcp 443" }, "10.1.2.3", 6, 443, 1 },
	{ { "allow 10.0.0.0/8 tcp 443" }, "10.1.2.3", 6, 444, -1 },
	{ { "allow 10.0.0.0/8 tcp 443" }, "10.1.2.3", 17, 443, -1 },
	{ { "allow 10.0.0.0/8 tcp 443" }, "11.1.2.3", 6, 443, -1 },
	{ { "allow 10.0.0.0/8 tcp 443" }, "::ffff:10.1.2.3", 6, 443, 1 },
	{ { "allow 10.0.0.0/8", "deny 10.1.0.0/16" }, "10.1.2.3", 6, 1, 0 },
	{ { "deny 10.1.0.0/16 tcp 1", "allow 10.0.0.0/8" }, "10.1.2.3", 6, 2, 1 },
	{ { "allow 10.0.0.0/8 tcp 1-9", "deny 10.0.0.0/8" }, "10.1.2.3", 6, 9, 1 },
	{ { "deny 10.0.0.0/8", "allow 10.0.0.0/8 tcp 1-9" }, "10.1.2.3", 6, 9, 0 },
	{ { "allow any udp 53" }, "10.1.2.3", 17, 53, 1 },
	{ { "allow any udp 53" }, "2001:db8::1", 17, 53, 1 },
	{ { "allow ::/0 udp 53" }, "10.1.2.3", 17, 53, -1 },
	{ { "allow ::/0 udp 53" }, "2001:db8::1", 17, 53, 1 },
	{ { "allow 0.0.0.0/0" }, "10.1.2.3", 17, 53, 1 },
	{ { "allow 0.0.0.0/0" }, "2001:db8::1", 17, 53, -1 },
	{ { "deny ::/0", "allow any" }, "10.1.2.3", 6, 1, 1 },
	{ { "deny ::/0", "allow any" }, "2001:db8::1", 6, 1, 0 },
	{ { "deny ::/0", "allow 10.0.0.0/8" }, "192.0.2.1", 6, 1, -1 },
	{ { "deny 2001:db8::/33", "allow 2001:db8:8000::/33" }, "2001:db8:8000::1", 6, 1, 1 },
	{ { "deny 2001:db8::/33", "allow 2001:db8:8000::/33" }, "2001:db8:7fff::1", 6, 1, 0 },
	{ { "allow 192.0.2.1 icmp" }, "192.0.2.1", 1, 0, 1 },
	{ { "allow 192.0.2.1 any 80" }, "192.0.2.1", 17, 80, 1 },
	{ { "deny ::ffff:10.0.0.0/104" }, "10.1.2.3", 6, 1, 0 },
	{ { "  allow\t10.0.0.0/8   tcp  1-1 " }, "10.1.2.3", 6, 1, 1 },
};

static void the_longest_prefix_counts(void **state)
{
	struct weir_error err = {};

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		scoped(freep) struct weir_rule_entry *entries = NULL;
		size_t n = 0;

		if (weir_rules_compile(cases[i].rules, &entries, &n, &err) < 0)
			fail_msg("case %zu: %s", i, err.text);
		if (look_up(entries, n, cases[i].address, cases[i].protocol, cases[i].port) !=
		    cases[i].verdict)
			fail_msg("case %zu: %s", i, cases[i].rules[0]);
	}
}

static const struct {
	const char *rule, *says;
} wrong[] = {
	{ "", "expected allow or deny first" },
	{ "permit 10.0.0.0/8", "'permit': expected allow or deny first" },
	{ "allow", "expected an address" },
	{ "allow 10.0.0", "'10.0.0' is no address" },
	{ "allow 10.0.0.0/33", "expected 0 to 32" },
	{ "allow 10.0.0.0/", "prefix '/'" },
	{ "allow 10.0.0.0/+8", "prefix '/+8'" },
	{ "allow 10.0.0.1/8", "bits set behind its prefix" },
	{ "allow 2001:db8::1/64", "bits set behind its prefix" },
	{ "allow ::/129", "expected 0 to 128" },
	{ "allow any sctp", "protocol 'sctp': expected tcp, udp, icmp or any" },
	{ "allow any icmp 8", "icmp has no ports" },
	{ "allow any tcp 80-", "ports '80-'" },
	{ "allow any tcp 90-80", "the lower first" },
	{ "allow any tcp 65536", "ports '65536'" },
	{ "allow any tcp -1", "ports '-1'" },
	{ "allow any tcp 80 443", "nothing behind the ports" },
	{ "allow example.org", "is no address" },
};

static void what_is_wrong_is_named(void **state)
{
	struct weir_error err = {};
	struct weir_rule rule;

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(weir_rule_parse(wrong[i].rule, &rule, &err), -EINVAL);
		if (!strstr(err.text, wrong[i].says))
			fail_msg("'%s': %s", wrong[i].rule, err.text);
	}
}

static void a_rule_is_named_by_its_place(void **state)
{
	const char *const rules[] = { "allow any", "deny nowhere", NULL };
	scoped(freep) struct weir_rule_entry *entries = NULL;
	struct weir_error err = {};
	size_t n;

	(void)state;

	assert_int_equal(weir_rules_compile(rules, &entries, &n, &err), -EINVAL);
	assert_non_null(strstr(err.text, "rule 2"));
}

static void there_is_a_limit(void **state)
{
	static char texts[WEIR_MAX_RULES + 1][40];
	const char *rules[WEIR_MAX_RULES + 2] = {};
	scoped(freep) struct weir_rule_entry *entries = NULL, *again = NULL, *deep = NULL;
	struct weir_error err = {};
	size_t n;

	(void)state;

	for (int i = 0; i <= WEIR_MAX_RULES; i++) {
		snprintf(texts[i], sizeof(texts[i]), "allow 10.%d.%d.0/24 tcp 80", i / 256,
			 i % 256);
		rules[i] = texts[i];
	}
	assert_int_equal(weir_rules_compile(rules, &entries, &n, &err), -EINVAL);
	rules[WEIR_MAX_RULES] = NULL;
	assert_int_equal(weir_rules_compile(rules, &again, &n, &err), 0);
	assert_int_equal(n, WEIR_MAX_RULES + 1);
	for (int i = 0; i <= WEIR_RULES_MAX; i++)
		snprintf(texts[i], sizeof(texts[i]), "allow 10.0.0.0/24 tcp %d", i);
	rules[WEIR_RULES_MAX + 1] = NULL;
	assert_int_equal(weir_rules_compile(rules, &deep, &n, &err), -EINVAL);
	assert_non_null(strstr(err.text, "more than 32 rules are about one address"));
}

/* One rule of those, in words and as the reference reads them. */
struct known {
	struct weir_rule rule;
	char text[80];
};

static void make_rule(struct known *known, unsigned int *seed)
{
	static const uint32_t numbers[] = { 0, 6, 17 };
	static const char *const names[] = { "any", "tcp", "udp" };
	uint32_t bits = (uint32_t)rand_r(seed) % 33, low = (uint32_t)rand_r(seed) % 4;
	uint32_t high = low + (uint32_t)rand_r(seed) % 4, which = (uint32_t)rand_r(seed) % 3;
	uint32_t address = ((uint32_t)rand_r(seed) & 3) << 30 | ((uint32_t)rand_r(seed) & 3);
	struct in_addr in;
	bool allow = rand_r(seed) & 1;

	address = bits ? address & (~0U << (32 - bits)) : 0;
	in.s_addr = htonl(address);
	known->rule = (struct weir_rule){ .address = at(inet_ntoa(in)),
					  .prefix = 96 + bits,
					  .protocol = numbers[which],
					  .low = low,
					  .high = high,
					  .allow = allow };
	snprintf(known->text, sizeof(known->text), "%s %s/%u %s %u-%u", allow ? "allow" : "deny",
		 inet_ntoa(in), bits, names[which], low, high);
}

/* As the header says it: prefix by prefix, from the longest on, in order. */
static int judge(const struct known *known, size_t n, const struct weir_address *address,
		 uint32_t protocol, uint32_t port)
{
	for (uint32_t prefix = 129; prefix-- > 0;)
		for (size_t i = 0; i < n; i++)
			if (known[i].rule.prefix == prefix &&
			    lies_in(address, &known[i].rule.address, prefix) &&
			    (!known[i].rule.protocol || known[i].rule.protocol == protocol) &&
			    port >= known[i].rule.low && port <= known[i].rule.high)
				return known[i].rule.allow;
	return -1;
}

static void random_rules_mean_what_is_written(void **state)
{
	static const uint32_t protocols[] = { 6, 17, 1 };
	unsigned int seed = 87;
	struct weir_error err = {};

	(void)state;

	for (int round = 0; round < 200; round++) {
		struct known known[12];
		const char *rules[13] = {};
		scoped(freep) struct weir_rule_entry *entries = NULL;
		size_t n;

		for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
			make_rule(&known[i], &seed);
			rules[i] = known[i].text;
		}
		assert_int_equal(weir_rules_compile(rules, &entries, &n, &err), 0);
		for (int i = 0; i < 100; i++) {
			struct in_addr in = { htonl(((uint32_t)rand_r(&seed) & 3) << 30 |
						    ((uint32_t)rand_r(&seed) & 3)) };
			const struct weir_address address = at(inet_ntoa(in));
			uint32_t protocol = protocols[rand_r(&seed) % 3];
			uint32_t port = (uint32_t)rand_r(&seed) % 8;

			assert_int_equal(look_up(entries, n, inet_ntoa(in), protocol, port),
					 judge(known, ARRAY_SIZE(known), &address, protocol, port));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_prefix_counts),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(a_rule_is_named_by_its_place),
		cmocka_unit_test(there_is_a_limit),
		cmocka_unit_test(random_rules_mean_what_is_written),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
