/* SPDX-License-Identifier: Apache-2.0 */
/* Ids as people type them: whole, or as much of one as tells it from the others. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/text.h"
#include "weir/weir.h"

bool weir_id_begins(const char *id, const char *given)
{
	size_t len = strlen(given);

	/* A task is meant only by who says whose: "web" is not ambiguous for having tasks. */
	return strncmp(id, given, len) == 0 && (strchr(given, '/') || !strchr(id, '/'));
}

/* The one that begins so, *@ret; NULL: there is none. An exit code, after having said why it is not 0. */
static int find_only(const struct weir_container_list *list, const char *given, const char **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < list->n; i++) {
		if (!weir_id_begins(list->list[i].id, given))
			continue;
		if (*ret) {
			weir_say("'%s' may be '%s', '%s' or another: say more of it", given, *ret,
				 list->list[i].id);
			return WEIR_EXIT_NO_CONTAINER;
		}
		*ret = list->list[i].id;
	}
	return WEIR_EXIT_OK;
}

int weir_resolve(struct weir_client *client, const char *given, char **ret)
{
	scoped(weir_container_list_free) struct weir_container_list list = {};
	const char *only = NULL;
	int code, r;

	r = weir_client_containers(client, given, &list);
	/* Part of an id need not be one: "web/". */
	if (r == -ENOENT || r == -EINVAL) {
		r = weir_client_containers(client, NULL, &list);
		code = r < 0 ? weir_failed(client, r) : find_only(&list, given, &only);
		if (code != WEIR_EXIT_OK)
			return code;
	} else if (r < 0) {
		return weir_failed(client, r);
	}
	/* None: what it is called for says so best. */
	*ret = strdup(only ? only : given);
	if (*ret)
		return WEIR_EXIT_OK;
	weir_say("out of memory");
	return WEIR_EXIT_FAILED;
}

int weir_connect_for(const struct weir_globals *globals, const char *given,
		     struct weir_client **ret, char **ret_id)
{
	*ret = weir_connect(globals);
	return *ret ? weir_resolve(*ret, given, ret_id) : WEIR_EXIT_FAILED;
}

int weir_each(struct weir_client *client, int n_operands, char **operands,
	      int (*fn)(struct weir_client *client, const char *id, const void *options),
	      const void *options)
{
	int first = WEIR_EXIT_OK;

	for (int i = 0; i < n_operands; i++) {
		scoped(freep) char *id = NULL;
		int code = weir_resolve(client, operands[i], &id);

		if (code == WEIR_EXIT_OK)
			code = fn(client, id, options);
		if (first == WEIR_EXIT_OK)
			first = code;
	}
	return first;
}
