/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fence-policy: how long it takes until a policy holds.
 *
 *	fence-policy [-n N] [-r RULES] SOCKET ID POLICY
 *
 * N times from "open" to POLICY and back, each a call on a socket that is connected already; -r: "custom" with so
 * many rules, about as many networks. Prints two times a line, there and back, in us.
 */
#include <stdbool.h>
#include <unistd.h>

#include "../options.h"
#include "weir/weir.h"

static void must(struct weir_client *client, int r, const char *what)
{
	if (r < 0)
		errx(1, "%s: %s", what, weir_client_error(client));
}

static double set_us(struct weir_client *client, const char *id, const struct weir_net_options *net)
{
	uint64_t since_ns = clock_ns(CLOCK_MONOTONIC);

	must(client, weir_client_set_policy(client, id, net), net->policy);
	return (double)(clock_ns(CLOCK_MONOTONIC) - since_ns) / NS_PER_US;
}

static const char *const *make_rules(unsigned int n)
{
	const char **rules = calloc(n + 1, sizeof(*rules));
	char *rule;

	if (!rules)
		errx(1, "no memory");
	for (unsigned int i = 0; i < n; i++) {
		if (asprintf(&rule, "allow 10.%u.%u.0/24 tcp 443", i / 256, i % 256) < 0)
			errx(1, "no memory");
		rules[i] = rule;
	}
	return rules;
}

int main(int argc, char *argv[])
{
	const struct weir_net_options open = { .policy = "open" };
	struct weir_net_options net = { .accept_degraded = true };
	struct weir_client *client = NULL;
	unsigned int n = 20;
	bool healthy;
	int c;

	while ((c = getopt(argc, argv, "n:r:")) >= 0) {
		switch (c) {
		case 'n':
			n = option_count(optarg, "times", 1, 100000);
			break;
		case 'r':
			net.rules = make_rules(option_count(optarg, "rules", 1, 1024));
			break;
		default:
			return 2;
		}
	}
	if (argc - optind != 3)
		errx(2, "usage: fence-policy [-n N] [-r RULES] SOCKET ID POLICY");
	net.policy = argv[optind + 2];
	if (weir_client_new(argv[optind], &client) < 0)
		errx(1, "no client for %s", argv[optind]);
	must(client, weir_client_health(client, &healthy), argv[optind]);
	for (unsigned int i = 0; i < n; i++) {
		double there_us = set_us(client, argv[optind + 1], &net);

		printf("%.1f %.1f\n", there_us, set_us(client, argv[optind + 1], &open));
	}
	weir_client_free(client);
	return 0; /* and the rules with it */
}
