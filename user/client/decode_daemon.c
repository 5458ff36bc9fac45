/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon tells of itself: settings, figures, how much it logs. */
#include "client/decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "client/member.h"
#include "weir/state.h"

static int no_name(struct weir_error *err)
{
	return weir_fail(err, -EIO, "the daemon's answer: 'name' is not there");
}

static int decode_flag(const json_t *json, void *item, struct weir_error *err)
{
	struct weir_flag_info *flag = item;
	int r;

	flag->value = "";
	r = weir_member_text(json, "name", &flag->name, err);
	if (r == 0)
		r = weir_member_text(json, "value", &flag->value, err);
	return r == 0 && !flag->name ? no_name(err) : r;
}

static int flag_by_name(const void *a, const void *b)
{
	const struct weir_flag_info *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int weir_decode_flags(const char *text, size_t size, struct weir_flag_list *ret,
		      struct weir_error *err)
{
	static const struct weir_item_kind kind = {
		.size = sizeof(*ret->list),
		.decode = decode_flag,
		.compare = flag_by_name,
	};
	void *list = NULL, *owner = NULL;
	int r = weir_decode_list(text, size, "get_flags", "flags", &kind, &list, &ret->n, &owner,
				 err);

	if (r == 0) {
		ret->list = list;
		ret->owner = owner;
	}
	return r;
}

void weir_flag_list_free(struct weir_flag_list *list)
{
	free(list->list);
	json_decref(list->owner);
	*list = (struct weir_flag_list){};
}

static int decode_metric(const json_t *json, void *item, struct weir_error *err)
{
	struct weir_metric_info *metric = item;
	int r;

	r = weir_member_text(json, "name", &metric->name, err);
	if (r == 0)
		r = weir_member_number(json, "value", &metric->value, err);
	return r == 0 && !metric->name ? no_name(err) : r;
}

static int metric_by_name(const void *a, const void *b)
{
	const struct weir_metric_info *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int weir_decode_metrics(const char *text, size_t size, struct weir_metric_list *ret,
			struct weir_error *err)
{
	static const struct weir_item_kind kind = {
		.size = sizeof(*ret->list),
		.decode = decode_metric,
		.compare = metric_by_name,
	};
	void *list = NULL, *owner = NULL;
	int r = weir_decode_list(text, size, "get_metrics", "metrics", &kind, &list, &ret->n,
				 &owner, err);

	if (r == 0) {
		ret->list = list;
		ret->owner = owner;
	}
	return r;
}

void weir_metric_list_free(struct weir_metric_list *list)
{
	free(list->list);
	json_decref(list->owner);
	*list = (struct weir_metric_list){};
}

int weir_decode_logging_level(const char *text, size_t size, unsigned int *ret,
			      struct weir_error *err)
{
	scoped(json_drop) json_t *root = NULL;
	const json_t *object;
	int level = 0, r;

	r = weir_member_root(text, size, "get_logging_level", &root, &object, err);
	if (r == 0)
		r = weir_member_int(object, "level", &level, err);
	if (r == 0)
		*ret = (unsigned int)level;
	return r;
}
