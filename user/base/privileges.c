/* SPDX-License-Identifier: Apache-2.0 */
#include "base/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"

#define NAME_SIZE 32 /* of a limit or a capability, with its NUL */

static const struct {
	const char *name;
	int resource;
} resources[] = {
	{ "as", RLIMIT_AS },
	{ "core", RLIMIT_CORE },
	{ "cpu", RLIMIT_CPU },
	{ "data", RLIMIT_DATA },
	{ "fsize", RLIMIT_FSIZE },
	{ "locks", RLIMIT_LOCKS },
	{ "memlock", RLIMIT_MEMLOCK },
	{ "msgqueue", RLIMIT_MSGQUEUE },
	{ "nice", RLIMIT_NICE },
	{ "nofile", RLIMIT_NOFILE },
	{ "nproc", RLIMIT_NPROC },
	{ "rss", RLIMIT_RSS },
	{ "rtprio", RLIMIT_RTPRIO },
	{ "rttime", RLIMIT_RTTIME },
	{ "sigpending", RLIMIT_SIGPENDING },
	{ "stack", RLIMIT_STACK },
};

/* ---- From text ---- */

static bool parse_value(const char *text, size_t len, rlim_t *ret)
{
	char *end;

	if (len == strlen("unlimited") && strncmp(text, "unlimited", len) == 0) {
		*ret = RLIM_INFINITY;
		return true;
	}
	if (len == 0 || len > 20 || *text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno == 0 && end == text + len && *ret != RLIM_INFINITY;
}

static int parse_limit(const char *text, struct weir_privileges *ret, struct weir_error *err)
{
	size_t name_len = strcspn(text, "="), soft_len;
	const char *soft = text + name_len + 1, *hard;
	struct rlimit limit;
	int resource = -1;

	for (size_t i = 0; i < ARRAY_SIZE(resources); i++)
		if (strlen(resources[i].name) == name_len &&
		    strncasecmp(resources[i].name, text, name_len) == 0)
			resource = resources[i].resource;
	if (resource < 0 || !text[name_len])
		return weir_fail(err, -EINVAL,
				 "'%.64s' is no resource limit: expected nofile=1024:4096, say; "
				 "the names are those of prlimit(1)",
				 text);
	soft_len = strcspn(soft, ":");
	hard = soft[soft_len] ? soft + soft_len + 1 : soft;
	if (!parse_value(soft, soft_len, &limit.rlim_cur) ||
	    !parse_value(hard, hard == soft ? soft_len : strlen(hard), &limit.rlim_max))
		return weir_fail(err, -EINVAL,
				 "'%.64s': expected a number or unlimited, or two with ':' "
				 "between them",
				 text);
	if (limit.rlim_cur > limit.rlim_max)
		return weir_fail(err, -EINVAL, "'%.64s': the soft limit is above the hard one",
				 text);
	for (size_t i = 0; i < ret->n_limits; i++)
		if (ret->limits[i].resource == resource)
			return weir_fail(err, -EINVAL, "'%.64s': its limit was given before", text);
	ret->limits[ret->n_limits].resource = resource;
	ret->limits[ret->n_limits++].limit = limit;
	return 0;
}

static int parse_capabilities(const char *text, struct weir_privileges *ret, struct weir_error *err)
{
	ret->keeps = true;
	if (strcasecmp(text, "none") == 0)
		return 0;
	if (strcasecmp(text, "all") == 0) {
		ret->capabilities = UINT64_MAX;
		return 0;
	}
	for (const char *at = text;; at++) {
		size_t len = strcspn(at, ",");
		const char *begin = strncasecmp(at, "cap_", 4) == 0 ? at + 4 : at;
		char name[NAME_SIZE];
		int number;

		snprintf(name, sizeof(name), "%.*s", (int)(at + len - begin), begin);
		number = len < sizeof(name) ? capng_name_to_capability(name) : -1;
		if (number < 0 || number > 63)
			return weir_fail(err, -EINVAL,
					 "'%.*s' is no capability: expected NET_BIND_SERVICE, "
					 "say, some with ',' between them, none, or all",
					 (int)(len < NAME_SIZE ? len : NAME_SIZE), at);
		ret->capabilities |= 1ULL << number;
		at += len;
		if (!*at)
			return 0;
	}
}

int weir_privileges_parse(const char *const *limits, const char *capabilities, bool gains,
			  struct weir_privileges *ret, struct weir_error *err)
{
	struct weir_privileges privileges = { .gains = gains };

	for (; limits && *limits; limits++)
		if (parse_limit(*limits, &privileges, err) < 0)
			return err->code;
	if (capabilities && parse_capabilities(capabilities, &privileges, err) < 0)
		return err->code;
	*ret = privileges;
	return 0;
}

void weir_privileges_hold(struct weir_privileges *privileges)
{
	static const int leading_past[] = {
		CAP_NET_ADMIN,
		CAP_NET_RAW,
		CAP_SYS_ADMIN,
		CAP_SYS_PTRACE,
		CAP_SYS_MODULE,
		CAP_SYS_RAWIO,
		CAP_SYS_BOOT,
		CAP_MKNOD,
		CAP_DAC_READ_SEARCH,
		CAP_MAC_ADMIN,
		CAP_BPF,
		CAP_PERFMON,
		CAP_MAC_OVERRIDE,
		CAP_CHECKPOINT_RESTORE,
	};

	if (privileges->keeps)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(leading_past); i++)
		privileges->denied |= 1ULL << leading_past[i];
}

/* ---- In the child: system calls only ---- */

int weir_privileges_limit(const struct weir_privileges *privileges)
{
	for (size_t i = 0; i < privileges->n_limits; i++)
		if (syscall(SYS_prlimit64, 0, privileges->limits[i].resource,
			    &privileges->limits[i].limit, NULL) < 0)
			return -1;
	return 0;
}

static bool has(const struct weir_privileges *privileges, int capability)
{
	return privileges->capabilities >> capability & 1;
}

/* While it is who may: out of what is not in the bound no program gets more, whoever runs it. */
int weir_privileges_bound(const struct weir_privileges *privileges)
{
	if (!privileges->keeps && !privileges->denied)
		return 0;
	for (int i = 0; i < 64; i++) {
		int r = prctl(PR_CAPBSET_READ, i, 0, 0, 0);
		bool goes = privileges->keeps ? !has(privileges, i) : privileges->denied >> i & 1;

		if (r < 0)
			break; /* one more than the kernel knows */
		if (r == 0 || !goes || prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0)
			continue;
		/* Who has none has nothing to lose, and, with no_new_privs, nothing to win. */
		if (privileges->keeps || errno != EPERM || geteuid() == 0)
			return -1;
	}
	/* Or what is permitted is lost with root. */
	return privileges->keeps ? prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) : 0;
}

/* Ambient, too, or whoever is not root loses them when it executes. */
static int keep_capabilities(const struct weir_privileges *privileges)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	uint64_t permitted, kept;

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	kept = privileges->capabilities == UINT64_MAX ? permitted : privileges->capabilities;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i].effective = data[i].permitted = data[i].inheritable =
			(uint32_t)(kept >> (32 * i));
	if (syscall(SYS_capset, &header, data) < 0)
		return -1;
	for (int i = 0; i < 64; i++)
		if ((kept >> i & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return -1;
	return 0;
}

int weir_privileges_keep(const struct weir_privileges *privileges)
{
	if (privileges->keeps && keep_capabilities(privileges) < 0)
		return -1;
	return privileges->gains ? 0 : prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
