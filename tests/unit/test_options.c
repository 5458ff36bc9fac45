/* SPDX-License-Identifier: Apache-2.0 */
/* Command line and configuration files, on real files in a directory of its own. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "daemon/config.h"
#include "daemon/options.h"
#include "daemon/settings.h"
#include "kern/node.h"

#define EXAMPLE "docs/weir.conf.example"

struct fixture {
	char dir[32];
	char config[64]; /* DIR/weir.conf */
	struct weir_options options;
	struct weir_error err;
};

static int set_up(void **state)
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

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	weir_options_done(&f->options);
	nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

/* Write @text to the file @name, relative to the directory. */
static void put_file(const struct fixture *f, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void make_drop_in_dir(const struct fixture *f)
{
	char path[128];

	snprintf(path, sizeof(path), "%s.d", f->config);
	assert_int_equal(mkdir(path, 0755), 0);
}

/* Arguments after the program's name, up to NULL. */
static int read_options(struct fixture *f, ...)
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

static void the_defaults_are_usable(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->err.code, 0);
	assert_string_equal(f->options.socket, "/run/weir/weir.sock");
	assert_string_equal(f->options.state_dir, "/var/lib/weir");
	assert_string_equal(f->options.pin_dir, "/sys/fs/bpf/weir");
	assert_string_equal(f->options.run_dir, "/run/weir");
	assert_string_equal(f->options.cgroup_prefix, "weir.");
	assert_null(f->options.cgroup_parent);
	assert_int_equal(f->options.log_level, WEIR_LOG_INFO);
	assert_int_equal(f->options.mode, WEIR_MODE_SERVE);
	assert_int_equal(f->options.default_cpu_limit, WEIR_DEFAULT_CPU_LIMIT_NONE);
	assert_int_equal(f->options.log_max_bytes, 16 << 20);
}

static void automatic_figures_follow_the_machine(void **state)
{
	const struct weir_machine small = { .cpus = 1, .mem_bytes = 1ULL << 30 };
	const struct weir_machine large = { .cpus = 64, .mem_bytes = 1ULL << 40 };
	struct fixture *f = *state;
	struct weir_options *o = &f->options;

	weir_options_fit(o, &small);
	assert_int_equal(o->reserve_mcpu, 50);
	assert_int_equal(o->reserve_bytes, (1ULL << 30) / 20);
	assert_int_equal(o->threads, 1);

	o->reserve_mcpu = o->reserve_bytes = WEIR_ABSENT;
	o->threads = 0;
	weir_options_fit(o, &large);
	assert_int_equal(o->reserve_mcpu, 100);
	assert_int_equal(o->reserve_bytes, 256ULL << 20);
	assert_int_equal(o->threads, 4);

	o->reserve_mcpu = 0; /* said so: kept */
	weir_options_fit(o, &large);
	assert_int_equal(o->reserve_mcpu, 0);
}

static void every_key_can_be_set_in_a_file(void **state)
{
	struct fixture *f = *state;
	struct weir_options *o = &f->options;

	put_file(f, "weir.conf",
		 "; a comment\n# another\n\n"
		 "[daemon]\nsocket = /a//b/\nstate_dir=/c\npin_dir = /d ; why\n  run_dir = /e\n"
		 "cgroup_prefix = w-\ncgroup_parent = box.slice\nlog_level = debug\nthreads = 7\n"
		 "[access]\nadmin_group = 4242\nreader_group = root\n"
		 "[node]\nreserve_cpu = 1.5\nreserve_memory = 1Gi\n"
		 "[containers]\ndefault_cpu_limit = request\nlog_max = 4Ki\n");
	assert_int_equal(read_options(f, "--config", f->config, NULL), 0);
	assert_string_equal(o->socket, "/a/b");
	assert_string_equal(o->state_dir, "/c");
	assert_string_equal(o->pin_dir, "/d");
	assert_string_equal(o->run_dir, "/e");
	assert_string_equal(o->cgroup_prefix, "w-");
	assert_string_equal(o->cgroup_parent, "box.slice");
	assert_int_equal(o->log_level, WEIR_LOG_DEBUG);
	assert_int_equal(o->threads, 7);
	assert_int_equal(o->admin_gid, 4242);
	assert_int_equal(o->reader_gid, 0);
	assert_int_equal(o->reserve_mcpu, 1500);
	assert_int_equal(o->reserve_bytes, 1 << 30);
	assert_int_equal(o->default_cpu_limit, WEIR_DEFAULT_CPU_LIMIT_REQUEST);
	assert_int_equal(o->log_max_bytes, 4096);
}

static void later_files_win_and_the_command_line_over_all(void **state)
{
	struct fixture *f = *state;

	make_drop_in_dir(f);
	put_file(f, "weir.conf",
		 "[daemon]\nstate_dir = /main\nrun_dir = /main\npin_dir = /main\n"
		 "socket = /main\n");
	put_file(f, "weir.conf.d/20-b.conf", "[daemon]\nrun_dir = /b\npin_dir = /b\nsocket = /b\n");
	put_file(f, "weir.conf.d/10-a.conf", "[daemon]\nrun_dir = /a\n");
	put_file(f, "weir.conf.d/30-c.conf.bak", "[nonsense]\nthis = is not read\n");
	put_file(f, "weir.conf.d/.hidden.conf", "[nonsense]\nnor = is this\n");
	assert_int_equal(read_options(f, "--socket=/line", "--config", f->config, NULL), 0);
	assert_string_equal(f->options.state_dir, "/main");
	assert_string_equal(f->options.run_dir, "/b");
	assert_string_equal(f->options.pin_dir, "/b");
	assert_string_equal(f->options.socket, "/line");
}

static void an_empty_value_takes_a_default_back(void **state)
{
	struct fixture *f = *state;

	put_file(f, "weir.conf",
		 "[daemon]\ncgroup_parent = a\ncgroup_parent =\n"
		 "[access]\nadmin_group = 1\nadmin_group =\n");
	assert_int_equal(read_options(f, "--config", f->config, NULL), 0);
	assert_null(f->options.cgroup_parent);
	assert_int_equal(f->options.admin_gid, WEIR_NO_GID);
}

/* What stands in the file, and the text behind "FILE:". */
static const struct {
	const char *config, *text;
} bad_files[] = {
	{ "[daemon]\nsocket = weir.sock\n",
	  "2: socket: 'weir.sock' is no socket path: expected an absolute one" },
	{ "[daemon]\n\nstate_dir = /a/../b\n",
	  "3: state_dir: '/a/../b' is not usable: expected an absolute path without . and .." },
	{ "[daemon]\nstate_dir = /\n",
	  "2: state_dir: '/' is not usable: expected an absolute path without . and .." },
	{ "[daemon]\ncgroup_prefix =\n",
	  "2: cgroup_prefix: '' is no prefix: expected 1 to 64 characters of A-Z a-z 0-9 _ . -" },
	{ "[daemon]\ncgroup_prefix = a/b\n", "2: cgroup_prefix: 'a/b' is no prefix: expected 1 to "
					     "64 characters of A-Z a-z 0-9 _ . -" },
	{ "[daemon]\ncgroup_parent = ..\n",
	  "2: cgroup_parent: '..' is no parent: expected the name of one directory, of at most "
	  "64 bytes" },
	{ "[daemon]\nlog_level = loud\n",
	  "2: log_level: 'loud' is no log level: expected err, warning, info or debug" },
	{ "[daemon]\nthreads = 17\n",
	  "2: threads: '17' is no number of threads: expected 1 to 16, or auto" },
	{ "[daemon]\nthreads = -1\n",
	  "2: threads: '-1' is no number of threads: expected 1 to 16, or auto" },
	{ "[daemon]\nthreads = 0\n",
	  "2: threads: '0' is no number of threads: expected 1 to 16, or auto" },
	{ "[access]\nadmin_group = no-such-group-here\n",
	  "2: admin_group: there is no group 'no-such-group-here': expected a group, a gid, or "
	  "nothing" },
	{ "[node]\nreserve_cpu = max\n",
	  "2: reserve_cpu: 'max' is no reserve: expected an amount, or auto" },
	{ "[containers]\ndefault_cpu_limit = all\n",
	  "2: default_cpu_limit: 'all' is no default: expected none or request" },
	{ "[containers]\nlog_max = 1Ki\n",
	  "2: log_max: '1Ki' is out of range: expected 4Ki to 1Ti" },
	{ "[containers]\nlog_max = max\n",
	  "2: log_max: 'max' is out of range: expected 4Ki to 1Ti" },
	{ "[node]\n# fine\nreserve = 1\n",
	  "3: unknown key 'reserve' in [node]: expected reserve_cpu, reserve_memory" },
	{ "[demon]\nsocket = /a\n",
	  "2: unknown section [demon]: expected daemon, access, node, containers" },
	{ "socket = /a\n", "1: 'socket' stands before the first section: expected daemon, access, "
			   "node, containers" },
	{ "[daemon]\nsocket = /a\nwhat is this\n[daemon]\nstate_dir = x\n",
	  "3: expected '[section]', 'key = value' or a comment" },
	{ "[daemon\n", "1: expected '[section]', 'key = value' or a comment" },
};

static void a_bad_line_is_refused_by_file_and_line(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad_files); i++) {
		char expected[512];

		put_file(f, "weir.conf", bad_files[i].config);
		assert_int_equal(read_options(f, "--config", f->config, NULL), -EBADMSG);
		snprintf(expected, sizeof(expected), "%s:%s", f->config, bad_files[i].text);
		assert_string_equal(f->err.text, expected);
	}
}

static void a_bad_drop_in_is_named(void **state)
{
	struct fixture *f = *state;
	char expected[256];

	make_drop_in_dir(f);
	put_file(f, "weir.conf", "");
	put_file(f, "weir.conf.d/x.conf", "[daemon]\nthreads = many\n");
	assert_int_equal(read_options(f, "--config", f->config, NULL), -EBADMSG);
	snprintf(
		expected, sizeof(expected),
		"%s.d/x.conf:2: threads: 'many' is no number of threads: expected 1 to 16, or auto",
		f->config);
	assert_string_equal(f->err.text, expected);
}

static void a_line_that_is_too_long_is_refused(void **state)
{
	struct fixture *f = *state;
	char text[1024] = "[daemon]\nstate_dir = /";

	memset(text + strlen(text), 'x', 900);
	put_file(f, "weir.conf", text);
	assert_int_equal(read_options(f, "--config", f->config, NULL), -EBADMSG);
	assert_non_null(strstr(f->err.text, "weir.conf:2: the line is too long: expected at most"));
}

static void a_missing_file_is_refused_when_named(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_options(f, "--config", f->config, NULL), -ENOENT);
	assert_non_null(strstr(f->err.text, "open configuration file /tmp/weir-options."));
}

static const struct {
	const char *argument, *value, *text;
} bad_arguments[] = {
	{ "--sock", NULL, "--sock needs a value" },
	{ "--frobnicate", NULL,
	  "unknown or ambiguous option '--frobnicate'; --help lists the options" },
	{ "-x", NULL, "unknown option '-x'; --help lists the options" },
	{ "--doctor=yes", NULL, "--doctor=yes: the option takes no value" },
	{ "serve", NULL, "unexpected argument 'serve'; --help lists the options" },
	{ "--json", NULL, "--json goes with --doctor" },
	{ "--force", NULL, "--force goes with --purge" },
	{ "--log-level", "loud",
	  "command line: log_level: 'loud' is no log level: expected err, warning, info or debug" },
	{ "--pin-dir", "relative",
	  "command line: pin_dir: 'relative' is not usable: expected an absolute path without . "
	  "and .." },
};

static void a_bad_argument_is_refused_by_name(void **state)
{
	struct fixture *f = *state;

	put_file(f, "weir.conf", "");
	for (size_t i = 0; i < ARRAY_SIZE(bad_arguments); i++) {
		assert_int_equal(read_options(f, "--config", f->config, bad_arguments[i].argument,
					      bad_arguments[i].value, NULL),
				 -EINVAL);
		assert_string_equal(f->err.text, bad_arguments[i].text);
	}
	assert_int_equal(read_options(f, "--doctor", "--purge", NULL), -EINVAL);
	assert_string_equal(f->err.text, "expected one of --check-config, --doctor, --purge, "
					 "--version and --help");
}

static void modes_are_told_apart(void **state)
{
	struct fixture *f = *state;

	put_file(f, "weir.conf", "");
	assert_int_equal(read_options(f, "--config", f->config, "--check-config", NULL), 0);
	assert_int_equal(f->options.mode, WEIR_MODE_CHECK_CONFIG);
	assert_int_equal(read_options(f, "--config", f->config, "--doctor", "--json", NULL), 0);
	assert_int_equal(f->options.mode, WEIR_MODE_DOCTOR);
	assert_true(f->options.json);
	assert_int_equal(read_options(f, "--purge", "--force", "--config", f->config, NULL), 0);
	assert_int_equal(f->options.mode, WEIR_MODE_PURGE);
	assert_true(f->options.force);
	/* These two answer whatever the files are like. */
	assert_int_equal(read_options(f, "--config", "/nonexistent", "--version", NULL), 0);
	assert_int_equal(f->options.mode, WEIR_MODE_VERSION);
	assert_int_equal(read_options(f, "-h", "--config", "/nonexistent", NULL), 0);
	assert_int_equal(f->options.mode, WEIR_MODE_HELP);
}

/* "#key = value" in the example -> the setting, with its default. */
static size_t check_example_line(const char *section, char *line)
{
	const struct weir_setting *setting = NULL;
	struct weir_error err = {};
	char *value = strchr(line, '=');

	assert_non_null(value);
	*value++ = '\0';
	value += strspn(value, " ");
	value[strcspn(value, "\n")] = '\0';
	line[strcspn(line, " ")] = '\0';
	assert_int_equal(weir_setting_find(section, line + 1, &setting, &err), 0);
	assert_string_equal(value, setting->fallback);
	return 1;
}

static void the_example_file_has_every_key_and_its_default(void **state)
{
	scoped(fclosep) FILE *file = fopen(EXAMPLE, "re");
	char line[256], section[32] = "";
	size_t n = 0;

	(void)state;
	assert_non_null(file); /* tests run at the top of the tree */
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "[%31[^]]]", section) == 1)
			continue;
		if (line[0] == '#' && line[1] >= 'a' && line[1] <= 'z')
			n += check_example_line(section, line);
	}
	assert_int_equal(n, weir_n_settings);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_defaults_are_usable),
		TEST(automatic_figures_follow_the_machine),
		TEST(every_key_can_be_set_in_a_file),
		TEST(later_files_win_and_the_command_line_over_all),
		TEST(an_empty_value_takes_a_default_back),
		TEST(a_bad_line_is_refused_by_file_and_line),
		TEST(a_bad_drop_in_is_named),
		TEST(a_line_that_is_too_long_is_refused),
		TEST(a_missing_file_is_refused_when_named),
		TEST(a_bad_argument_is_refused_by_name),
		TEST(modes_are_told_apart),
		TEST(the_example_file_has_every_key_and_its_default),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
