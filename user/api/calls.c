/* SPDX-License-Identifier: Apache-2.0 */
#include "api/calls.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "api/answer.h"
#include "api/out.h"
#include "base/error.h"
#include "control/operate.h"
#include "metrics/open_metrics.h"
#include "metrics/sample.h"

/* One call on its way. */
struct run {
	const struct weir_call *call;
	struct weir_controller *controller;
	const struct weir_peer *peer;
	struct weir_out *answer;
};

static int get_health(const struct run *run, struct weir_error *err)
{
	struct weir_node_view node;

	(void)err;

	weir_controller_read_node(run->controller, &node);
	weir_answer_health(run->answer, &node);
	return 0;
}

static int get_version(const struct run *run, struct weir_error *err)
{
	(void)err;

	weir_answer_version(run->answer);
	return 0;
}

static int launch_container(const struct run *run, struct weir_error *err)
{
	struct weir_launch launch = run->call->launch;
	scoped(weir_join_paths_done) struct weir_join_paths join = {};
	struct weir_notes notes = {};

	launch.peer = *run->peer;
	if (weir_controller_launch(run->controller, &launch, &notes, &join, err) < 0)
		return err->code;
	weir_answer_launch(run->answer, launch.id, &notes, launch.foreground ? &join : NULL);
	return 0;
}

static int start_container(const struct run *run, struct weir_error *err)
{
	return weir_controller_start(run->controller, run->call->id, run->call->pid, run->peer,
				     err);
}

static int update_container(const struct run *run, struct weir_error *err)
{
	struct weir_notes notes = {};
	bool pending = false;

	if (weir_controller_update(run->controller, run->call->id, &run->call->change, &notes,
				   &pending, err) < 0)
		return err->code;
	weir_answer_update(run->answer, run->call->id, &notes, pending);
	return 0;
}

static int get_containers(const struct run *run, struct weir_error *err)
{
	return weir_answer_containers(run->answer, run->controller, run->call, err);
}

static int get_state(const struct run *run, struct weir_error *err)
{
	(void)err;

	weir_answer_state(run->answer, run->controller, run->call->type);
	return 0;
}

static int get_events(const struct run *run, struct weir_error *err)
{
	(void)err;

	weir_answer_events(run->answer, run->controller,
			   weir_call_since(run->call, run->controller), run->call->id);
	return 0;
}

static int kill_container(const struct run *run, struct weir_error *err)
{
	return weir_controller_kill(run->controller, run->call->id, run->call->signal, err);
}

static int pause_container(const struct run *run, struct weir_error *err)
{
	return weir_controller_pause(run->controller, run->call->id,
				     run->call->type == WEIR_CALL_PAUSE_CONTAINER, err);
}

static int join_container(const struct run *run, struct weir_error *err)
{
	scoped(weir_join_paths_done) struct weir_join_paths join = {};

	if (weir_controller_join(run->controller, run->call->id, run->call->pid, run->peer, &join,
				 err) < 0)
		return err->code;
	if (!run->call->pid)
		weir_answer_join(run->answer, run->call->id, &join);
	return 0;
}

static int adopt_container(const struct run *run, struct weir_error *err)
{
	struct weir_notes notes = {};

	if (weir_controller_adopt(run->controller, &run->call->adoption, &notes, err) < 0)
		return err->code;
	weir_answer_adopt(run->answer, run->call->id, &notes);
	return 0;
}

static int release_container(const struct run *run, struct weir_error *err)
{
	return weir_controller_release(run->controller, run->call->id, err);
}

static int remove_container(const struct run *run, struct weir_error *err)
{
	return weir_controller_remove(run->controller, run->call->id, err);
}

static int explain_container(const struct run *run, struct weir_error *err)
{
	struct weir_explanation explanation;

	if (weir_controller_explain(run->controller, run->call->id, &explanation, err) < 0)
		return err->code;
	weir_answer_explain(run->answer, &explanation);
	return 0;
}

static int set_policy(const struct run *run, struct weir_error *err)
{
	return weir_controller_set_policy(run->controller, run->call->id, run->call->net, err);
}

static int register_socket(const struct run *run, struct weir_error *err)
{
	const struct weir_socket_call *socket = &run->call->socket;

	if (socket->path)
		return weir_controller_name_path(run->controller, socket->name, socket->path,
						 socket->uid, err);
	return weir_controller_name_fd(run->controller, socket->name, socket->fd, run->peer, err);
}

static int operate(const struct run *run, struct weir_error *err)
{
	const struct weir_call *call = run->call;
	const struct weir_operate_ask ask = {
		.operation = &call->operation,
		.dry_run = call->dry_run,
		.yield = call->yield,
		.has_version = call->has_version,
		.version = call->version,
	};
	struct weir_operate_result result = {};
	struct weir_node_view node;

	weir_controller_read_node(run->controller, &node);
	if (call->agent_id && strcmp(call->agent_id, node.agent_id) != 0)
		return weir_fail(err, -EINVAL, "No agent found with specified ID: this one is '%s'",
				 node.agent_id);
	if (weir_controller_operate(run->controller, &ask, run->peer, &result, err) < 0)
		return err->code;
	weir_answer_operated(run->answer, call->type, &result);
	return 0;
}

static int get_flags(const struct run *run, struct weir_error *err)
{
	(void)err;

	weir_answer_flags(run->answer, run->controller);
	return 0;
}

static int get_metrics(const struct run *run, struct weir_error *err)
{
	(void)err;

	weir_answer_metrics(run->answer, run->controller);
	return 0;
}

static int scrape(const struct run *run, struct weir_error *err)
{
	scoped(weir_sample_done) struct weir_sample sample = {};

	if (weir_controller_sample(run->controller, &sample, err) < 0)
		return err->code;
	/* What does not fit stays in the buffer as its failure. */
	weir_open_metrics_write(&sample, run->answer->json.buffer);
	return 0;
}

static int get_logging_level(const struct run *run, struct weir_error *err)
{
	(void)err;

	weir_answer_logging_level(run->answer, weir_controller_verbosity());
	return 0;
}

static int set_logging_level(const struct run *run, struct weir_error *err)
{
	return weir_controller_set_verbosity(run->controller, (unsigned int)run->call->level,
					     run->call->duration_ns, err);
}

static int reload(const struct run *run, struct weir_error *err)
{
	return weir_controller_reload(run->controller, err);
}

static int reset_knobs(const struct run *run, struct weir_error *err)
{
	return weir_controller_reset_knobs(run->controller, err);
}

static const struct {
	enum weir_level level;
	bool is_read;
	int (*run)(const struct run *run, struct weir_error *err);
} calls[] = {
	[WEIR_CALL_GET_HEALTH] = { WEIR_LEVEL_READ, true, get_health },
	[WEIR_CALL_GET_VERSION] = { WEIR_LEVEL_READ, true, get_version },
	[WEIR_CALL_GET_CONTAINERS] = { WEIR_LEVEL_READ, true, get_containers },
	[WEIR_CALL_GET_STATE] = { WEIR_LEVEL_READ, true, get_state },
	[WEIR_CALL_GET_TASKS] = { WEIR_LEVEL_READ, true, get_state },
	[WEIR_CALL_GET_EXECUTORS] = { WEIR_LEVEL_READ, true, get_state },
	[WEIR_CALL_GET_FRAMEWORKS] = { WEIR_LEVEL_READ, true, get_state },
	[WEIR_CALL_GET_AGENT] = { WEIR_LEVEL_READ, true, get_state },
	[WEIR_CALL_GET_AGENTS] = { WEIR_LEVEL_READ, true, get_state },
	[WEIR_CALL_GET_ROLES] = { WEIR_LEVEL_READ, true, get_state },
	[WEIR_CALL_GET_OPERATIONS] = { WEIR_LEVEL_READ, true, get_state },
	[WEIR_CALL_GET_EVENTS] = { WEIR_LEVEL_READ, true, get_events },
	[WEIR_CALL_SUBSCRIBE] = { WEIR_LEVEL_READ, true, NULL },
	[WEIR_CALL_WAIT_CONTAINER] = { WEIR_LEVEL_READ, true, NULL },
	[WEIR_CALL_LAUNCH_CONTAINER] = { WEIR_LEVEL_MUTATE, false, launch_container },
	[WEIR_CALL_START_CONTAINER] = { WEIR_LEVEL_MUTATE, false, start_container },
	[WEIR_CALL_UPDATE_CONTAINER] = { WEIR_LEVEL_MUTATE, false, update_container },
	[WEIR_CALL_KILL_CONTAINER] = { WEIR_LEVEL_MUTATE, false, kill_container },
	[WEIR_CALL_PAUSE_CONTAINER] = { WEIR_LEVEL_MUTATE, false, pause_container },
	[WEIR_CALL_RESUME_CONTAINER] = { WEIR_LEVEL_MUTATE, false, pause_container },
	[WEIR_CALL_JOIN_CONTAINER] = { WEIR_LEVEL_MUTATE, false, join_container },
	[WEIR_CALL_ADOPT_CONTAINER] = { WEIR_LEVEL_MUTATE, false, adopt_container },
	[WEIR_CALL_RELEASE_CONTAINER] = { WEIR_LEVEL_MUTATE, false, release_container },
	[WEIR_CALL_REMOVE_CONTAINER] = { WEIR_LEVEL_MUTATE, false, remove_container },
	[WEIR_CALL_SCRAPE] = { WEIR_LEVEL_READ, true, scrape },
	[WEIR_CALL_GET_RESERVATIONS] = { WEIR_LEVEL_READ, true, get_state },
	[WEIR_CALL_RESERVE_RESOURCES] = { WEIR_LEVEL_MUTATE, false, operate },
	[WEIR_CALL_UNRESERVE_RESOURCES] = { WEIR_LEVEL_MUTATE, false, operate },
	[WEIR_CALL_CREATE_VOLUMES] = { WEIR_LEVEL_MUTATE, false, operate },
	[WEIR_CALL_DESTROY_VOLUMES] = { WEIR_LEVEL_MUTATE, false, operate },
	[WEIR_CALL_GROW_VOLUME] = { WEIR_LEVEL_MUTATE, false, operate },
	[WEIR_CALL_SHRINK_VOLUME] = { WEIR_LEVEL_MUTATE, false, operate },
	/* These read what only the event loop may. */
	[WEIR_CALL_EXPLAIN_CONTAINER] = { WEIR_LEVEL_READ, false, explain_container },
	[WEIR_CALL_GET_FLAGS] = { WEIR_LEVEL_READ, false, get_flags },
	[WEIR_CALL_GET_METRICS] = { WEIR_LEVEL_READ, true, get_metrics },
	[WEIR_CALL_GET_LOGGING_LEVEL] = { WEIR_LEVEL_READ, true, get_logging_level },
	[WEIR_CALL_SET_LOGGING_LEVEL] = { WEIR_LEVEL_MUTATE, false, set_logging_level },
	[WEIR_CALL_SET_POLICY] = { WEIR_LEVEL_MUTATE, false, set_policy },
	[WEIR_CALL_REGISTER_AGENT_SOCKET] = { WEIR_LEVEL_MUTATE, false, register_socket },
	[WEIR_CALL_RELOAD] = { WEIR_LEVEL_MUTATE, false, reload },
	[WEIR_CALL_RESET_KNOBS] = { WEIR_LEVEL_MUTATE, false, reset_knobs },
};

enum weir_level weir_call_level(enum weir_call_type type)
{
	return calls[type].level;
}

bool weir_call_is_read(enum weir_call_type type)
{
	return calls[type].is_read;
}

bool weir_call_is_long(const struct weir_call *call)
{
	switch (call->type) {
	case WEIR_CALL_GET_CONTAINERS:
		return !call->id;
	case WEIR_CALL_GET_STATE:
	case WEIR_CALL_GET_TASKS:
	case WEIR_CALL_GET_EXECUTORS:
	case WEIR_CALL_GET_FRAMEWORKS:
	case WEIR_CALL_GET_ROLES:
	case WEIR_CALL_GET_AGENTS:
	case WEIR_CALL_GET_OPERATIONS:
	case WEIR_CALL_GET_RESERVATIONS:
	case WEIR_CALL_SUBSCRIBE:
		return true;
	default:
		return false;
	}
}

uint64_t weir_call_since(const struct weir_call *call, const struct weir_controller *controller)
{
	if (call->epoch_us && call->epoch_us != weir_controller_events_epoch_us(controller))
		return 0;
	return call->since;
}

bool weir_call_waits(const struct weir_call *call, struct weir_controller *controller)
{
	if (call->type == WEIR_CALL_GET_EVENTS)
		return call->wait_ms > 0 &&
		       !weir_controller_has_events(controller, weir_call_since(call, controller),
						   call->id);
	return call->type == WEIR_CALL_WAIT_CONTAINER;
}

int weir_call_run(const struct weir_call *call, struct weir_controller *controller,
		  const struct weir_peer *peer, struct weir_out *answer, struct weir_error *err)
{
	const struct run run = { call, controller, peer, answer };

	assert(calls[call->type].run);
	return calls[call->type].run(&run, err);
}

unsigned int weir_call_success(enum weir_call_type type)
{
	return calls[type].run == operate ? 202 : 200;
}

/* First match. Where Mesos has a status of its own for a case, it is Mesos'. */
static const struct {
	enum weir_call_type type; /* WEIR_CALL_COUNT_: any */
	int code;
	unsigned int status;
} statuses[] = {
	{ WEIR_CALL_LAUNCH_CONTAINER, -EEXIST, 202 },
	{ WEIR_CALL_LAUNCH_CONTAINER, -EDQUOT, 409 },
	{ WEIR_CALL_LAUNCH_CONTAINER, -EBUSY, 409 }, /* a volume */
	{ WEIR_CALL_LAUNCH_CONTAINER, -ENOENT, 400 }, /* the command: the caller's mistake */
	{ WEIR_CALL_JOIN_CONTAINER, -ESRCH, 400 },
	{ WEIR_CALL_ADOPT_CONTAINER, -ESRCH, 404 },
	{ WEIR_CALL_ADOPT_CONTAINER, -EEXIST, 409 },
	{ WEIR_CALL_ADOPT_CONTAINER, -EDQUOT, 409 },
	{ WEIR_CALL_ADOPT_CONTAINER, -ENODEV, 409 },
	{ WEIR_CALL_RELEASE_CONTAINER, -EBUSY, 409 },
	{ WEIR_CALL_LAUNCH_CONTAINER, -EACCES, 400 },
	{ WEIR_CALL_LAUNCH_CONTAINER, -ESRCH, 404 },
	{ WEIR_CALL_REMOVE_CONTAINER, -ENOENT, 500 },
	{ WEIR_CALL_REGISTER_AGENT_SOCKET, -EBADF, 400 },
	{ WEIR_CALL_CREATE_VOLUMES, -EEXIST, 400 }, /* a move that collides is a conflict */
	{ WEIR_CALL_RESERVE_RESOURCES, -EEXIST, 409 },
	{ WEIR_CALL_RESERVE_RESOURCES, -EBUSY, 409 },
	{ WEIR_CALL_UNRESERVE_RESOURCES, -EBUSY, 409 },
	{ WEIR_CALL_DESTROY_VOLUMES, -EBUSY, 409 },
	{ WEIR_CALL_SHRINK_VOLUME, -EBUSY, 409 },
	{ WEIR_CALL_CREATE_VOLUMES, -EBUSY, 409 },
	{ WEIR_CALL_COUNT_, -ENODEV, 400 },
	{ WEIR_CALL_REGISTER_AGENT_SOCKET, -EEXIST, 409 },
	{ WEIR_CALL_RELOAD, -EBADMSG, 409 }, /* a file of the daemon's, not the caller's mistake */
	{ WEIR_CALL_COUNT_, -EINVAL, 400 },
	{ WEIR_CALL_COUNT_, -ERANGE, 400 },
	{ WEIR_CALL_COUNT_, -EALREADY, 400 },
	{ WEIR_CALL_COUNT_, -EPERM, 403 },
	{ WEIR_CALL_COUNT_, -ENOENT, 404 },
	{ WEIR_CALL_COUNT_, -ENOSPC, 409 },
	{ WEIR_CALL_COUNT_, -ESTALE, 409 },
	{ WEIR_CALL_COUNT_, -E2BIG, 413 },
	{ WEIR_CALL_COUNT_, -ENOSYS, 501 },
	{ WEIR_CALL_COUNT_, -EDQUOT, 503 },
	{ WEIR_CALL_COUNT_, -ENOBUFS, 503 },
	{ WEIR_CALL_COUNT_, -ESHUTDOWN, 503 },
};

unsigned int weir_call_status(enum weir_call_type type, int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		if (statuses[i].code == code &&
		    (statuses[i].type == type || statuses[i].type == WEIR_CALL_COUNT_))
			return statuses[i].status;
	}
	return 500;
}
