/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_TEST_OPTIONS_FIXTURE_H
#define WEIR_TEST_OPTIONS_FIXTURE_H

/* Configuration files in a directory of their own, read together with a command line. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "daemon/options.h"

struct fixture {
	char dir[32];
	char config[64]; /* DIR/weir.conf */
	struct weir_options options;
	struct weir_error err;
};

static inline int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->options = (struct weir_options)WEIR_OPTIONS_INIT;
	strcpy(f->dir, "/tmp/weir-options.XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->config, sizeof(f->config), "%s/weir.conf", f->dir);
	*state = f;
	return weir_options_default(&f->options, &f->err);
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;

	weir_options_done(&f->options);
	nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

/* Write @text to the file @name, relative to the directory. */
static inline void put_file(const struct fixture *f, const char *name, const char *text)
{
	char path[128];
	bool written;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	written = fputs(text, file) >= 0;
	written &= fclose(file) == 0;
	assert_true(written);
}

static inline void make_drop_in_dir(const struct fixture *f)
{
	char path[128];

	snprintf(path, sizeof(path), "%s.d", f->config);
	assert_int_equal(mkdir(path, 0755), 0);
}

/* Arguments after the program's name, up to NULL. */
static inline int read_options(struct fixture *f, ...)
{
	char *argv[16] = { (char[]){ "weir-daemon" } };
	int argc = 1, r;
	va_list args;

	va_start(args, f);
	while ((argv[argc] = va_arg(args, char *)))
		argc++;
	va_end(args);

	weir_options_done(&f->options);
	f->err = (struct weir_error){};
	r = weir_options_read(argc, argv, &f->options, &f->err);
	assert_int_equal(f->err.code, r);
	return r;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif /* WEIR_TEST_OPTIONS_FIXTURE_H */
