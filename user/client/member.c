/* SPDX-License-Identifier: Apache-2.0 */
#include "client/member.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "weir/weir.h"

static int wrong_type(const char *key, const char *wanted, struct weir_error *err)
{
	return weir_fail(err, -EIO, "the daemon's answer: '%s' is not %s", key, wanted);
}

int weir_member_root(const char *text, size_t size, const char *member, json_t **ret_root,
		     const json_t **ret, struct weir_error *err)
{
	scoped(json_drop) json_t *root = NULL;
	const json_t *object;
	json_error_t why;

	root = json_loadb(text ? text : "", size, JSON_REJECT_DUPLICATES, &why);
	if (!root)
		return weir_fail(err, -EIO, "the daemon's answer is not JSON: %s at byte %d",
				 why.text, why.position);
	object = json_object_get(root, member);
	if (!json_is_object(object))
		return wrong_type(member, "there", err);

	*ret = object;
	*ret_root = take_ptr(root);
	return 0;
}

int weir_member_text(const json_t *object, const char *key, const char **ret,
		     struct weir_error *err)
{
	const json_t *value = json_object_get(object, key);

	if (!value)
		return 0;
	if (!json_is_string(value))
		return wrong_type(key, "text", err);
	*ret = json_string_value(value);
	return 0;
}

int weir_member_name(const json_t *object, const char *key, const char **ret,
		     struct weir_error *err)
{
	const json_t *id = NULL, *parent = NULL;
	const char *own = NULL, *executor = NULL;
	json_t *name;

	if (weir_member_object(object, key, &id, err) < 0 ||
	    weir_member_text(id, "value", &own, err) < 0 ||
	    weir_member_object(id, "parent", &parent, err) < 0 ||
	    weir_member_text(parent, "value", &executor, err) < 0)
		return err->code;
	if (!own || !executor) {
		*ret = own ? own : *ret;
		return 0;
	}
	/* Both at once have to lie somewhere, and the tree goes when the texts go. */
	name = json_sprintf("%s/%s", executor, own);
	if (json_object_set_new((json_t *)id, "name", name) < 0)
		return weir_fail_memory(err);
	*ret = json_string_value(name);
	return 0;
}

int weir_member_bool(const json_t *object, const char *key, bool *ret, struct weir_error *err)
{
	const json_t *value = json_object_get(object, key);

	if (!value)
		return 0;
	if (!json_is_boolean(value))
		return wrong_type(key, "true or false", err);
	*ret = json_is_true(value);
	return 0;
}

int weir_member_int(const json_t *object, const char *key, int *ret, struct weir_error *err)
{
	const json_t *value = json_object_get(object, key);
	json_int_t number;

	if (!value)
		return 0;
	number = json_integer_value(value);
	if (!json_is_integer(value) || number < INT_MIN || number > INT_MAX)
		return wrong_type(key, "a small whole number", err);
	*ret = (int)number;
	return 0;
}

int weir_member_u64(const json_t *object, const char *key, uint64_t *ret, struct weir_error *err)
{
	const json_t *value = json_object_get(object, key);

	if (!value)
		return 0;
	if (json_is_string(value) && strcmp(json_string_value(value), "Infinity") == 0) {
		*ret = WEIR_INFINITE;
		return 0;
	}
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return wrong_type(key, "a whole number", err);
	*ret = (uint64_t)json_integer_value(value);
	return 0;
}

int weir_member_number(const json_t *object, const char *key, double *ret, struct weir_error *err)
{
	const json_t *value = json_object_get(object, key);

	if (!value)
		return 0;
	if (!json_is_number(value))
		return wrong_type(key, "a number", err);
	*ret = json_number_value(value);
	return 0;
}

int weir_member_object(const json_t *object, const char *key, const json_t **ret,
		       struct weir_error *err)
{
	const json_t *value = json_object_get(object, key);

	if (!value)
		return 0;
	if (!json_is_object(value))
		return wrong_type(key, "an object", err);
	*ret = value;
	return 0;
}

int weir_member_array(const json_t *object, const char *key, const json_t **ret,
		      struct weir_error *err)
{
	const json_t *value = json_object_get(object, key);

	if (!value)
		return 0;
	if (!json_is_array(value))
		return wrong_type(key, "a list", err);
	*ret = value;
	return 0;
}

/* By hand, as llround() would have whoever links libweir link libm. */
int weir_member_amount(const json_t *object, const char *key, double unit, uint64_t *ret,
		       struct weir_error *err)
{
	const json_t *holder = NULL;
	const json_t *json;
	double value;
	uint64_t amount;
	int r;

	r = weir_member_object(object, key, &holder, err);
	json = json_object_get(holder, "value");
	if (r < 0 || !json)
		return r;
	if (json_is_string(json) && strcmp(json_string_value(json), "Infinity") == 0) {
		*ret = WEIR_INFINITE;
		return 0;
	}
	if (!json_is_number(json))
		return wrong_type("value", "a number", err);
	value = json_number_value(json) * unit;
	if (!(value >= 0 && value < 0x1p63))
		return weir_fail(err, -EIO, "the daemon's answer: 'value' is no amount");
	amount = (uint64_t)value;
	*ret = amount + (value - (double)amount >= 0.5);
	return 0;
}

int weir_member_items(const json_t *object, const char *key, const struct weir_item_kind *kind,
		      void **ret, size_t *ret_n, struct weir_error *err)
{
	const json_t *array = NULL;
	size_t n = 0;
	char *items;
	int r;

	r = weir_member_array(object, key, &array, err);
	if (r < 0)
		return r;
	items = calloc(json_array_size(array) + 1, kind->size);
	if (!items)
		return weir_fail_memory(err);
	for (; r == 0 && n < json_array_size(array); n++)
		r = kind->decode(json_array_get(array, n), items + n * kind->size, err);
	if (r < 0) {
		while (kind->done && n > 0)
			kind->done(items + --n * kind->size);
		free(items);
		return r;
	}
	if (kind->compare)
		qsort(items, n, kind->size, kind->compare);
	*ret = items;
	*ret_n = n;
	return 0;
}

static int decode_label(const json_t *json, void *item, struct weir_error *err)
{
	struct weir_label_info *label = item;
	int r;

	label->value = "";
	r = weir_member_text(json, "key", &label->key, err);
	if (r == 0)
		r = weir_member_text(json, "value", &label->value, err);
	if (r == 0 && !label->key)
		r = weir_fail(err, -EIO, "the daemon's answer: a label without a key");
	return r;
}

int weir_member_labels(const json_t *object, const char *key, const struct weir_label_info **ret,
		       size_t *ret_n, struct weir_error *err)
{
	static const struct weir_item_kind kind = { .size = sizeof(**ret), .decode = decode_label };
	void *labels = NULL;
	int r = weir_member_items(object, key, &kind, &labels, ret_n, err);

	if (r == 0)
		*ret = labels;
	return r;
}

int weir_member_texts(const json_t *object, const char *key, const char *const **ret,
		      struct weir_error *err)
{
	const json_t *list = NULL;
	const char **found;
	size_t n;
	int r;

	r = weir_member_array(object, key, &list, err);
	if (r < 0)
		return r;
	n = json_array_size(list);
	found = calloc(n + 1, sizeof(*found));
	if (!found)
		return weir_fail_memory(err);
	*ret = found;
	for (size_t i = 0; i < n; i++) {
		found[i] = json_string_value(json_array_get(list, i));
		if (!found[i])
			return weir_fail(err, -EIO, "the daemon's answer: '%s' has no text at %zu",
					 key, i);
	}
	return 0;
}
