/* SPDX-License-Identifier: Apache-2.0 */
/* The fence's programs and maps: loaded, attached, pinned; or taken over. */
#include "kern/fence_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/error.h"
#include "fence.skel.h"
#include "kern/probe_fence.h"

#define FRESH "fence/fresh"

const struct weir_fence_program weir_fence_table[WEIR_FENCE_PROGRAMS] = {
	{ "weir_create", "fence/create", BPF_CGROUP_INET_SOCK_CREATE, WEIR_TIER_0, WEIR_TIER_3,
	  NULL },
	{ "weir_connect4", "fence/connect4", BPF_CGROUP_INET4_CONNECT, WEIR_TIER_0, WEIR_TIER_3,
	  NULL },
	{ "weir_connect6", "fence/connect6", BPF_CGROUP_INET6_CONNECT, WEIR_TIER_0, WEIR_TIER_3,
	  NULL },
	{ "weir_sendmsg4", "fence/sendmsg4", BPF_CGROUP_UDP4_SENDMSG, WEIR_TIER_0, WEIR_TIER_3,
	  NULL },
	{ "weir_sendmsg6", "fence/sendmsg6", BPF_CGROUP_UDP6_SENDMSG, WEIR_TIER_0, WEIR_TIER_3,
	  NULL },
	{ "weir_bind4", "fence/bind4", BPF_CGROUP_INET4_BIND, WEIR_TIER_0, WEIR_TIER_3, NULL },
	{ "weir_bind6", "fence/bind6", BPF_CGROUP_INET6_BIND, WEIR_TIER_0, WEIR_TIER_3, NULL },
	{ "weir_egress", "fence/egress", BPF_CGROUP_INET_EGRESS, WEIR_TIER_0, WEIR_TIER_3,
	  "fence/egress-program" },
	{ "weir_ingress", "fence/ingress", BPF_CGROUP_INET_INGRESS, WEIR_TIER_0, WEIR_TIER_3,
	  "fence/ingress-program" },
	{ "weir_connect_unix", "fence/connect-unix", BPF_CGROUP_UNIX_CONNECT, WEIR_TIER_1,
	  WEIR_TIER_1, NULL },
	{ "weir_sendmsg_unix", "fence/sendmsg-unix", BPF_CGROUP_UNIX_SENDMSG, WEIR_TIER_1,
	  WEIR_TIER_1, NULL },
	{ "weir_family", "fence/family", BPF_LSM_MAC, WEIR_TIER_2, WEIR_TIER_3, NULL },
	{ "weir_connect", "fence/connect", BPF_LSM_MAC, WEIR_TIER_2, WEIR_TIER_3, NULL },
	{ "weir_sendmsg", "fence/sendmsg", BPF_LSM_MAC, WEIR_TIER_2, WEIR_TIER_3, NULL },
	{ "weir_listen", "fence/listen", BPF_LSM_MAC, WEIR_TIER_2, WEIR_TIER_3, NULL },
	{ "weir_accept", "fence/accept", BPF_LSM_MAC, WEIR_TIER_2, WEIR_TIER_3, NULL },
	{ "weir_unix_reach", "fence/unix-stream", BPF_LSM_MAC, WEIR_TIER_2, WEIR_TIER_3, NULL },
	{ "weir_unix_send", "fence/unix-send", BPF_LSM_MAC, WEIR_TIER_2, WEIR_TIER_3, NULL },
	{ "weir_receive", "fence/receive", BPF_LSM_MAC, WEIR_TIER_2, WEIR_TIER_3, NULL },
	{ "weir_look", "fence/look", BPF_LSM_MAC, WEIR_TIER_2, WEIR_TIER_3, NULL },
	{ "weir_guard_map", "fence/guard-map", BPF_LSM_MAC, WEIR_TIER_3, WEIR_TIER_3, NULL },
	{ "weir_guard_bpf", "fence/guard-bpf", BPF_LSM_MAC, WEIR_TIER_3, WEIR_TIER_3, NULL },
	{ "weir_guard_unlink", "fence/guard-unlink", BPF_LSM_MAC, WEIR_TIER_3, WEIR_TIER_3, NULL },
	{ "weir_guard_rmdir", "fence/guard-rmdir", BPF_LSM_MAC, WEIR_TIER_3, WEIR_TIER_3, NULL },
	{ "weir_guard_rename", "fence/guard-rename", BPF_LSM_MAC, WEIR_TIER_3, WEIR_TIER_3, NULL },
	{ "weir_guard_umount", "fence/guard-umount", BPF_LSM_MAC, WEIR_TIER_3, WEIR_TIER_3, NULL },
	{ "weir_guard_exit", "fence/guard-exit", BPF_TRACE_RAW_TP, WEIR_TIER_3, WEIR_TIER_3, NULL },
	{ "weir_tag", WEIR_FENCE_TAG_PIN, BPF_TRACE_ITER, WEIR_TIER_1, WEIR_TIER_3, NULL },
};

static const struct {
	const char *map, *pin;
} maps[WEIR_FENCE_MAPS_] = {
	[WEIR_FENCE_SETTINGS] = { "weir_fence", "fence/settings" },
	[WEIR_FENCE_LOCALS] = { "weir_locals", "fence/locals" },
	[WEIR_FENCE_RULES] = { "weir_rules", "fence/rules" },
	[WEIR_FENCE_DENIALS] = { "weir_denials", "fence/denials" },
	[WEIR_FENCE_AGENTS] = { "weir_agents", "fence/agents" },
	[WEIR_FENCE_PEERS] = { "weir_peers", "fence/peers" },
	[WEIR_FENCE_SOCKETS] = { "weir_sockets", "fence/sockets" },
	[WEIR_FENCE_PATHS] = { "weir_paths", "fence/paths" },
	[WEIR_FENCE_GUARDED] = { "weir_guarded", "fence/guarded" },
};

/* Maps of the meter that the fence uses, too. */
static const struct {
	const char *map;
	enum weir_map of;
} shared[] = { { "weir_slots", WEIR_MAP_SLOTS }, { "weir_index", WEIR_MAP_INDEX } };

WEIR_DEFINE_CLEANUP(struct weir_fence_programs, weir_fence_programs__destroy);

static uint64_t fingerprint(void)
{
	size_t size;
	const void *elf = weir_fence_programs__elf_bytes(&size);

	return weir_bpf_fingerprint(elf, size);
}

/* Put what @fd is in the place of what was pinned there, in one step. */
static int pin_fd(const struct weir_fence *fence, int fd, const char *pin, struct weir_error *err)
{
	char path[PATH_MAX], fresh[PATH_MAX];

	if (weir_bpf_pin_path(fence->bpf, pin, path, err) < 0 ||
	    weir_bpf_pin_path(fence->bpf, FRESH, fresh, err) < 0 ||
	    weir_bpf_unpin(fence->bpf, FRESH, err) < 0)
		return err->code;
	if (bpf_obj_pin(fd, fresh) < 0 || rename(fresh, path) < 0)
		return weir_fail(err, -errno, "pin '%s': %s", path, strerror(errno));
	return 0;
}

bool weir_fence_has(const struct weir_fence *fence, const struct weir_fence_program *program)
{
	return program->tier <= fence->tier && fence->tier <= program->until;
}

bool weir_fence_of_cgroup(const struct weir_fence_program *program)
{
	return program->attach != BPF_LSM_MAC && program->attach != BPF_TRACE_ITER &&
	       program->attach != BPF_TRACE_RAW_TP;
}

static int attach(const struct weir_fence *fence, const struct weir_fence_program *program,
		  int program_fd, struct weir_error *err)
{
	int target = weir_fence_of_cgroup(program) ? fence->top_fd : 0;
	scoped(closep) int fd = bpf_link_create(program_fd, target, program->attach, NULL);

	if (fd < 0)
		return weir_fail(err, fd, "attach program %s: %s", program->name, strerror(-fd));
	return pin_fd(fence, fd, program->pin, err);
}

static bool is_pinned(const struct weir_fence *fence, const char *pin)
{
	struct weir_error ignored = {};
	scoped(closep) int fd = weir_bpf_open_pin(fence->bpf, pin, &ignored);

	return fd >= 0;
}

static int open_maps(struct weir_fence *fence, struct weir_error *err)
{
	for (size_t i = 0; i < WEIR_FENCE_MAPS_; i++) {
		int fd = weir_bpf_open_pin(fence->bpf, maps[i].pin, err);

		if (fd < 0 && fd != -ENOENT)
			return fd;
		fence->map_fds[i] = fd < 0 ? -1 : fd;
	}
	return 0;
}

/* As they were left, unless by programs to which they were something else. */
static bool read_settings(const struct weir_fence *fence, struct weir_fence_node *ret)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info), zero = 0;
	int fd = fence->map_fds[WEIR_FENCE_SETTINGS];

	return fd >= 0 && bpf_map_get_info_by_fd(fd, &info, &len) == 0 &&
	       info.value_size == sizeof(*ret) && bpf_map_lookup_elem(fd, &zero, ret) == 0;
}

/* All of it, of these programs, and of no higher tier than may be? Half of it is as good as nothing. */
static bool can_take_over(struct weir_fence *fence, enum weir_tier at_most)
{
	struct weir_fence_node settings = {};

	if (!read_settings(fence, &settings) || settings.programs != fingerprint() ||
	    settings.at_most != at_most)
		return false;
	fence->tier = settings.tier;
	for (size_t i = 0; i < WEIR_FENCE_MAPS_; i++)
		if (fence->map_fds[i] < 0)
			return false;
	if (!is_pinned(fence, WEIR_FENCE_LEVEL_PIN) ||
	    (fence->tier >= WEIR_TIER_3 && !is_pinned(fence, WEIR_FENCE_ARM_PIN)))
		return false;
	for (size_t i = 0; i < WEIR_FENCE_PROGRAMS; i++) {
		const struct weir_fence_program *program = &weir_fence_table[i];

		if (weir_fence_has(fence, program) &&
		    !is_pinned(fence, program->program_pin ? program->program_pin : program->pin))
			return false;
	}
	return true;
}

/*
 * What is in them holds for the new programs from their first call on: none of them is empty for a moment.
 * A map of another size is left out, and the daemon fills the new one.
 */
static int reuse_maps(struct weir_fence *fence, const struct weir_fence_programs *skel,
		      struct weir_error *err)
{
	for (size_t i = 0; i < WEIR_FENCE_MAPS_; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(skel->obj, maps[i].map);
		struct bpf_map_info info = {};
		uint32_t len = sizeof(info);

		if (!map)
			return weir_fail(err, -ENOENT, "no map %s in the fence's programs",
					 maps[i].map);
		if (fence->map_fds[i] < 0)
			continue;
		if (bpf_map_get_info_by_fd(fence->map_fds[i], &info, &len) < 0)
			return weir_fail(err, -errno, "ask pin '%s': %s", maps[i].pin,
					 strerror(errno));
		if (info.key_size != bpf_map__key_size(map) ||
		    info.value_size != bpf_map__value_size(map) ||
		    info.max_entries != bpf_map__max_entries(map))
			fence->map_fds[i] = close_fd(fence->map_fds[i]);
		else if (bpf_map__reuse_fd(map, fence->map_fds[i]) < 0)
			return weir_fail(err, -errno, "take over pin '%s': %s", maps[i].pin,
					 strerror(errno));
	}
	return 0;
}

static int share_maps(const struct weir_fence *fence, const struct weir_fence_programs *skel,
		      struct weir_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(skel->obj, shared[i].map);
		int r = map ? bpf_map__reuse_fd(map, fence->bpf->map_fds[shared[i].of]) : -ENOENT;

		if (r < 0)
			return weir_fail(err, r, "share map %s: %s", shared[i].map, strerror(-r));
	}
	return 0;
}

static int pin_maps(struct weir_fence *fence, const struct weir_fence_programs *skel,
		    struct weir_error *err)
{
	for (size_t i = 0; i < WEIR_FENCE_MAPS_; i++) {
		if (fence->map_fds[i] >= 0)
			continue;
		fence->map_fds[i] = fcntl(bpf_object__find_map_fd_by_name(skel->obj, maps[i].map),
					  F_DUPFD_CLOEXEC, 3);
		if (fence->map_fds[i] < 0)
			return weir_fail(err, -errno, "dup: %s", strerror(errno));
		if (pin_fd(fence, fence->map_fds[i], maps[i].pin, err) < 0)
			return err->code;
	}
	return 0;
}

static int attach_all(const struct weir_fence *fence, const struct weir_fence_programs *skel,
		      struct weir_error *err)
{
	for (size_t i = 0; i < WEIR_FENCE_PROGRAMS; i++) {
		const struct weir_fence_program *program = &weir_fence_table[i];
		int fd =
			bpf_program__fd(bpf_object__find_program_by_name(skel->obj, program->name));

		/* Of another tier than before. */
		if (!weir_fence_has(fence, program)) {
			if (weir_bpf_unpin(fence->bpf, program->pin, err) < 0)
				return err->code;
			continue;
		}
		if (program->program_pin && pin_fd(fence, fd, program->program_pin, err) < 0)
			return err->code;
		if ((!program->program_pin || is_pinned(fence, program->pin)) &&
		    attach(fence, program, fd, err) < 0)
			return err->code;
	}
	return 0;
}

/* The settings of the programs before are those of the new ones, until somebody changes them. */
static int carry_over(const struct weir_fence *fence, struct weir_fence_node *settings,
		      struct weir_error *err)
{
	uint32_t zero = 0;

	if (bpf_map_update_elem(fence->map_fds[WEIR_FENCE_SETTINGS], &zero, settings, BPF_ANY) < 0)
		return weir_fail(err, -errno, "write the fence's settings: %s", strerror(errno));
	return 0;
}

/* What the tier does without is not even shown to the verifier. */
static int choose_programs(const struct weir_fence *fence, const struct weir_fence_programs *skel,
			   struct weir_error *err)
{
	for (size_t i = 0; i < WEIR_FENCE_PROGRAMS; i++) {
		const struct weir_fence_program *program = &weir_fence_table[i];
		struct bpf_program *of = bpf_object__find_program_by_name(skel->obj, program->name);

		if (!of)
			return weir_fail(err, -ENOENT, "there is no program %s", program->name);
		bpf_program__set_autoload(of, weir_fence_has(fence, program));
	}
	bpf_program__set_autoload(skel->progs.weir_guard_arm, fence->tier >= WEIR_TIER_3);
	return 0;
}

/* Programs that are called, and attached to nothing. */
static int pin_called(const struct weir_fence *fence, const struct weir_fence_programs *skel,
		      struct weir_error *err)
{
	if (pin_fd(fence, bpf_program__fd(skel->progs.weir_level), WEIR_FENCE_LEVEL_PIN, err) < 0)
		return err->code;
	if (fence->tier < WEIR_TIER_3)
		return weir_bpf_unpin(fence->bpf, WEIR_FENCE_ARM_PIN, err);
	return pin_fd(fence, bpf_program__fd(skel->progs.weir_guard_arm), WEIR_FENCE_ARM_PIN, err);
}

static int load(struct weir_fence *fence, enum weir_tier at_most, struct weir_error *err)
{
	scoped(weir_fence_programs__destroyp) struct weir_fence_programs *skel = NULL;
	struct weir_fence_node settings = {};
	int r;

	read_settings(fence, &settings);
	skel = weir_fence_programs__open();
	if (!skel)
		return weir_fail(err, -errno, "open the fence's programs: %s", strerror(errno));
	if (choose_programs(fence, skel, err) < 0 || reuse_maps(fence, skel, err) < 0 ||
	    share_maps(fence, skel, err) < 0)
		return err->code;
	r = weir_fence_programs__load(skel);
	if (r < 0)
		return weir_fail(err, r, "the kernel refused the fence's programs: %s",
				 strerror(-r));
	settings.programs = 0;
	settings.tier = fence->tier;
	settings.at_most = at_most;
	if (pin_maps(fence, skel, err) < 0 || pin_called(fence, skel, err) < 0 ||
	    carry_over(fence, &settings, err) < 0 || attach_all(fence, skel, err) < 0)
		return err->code;
	/* Last: until it says so, the next start does all of this again. */
	settings.programs = fingerprint();
	return carry_over(fence, &settings, err);
}

int weir_fence_load(struct weir_fence *fence, const struct weir_fence_options *options,
		    struct weir_error *err)
{
	if (open_maps(fence, err) < 0)
		return err->code;
	if (!options->maps_are_new && can_take_over(fence, options->at_most))
		return 0;
	fence->tier = weir_probe_tier(options->cgroup2, options->cgroup_prefix, options->at_most);
	if (fence->tier == WEIR_TIER_NONE)
		return weir_fail(err, -EOPNOTSUPP,
				 "this kernel has none of the hooks that it takes (weir doctor)");
	return load(fence, options->at_most, err);
}

int weir_fence_watch_packets(struct weir_fence *fence, bool on, struct weir_error *err)
{
	for (size_t i = 0; i < WEIR_FENCE_PROGRAMS; i++) {
		const struct weir_fence_program *program = &weir_fence_table[i];
		scoped(closep) int fd = -1;

		if (!program->program_pin || is_pinned(fence, program->pin) == on)
			continue;
		if (!on) {
			if (weir_bpf_unpin(fence->bpf, program->pin, err) < 0)
				return err->code;
			continue;
		}
		fd = weir_bpf_open_pin(fence->bpf, program->program_pin, err);
		if (fd < 0 || attach(fence, program, fd, err) < 0)
			return err->code;
	}
	return 0;
}
