/* SPDX-License-Identifier: Apache-2.0 */
/* Any call by its name, for those that have no function here. */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "client/client.h"

#define MAX_NAME 64

/* "GET_STATE" -> "get_state", which its parameters are called. */
static int lower(const char *call, char buf[MAX_NAME], struct weir_error *err)
{
	size_t n = strlen(call);

	if (n == 0 || n >= MAX_NAME ||
	    strspn(call, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_") != n)
		return weir_fail(err, -EINVAL,
				 "'%.64s' is not the name of a call, such as GET_STATE", call);
	for (size_t i = 0; i <= n; i++)
		buf[i] = (char)tolower((unsigned char)call[i]);
	if (strcmp(buf, "subscribe") == 0)
		return weir_fail(err, -EINVAL,
				 "SUBSCRIBE goes on and on: weir_client_subscribe() has it");
	return 0;
}

/* *@ret: the request, owned. */
static int make_request(const char *call, const char *parameters, char **ret,
			struct weir_error *err)
{
	char name[MAX_NAME] = "", type[MAX_NAME];
	json_error_t why;
	json_t *tree, *given = NULL;

	if (lower(call, name, err) < 0)
		return err->code;
	for (size_t i = 0; i <= strlen(name); i++)
		type[i] = (char)toupper((unsigned char)name[i]);
	if (parameters) {
		given = json_loads(parameters, JSON_REJECT_DUPLICATES, &why);
		if (!given)
			return weir_fail(err, -EINVAL,
					 "the parameters are no JSON object: column %d: %s",
					 why.column, why.text);
		if (!json_is_object(given)) {
			json_decref(given);
			return weir_fail(err, -EINVAL, "the parameters are no JSON object");
		}
	}
	/* Without parameters an empty object: what has none passes over it. */
	tree = json_pack("{s:s, s:o}", "type", type, name, given ? given : json_object());
	*ret = tree ? json_dumps(tree, JSON_COMPACT) : NULL;
	json_decref(tree);
	return *ret ? 0 : weir_fail_memory(err);
}

/* Indented, and of characters that a terminal takes as they are. */
static int make_readable(const char *body, size_t size, char **ret, struct weir_error *err)
{
	json_t *tree;

	if (size == 0) {
		*ret = strdup("");
		return *ret ? 0 : weir_fail_memory(err);
	}
	tree = json_loadb(body, size, 0, NULL);
	if (!tree)
		return weir_fail(err, -EBADMSG, "the answer is no JSON");
	*ret = json_dumps(tree, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(16));
	json_decref(tree);
	return *ret ? 0 : weir_fail_memory(err);
}

int weir_client_ask(struct weir_client *client, const char *call, const char *parameters_json,
		    char **ret_json)
{
	struct weir_call what = { .timeout_ms = WEIR_CLIENT_PATIENCE_MS };
	scoped(freep) char *body = NULL;
	size_t size = 0;
	int r;

	weir_client_begin(client);
	/* Of a launch it says that the id is taken; of all else that it was done. */
	what.accepted_is_done = strcasecmp(call, "LAUNCH_CONTAINER") != 0;
	r = make_request(call, parameters_json, &what.request, &client->err);
	if (r == 0)
		r = weir_client_call(client, &what, &body, &size);
	return r < 0 ? r : make_readable(body, size, ret_json, &client->err);
}
