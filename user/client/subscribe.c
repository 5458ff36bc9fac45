/* SPDX-License-Identifier: Apache-2.0 */
#include "weir/subscribe.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "client/client.h"
#include "client/decode.h"
#include "client/member.h"
#include "client/recordio.h"
#include "client/reply.h"
#include "client/request.h"

struct weir_subscription {
	struct weir_transport transport; /* its own connection */
	struct weir_reply reply; /* its body holds what has come and was not told yet */
	struct weir_error err;
	/* What was told last. */
	char *json;
	struct weir_event_list event; /* one, or none */
	json_t *tree;
};

static void forget_told(struct weir_subscription *subscription)
{
	weir_event_list_free(&subscription->event);
	json_decref(subscription->tree);
	subscription->tree = NULL;
	free(subscription->json);
	subscription->json = NULL;
}

void weir_subscription_free(struct weir_subscription *subscription)
{
	if (!subscription)
		return;
	forget_told(subscription);
	weir_reply_done(&subscription->reply);
	weir_transport_done(&subscription->transport);
	free(subscription);
}

int weir_subscription_fd(const struct weir_subscription *subscription)
{
	return subscription->transport.fd;
}

const char *weir_subscription_error(const struct weir_subscription *subscription)
{
	return subscription->err.text;
}

/* Once its status is known: is it a stream? */
static int check_begun(struct weir_client *client, struct weir_subscription *subscription)
{
	const struct weir_reply *reply = &subscription->reply;
	scoped(freep) char *text = NULL;

	client->status = reply->status;
	client->refused_errno = reply->error;
	if (reply->status == 200)
		return 0;
	text = weir_buffer_take_text(&subscription->reply.body);
	return text ? weir_client_fail_refused(client, text) : weir_fail_memory(&client->err);
}

/* Has enough come to say whether it is one? A refusal has to be there in full. */
static bool has_begun(const struct weir_reply *reply)
{
	if (reply->status == 200)
		return reply->state > WEIR_REPLY_HEADERS;
	return reply->state == WEIR_REPLY_DONE;
}

static int begin(struct weir_client *client, struct weir_subscription *subscription,
		 const char *request)
{
	const struct weir_post post = {
		.body = request,
		.size = strlen(request),
		.timeout_ms = WEIR_CLIENT_PATIENCE_MS,
	};
	int r = weir_transport_begin(&subscription->transport, &post, &client->err);

	while (r >= 0 && !has_begun(&subscription->reply)) {
		r = weir_transport_read(&subscription->transport, &subscription->reply,
					WEIR_CLIENT_PATIENCE_MS, &client->err);
		if (r == 0)
			r = weir_fail(&client->err, -ETIMEDOUT,
				      "no answer from the daemon in time");
		if (r == -ECONNRESET)
			client->err.code = r = -EIO;
	}
	return r < 0 ? r : check_begun(client, subscription);
}

int weir_client_subscribe(struct weir_client *client, uint64_t since, uint64_t epoch_us,
			  struct weir_subscription **ret)
{
	scoped(freep) char *request = NULL;
	struct weir_subscription *subscription;
	int r;

	weir_client_begin(client);
	subscription = calloc(1, sizeof(*subscription));
	if (!subscription)
		return weir_fail_memory(&client->err);
	weir_transport_init(&subscription->transport, client->transport.path);
	subscription->reply = (struct weir_reply)WEIR_REPLY_INIT(WEIR_TRANSPORT_MAX_BODY);
	r = weir_request_subscribe(since, epoch_us, &request, &client->err);
	if (r == 0)
		r = begin(client, subscription, request);
	if (r < 0) {
		weir_subscription_free(subscription);
		return r;
	}
	*ret = subscription;
	return 0;
}

static int tell(struct weir_subscription *subscription, const char *record, size_t size,
		struct weir_told *ret)
{
	struct weir_error *err = &subscription->err;
	const char *type = NULL;
	const json_t *event;
	int r;

	subscription->json = strndup(record, size);
	subscription->tree = json_loadb(record, size, 0, NULL);
	if (!subscription->json || !subscription->tree)
		return weir_fail(err, -EIO, "a record is no JSON");
	r = weir_member_text(subscription->tree, "type", &type, err);
	if (r < 0 || !type)
		return r < 0 ? r : weir_fail(err, -EIO, "a record has no type");

	event = json_object_get(subscription->tree, "weir");
	if (strcmp(type, "WEIR") == 0 && event) {
		r = weir_decode_event(event, &subscription->event, err);
		if (r < 0)
			return r;
	}
	*ret = (struct weir_told){
		.type = type,
		.json = subscription->json,
		.event = subscription->event.list,
	};
	return 1;
}

/* The next record, out of what has come. 0: it is not whole. */
static int take(struct weir_subscription *subscription, struct weir_told *ret)
{
	struct weir_buffer *body = &subscription->reply.body;
	const char *record;
	size_t size, taken;
	int r;

	r = weir_recordio_find(body->data, body->size, &record, &size, &taken, &subscription->err);
	if (r <= 0)
		return r;
	forget_told(subscription);
	r = tell(subscription, record, size, ret);
	memmove(body->data, body->data + taken, body->size - taken);
	body->size -= taken;
	return r;
}

int weir_subscription_next(struct weir_subscription *subscription, int timeout_ms,
			   struct weir_told *ret)
{
	struct weir_reply *reply = &subscription->reply;

	for (;;) {
		int r = take(subscription, ret);

		if (r != 0)
			return r;
		if (reply->state == WEIR_REPLY_DONE)
			return weir_fail(&subscription->err, -ESHUTDOWN, "the daemon has ended");
		r = weir_transport_read(&subscription->transport, reply, timeout_ms,
					&subscription->err);
		if (r == -ECONNRESET)
			return weir_fail(
				&subscription->err, r,
				"cut off by the daemon: what came was not read for long, or "
				"there are too many");
		if (r <= 0)
			return r;
	}
}
