/* SPDX-License-Identifier: Apache-2.0 */
/* Life cycle of the BPF side, and what is asked of it while it runs. Slots: bpf_slots.c. */
#include "kern/bpf_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/error.h"

/* Has anybody been here before us? The node's pin is the first to be made. */
static bool is_untouched(const struct weir_bpf *bpf)
{
	struct weir_error ignored = {};
	scoped(closep) int fd =
		weir_bpf_open_pin(bpf, weir_pinned_maps[WEIR_MAP_NODE].pin, &ignored);

	return fd == -ENOENT;
}

/* Held open from the start: whoever waits is asked for at once, and often. */
static int open_waiting(struct weir_bpf *bpf, struct weir_error *err)
{
	bpf->waiting_fd = weir_bpf_open_pin(bpf, weir_pinned_links[WEIR_LINK_WAITING].pin, err);
	return bpf->waiting_fd < 0 ? bpf->waiting_fd : 0;
}

int weir_bpf_open(const struct weir_bpf_options *options, struct weir_bpf **ret,
		  enum weir_bpf_start *ret_start, struct weir_error *err)
{
	scoped(weir_bpf_closep) struct weir_bpf *bpf = calloc(1, sizeof(*bpf));
	struct weir_error ignored = {};
	enum weir_bpf_start start;
	bool untouched;

	if (!bpf)
		return weir_fail_memory(err);
	for (size_t i = 0; i < WEIR_MAP_COUNT_; i++)
		bpf->map_fds[i] = -1;
	bpf->waiting_fd = -1;
	if (snprintf(bpf->dir, sizeof(bpf->dir), "%s/%s", options->pin_dir, WEIR_PIN_VERSION_DIR) >=
	    (int)sizeof(bpf->dir))
		return weir_fail(err, -ENAMETOOLONG, "pin directory '%s' is too long",
				 options->pin_dir);
	untouched = is_untouched(bpf);
	if (weir_bpf_load(bpf, options, &start, err) < 0 || open_waiting(bpf, err) < 0 ||
	    weir_bpf_slots_init(bpf, err) < 0) {
		/* Half of what was to be pinned is of no use to anybody. */
		if (untouched)
			weir_bpf_purge(options->pin_dir, &ignored);
		return err->code;
	}

	*ret_start = start;
	*ret = take_ptr(bpf);
	return 0;
}

struct weir_bpf *weir_bpf_close(struct weir_bpf *bpf)
{
	if (!bpf)
		return NULL;
	weir_bpf_slots_done(bpf);
	close_fd(bpf->waiting_fd);
	for (size_t i = 0; i < WEIR_MAP_COUNT_; i++)
		bpf->map_fds[i] = close_fd(bpf->map_fds[i]);
	free(bpf);
	return NULL;
}

int weir_bpf_run_iterator(const struct weir_bpf *bpf, const char *pin, struct weir_error *err)
{
	char path[PATH_MAX], text[16];
	scoped(closep) int fd = -1;
	int sum = 0;
	ssize_t n;

	if (weir_bpf_pin_path(bpf, pin, path, err) < 0)
		return err->code;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return weir_fail(err, -errno, "open '%s': %s", path, strerror(errno));
	do {
		n = read(fd, text, sizeof(text));
		if (n > 0)
			sum += (int)n;
	} while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
	return n < 0 ? weir_fail(err, -errno, "read '%s': %s", path, strerror(errno)) : sum;
}

int weir_bpf_refresh(struct weir_bpf *bpf, struct weir_error *err)
{
	return weir_bpf_run_iterator(bpf, weir_pinned_links[WEIR_LINK_REFRESH].pin, err);
}

int weir_bpf_follow(struct weir_bpf *bpf, struct weir_error *err)
{
	return weir_bpf_run_iterator(bpf, weir_pinned_links[WEIR_LINK_FOLLOW].pin, err);
}

/* Pins hold links and links hold programs, or the program itself: ask by its fd. */
static int visit_program(int pin_fd, bool is_link, weir_bpf_program_fn *fn, void *data,
			 struct weir_error *err)
{
	struct bpf_link_info link = {};
	struct bpf_prog_info prog = {};
	scoped(closep) int linked_fd = -1;
	uint32_t len = sizeof(link);
	int fd = pin_fd;

	if (is_link) {
		if (bpf_link_get_info_by_fd(pin_fd, &link, &len) < 0)
			return weir_fail(err, -errno, "ask a link: %s", strerror(errno));
		fd = linked_fd = bpf_prog_get_fd_by_id(link.prog_id);
	}
	len = sizeof(prog);
	if (fd < 0 || bpf_prog_get_info_by_fd(fd, &prog, &len) < 0)
		return weir_fail(err, -errno, "ask a pinned program: %s", strerror(errno));
	fn(prog.name, prog.verified_insns, prog.jited_prog_len, data);
	return 0;
}

int weir_bpf_visit_pin(const struct weir_bpf *bpf, const char *pin, bool is_link,
		       weir_bpf_program_fn *fn, void *data, struct weir_error *err)
{
	scoped(closep) int fd = weir_bpf_open_pin(bpf, pin, err);

	return fd < 0 ? fd : visit_program(fd, is_link, fn, data, err);
}

int weir_bpf_foreach_program(struct weir_bpf *bpf, weir_bpf_program_fn *fn, void *data,
			     struct weir_error *err)
{
	for (size_t i = 0; i < WEIR_LINK_COUNT_; i++) {
		if (weir_bpf_visit_pin(bpf, weir_pinned_links[i].pin,
				       !weir_pinned_links[i].is_program, fn, data, err) < 0)
			return err->code;
	}
	return 0;
}
