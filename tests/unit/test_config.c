/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files: what is read from them, which of them wins, how a bad line is refused. */

#include "options_fixture.h"

#include "daemon/settings.h"

#define EXAMPLE "docs/weir.conf.example"

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
		 "[fence]\nagent_ports = 5051, 5052 80\nagent_socket = /run/agent\ntier = T0\n"
		 "default_net = deny-agent-tcp\n"
		 "[containers]\ndefault_cpu_limit = request\nlog_max = 4Ki\n"
		 "[bursting]\nversion = 1\nbands = no\nbands_linger = 1500ms\n"
		 "bands_changes = 7\nbands_turns = no\nsqueeze = no\nsqueeze_kill_below = 0%\n"
		 "squeeze_below = 12.5%\nsqueeze_until = 50%\ndry_run = yes\n");
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
	assert_int_equal(o->tunables.default_cpu_limit, WEIR_DEFAULT_CPU_LIMIT_REQUEST);
	assert_int_equal(o->tunables.agent_ports.n, 3);
	assert_int_equal(o->tunables.agent_ports.list[2], 80);
	assert_string_equal(o->tunables.agent_socket, "/run/agent");
	assert_int_equal(o->tunables.fence_at_most, WEIR_TIER_0);
	assert_int_equal(o->tunables.default_net, WEIR_POLICY_DENY_AGENT_TCP);
	assert_int_equal(o->tunables.log_max_bytes, 4096);
	assert_false(o->tunables.bands || o->tunables.squeeze || o->tunables.turns);
	assert_true(o->tunables.dry_run);
	assert_int_equal(o->tunables.band_params.linger_ns, 1500000000);
	assert_int_equal(o->tunables.band_params.max_changes, 7);
	assert_int_equal(o->tunables.squeeze_marks.min, 0);
	assert_int_equal(o->tunables.squeeze_marks.low, 125);
	assert_int_equal(o->tunables.squeeze_marks.ok, 500);
}

static void levels_that_are_out_of_order_are_refused(void **state)
{
	struct fixture *f = *state;

	put_file(f, "weir.conf", "[bursting]\nsqueeze_below = 7.5%\n");
	assert_int_equal(read_options(f, "--config", f->config, NULL), -EBADMSG);
	assert_string_equal(f->err.text,
			    "squeeze_kill_below, squeeze_below and squeeze_until are 2.5%, 7.5% "
			    "and 7.5%: expected each to be less than the next");
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
	{ "[fence]\nagent_ports = 5051 http\n",
	  "2: agent_ports: 'http' is no port: expected 1 to 65535" },
	{ "[fence]\nagent_ports = 0\n", "2: agent_ports: '0' is no port: expected 1 to 65535" },
	{ "[fence]\nagent_ports = 65536\n",
	  "2: agent_ports: '65536' is no port: expected 1 to 65535" },
	{ "[fence]\nagent_ports = 1,2,3,4,5,6,7,8,9\n", "2: agent_ports: more than 8 ports" },
	{ "[fence]\nagent_socket = run/agent\n",
	  "2: agent_socket: 'run/agent' is no socket: expected an absolute path without . "
	  "and .., of at most 107 bytes" },
	{ "[fence]\nagent_socket = /run/../agent\n",
	  "2: agent_socket: '/run/../agent' is no socket: expected an absolute path without . "
	  "and .., of at most 107 bytes" },
	{ "[fence]\ntier = T4\n", "2: tier: 'T4' is no tier: expected T0 to T3, or auto" },
	{ "[fence]\ntier = none\n", "2: tier: 'none' is no tier: expected T0 to T3, or auto" },
	{ "[fence]\ndefault_net = closed\n",
	  "2: default_net: there is no policy 'closed' for all: expected open, deny-agent-tcp or "
	  "agent-socket-only" },
	{ "[bursting]\nversion = 2\n", "2: version: '2' is no version of [bursting]: expected 1" },
	{ "[bursting]\nbands_linger = 99ms\n",
	  "2: bands_linger: '99ms' is out of range: expected 100ms to 60s" },
	{ "[bursting]\nbands_changes = 0\n",
	  "2: bands_changes: '0' is no rate: expected 1 to 10000 a second" },
	{ "[bursting]\nsqueeze_below = 5\n", "2: squeeze_below: '5' is no share of the memory: "
					     "expected 0% to 50%, such as 2.5%" },
	{ "[bursting]\nsqueeze_below = 50.1%\n",
	  "2: squeeze_below: '50.1%' is no share of the memory: expected 0% to 50%, such as 2.5%" },
	{ "[bursting]\nsqueeze_below = 5.%\n",
	  "2: squeeze_below: '5.%' is no share of the memory: expected 0% to 50%, such as 2.5%" },
	{ "[bursting]\nsqueeze_below = %\n",
	  "2: squeeze_below: '%' is no share of the memory: expected 0% to 50%, such as 2.5%" },
	{ "[node]\n# fine\nreserve = 1\n",
	  "3: unknown key 'reserve' in [node]: expected reserve_cpu, reserve_memory, disk, disks" },
	{ "[demon]\nsocket = /a\n",
	  "2: unknown section [demon]: expected daemon, access, node, roles, containers, fence, "
	  "bursting" },
	{ "socket = /a\n", "1: 'socket' stands before the first section: expected daemon, access, "
			   "node, roles, containers, fence, bursting" },
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

static void what_is_no_text_is_refused(void **state)
{
	static const char text[] = "[daemon]\nthreads = 2\0 or more\n";
	struct fixture *f = *state;
	char path[128];
	FILE *file = fopen(f->config, "we");
	size_t written;

	assert_non_null(file);
	written = fwrite(text, sizeof(text) - 1, 1, file);
	fclose(file);
	assert_int_equal(written, 1);
	assert_int_equal(read_options(f, "--config", f->config, NULL), -EBADMSG);
	assert_non_null(strstr(f->err.text, "weir.conf:2: there is a NUL in the line"));

	put_file(f, "weir.conf", "[daemon]");
	assert_int_equal(read_options(f, "--config", f->config, NULL), 0);
	make_drop_in_dir(f);
	snprintf(path, sizeof(path), "%s.d/x.conf", f->config);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(read_options(f, "--config", f->config, NULL), -EIO);
	assert_non_null(strstr(f->err.text, "x.conf: failed after line 0: Is a directory"));
}

static void a_missing_file_is_refused_when_named(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_options(f, "--config", f->config, NULL), -ENOENT);
	assert_non_null(strstr(f->err.text, "open configuration file /tmp/weir-options."));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_key_can_be_set_in_a_file),
		TEST(levels_that_are_out_of_order_are_refused),
		TEST(later_files_win_and_the_command_line_over_all),
		TEST(an_empty_value_takes_a_default_back),
		TEST(a_bad_line_is_refused_by_file_and_line),
		TEST(a_bad_drop_in_is_named),
		TEST(a_line_that_is_too_long_is_refused),
		TEST(what_is_no_text_is_refused),
		TEST(a_missing_file_is_refused_when_named),
		TEST(the_example_file_has_every_key_and_its_default),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
