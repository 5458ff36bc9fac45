/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of LSMs tells nothing: a kernel can have bpf in it and refuse every lsm/ program; and
 * one that was built with the BPF LSM but booted without takes the programs, and never calls
 * them. So the first of them has to show that it is called.
 */
#include "kern/probe_fence.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "kern/probe.h"
#include "kern/tier.h"

#define PROGRAM_NAME   "weir_probe"
#define KERNEL_BTF     "/sys/kernel/btf/vmlinux"
#define KERNEL_ENOTSUP 524 /* ENOTSUPP: the kernel's own, which strerror() does not know */

struct hook {
	const char *name; /* as the section of a program for it is called */
	enum weir_hooks hooks;
	enum bpf_prog_type type; /* BPF_PROG_TYPE_LSM: the name has "lsm/" in front */
	enum bpf_attach_type attach;
};

/* In the order of the tiers: of each, the first that fails is told. */
static const struct hook hooks[] = {
	{ "cgroup/sock_create", WEIR_HOOKS_INET, BPF_PROG_TYPE_CGROUP_SOCK,
	  BPF_CGROUP_INET_SOCK_CREATE },
	{ "cgroup/connect4", WEIR_HOOKS_INET, BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
	  BPF_CGROUP_INET4_CONNECT },
	{ "cgroup/connect_unix", WEIR_HOOKS_UNIX, BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
	  BPF_CGROUP_UNIX_CONNECT },
	{ "lsm/socket_connect", WEIR_HOOKS_LSM, BPF_PROG_TYPE_LSM, BPF_LSM_MAC },
	{ "lsm/bpf", WEIR_HOOKS_GUARD, BPF_PROG_TYPE_LSM, BPF_LSM_MAC },
	{ "lsm/bpf_map", WEIR_HOOKS_GUARD, BPF_PROG_TYPE_LSM, BPF_LSM_MAC },
	{ "lsm/bpf_prog", WEIR_HOOKS_GUARD, BPF_PROG_TYPE_LSM, BPF_LSM_MAC },
	{ "lsm/inode_unlink", WEIR_HOOKS_GUARD, BPF_PROG_TYPE_LSM, BPF_LSM_MAC },
	{ "lsm/inode_rename", WEIR_HOOKS_GUARD, BPF_PROG_TYPE_LSM, BPF_LSM_MAC },
};

struct target {
	int cgroup_fd;
	struct btf *btf; /* of the kernel: where the hooks of its LSMs are */
	int called_fd; /* one word, that a program for such a hook sets when it is called */
};

WEIR_DEFINE_CLEANUP(struct btf, btf__free);

static const char *words_for(int error)
{
	return strerror(error == KERNEL_ENOTSUP ? EOPNOTSUPP : error);
}

/* "return 1": a cgroup's way to allow. Returns an fd, or a negative errno. */
static int load_cgroup(const struct hook *hook)
{
	static const struct bpf_insn allow[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = hook->attach);

	return bpf_prog_load(hook->type, PROGRAM_NAME, "GPL", allow, ARRAY_SIZE(allow), &opts);
}

/* "*called = 1; return 0": an LSM's way to allow. An fd, or an errno; -ENOENT: no such hook. */
static int load_lsm(const struct hook *hook, const struct target *target)
{
	const struct bpf_insn mark_and_allow[] = {
		{ .code = BPF_LD | BPF_DW, /* BPF_IMM, which is 0 */
		  .dst_reg = BPF_REG_1,
		  .src_reg = BPF_PSEUDO_MAP_VALUE,
		  .imm = target->called_fd },
		{}, /* the other half of its operand: at offset 0 */
		{ .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_1, .imm = 1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = hook->attach);
	char function[64];
	int id;

	snprintf(function, sizeof(function), "bpf_lsm_%s", strchr(hook->name, '/') + 1);
	id = btf__find_by_name_kind(target->btf, function, BTF_KIND_FUNC);
	if (id < 0)
		return id;
	opts.attach_btf_id = (uint32_t)id;
	return bpf_prog_load(hook->type, PROGRAM_NAME, "GPL", mark_and_allow,
			     ARRAY_SIZE(mark_and_allow), &opts);
}

/* Goes by lsm/socket_connect and has no effect. Whoever else connects meanwhile proves as much. */
static bool is_called(const struct target *target)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	scoped(closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t zero = 0, called = 0;

	return connect(fd, &nobody, sizeof(nobody)) == 0 &&
	       bpf_map_lookup_elem(target->called_fd, &zero, &called) == 0 && called;
}

/* Nothing of it is left on return: the link goes with its fd, even if we are killed. */
static void try_hook(const struct hook *hook, const struct target *target, char *why)
{
	bool lsm = hook->type == BPF_PROG_TYPE_LSM;
	scoped(closep) int program_fd = lsm ? load_lsm(hook, target) : load_cgroup(hook);
	scoped(closep) int link_fd = -1;

	if (program_fd == -ENOENT) {
		snprintf(why, WEIR_HOOKS_WHY, "%s is no hook of this kernel", hook->name);
		return;
	}
	if (program_fd < 0) {
		snprintf(why, WEIR_HOOKS_WHY, "%s does not load: %s", hook->name,
			 words_for(-program_fd));
		return;
	}
	link_fd = bpf_link_create(program_fd, lsm ? 0 : target->cgroup_fd, hook->attach, NULL);
	if (link_fd < 0)
		snprintf(why, WEIR_HOOKS_WHY, "%s does not attach: %s", hook->name,
			 words_for(-link_fd));
	/* They are registered all together, at boot: one that is called speaks for the others. */
	else if (hook->hooks == WEIR_HOOKS_LSM && !is_called(target))
		snprintf(why, WEIR_HOOKS_WHY, "%s attaches, but is never called", hook->name);
}

static void try_hooks(enum weir_hooks which, const struct target *target,
		      struct weir_hooks_tried *tried)
{
	char *why = tried->why[which];

	for (size_t i = 0; i < ARRAY_SIZE(hooks) && !*why; i++) {
		if (hooks[i].hooks == which)
			try_hook(&hooks[i], target, why);
	}
}

static void try_in_group(int root_fd, const char *name, struct weir_hooks_tried *tried)
{
	scoped(closep) int fd = openat(root_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct target target = { .cgroup_fd = fd };

	if (fd < 0) {
		snprintf(tried->why[WEIR_HOOKS_INET], WEIR_HOOKS_WHY,
			 "open the cgroup to try it in: %s", strerror(errno));
		return;
	}
	try_hooks(WEIR_HOOKS_INET, &target, tried);
	try_hooks(WEIR_HOOKS_UNIX, &target, tried);
}

/* false: there is no place to try them in, and why[WEIR_HOOKS_INET] says why. */
static bool try_cgroup_hooks(const char *cgroup2, const char *prefix,
			     struct weir_hooks_tried *tried)
{
	scoped(closep) int root_fd = open(cgroup2, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *why = tried->why[WEIR_HOOKS_INET];
	char name[128];

	snprintf(name, sizeof(name), "%sprobe-%d", prefix, (int)getpid());
	if (root_fd < 0 || mkdirat(root_fd, name, 0755) < 0) {
		snprintf(why, WEIR_HOOKS_WHY, "make a cgroup for it: %s", strerror(errno));
		return false;
	}
	try_in_group(root_fd, name, tried);
	if (unlinkat(root_fd, name, AT_REMOVEDIR) < 0)
		snprintf(why, WEIR_HOOKS_WHY, "remove the cgroup it was tried in: %s",
			 strerror(errno));
	return true;
}

static void try_lsm_hooks(struct weir_hooks_tried *tried)
{
	char *why = tried->why[WEIR_HOOKS_LSM];
	scoped(btf__freep) struct btf *btf = btf__parse_raw(KERNEL_BTF);
	scoped(closep) int called_fd = -1;
	struct target target = { .cgroup_fd = -1, .btf = btf };

	if (!btf) {
		snprintf(why, WEIR_HOOKS_WHY, "lsm/ programs need " KERNEL_BTF ": %s",
			 strerror(errno));
		return;
	}
	called_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, PROGRAM_NAME, sizeof(uint32_t),
				   sizeof(uint32_t), 1, NULL);
	if (called_fd < 0) {
		snprintf(why, WEIR_HOOKS_WHY, "make a map to try lsm/ programs: %s",
			 words_for(-called_fd));
		return;
	}
	target.called_fd = called_fd;
	try_hooks(WEIR_HOOKS_LSM, &target, tried);
	/* They see the whole machine: not for nothing. */
	if (!*why)
		try_hooks(WEIR_HOOKS_GUARD, &target, tried);
}

static void not_tried(struct weir_probe *probe, const char *why, const char *remedy)
{
	probe->state = WEIR_PROBE_DEGRADED;
	snprintf(probe->found, sizeof(probe->found), "not tried: %s", why);
	probe->cost = "what a fence could hold back here is not known";
	probe->remedy = remedy;
}

void weir_probe_fence(const char *cgroup2, const char *cgroup_prefix, enum weir_tier at_most,
		      struct weir_probe *probe)
{
	struct weir_hooks_tried tried = {};

	if (geteuid() != 0) {
		not_tried(probe, "only root may load programs", "run weir doctor as root");
		return;
	}
	if (!*cgroup2) {
		not_tried(probe, "cgroup2 is mounted nowhere",
			  "mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified");
		return;
	}
	if (!try_cgroup_hooks(cgroup2, cgroup_prefix, &tried)) {
		not_tried(probe, tried.why[WEIR_HOOKS_INET], "let weir-daemon make cgroups there");
		return;
	}
	try_lsm_hooks(&tried);
	weir_tier_tell(&tried, at_most, probe);
}

enum weir_tier weir_probe_tier(const char *cgroup2, const char *cgroup_prefix,
			       enum weir_tier at_most)
{
	struct weir_hooks_tried tried = {};

	if (!try_cgroup_hooks(cgroup2, cgroup_prefix, &tried))
		return WEIR_TIER_NONE;
	try_lsm_hooks(&tried);
	return weir_tier_of(&tried, at_most);
}
