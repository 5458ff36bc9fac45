/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Launching in the foreground, and joining, in an order that lets the command run no
 * instruction outside its cgroups: the daemon makes and limits them, the
 * child is born inside and held, the daemon sees that it is there, the child
 * goes on. Whatever fails on the way undoes what was made.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "client/child.h"
#include "client/client.h"
#include "client/decode.h"
#include "client/request.h"

#define UNDO_PATIENCE_MS 5000

static int place(struct weir_client *client, const struct weir_launch_options *options,
		 char **ret_body, size_t *ret_size)
{
	struct weir_call call = { .timeout_ms = WEIR_CLIENT_PATIENCE_MS };
	int r;

	r = weir_request_launch(options, true, &call.request, &client->err);
	return r < 0 ? r : weir_client_call(client, &call, ret_body, ret_size);
}

/* "START_CONTAINER" or "JOIN_CONTAINER": the child is there, and held. */
static int say_pid(struct weir_client *client, const char *type, const char *member, const char *id,
		   pid_t pid)
{
	struct weir_call call = { .timeout_ms = WEIR_CLIENT_PATIENCE_MS };
	int r;

	r = weir_request_on(type, member, id, "pid", pid, &call.request, &client->err);
	return r < 0 ? r : weir_client_call(client, &call, NULL, NULL);
}

/*
 * The child is born in the groups of @join, the daemon is told as @type, and it goes on.
 * *@ret_pid is written when it went on; otherwise @child is for the caller to give up.
 */
static int go(struct weir_client *client, struct weir_child *child,
	      const struct weir_launch_options *options, const struct weir_join_list *join,
	      const char *type, const char *member, pid_t *ret_pid, int *ret_exec_errno)
{
	pid_t pid;
	int r;

	r = weir_child_prepare(child, options, join, &client->err);
	if (r == 0)
		r = weir_child_fork(child, &client->err);
	pid = child->pid;
	if (r == 0)
		r = say_pid(client, type, member, options->id, pid);
	if (r == 0)
		r = weir_child_release(child, ret_exec_errno, &client->err);
	if (r == 0)
		*ret_pid = pid;
	return r;
}

static void undo(struct weir_client *client, const char *id)
{
	const struct weir_error why = client->err;
	const int status = client->status;
	struct weir_wait_result result;

	/* Some of these find nothing to do, depending on how far it came: their failures are no news. */
	weir_client_kill(client, id, SIGKILL);
	weir_client_wait(client, id, UNDO_PATIENCE_MS, &result);
	weir_client_remove(client, id);
	client->err = why;
	client->status = status;
}

int weir_client_run(struct weir_client *client, const struct weir_launch_options *options,
		    void (*in_child)(void *data), void *data, struct weir_answer_notes *notes,
		    pid_t *ret_pid, int *ret_exec_errno)
{
	scoped(weir_answer_notes_free) struct weir_answer_notes said = {};
	scoped(weir_child_done) struct weir_child child = WEIR_CHILD_INIT;
	scoped(weir_join_list_done) struct weir_join_list join = {};
	scoped(freep) char *body = NULL;
	size_t size = 0;
	int r;

	weir_client_begin(client);
	r = place(client, options, &body, &size);
	if (r < 0)
		return r;

	child.in_child = in_child;
	child.data = data;
	r = weir_decode_launch(body, size, &said, &join, &client->err);
	if (r == 0)
		r = go(client, &child, options, &join, "START_CONTAINER", "start_container",
		       ret_pid, ret_exec_errno);
	if (r < 0) {
		weir_child_done(&child);
		undo(client, options->id);
		return r;
	}

	if (notes) {
		*notes = said;
		said = (struct weir_answer_notes){};
	}
	return 0;
}

static int ask_where(struct weir_client *client, const char *id, struct weir_join_list *ret)
{
	struct weir_call call = { .timeout_ms = WEIR_CLIENT_PATIENCE_MS };
	scoped(freep) char *body = NULL;
	size_t size = 0;
	int r;

	r = weir_request_on("JOIN_CONTAINER", "join_container", id, NULL, 0, &call.request,
			    &client->err);
	if (r == 0)
		r = weir_client_call(client, &call, &body, &size);
	return r < 0 ? r : weir_decode_join(body, size, ret, &client->err);
}

int weir_client_exec(struct weir_client *client, const struct weir_launch_options *options,
		     void (*in_child)(void *data), void *data, pid_t *ret_pid, int *ret_exec_errno)
{
	scoped(weir_child_done) struct weir_child child = WEIR_CHILD_INIT;
	scoped(weir_join_list_done) struct weir_join_list join = {};
	int r;

	weir_client_begin(client);
	child.in_child = in_child;
	child.data = data;
	r = ask_where(client, options->id, &join);
	if (r < 0)
		return r;
	return go(client, &child, options, &join, "JOIN_CONTAINER", "join_container", ret_pid,
		  ret_exec_errno);
}
