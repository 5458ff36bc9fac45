/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load, attach, pin; or adopt what an earlier daemon left.
 *
 * A start that dies half-way leaves some pins. The next one finds links missing, or a
 * fingerprint that was never written, and does it again over the same maps.
 */
#include "kern/bpf_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "weir.skel.h"

#define VERIFIER_LINES 40 /* are shown of its log */

/*
 * What makes programs "the same": their code, and what is compiled in at load. FNV-1a is enough,
 * since nobody gains by a collision: whoever can write the pins can write the programs.
 */
uint64_t weir_bpf_fingerprint(const void *elf, size_t size)
{
	const unsigned char *bytes = elf;
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
	return hash;
}

static uint64_t fingerprint(void)
{
	size_t size;
	const void *elf = weir_programs__elf_bytes(&size);

	return weir_bpf_fingerprint(elf, size);
}

/* The end of @text that holds @most lines. */
static char *last_lines(char *text, size_t most)
{
	char *at = text + strlen(text);

	/* The newline that closes the last line begins none. */
	if (at > text && at[-1] == '\n')
		at--;
	while (at > text && (at[-1] != '\n' || --most > 0))
		at--;
	return at;
}

/*
 * libbpf speaks one level lower than it thinks, except for what the verifier has to say. That is
 * one message of very many lines, and what it objects to stands at the end.
 */
__attribute__((format(printf, 2, 0))) static int on_libbpf_print(enum libbpf_print_level level,
								 const char *fmt, va_list args)
{
	const enum weir_log_level ours = level == LIBBPF_WARN ? WEIR_LOG_WARNING : WEIR_LOG_DEBUG;
	scoped(freep) char *text = NULL;
	char *rest, *line;

	if (level == LIBBPF_DEBUG)
		return 0;
	if (vasprintf(&text, fmt, args) < 0) {
		text = NULL;
		return 0;
	}
	rest = last_lines(text, VERIFIER_LINES);
	while ((line = strsep(&rest, "\n"))) {
		if (*line)
			weir_log(ours, "%s", line);
	}
	return 0;
}

/* The node's record as an earlier daemon left it; zeroes where there is none. */
static int read_node(const struct weir_bpf *bpf, struct weir_node *ret, struct weir_error *err)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info), zero = 0;
	scoped(freep) void *value = NULL;

	memset(ret, 0, sizeof(*ret));
	if (bpf->map_fds[WEIR_MAP_NODE] < 0)
		return 0;
	if (bpf_map_get_info_by_fd(bpf->map_fds[WEIR_MAP_NODE], &info, &len) < 0)
		return weir_fail(err, -errno, "pin '%s/node': %s", bpf->dir, strerror(errno));
	value = calloc(1, info.value_size + 8);
	if (!value)
		return weir_fail_memory(err);
	if (bpf_map_lookup_elem(bpf->map_fds[WEIR_MAP_NODE], &zero, value) < 0)
		return weir_fail(err, -errno, "pin '%s/node': %s", bpf->dir, strerror(errno));
	memcpy(ret, value, info.value_size < sizeof(*ret) ? info.value_size : sizeof(*ret));
	if (ret->abi_version > WEIR_ABI_VERSION)
		return weir_fail(
			err, -EBUSY,
			"'%s' was made by a newer weir (ABI %u, this one has %u): use that "
			"one, or purge",
			bpf->dir, ret->abi_version, WEIR_ABI_VERSION);
	return 0;
}

/*
 * A map whose records have our size is used again; another one is left out, and its records
 * are copied once the new map exists.
 */
static int reuse_maps(struct weir_bpf *bpf, struct weir_programs *skel,
		      int old_fds[WEIR_MAP_COUNT_], struct weir_error *err)
{
	for (size_t i = 0; i < WEIR_MAP_COUNT_; i++) {
		struct bpf_map *map =
			bpf_object__find_map_by_name(skel->obj, weir_pinned_maps[i].map);
		struct bpf_map_info info = {};
		uint32_t len = sizeof(info);

		if (!map)
			return weir_fail(err, -ENOENT, "no map %s in the programs",
					 weir_pinned_maps[i].map);
		if (bpf->map_fds[i] < 0)
			continue;
		if (bpf_map_get_info_by_fd(bpf->map_fds[i], &info, &len) < 0)
			return weir_fail(err, -errno, "pin '%s': %s", weir_pinned_maps[i].pin,
					 strerror(errno));
		if (info.value_size != bpf_map__value_size(map) ||
		    info.max_entries != bpf_map__max_entries(map)) {
			old_fds[i] = take_fd(bpf->map_fds[i]);
			continue;
		}
		if (bpf_map__reuse_fd(map, bpf->map_fds[i]) < 0)
			return weir_fail(err, -errno, "take over pin '%s': %s",
					 weir_pinned_maps[i].pin, strerror(errno));
	}
	return 0;
}

/*
 * Records are only ever appended to, so the common prefix means the same on both sides. Maps
 * that are keyed by anything but an index are private and start afresh.
 */
static int copy_records(int from, int to, struct weir_error *err)
{
	struct bpf_map_info old = {}, new = {};
	uint32_t old_len = sizeof(old), new_len = sizeof(new);
	scoped(freep) char *value = NULL;
	uint32_t n;

	if (bpf_map_get_info_by_fd(from, &old, &old_len) < 0 ||
	    bpf_map_get_info_by_fd(to, &new, &new_len) < 0)
		return weir_fail(err, -errno, "migrate records: %s", strerror(errno));
	if (old.type != BPF_MAP_TYPE_ARRAY || new.type != BPF_MAP_TYPE_ARRAY)
		return 0;
	/* One buffer serves both sizes: what the old record lacks stays zero behind it. */
	value = calloc(1, (size_t)old.value_size + new.value_size + 16);
	if (!value)
		return weir_fail_memory(err);
	n = old.max_entries < new.max_entries ? old.max_entries : new.max_entries;
	for (uint32_t i = 0; i < n; i++) {
		if (bpf_map_lookup_elem(from, &i, value) < 0 ||
		    bpf_map_update_elem(to, &i, value, BPF_ANY) < 0)
			return weir_fail(err, -errno, "migrate record %u: %s", i, strerror(errno));
	}
	return 0;
}

static int take_maps(struct weir_bpf *bpf, const struct weir_programs *skel, int *old_fds,
		     gid_t gid, struct weir_error *err)
{
	for (size_t i = 0; i < WEIR_MAP_COUNT_; i++) {
		if (bpf->map_fds[i] >= 0)
			continue;
		bpf->map_fds[i] =
			fcntl(bpf_object__find_map_fd_by_name(skel->obj, weir_pinned_maps[i].map),
			      F_DUPFD_CLOEXEC, 3);
		if (bpf->map_fds[i] < 0)
			return weir_fail(err, -errno, "dup: %s", strerror(errno));
		if (old_fds[i] >= 0 && copy_records(old_fds[i], bpf->map_fds[i], err) < 0)
			return err->code;
		if (weir_bpf_pin_map(bpf, i, gid, err) < 0)
			return err->code;
	}
	return 0;
}

/* The stints in flight belong to whoever was metered before: unknown to new programs. */
static int forget_stints(const struct weir_bpf *bpf, struct weir_error *err)
{
	const struct weir_cpu none = {};

	for (uint32_t i = 0; i < WEIR_MAX_CPUS; i++) {
		if (bpf_map_update_elem(bpf->map_fds[WEIR_MAP_CPUS], &i, &none, BPF_ANY) < 0)
			return weir_fail(err, -errno, "clear cpus: %s", strerror(errno));
	}
	return 0;
}

/* Attach @program and pin its link as @path, or pin it itself. */
static int attach_one(struct bpf_program *program, const struct weir_pinned_link *as,
		      const char *path, struct weir_error *err)
{
	struct bpf_link *link;
	int r;

	if (!program)
		return weir_fail(err, -ENOENT, "there is no program %s", as->program);
	if (as->is_program) {
		r = bpf_program__pin(program, path);
	} else {
		link = bpf_program__attach(program);
		if (!link)
			return weir_fail(err, -errno, "attach program %s: %s", as->program,
					 strerror(errno));
		r = bpf_link__pin(link, path);
		bpf_link__destroy(link); /* lets go of the fd; the pin keeps it attached */
	}
	return r < 0 ? weir_fail(err, r, "pin '%s': %s", path, strerror(-r)) : 0;
}

/* Old links go first: two meters at once would count twice, a gap of a millisecond loses less. */
static int attach_and_pin(const struct weir_bpf *bpf, const struct weir_programs *skel, gid_t gid,
			  struct weir_error *err)
{
	for (size_t i = 0; i < WEIR_LINK_COUNT_; i++) {
		if (weir_bpf_unpin(bpf, weir_pinned_links[i].pin, err) < 0)
			return err->code;
	}
	if (forget_stints(bpf, err) < 0)
		return err->code;
	for (size_t i = 0; i < WEIR_LINK_COUNT_; i++) {
		struct bpf_program *program =
			bpf_object__find_program_by_name(skel->obj, weir_pinned_links[i].program);
		char path[PATH_MAX];

		if (weir_bpf_pin_path(bpf, weir_pinned_links[i].pin, path, err) < 0 ||
		    attach_one(program, &weir_pinned_links[i], path, err) < 0)
			return err->code;
		if (i >= WEIR_LINK_TABLE && (chown(path, 0, gid) < 0 || chmod(path, 0440) < 0))
			return weir_fail(err, -errno, "chown '%s': %s", path, strerror(errno));
	}
	return 0;
}

static int give_pin(const struct weir_bpf *bpf, const char *pin, gid_t gid, struct weir_error *err)
{
	char path[PATH_MAX];

	if (weir_bpf_pin_path(bpf, pin, path, err) < 0)
		return err->code;
	if (chown(path, 0, gid) < 0)
		return weir_fail(err, -errno, "chown '%s': %s", path, strerror(errno));
	return 0;
}

/* Pins outlive the configuration that they were made under, which may have named other readers. */
static int give_pins(const struct weir_bpf *bpf, gid_t gid, struct weir_error *err)
{
	for (size_t i = 0; i < WEIR_MAP_COUNT_; i++) {
		if (give_pin(bpf, weir_pinned_maps[i].pin, gid, err) < 0)
			return err->code;
	}
	for (size_t i = WEIR_LINK_TABLE; i < WEIR_LINK_COUNT_; i++) {
		if (give_pin(bpf, weir_pinned_links[i].pin, gid, err) < 0)
			return err->code;
	}
	return 0;
}

WEIR_DEFINE_CLEANUP(struct weir_programs, weir_programs__destroy);

static int open_skeleton(struct weir_programs **ret, struct weir_error *err)
{
	struct weir_programs *skel;
	struct weir_error unknown;
	uint64_t per_cpu_offset;

	if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		return weir_fail(err, -ENOENT,
				 "/sys/kernel/btf/vmlinux: %s: weir needs a kernel built with "
				 "CONFIG_DEBUG_INFO_BTF",
				 strerror(errno));
	skel = weir_programs__open();
	if (!skel)
		return weir_fail(err, -errno, "open the BPF programs: %s", strerror(errno));
	skel->rodata->weir_page_shift = (uint32_t)__builtin_ctzl((unsigned long)getpagesize());
	if (weir_bpf_per_cpu_offset(&per_cpu_offset, &unknown) < 0)
		weir_warn("who waits in a container is not known: %s", unknown.text);
	skel->rodata->weir_per_cpu_offset = per_cpu_offset;
	*ret = skel;
	return 0;
}

static int load_programs(struct weir_programs *skel, struct weir_error *err)
{
	int r = weir_programs__load(skel);

	if (r == -EPERM)
		return weir_fail(
			err, r,
			"the kernel refused the BPF programs: root (or CAP_BPF, CAP_PERFMON "
			"and CAP_NET_ADMIN) is needed, and no lockdown");
	if (r < 0)
		return weir_fail(err, r,
				 "the kernel refused the BPF programs: %s (the verifier's log is "
				 "above; weir needs Linux 6.1 or newer)",
				 strerror(-r));
	return 0;
}

static void close_fds(int fds[WEIR_MAP_COUNT_])
{
	for (size_t i = 0; i < WEIR_MAP_COUNT_; i++)
		fds[i] = close_fd(fds[i]);
}

int weir_bpf_load(struct weir_bpf *bpf, const struct weir_bpf_options *options,
		  enum weir_bpf_start *ret_start, struct weir_error *err)
{
	scoped(weir_programs__destroyp) struct weir_programs *skel = NULL;
	int old_fds[WEIR_MAP_COUNT_] = { [0 ... WEIR_MAP_COUNT_ - 1] = -1 };
	uint32_t zero = 0;
	struct weir_node node;
	bool migrated = false;
	int r;

	libbpf_set_print(on_libbpf_print);
	/* Pins of a newer weir are left as they are, so they are looked at first. */
	if (weir_bpf_open_maps(bpf, err) < 0 || read_node(bpf, &node, err) < 0 ||
	    weir_bpf_make_dirs(bpf, options, err) < 0)
		return err->code;
	if (node.abi_version == WEIR_ABI_VERSION && node.programs == fingerprint() &&
	    weir_bpf_all_is_pinned(bpf)) {
		*ret_start = WEIR_BPF_ADOPTED;
		return give_pins(bpf, options->reader_gid, err);
	}

	if (open_skeleton(&skel, err) < 0)
		return err->code;
	r = reuse_maps(bpf, skel, old_fds, err);
	if (r == 0)
		r = load_programs(skel, err);
	if (r == 0)
		r = take_maps(bpf, skel, old_fds, options->reader_gid, err);
	migrated = old_fds[WEIR_MAP_SLOTS] >= 0;
	close_fds(old_fds);
	if (r < 0 || attach_and_pin(bpf, skel, options->reader_gid, err) < 0 ||
	    give_pins(bpf, options->reader_gid, err) < 0)
		return err->code;

	*ret_start = migrated		? WEIR_BPF_MIGRATED
		     : node.abi_version ? WEIR_BPF_REPLACED
					: WEIR_BPF_FRESH;
	/* Last: until it says so, the next start does all of this again. */
	node.abi_version = WEIR_ABI_VERSION;
	node.slot_size = sizeof(struct weir_slot);
	node.n_cpus = (uint32_t)libbpf_num_possible_cpus();
	node.programs = fingerprint();
	if (bpf_map_update_elem(bpf->map_fds[WEIR_MAP_NODE], &zero, &node, BPF_ANY) < 0)
		return weir_fail(err, -errno, "write pin 'node': %s", strerror(errno));
	return 0;
}
