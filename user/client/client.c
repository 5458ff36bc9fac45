/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "client/reply.h"

int weir_client_new(const char *socket_path, struct weir_client **ret)
{
	scoped(freep) struct weir_client *client = NULL;
	int r;

	if (!socket_path)
		socket_path = getenv("WEIR_SOCKET");
	if (!socket_path || !*socket_path)
		socket_path = WEIR_SOCKET_DEFAULT;

	client = calloc(1, sizeof(*client));
	if (!client)
		return -ENOMEM;
	r = weir_transport_init(&client->transport, socket_path);
	if (r < 0)
		return r;

	*ret = take_ptr(client);
	return 0;
}

void weir_client_free(struct weir_client *client)
{
	if (!client)
		return;
	weir_transport_done(&client->transport);
	free(client);
}

const char *weir_client_error(const struct weir_client *client)
{
	return client->err.text;
}

int weir_client_status(const struct weir_client *client)
{
	return client->status;
}

const char *weir_client_socket(const struct weir_client *client)
{
	return client->transport.path;
}

void weir_client_begin(struct weir_client *client)
{
	client->status = client->refused_errno = 0;
	client->err = (struct weir_error){};
}

static int code_of_status(int status)
{
	switch (status) {
	case 202:
		return -EEXIST; /* of LAUNCH_CONTAINER, as in Mesos */
	case 400:
		return -EINVAL;
	case 403:
		return -EPERM;
	case 404:
		return -ENOENT;
	case 409:
		return -ENOSPC;
	case 503:
		return -EAGAIN;
	default:
		return -EIO;
	}
}

/* A refusal has a text/plain body of one sentence. */
int weir_client_fail_refused(struct weir_client *client, const char *text)
{
	int code = code_of_status(client->status);

	if (code == -EEXIST && !*text)
		return weir_fail(&client->err, code, "the container's id is taken");
	if (!*text)
		return weir_fail(&client->err, code, "the daemon answered with status %d",
				 client->status);
	return weir_fail(&client->err, code, "%.*s", (int)strcspn(text, "\r\n"), text);
}

int weir_client_call(struct weir_client *client, const struct weir_call *call, char **ret_body,
		     size_t *ret_size)
{
	scoped(weir_reply_done) struct weir_reply reply = WEIR_REPLY_INIT(WEIR_TRANSPORT_MAX_BODY);
	scoped(freep) char *request = call->request;
	scoped(freep) char *body = NULL;
	size_t size;
	int r;

	r = weir_transport_post(&client->transport,
				&(struct weir_post){ .body = request,
						     .size = strlen(request),
						     .repeatable = call->repeatable,
						     .timeout_ms = call->timeout_ms },
				&reply, &client->err);
	if (r < 0)
		return r;

	client->status = reply.status;
	client->refused_errno = reply.error;
	size = reply.body.size;
	body = weir_buffer_take_text(&reply.body);
	if (!body)
		return weir_fail_memory(&client->err);
	if (reply.status != 200 && !(reply.status == 202 && call->accepted_is_done))
		return weir_client_fail_refused(client, body);

	if (ret_body) {
		*ret_body = take_ptr(body);
		*ret_size = size;
	}
	return 0;
}
