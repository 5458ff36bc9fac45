/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fence-attach: programs at the top of cgroup2, as long as this runs.
 *
 *	fence-attach OBJECT.bpf.o CGROUP2_DIR PROGRAM...
 *
 * Of those in the object only the programs that are named are loaded. Says "ready" once all are attached, and
 * ends, and detaches, when its input does. Not the daemon's loader: nothing is pinned.
 */
#include <bpf/libbpf.h>
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_named(const struct bpf_program *program, char *const *names)
{
	for (; *names; names++)
		if (strcmp(*names, bpf_program__name(program)) == 0)
			return true;
	return false;
}

static void load(struct bpf_object *object, char *const *names)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
	{
		bpf_program__set_autoload(program, is_named(program, names));
	}
	if (bpf_object__load(object) < 0)
		err(1, "load");
}

static void attach(const struct bpf_object *object, int cgroup_fd)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
	{
		if (bpf_program__autoload(program) &&
		    !bpf_program__attach_cgroup(program, cgroup_fd))
			err(1, "attach %s", bpf_program__name(program));
	}
}

int main(int argc, char *argv[])
{
	struct bpf_object *object;
	int fd;

	if (argc < 4)
		errx(2, "usage: fence-attach OBJECT.bpf.o CGROUP2_DIR PROGRAM...");
	fd = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", argv[2]);
	object = bpf_object__open_file(argv[1], NULL);
	if (!object)
		err(1, "%s", argv[1]);
	load(object, argv + 3);
	attach(object, fd);
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0; /* and the links with it */
}
