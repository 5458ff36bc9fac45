/* SPDX-License-Identifier: Apache-2.0 */
/* Values of section [fence]. */
#include "daemon/values.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/user.h"
#include "daemon/options.h"
#include "daemon/values_internal.h"
#include "model/policy.h"
#include "weir/metrics.h"

#define AUTO "auto"

/* "5051, 5052": the ports themselves, no names, so that all files mean the same everywhere. */
int weir_value_ports(const char *value, void *field, struct weir_error *err)
{
	struct weir_ports ports = {};
	scoped(freep) char *copy = strdup(value);
	char *rest = copy, *word;

	if (!copy)
		return weir_fail_memory(err);
	while ((word = strsep(&rest, ", "))) {
		unsigned long port = 0;

		if (!*word)
			continue;
		if (weir_value_number(word, UINT16_MAX, &port) < 0 || port == 0)
			return weir_fail(err, -EINVAL, "'%s' is no port: expected 1 to 65535",
					 word);
		if (ports.n == ARRAY_SIZE(ports.list))
			return weir_fail(err, -EINVAL, "more than %zu ports",
					 ARRAY_SIZE(ports.list));
		ports.list[ports.n++] = (uint16_t)port;
	}
	*(struct weir_ports *)field = ports;
	return 0;
}

/* An absolute path, or "", padded with NULs. false: it is none that fits. */
static bool take_path(const char *value, char *field, size_t size)
{
	if (value[0] && (value[0] != '/' || weir_value_has_dots(value) || strlen(value) >= size))
		return false;
	memset(field, 0, size);
	snprintf(field, size, "%s", value);
	return true;
}

int weir_value_agent_socket(const char *value, void *field, struct weir_error *err)
{
	if (take_path(value, field, WEIR_PATH_MAX))
		return 0;
	return weir_fail(err, -EINVAL,
			 "'%s' is no socket: expected an absolute path without . and .., of at "
			 "most %d bytes",
			 value, WEIR_PATH_MAX - 1);
}

int weir_value_agent_cgroup(const char *value, void *field, struct weir_error *err)
{
	const size_t size = sizeof(((struct weir_tunables *)NULL)->agent_cgroup);

	if (take_path(value, field, size))
		return 0;
	return weir_fail(err, -EINVAL,
			 "'%s' is no cgroup: expected a path from the root of cgroup2 on, "
			 "without . and .., of at most %zu bytes",
			 value, size - 1);
}

int weir_value_user(const char *value, void *field, struct weir_error *err)
{
	scoped(weir_user_done) struct weir_user user = WEIR_USER_INIT;

	if (weir_user_lookup(value, &user, err) < 0)
		return err->code;
	*(uid_t *)field = user.uid;
	return 0;
}

int weir_value_tier(const char *value, void *field, struct weir_error *err)
{
	enum weir_tier tier = WEIR_TIER_3;

	if (strcmp(value, AUTO) != 0) {
		for (tier = WEIR_TIER_0; tier <= WEIR_TIER_3; tier++)
			if (strcmp(value, weir_metrics_tier_name(tier)) == 0)
				break;
	}
	if (tier > WEIR_TIER_3)
		return weir_fail(err, -EINVAL, "'%s' is no tier: expected T0 to T3, or " AUTO,
				 value);
	*(enum weir_tier *)field = tier;
	return 0;
}

/* Rules are for a container to have, so custom is none of them. */
int weir_value_net(const char *value, void *field, struct weir_error *err)
{
	enum weir_policy policy;

	if (weir_policy_from_name(value, &policy, err) == 0 && policy != WEIR_POLICY_CUSTOM) {
		*(enum weir_policy *)field = policy;
		return 0;
	}
	return weir_fail(err, -EINVAL,
			 "there is no policy '%.64s' for all: expected open, deny-agent-tcp or "
			 "agent-socket-only",
			 value);
}
