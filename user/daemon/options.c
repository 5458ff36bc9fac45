/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "daemon/config.h"
#include "daemon/settings.h"
#include "kern/node.h"

/* What is kept for the system by default: a twentieth of the machine, but no more than this. */
#define AUTO_RESERVE_DIVISOR 20
#define AUTO_RESERVE_MCPU    100ULL
#define AUTO_RESERVE_BYTES   (256ULL << 20)
#define AUTO_MAX_THREADS     4

/* Above any short option. OPTION_SETTING: --log-level is the key log_level of [daemon], and so on. */
enum option_code {
	OPTION_SETTING = 256,
	OPTION_CONFIG,
	OPTION_CHECK_CONFIG,
	OPTION_DOCTOR,
	OPTION_JSON,
	OPTION_PURGE,
	OPTION_FORCE,
	OPTION_VERSION,
	OPTION_HELP,
};

static const struct option long_options[] = {
	{ "socket", required_argument, NULL, OPTION_SETTING },
	{ "state-dir", required_argument, NULL, OPTION_SETTING },
	{ "pin-dir", required_argument, NULL, OPTION_SETTING },
	{ "run-dir", required_argument, NULL, OPTION_SETTING },
	{ "cgroup-prefix", required_argument, NULL, OPTION_SETTING },
	{ "cgroup-parent", required_argument, NULL, OPTION_SETTING },
	{ "log-level", required_argument, NULL, OPTION_SETTING },
	{ "config", required_argument, NULL, OPTION_CONFIG },
	{ "check-config", no_argument, NULL, OPTION_CHECK_CONFIG },
	{ "doctor", no_argument, NULL, OPTION_DOCTOR },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "purge", no_argument, NULL, OPTION_PURGE },
	{ "force", no_argument, NULL, OPTION_FORCE },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "help", no_argument, NULL, OPTION_HELP },
	{},
};

/* The command line, until the files have been read: they come first, and it names them. */
struct command_line {
	const char *values[ARRAY_SIZE(long_options)]; /* by index in long_options; borrowed */
	const char *config;
	enum weir_mode mode;
	bool json, force;
};

void weir_options_done(struct weir_options *options)
{
	free(options->socket);
	free(options->state_dir);
	free(options->pin_dir);
	free(options->run_dir);
	free(options->cgroup_prefix);
	free(options->cgroup_parent);
	free(options->disks);
	free(options->static_roles);
	for (size_t i = 0; options->told && i < weir_n_settings; i++)
		free(options->told[i]);
	free(options->told);
	*options = (struct weir_options)WEIR_OPTIONS_INIT;
}

int weir_options_default(struct weir_options *options, struct weir_error *err)
{
	/* The meter's windows are of this length, too: nothing to choose. */
	options->tunables.band_params.window_ns = WEIR_WINDOW_NS;
	for (size_t i = 0; i < weir_n_settings; i++) {
		const struct weir_setting *setting = &weir_settings[i];
		int r = weir_setting_apply(setting, setting->fallback, options, err);

		/* Groups are used where somebody made them: a default one may be missing. */
		if (r < 0 && r != -ENOENT)
			return r;
	}
	*err = (struct weir_error){};
	return 0;
}

static int set_mode(struct command_line *line, enum weir_mode mode, struct weir_error *err)
{
	if (line->mode != WEIR_MODE_SERVE && line->mode != mode)
		return weir_fail(err, -EINVAL,
				 "expected one of --check-config, --doctor, "
				 "--purge, --version and --help");
	line->mode = mode;
	return 0;
}

static int take_option(struct command_line *line, int option, int index, struct weir_error *err)
{
	switch (option) {
	case OPTION_SETTING:
		line->values[index] = optarg;
		return 0;
	case OPTION_CONFIG:
		line->config = optarg;
		return 0;
	case OPTION_JSON:
		line->json = true;
		return 0;
	case OPTION_FORCE:
		line->force = true;
		return 0;
	case OPTION_CHECK_CONFIG:
		return set_mode(line, WEIR_MODE_CHECK_CONFIG, err);
	case OPTION_DOCTOR:
		return set_mode(line, WEIR_MODE_DOCTOR, err);
	case OPTION_PURGE:
		return set_mode(line, WEIR_MODE_PURGE, err);
	case OPTION_VERSION:
		return set_mode(line, WEIR_MODE_VERSION, err);
	default:
		return set_mode(line, WEIR_MODE_HELP, err);
	}
}

/* @option as from getopt_long() with a leading ':' in its list of short options. */
static int fail_option(int option, char **argv, struct weir_error *err)
{
	const char *word = argv[optind - 1];

	if (option == ':')
		return weir_fail(err, -EINVAL, "%s needs a value", word);
	if (optopt >= OPTION_SETTING)
		return weir_fail(err, -EINVAL, "%s: the option takes no value", word);
	if (optopt > 0)
		return weir_fail(err, -EINVAL, "unknown option '-%c'; --help lists the options",
				 optopt);
	return weir_fail(err, -EINVAL, "unknown or ambiguous option '%s'; --help lists the options",
			 word);
}

static int parse_command_line(int argc, char **argv, struct command_line *line,
			      struct weir_error *err)
{
	int option, index = 0, r;

	optind = 0; /* not 1: start afresh, whoever parsed before us */
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", long_options, &index)) >= 0) {
		if (option == '?' || option == ':')
			return fail_option(option, argv, err);
		r = take_option(line, option, index, err);
		if (r < 0)
			return r;
	}
	if (optind < argc)
		return weir_fail(err, -EINVAL, "unexpected argument '%s'; --help lists the options",
				 argv[optind]);
	if (line->json && line->mode != WEIR_MODE_DOCTOR)
		return weir_fail(err, -EINVAL, "--json goes with --doctor");
	if (line->force && line->mode != WEIR_MODE_PURGE)
		return weir_fail(err, -EINVAL, "--force goes with --purge");
	return 0;
}

/* "log-level" -> the setting log_level of [daemon]. */
static const struct weir_setting *setting_of_option(const char *name)
{
	for (size_t i = 0; i < weir_n_settings; i++) {
		const char *key = weir_settings[i].key;
		size_t n = 0;

		while (key[n] && key[n] == (name[n] == '-' ? '_' : name[n]))
			n++;
		if (key[n] == '\0' && name[n] == '\0')
			return &weir_settings[i];
	}
	return NULL;
}

static int apply_command_line(const struct command_line *line, struct weir_options *options,
			      struct weir_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(line->values); i++) {
		const char *value = line->values[i];

		if (!value)
			continue;
		if (weir_setting_apply(setting_of_option(long_options[i].name), value, options,
				       err) < 0) {
			weir_fail_in(err, "command line");
			return err->code = -EINVAL;
		}
	}
	return 0;
}

/* What no value can break alone. */
static int check_marks(const struct weir_squeeze_marks *marks, struct weir_error *err)
{
	if (marks->min < marks->low && marks->low < marks->ok)
		return 0;
	return weir_fail(
		err, -EBADMSG,
		"squeeze_kill_below, squeeze_below and squeeze_until are %.1f%%, %.1f%% and "
		"%.1f%%: expected each to be less than the next",
		marks->min / 10.0, marks->low / 10.0, marks->ok / 10.0);
}

int weir_options_read(int argc, char **argv, struct weir_options *options, struct weir_error *err)
{
	struct command_line line = {};
	int r;

	r = parse_command_line(argc, argv, &line, err);
	if (r < 0)
		return r;
	options->mode = line.mode;
	options->json = line.json;
	options->force = line.force;
	if (line.mode == WEIR_MODE_HELP || line.mode == WEIR_MODE_VERSION)
		return 0;

	r = weir_options_default(options, err);
	if (r == 0)
		r = weir_config_read(line.config, options, err);
	if (r == 0)
		r = apply_command_line(&line, options, err);
	if (r == 0)
		r = check_marks(&options->tunables.squeeze_marks, err);
	return r;
}

int weir_options_cgroup_mount(const struct weir_options *options, char path[static PATH_MAX],
			      struct weir_error *err)
{
	int n = snprintf(path, PATH_MAX, "%s/cgroup2", options->run_dir);

	if (n < 0 || n >= PATH_MAX)
		return weir_fail(err, -ENAMETOOLONG, "run_dir '%s': the name is too long",
				 options->run_dir);
	return 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

#define TEXT(key, field) { key, offsetof(struct weir_options, field), 0 }
#define NUMBER(key, field) \
	{ key, offsetof(struct weir_options, field), sizeof(((struct weir_options *)0)->field) }

static const struct {
	const char *key;
	size_t offset, size; /* 0: a string, which may be NULL */
} fixed[] = {
	TEXT("socket", socket),
	TEXT("state_dir", state_dir),
	TEXT("pin_dir", pin_dir),
	TEXT("run_dir", run_dir),
	TEXT("cgroup_prefix", cgroup_prefix),
	TEXT("cgroup_parent", cgroup_parent),
	NUMBER("threads", threads),
	NUMBER("admin_group", admin_gid),
	NUMBER("reader_group", reader_gid),
	NUMBER("reserve_cpu", reserve_mcpu),
	NUMBER("reserve_memory", reserve_bytes),
	NUMBER("disk", disk_bytes),
	TEXT("disks", disks),
	NUMBER("unreserved", unreserved),
	TEXT("static", static_roles),
	NUMBER("volume_grace", volume_grace_us),
};

static bool is_fixed(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) {
		if (strcmp(fixed[i].key, key) == 0)
			return true;
	}
	return false;
}

void weir_options_retell(struct weir_options *options, struct weir_options *fresh)
{
	for (size_t i = 0; i < weir_n_settings; i++) {
		char *before = options->told[i];

		if (is_fixed(weir_settings[i].key))
			continue;
		options->told[i] = fresh->told[i];
		fresh->told[i] = before;
	}
}

void weir_options_tell(const struct weir_options *options, weir_flag_fn *fn, void *data)
{
	char name[64];

	for (size_t i = 0; i < weir_n_settings; i++) {
		snprintf(name, sizeof(name), "%s.%s", weir_settings[i].section,
			 weir_settings[i].key);
		fn(name, options->told[i] ? options->told[i] : "", data);
	}
}

const char *weir_options_first_fixed(const struct weir_options *a, const struct weir_options *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) {
		const char *in_a = (const char *)a + fixed[i].offset;
		const char *in_b = (const char *)b + fixed[i].offset;
		bool same = fixed[i].size
				    ? memcmp(in_a, in_b, fixed[i].size) == 0
				    : weir_text_same(*(char *const *)in_a, *(char *const *)in_b);

		if (!same)
			return fixed[i].key;
	}
	return NULL;
}

void weir_options_fit(struct weir_options *options, const struct weir_machine *machine)
{
	if (options->reserve_mcpu == WEIR_ABSENT)
		options->reserve_mcpu =
			least(AUTO_RESERVE_MCPU, machine->cpus * 1000 / AUTO_RESERVE_DIVISOR);
	if (options->reserve_bytes == WEIR_ABSENT)
		options->reserve_bytes =
			least(AUTO_RESERVE_BYTES, machine->mem_bytes / AUTO_RESERVE_DIVISOR);
	if (options->threads == 0)
		options->threads = (unsigned int)least(AUTO_MAX_THREADS, machine->cpus);
}
