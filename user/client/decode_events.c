/* SPDX-License-Identifier: Apache-2.0 */
#include "client/decode.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "client/member.h"

void weir_event_list_free(struct weir_event_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free((void *)(uintptr_t)list->list[i].figures);
	free(list->list);
	json_decref(list->owner);
	*list = (struct weir_event_list){};
}

static int decode_figures(const json_t *json, struct weir_event_info *event, struct weir_error *err)
{
	struct weir_figure_info *figures;
	const json_t *object = NULL;
	const char *name;
	json_t *value;
	int r;

	r = weir_member_object(json, "figures", &object, err);
	if (r < 0)
		return r;
	figures = calloc(json_object_size(object) + 1, sizeof(*figures));
	if (!figures)
		return weir_fail_memory(err);
	event->figures = figures;
	/* The iteration wants it mutable, and leaves it as it is. */
	json_object_foreach((json_t *)object, name, value)
	{
		figures[event->n_figures].name = name;
		r = weir_member_u64(object, name, &figures[event->n_figures++].value, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int fill_event(const json_t *json, struct weir_event_info *event, struct weir_error *err)
{
	int r;

	event->id = event->cause = event->text = "";
	r = weir_member_u64(json, "seq", &event->seq, err);
	if (r == 0)
		r = weir_member_u64(json, "time_us", &event->time_us, err);
	if (r == 0)
		r = weir_member_text(json, "kind", &event->kind, err);
	if (r == 0)
		r = weir_member_name(json, "container_id", &event->id, err);
	if (r == 0)
		r = weir_member_text(json, "cause", &event->cause, err);
	if (r == 0)
		r = weir_member_text(json, "text", &event->text, err);
	if (r == 0 && (event->seq == 0 || !event->kind))
		r = weir_fail(err, -EIO, "the daemon's answer: an event without a number or kind");
	return r < 0 ? r : decode_figures(json, event, err);
}

int weir_decode_event(const json_t *json, struct weir_event_list *ret, struct weir_error *err)
{
	scoped(weir_event_list_free) struct weir_event_list list = {};
	int r;

	list.list = calloc(1, sizeof(*list.list));
	if (!list.list)
		return weir_fail_memory(err);
	list.n = 1;
	list.owner = json_incref((json_t *)(uintptr_t)json);
	r = fill_event(json, list.list, err);
	if (r < 0)
		return r;
	*ret = list;
	list = (struct weir_event_list){};
	return 0;
}

static int decode_marks(const json_t *object, struct weir_event_list *list, struct weir_error *err)
{
	int r;

	if (!json_object_get(object, "next"))
		return weir_fail(err, -EIO, "the daemon's answer: 'next' is not there");
	r = weir_member_u64(object, "next", &list->next, err);
	if (r == 0)
		r = weir_member_u64(object, "lost", &list->lost, err);
	if (r == 0)
		r = weir_member_u64(object, "epoch_us", &list->epoch_us, err);
	return r;
}

int weir_decode_events(const char *text, size_t size, struct weir_event_list *ret,
		       struct weir_error *err)
{
	scoped(weir_event_list_free) struct weir_event_list list = {};
	const json_t *object, *array = NULL;
	json_t *root = NULL;
	int r;

	r = weir_member_root(text, size, "get_events", &root, &object, err);
	if (r < 0)
		return r;
	list.owner = root;
	r = decode_marks(object, &list, err);
	if (r == 0)
		r = weir_member_array(object, "events", &array, err);
	if (r < 0)
		return r;

	list.list = calloc(json_array_size(array) + 1, sizeof(*list.list));
	if (!list.list)
		return weir_fail_memory(err);
	while (list.n < json_array_size(array)) {
		const json_t *json = json_array_get(array, list.n);

		r = fill_event(json, &list.list[list.n++], err);
		if (r < 0)
			return r;
	}

	*ret = list;
	list = (struct weir_event_list){};
	return 0;
}
