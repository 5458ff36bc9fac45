/* SPDX-License-Identifier: Apache-2.0 */
#include "client/member.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "weir/abi.h"

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
