/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults, and the command line. */

#include "options_fixture.h"

#include "kern/node.h"

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
	assert_int_equal(f->options.tunables.default_cpu_limit, WEIR_DEFAULT_CPU_LIMIT_NONE);
	assert_int_equal(f->options.tunables.log_max_bytes, 16 << 20);
	assert_true(f->options.tunables.bands && f->options.tunables.squeeze);
	assert_true(f->options.tunables.turns);
	assert_false(f->options.tunables.dry_run);
	assert_memory_equal(&f->options.tunables.band_params,
			    &((struct weir_band_params)WEIR_BAND_PARAMS_DEFAULT),
			    sizeof(struct weir_band_params));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_defaults_are_usable),
		TEST(automatic_figures_follow_the_machine),
		TEST(a_bad_argument_is_refused_by_name),
		TEST(modes_are_told_apart),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
