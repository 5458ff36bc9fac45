/* SPDX-License-Identifier: Apache-2.0 */
#include "api/tree.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"

#define MAX_TREE_BYTES (16u << 20)

/*
 * jansson knows one allocator for the whole process, without a context, so what is left to the
 * tree that this thread is loading has to lie beside the thread.
 */
static _Thread_local size_t bytes_left;

static void *allocate(size_t size)
{
	if (size > bytes_left) {
		bytes_left = 0; /* nothing smaller either: the load fails as a whole */
		return NULL;
	}
	bytes_left -= size;
	return malloc(size);
}

static void set_allocator(void)
{
	json_set_alloc_funcs(allocate, free);
}

int weir_tree_load(const char *body, size_t size, json_t **ret, struct weir_error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	json_error_t why;
	json_t *tree;

	pthread_once(&once, set_allocator);
	bytes_left = MAX_TREE_BYTES;
	tree = json_loadb(body, size, JSON_REJECT_DUPLICATES, &why);
	if (tree) {
		*ret = tree;
		return 0;
	}

	if (bytes_left == 0)
		return weir_fail(err, -E2BIG,
				 "Failed to parse body into JSON: it takes more than %u MiB",
				 MAX_TREE_BYTES >> 20);
	return weir_fail(err, -EINVAL, "Failed to parse body into JSON: line %d, column %d: %s",
			 why.line, why.column, why.text);
}
