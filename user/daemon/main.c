/* SPDX-License-Identifier: Apache-2.0 */
/* weir-daemon: opens every part in its order, runs the loop, and closes them backwards. */

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "api/api.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "control/controller.h"
#include "daemon/doctor.h"
#include "daemon/instance.h"
#include "daemon/listen.h"
#include "daemon/options.h"
#include "daemon/purge.h"
#include "daemon/reload.h"
#include "daemon/setup.h"
#include "kern/node.h"

enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2, /* of the command line */
	EXIT_DOCTOR_FAILED = 2, /* as "missing" */
};

static const char help[] =
	"Usage: weir-daemon [OPTION]...\n"
	"Hold containers between their requests and their limits. See weir-daemon(8).\n"
	"\n"
	"  --socket PATH         control socket\n"
	"  --state-dir DIR       database and logs\n"
	"  --pin-dir DIR         BPF maps and programs, below a bpffs\n"
	"  --run-dir DIR         for a private cgroup2 mount\n"
	"  --cgroup-prefix NAME  what the names of cgroups begin with\n"
	"  --cgroup-parent NAME  the directory they lie under; \"\": the top\n"
	"  --log-level LEVEL     err, warning, info or debug\n"
	"  --config FILE         FILE and FILE.d/*.conf instead of " WEIR_CONFIG_DEFAULT "\n"
	"  --check-config        say what is wrong with the configuration, and exit\n"
	"  --doctor [--json]     say what this machine offers and lacks, and exit\n"
	"  --purge [--force]     remove all that weir keeps, and exit\n"
	"  --version             print the version, and exit\n"
	"  --help                print this, and exit\n";

static int print(const char *text)
{
	return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILED : EXIT_OK;
}

static int require_root(struct weir_error *err)
{
	if (geteuid() == 0)
		return 0;
	return weir_fail(err, -EPERM,
			 "weir-daemon makes cgroups and loads BPF programs: run it as "
			 "root");
}

/* The socket's group is the readers': connecting is what they all have in common. */
static int open_listener(const struct weir_options *options, struct weir_listener *ret,
			 struct weir_error *err)
{
	gid_t gid = options->reader_gid != WEIR_NO_GID ? options->reader_gid : options->admin_gid;
	int r = weir_listen_inherit(ret, err);

	return r == 0 ? weir_listen_open(options->socket, gid, ret, err) : r;
}

static int open_event(sd_event **ret, struct weir_error *err)
{
	static const int signals[] = { SIGTERM, SIGINT };
	scoped(sd_event_unrefp) sd_event *event = NULL;
	int r;

	r = sd_event_new(&event);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(signals); i++)
		r = sd_event_add_signal(event, NULL, signals[i], NULL, NULL);
	if (r >= 0)
		r = sd_event_set_watchdog(event, true);
	if (r < 0)
		return weir_fail(err, r, "set up the event loop: %s", strerror(-r));
	*ret = take_ptr(event);
	return 0;
}

static int open_api(sd_event *event, const struct weir_options *options,
		    struct weir_listener *listener, struct weir_api **ret, struct weir_error *err)
{
	const struct weir_api_options api = {
		.admin_gid = options->admin_gid,
		.reader_gid = options->reader_gid,
		.threads = options->threads,
	};

	if (weir_api_new(event, listener->fd, &api, ret, err) < 0)
		return err->code;
	listener->fd = -1;
	return 0;
}

static int open_controller(sd_event *event, struct weir_reload *reload,
			   struct weir_controller **ret, struct weir_error *err)
{
	const struct weir_options *options = reload->options;
	char cgroup_mount[PATH_MAX];
	const struct weir_controller_options controller = {
		.state_dir = options->state_dir,
		.pin_dir = options->pin_dir,
		.cgroup_prefix = options->cgroup_prefix,
		.cgroup_parent = options->cgroup_parent,
		.run_dir = cgroup_mount,
		.reserve_mcpu = options->reserve_mcpu,
		.reserve_bytes = options->reserve_bytes,
		.disk_bytes = options->disk_bytes,
		.disks = options->disks,
		.static_roles = options->static_roles,
		.volume_grace_us = options->volume_grace_us,
		.reserved_only = !options->unreserved,
		.tunables = options->tunables,
		.reload = weir_reload,
		.flags = weir_reload_flags,
		.reload_data = reload,
		.reader_gid = options->reader_gid,
		.keep_controllers = sd_booted() > 0,
	};

	if (weir_options_cgroup_mount(options, cgroup_mount, err) < 0 ||
	    weir_setup_bpffs(options->pin_dir, err) < 0 ||
	    weir_controller_new(event, &controller, ret, err) < 0)
		return err->code;
	weir_setup_warn_closed(options->pin_dir, options->reader_gid);
	return 0;
}

/* What went wrong is in the log; all stays as it was. */
static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct weir_error err = {};

	(void)source;
	(void)info;
	weir_controller_reload(data, &err);
	return 0;
}

/* Everything is released in reverse: the connections before the controller they speak to. */
static int serve(struct weir_reload *reload, struct weir_error *err)
{
	const struct weir_options *options = reload->options;
	scoped(weir_instance_release) struct weir_instance instance = WEIR_INSTANCE_INIT;
	scoped(weir_listen_close) struct weir_listener listener = WEIR_LISTENER_INIT;
	scoped(sd_event_unrefp) sd_event *event = NULL;
	scoped(weir_controller_freep) struct weir_controller *controller = NULL;
	scoped(weir_api_freep) struct weir_api *api = NULL;
	int r;

	/*
	 * The API answers 503 while the controller recovers. Who comes by the service manager's socket
	 * has waited for us so far, and waits until then.
	 */
	if (weir_instance_claim(WEIR_LOCK_DIR, options, &instance, err) < 0 ||
	    open_listener(options, &listener, err) < 0 || open_event(&event, err) < 0 ||
	    (listener.path && open_api(event, options, &listener, &api, err) < 0) ||
	    open_controller(event, reload, &controller, err) < 0 ||
	    (!api && open_api(event, options, &listener, &api, err) < 0))
		return err->code;
	r = sd_event_add_signal(event, NULL, SIGHUP, on_hangup, controller);
	if (r < 0)
		return weir_fail(err, r, "watch for SIGHUP: %s", strerror(-r));
	weir_api_ready(api, controller);

	weir_info("version " WEIR_VERSION " serves on %s",
		  listener.path ? listener.path : "the service manager's socket");
	sd_notify(0, "READY=1\nSTATUS=Serving");
	r = sd_event_loop(event);
	sd_notify(0, "STOPPING=1\nSTATUS=Stopping, containers keep running");
	if (r < 0)
		return weir_fail(err, r, "the event loop: %s", strerror(-r));
	weir_info("stopping, containers keep running");
	return 0;
}

static int run_daemon(int argc, char **argv, struct weir_options *options)
{
	struct weir_reload reload = { .argc = argc, .argv = argv, .options = options };
	struct weir_error err = {};
	int r;

	weir_log_set_level(options->log_level);
	weir_setup_process();
	r = require_root(&err);
	if (r == 0)
		r = weir_machine_read(&reload.machine, &err);
	if (r == 0) {
		weir_options_fit(options, &reload.machine);
		r = serve(&reload, &err);
	}
	if (r < 0)
		weir_err("%s", err.text);
	return r < 0 ? EXIT_FAILED : EXIT_OK;
}

static int run_doctor(const struct weir_options *options)
{
	struct weir_error err = {};
	int status = EXIT_DOCTOR_FAILED;

	if (weir_doctor(options, &status, &err) < 0)
		fprintf(stderr, "weir-daemon: %s\n", err.text);
	return status;
}

static int run_purge(const struct weir_options *options)
{
	struct weir_error err = {};

	if (require_root(&err) == 0 && weir_purge(options, &err) == 0)
		return EXIT_OK;
	fprintf(stderr, "weir-daemon: purge: %s\n", err.text);
	return EXIT_FAILED;
}

static int fail_options(const struct weir_options *options, const struct weir_error *err)
{
	fprintf(stderr, "weir-daemon: %s\n", err->text);
	if (options->mode == WEIR_MODE_DOCTOR)
		return EXIT_DOCTOR_FAILED;
	return err->code == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	scoped(weir_options_done) struct weir_options options = WEIR_OPTIONS_INIT;
	struct weir_error err = {};

	if (weir_options_read(argc, argv, &options, &err) < 0)
		return fail_options(&options, &err);

	switch (options.mode) {
	case WEIR_MODE_SERVE:
		return run_daemon(argc, argv, &options);
	case WEIR_MODE_CHECK_CONFIG:
		return print("ok\n");
	case WEIR_MODE_DOCTOR:
		return run_doctor(&options);
	case WEIR_MODE_PURGE:
		return run_purge(&options);
	case WEIR_MODE_VERSION:
		return print("weir-daemon " WEIR_VERSION "\n");
	case WEIR_MODE_HELP:
		return print(help);
	}
	return EXIT_FAILED;
}
