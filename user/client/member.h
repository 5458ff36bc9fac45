/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_MEMBER_H
#define WEIR_MEMBER_H

/*
 * Typed members of JSON objects, for the decoders.
 *
 * A member that is absent leaves *@ret as it was, so the caller puts the
 * default there; one of another type is -EIO, by name.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weir_error;
struct weir_label_info;

static inline void json_drop(json_t **json)
{
	json_decref(*json);
}

/* The object called @member in an answer. *@ret_root owns it. */
int weir_member_root(const char *text, size_t size, const char *member, json_t **ret_root,
		     const json_t **ret, struct weir_error *err);

/*
 * The ContainerID called @key as "ID" or "EXECUTOR/TASK". Lies in the tree, as all texts do. *@ret
 * stays as it was where there is none.
 */
int weir_member_name(const json_t *object, const char *key, const char **ret,
		     struct weir_error *err);

int weir_member_text(const json_t *object, const char *key, const char **ret,
		     struct weir_error *err);
int weir_member_bool(const json_t *object, const char *key, bool *ret, struct weir_error *err);
int weir_member_int(const json_t *object, const char *key, int *ret, struct weir_error *err);
/* From 0 on; "Infinity" yields WEIR_INFINITE. */
int weir_member_u64(const json_t *object, const char *key, uint64_t *ret, struct weir_error *err);
int weir_member_number(const json_t *object, const char *key, double *ret, struct weir_error *err);
int weir_member_object(const json_t *object, const char *key, const json_t **ret,
		       struct weir_error *err);
int weir_member_array(const json_t *object, const char *key, const json_t **ret,
		      struct weir_error *err);

/* Member "value" of the object called @key, in units of which @unit make one: rounded; "Infinity" yields WEIR_INFINITE. */
int weir_member_amount(const json_t *object, const char *key, double unit, uint64_t *ret,
		       struct weir_error *err);

/* What becomes of each element of a list. */
struct weir_item_kind {
	size_t size;
	int (*decode)(const json_t *json, void *item, struct weir_error *err);
	void (*done)(
		void *item); /* of one that was decoded, or failed to be; NULL: it owns nothing */
	int (*compare)(const void *a, const void *b); /* NULL: they stay in order */
};

/* All of the list called @key: *@ret_n items from *@ret on, to be freed; a list that is not there is empty. */
int weir_member_items(const json_t *object, const char *key, const struct weir_item_kind *kind,
		      void **ret, size_t *ret_n, struct weir_error *err);
/* The same of a list of labels; of *@ret only what it points to is to be freed. */
int weir_member_labels(const json_t *object, const char *key, const struct weir_label_info **ret,
		       size_t *ret_n, struct weir_error *err);

/* *@ret: NULL-terminated, to be freed, after a failure too; its texts lie in the tree. */
int weir_member_texts(const json_t *object, const char *key, const char *const **ret,
		      struct weir_error *err);

#endif /* WEIR_MEMBER_H */
