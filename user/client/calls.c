/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of weir/weir.h: request, exchange, decode. Foreground launches are in run.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "client/client.h"
#include "client/decode.h"
#include "client/request.h"

/* May be sent again when a kept connection turns out dead, since nothing changes by it. */
static int call_read(struct weir_client *client, char *request, char **ret_body, size_t *ret_size)
{
	const struct weir_call call = { .request = request,
					.repeatable = true,
					.timeout_ms = WEIR_CLIENT_PATIENCE_MS };

	return weir_client_call(client, &call, ret_body, ret_size);
}

static int call_write(struct weir_client *client, char *request, char **ret_body, size_t *ret_size)
{
	const struct weir_call call = { .request = request, .timeout_ms = WEIR_CLIENT_PATIENCE_MS };

	return weir_client_call(client, &call, ret_body, ret_size);
}

/* One whose request is at hand as text. */
static int call_text(struct weir_client *client,
		     int (*call)(struct weir_client *, char *, char **, size_t *), const char *text,
		     char **ret_body, size_t *ret_size)
{
	char *request;

	weir_client_begin(client);
	request = strdup(text);
	if (!request)
		return weir_fail_memory(&client->err);
	return call(client, request, ret_body, ret_size);
}

/* Hand the notes on, or drop them when nobody wants them. */
static void give_notes(struct weir_answer_notes *from, struct weir_answer_notes *to)
{
	if (to)
		*to = *from;
	else
		weir_answer_notes_free(from);
}

int weir_client_launch(struct weir_client *client, const struct weir_launch_options *options,
		       struct weir_answer_notes *notes, int *ret_exec_errno)
{
	struct weir_answer_notes said = {};
	scoped(freep) char *body = NULL;
	char *request;
	size_t size = 0;
	int r;

	weir_client_begin(client);
	r = weir_request_launch(options, false, &request, &client->err);
	if (r == 0)
		r = call_write(client, request, &body, &size);
	if (r == -EINVAL && (client->refused_errno == ENOENT || client->refused_errno == EACCES)) {
		*ret_exec_errno = client->refused_errno;
		return client->err.code = -ENOEXEC;
	}
	if (r == 0)
		r = weir_decode_launch(body, size, &said, NULL, &client->err);
	if (r == 0)
		give_notes(&said, notes);
	return r;
}

int weir_client_update(struct weir_client *client, const char *id,
		       const struct weir_amounts *change, struct weir_answer_notes *notes,
		       bool *ret_pending)
{
	struct weir_answer_notes said = {};
	scoped(freep) char *body = NULL;
	bool pending = false;
	char *request;
	size_t size = 0;
	int r;

	weir_client_begin(client);
	r = weir_request_update(id, change, &request, &client->err);
	if (r == 0)
		r = call_write(client, request, &body, &size);
	if (r == 0)
		r = weir_decode_update(body, size, &said, &pending, &client->err);
	if (r < 0)
		return r;
	give_notes(&said, notes);
	if (ret_pending)
		*ret_pending = pending;
	return 0;
}

int weir_client_kill(struct weir_client *client, const char *id, int signal)
{
	char *request;
	int r;

	weir_client_begin(client);
	r = weir_request_on("KILL_CONTAINER", "kill_container", id, "signal", signal, &request,
			    &client->err);
	return r < 0 ? r : call_write(client, request, NULL, NULL);
}

static int call_on(struct weir_client *client, const char *type, const char *member, const char *id)
{
	char *request;
	int r;

	weir_client_begin(client);
	r = weir_request_on(type, member, id, NULL, 0, &request, &client->err);
	return r < 0 ? r : call_write(client, request, NULL, NULL);
}

int weir_client_remove(struct weir_client *client, const char *id)
{
	return call_on(client, "REMOVE_CONTAINER", "remove_container", id);
}

int weir_client_adopt(struct weir_client *client, const struct weir_adopt_options *options,
		      struct weir_answer_notes *notes)
{
	struct weir_answer_notes said = {};
	scoped(freep) char *body = NULL;
	char *request;
	size_t size = 0;
	int r;

	weir_client_begin(client);
	r = weir_request_adopt(options, &request, &client->err);
	if (r == 0)
		r = call_write(client, request, &body, &size);
	if (r == 0)
		r = weir_decode_adopt(body, size, &said, &client->err);
	if (r == 0)
		give_notes(&said, notes);
	return r;
}

int weir_client_release(struct weir_client *client, const char *id)
{
	return call_on(client, "RELEASE_CONTAINER", "release_container", id);
}

int weir_client_pause(struct weir_client *client, const char *id)
{
	return call_on(client, "PAUSE_CONTAINER", "pause_container", id);
}

int weir_client_resume(struct weir_client *client, const char *id)
{
	return call_on(client, "RESUME_CONTAINER", "resume_container", id);
}

int weir_client_set_policy(struct weir_client *client, const char *id,
			   const struct weir_net_options *net)
{
	char *request;
	int r;

	weir_client_begin(client);
	r = weir_request_policy(id, net, &request, &client->err);
	return r < 0 ? r : call_write(client, request, NULL, NULL);
}

int weir_client_register_socket(struct weir_client *client, const char *name, int fd)
{
	char *request;
	int r;

	weir_client_begin(client);
	r = weir_request_socket(name, NULL, NULL, fd, &request, &client->err);
	return r < 0 ? r : call_write(client, request, NULL, NULL);
}

int weir_client_register_path(struct weir_client *client, const char *name, const char *path,
			      const char *user)
{
	char *request;
	int r;

	weir_client_begin(client);
	r = weir_request_socket(name, path, user, -1, &request, &client->err);
	return r < 0 ? r : call_write(client, request, NULL, NULL);
}

int weir_client_reload(struct weir_client *client)
{
	return call_text(client, call_write, "{\"type\":\"RELOAD\"}", NULL, NULL);
}

int weir_client_reset_knobs(struct weir_client *client)
{
	return call_text(client, call_write, "{\"type\":\"RESET_KNOBS\"}", NULL, NULL);
}

/* Without waiting: an answer takes some time, too, even if it is there. */
static int look_whether_ended(struct weir_client *client, const char *id,
			      struct weir_wait_result *ret)
{
	scoped(weir_container_list_free) struct weir_container_list list = {};
	const struct weir_container_info *info;
	int r = weir_client_containers(client, id, &list);

	if (r < 0)
		return r;
	info = &list.list[0];
	if (strcmp(info->state, "exited") != 0)
		return weir_fail(&client->err, -ETIMEDOUT, "container '%s' has not ended", id);
	*ret = (struct weir_wait_result){ .status_known = info->status_known,
					  .status = info->status };
	snprintf(ret->reason, sizeof(ret->reason), "%s", info->reason);
	snprintf(ret->message, sizeof(ret->message), "%s", info->message);
	return 0;
}

int weir_client_wait(struct weir_client *client, const char *id, int timeout_ms,
		     struct weir_wait_result *ret)
{
	scoped(freep) char *body = NULL;
	struct weir_call call = { .repeatable = true, .timeout_ms = timeout_ms };
	size_t size = 0;
	int r;

	if (timeout_ms == 0)
		return look_whether_ended(client, id, ret);
	weir_client_begin(client);
	r = weir_request_on("WAIT_CONTAINER", "wait_container", id, NULL, 0, &call.request,
			    &client->err);
	if (r == 0)
		r = weir_client_call(client, &call, &body, &size);
	if (r == 0)
		r = weir_decode_wait(body, size, ret, &client->err);
	if (r == -ETIMEDOUT)
		return weir_fail(&client->err, r, "container '%s' has not ended", id);
	return r;
}

int weir_client_containers(struct weir_client *client, const char *id,
			   struct weir_container_list *ret)
{
	scoped(weir_container_list_free) struct weir_container_list list = {};
	scoped(freep) char *body = NULL;
	char *request;
	size_t size = 0;
	int r;

	weir_client_begin(client);
	r = weir_request_containers(id, &request, &client->err);
	if (r == 0)
		r = call_read(client, request, &body, &size);
	if (r == 0)
		r = weir_decode_containers(body, size, &list, &client->err);
	if (r < 0)
		return r;
	if (id && list.n == 0)
		return weir_fail(&client->err, -ENOENT, "no container '%s'", id);

	*ret = list;
	list = (struct weir_container_list){};
	return 0;
}

int weir_client_events(struct weir_client *client, const char *id, uint64_t since,
		       uint64_t epoch_us, unsigned int wait_ms, struct weir_event_list *ret)
{
	scoped(freep) char *body = NULL;
	struct weir_call call = { .repeatable = true };
	size_t size = 0;
	int r;

	weir_client_begin(client);
	if (wait_ms > WEIR_EVENTS_WAIT_MAX_MS)
		return weir_fail(&client->err, -EINVAL, "to wait for %u ms: expected at most %d",
				 wait_ms, WEIR_EVENTS_WAIT_MAX_MS);
	call.timeout_ms = (int)wait_ms + WEIR_CLIENT_PATIENCE_MS;
	r = weir_request_events(id, since, epoch_us, wait_ms, &call.request, &client->err);
	if (r == 0)
		r = weir_client_call(client, &call, &body, &size);
	if (r == 0)
		r = weir_decode_events(body, size, ret, &client->err);
	return r;
}

int weir_client_explain(struct weir_client *client, const char *id,
			struct weir_explanation_info *ret)
{
	scoped(freep) char *body = NULL;
	char *request;
	size_t size = 0;
	int r;

	weir_client_begin(client);
	r = weir_request_on("EXPLAIN_CONTAINER", "explain_container", id, NULL, 0, &request,
			    &client->err);
	if (r == 0)
		r = call_read(client, request, &body, &size);
	return r < 0 ? r : weir_decode_explain(body, size, ret, &client->err);
}

int weir_client_record(struct weir_client *client, const char *id, char **ret_json)
{
	scoped(freep) char *body = NULL;
	char *request;
	size_t size = 0;
	int r;

	weir_client_begin(client);
	r = weir_request_containers(id, &request, &client->err);
	if (r == 0)
		r = call_read(client, request, &body, &size);
	return r < 0 ? r : weir_decode_record(body, size, ret_json, &client->err);
}

int weir_client_health(struct weir_client *client, bool *ret_healthy)
{
	scoped(freep) char *body = NULL;
	size_t size = 0;
	int r = call_text(client, call_read, "{\"type\":\"GET_HEALTH\"}", &body, &size);

	return r < 0 ? r : weir_decode_health(body, size, ret_healthy, &client->err);
}

int weir_client_version(struct weir_client *client, char *buf, size_t buf_size)
{
	scoped(freep) char *body = NULL;
	size_t size = 0;
	int r = call_text(client, call_read, "{\"type\":\"GET_VERSION\"}", &body, &size);

	return r < 0 ? r : weir_decode_version(body, size, buf, buf_size, &client->err);
}

int weir_client_raw(struct weir_client *client, const char *request_json, char **ret_json)
{
	size_t size = 0;

	return call_text(client, call_read, request_json, ret_json, &size);
}
