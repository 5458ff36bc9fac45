/* SPDX-License-Identifier: Apache-2.0 */
#include "control/store_column.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "control/store_list.h"
#include "model/container.h"

static const char *const cpu_default_names[] = {
	[WEIR_DEFAULT_CPU_LIMIT_NONE] = "none",
	[WEIR_DEFAULT_CPU_LIMIT_REQUEST] = "request",
};

const char *weir_column_sql_type(enum weir_column_kind kind)
{
	switch (kind) {
	case WEIR_COLUMN_U64:
	case WEIR_COLUMN_U32:
	case WEIR_COLUMN_I32:
	case WEIR_COLUMN_BOOL:
		return "INTEGER";
	case WEIR_COLUMN_STRINGS:
	case WEIR_COLUMN_LABELS:
		return "BLOB";
	default:
		return "TEXT";
	}
}

/* ---- Writing ---- */

/* Gives the bytes of @list to SQLite, which frees them. */
static int bind_list(sqlite3_stmt *statement, int index, struct weir_buffer *list)
{
	size_t size = list->size;
	char *data;

	if (list->failed < 0)
		return list->failed == -EFBIG ? SQLITE_TOOBIG : SQLITE_NOMEM;
	if (size == 0)
		return sqlite3_bind_zeroblob(statement, index, 0);
	data = weir_buffer_take_text(list);
	if (!data)
		return SQLITE_NOMEM;
	return sqlite3_bind_blob64(statement, index, data, size, free);
}

static int bind_strings(sqlite3_stmt *statement, int index, char *const *strings)
{
	scoped(weir_buffer_done) struct weir_buffer list =
		WEIR_BUFFER_INIT(WEIR_COLUMN_MAX_LIST_BYTES);

	if (!strings)
		return sqlite3_bind_null(statement, index);
	weir_list_add_strings(&list, strings);
	return bind_list(statement, index, &list);
}

static int bind_labels(sqlite3_stmt *statement, int index, const struct weir_container *container)
{
	scoped(weir_buffer_done) struct weir_buffer list =
		WEIR_BUFFER_INIT(WEIR_COLUMN_MAX_LIST_BYTES);

	if (container->n_labels == 0)
		return sqlite3_bind_null(statement, index);
	weir_list_add_labels(&list, container->labels, container->n_labels);
	return bind_list(statement, index, &list);
}

/* SQLite turns a NULL string into SQL's NULL by itself. */
static int bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	return sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

int weir_column_bind(sqlite3_stmt *statement, int index, const struct weir_column *column,
		     const struct weir_container *container)
{
	const void *field = (const char *)container + column->offset;

	switch (column->kind) {
	case WEIR_COLUMN_TEXT:
		return bind_text(statement, index, *(char *const *)field);
	case WEIR_COLUMN_MESSAGE:
		return bind_text(statement, index, field);
	case WEIR_COLUMN_U64:
		return sqlite3_bind_int64(statement, index,
					  (sqlite3_int64) * (const uint64_t *)field);
	case WEIR_COLUMN_U32:
		return sqlite3_bind_int64(statement, index, *(const uint32_t *)field);
	case WEIR_COLUMN_I32:
		return sqlite3_bind_int64(statement, index, *(const int32_t *)field);
	case WEIR_COLUMN_BOOL:
		return sqlite3_bind_int64(statement, index, *(const bool *)field);
	case WEIR_COLUMN_STATE:
		return bind_text(statement, index, weir_state_name(container->state));
	case WEIR_COLUMN_REASON:
		return bind_text(statement, index, weir_reason_name(container->reason));
	case WEIR_COLUMN_CPU_DEFAULT:
		return bind_text(statement, index, cpu_default_names[container->cpu_default]);
	case WEIR_COLUMN_STRINGS:
		return bind_strings(statement, index, *(char **const *)field);
	case WEIR_COLUMN_LABELS:
		return bind_labels(statement, index, container);
	}
	return SQLITE_MISUSE;
}

/* ---- Reading ---- */

/* *@ret: borrowed until the next step; NULL for SQL's NULL. A text with a NUL in it is none. */
static int column_text(sqlite3_stmt *statement, int index, const char **ret)
{
	int type = sqlite3_column_type(statement, index);
	const char *text = (const char *)sqlite3_column_text(statement, index);

	if (type == SQLITE_NULL) {
		*ret = NULL;
		return 0;
	}
	if (type == SQLITE_TEXT && !text)
		return -ENOMEM;
	if (type != SQLITE_TEXT || strlen(text) != (size_t)sqlite3_column_bytes(statement, index))
		return -EBADMSG;
	*ret = text;
	return 0;
}

static int read_text(sqlite3_stmt *statement, int index, char **field)
{
	const char *text = NULL;
	char *copy;
	int r;

	r = column_text(statement, index, &text);
	if (r < 0)
		return r;
	copy = text ? strdup(text) : NULL;
	if (text && !copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

static int read_message(sqlite3_stmt *statement, int index, char *message)
{
	const char *text = NULL;
	int r;

	r = column_text(statement, index, &text);
	if (r < 0)
		return r;
	if (!text || strlen(text) >= WEIR_MESSAGE_TEXT)
		return -EBADMSG;
	memcpy(message, text, strlen(text) + 1);
	return 0;
}

static int read_number(sqlite3_stmt *statement, int index, enum weir_column_kind kind, void *field)
{
	int type = sqlite3_column_type(statement, index);
	sqlite3_int64 value = sqlite3_column_int64(statement, index);

	if (type != SQLITE_INTEGER)
		return -EBADMSG;
	if (kind == WEIR_COLUMN_U64)
		*(uint64_t *)field = (uint64_t)value;
	else if (kind == WEIR_COLUMN_U32 && value >= 0 && value <= UINT32_MAX)
		*(uint32_t *)field = (uint32_t)value;
	else if (kind == WEIR_COLUMN_I32 && value >= INT32_MIN && value <= INT32_MAX)
		*(int32_t *)field = (int32_t)value;
	else if (kind == WEIR_COLUMN_BOOL && (value == 0 || value == 1))
		*(bool *)field = value == 1;
	else
		return -EBADMSG;
	return 0;
}

static int cpu_default_from_name(const char *name, enum weir_default_cpu_limit *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(cpu_default_names); i++) {
		if (strcmp(name, cpu_default_names[i]) == 0) {
			*ret = (enum weir_default_cpu_limit)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int read_name(sqlite3_stmt *statement, int index, enum weir_column_kind kind,
		     struct weir_container *container)
{
	const char *name = NULL;
	int r;

	r = column_text(statement, index, &name);
	if (r < 0)
		return r;
	if (!name)
		return -EBADMSG;
	if (kind == WEIR_COLUMN_STATE)
		r = weir_state_from_name(name, &container->state);
	else if (kind == WEIR_COLUMN_REASON)
		r = weir_reason_from_name(name, &container->reason);
	else
		r = cpu_default_from_name(name, &container->cpu_default);
	return r < 0 ? -EBADMSG : 0;
}

/* *@ret_data: borrowed until the next step; NULL for SQL's NULL, but not for an empty list. */
static int column_list(sqlite3_stmt *statement, int index, const char **ret_data, size_t *ret_size)
{
	int type = sqlite3_column_type(statement, index);
	const char *data = sqlite3_column_blob(statement, index);

	if (type == SQLITE_NULL) {
		*ret_data = NULL;
		return 0;
	}
	if (type != SQLITE_BLOB)
		return -EBADMSG;
	*ret_size = (size_t)sqlite3_column_bytes(statement, index);
	if (!data && *ret_size > 0)
		return -ENOMEM;
	*ret_data = data ? data : "";
	return 0;
}

static int read_list(sqlite3_stmt *statement, int index, const struct weir_column *column,
		     struct weir_container *container)
{
	const char *data = NULL;
	size_t size = 0;
	int r;

	r = column_list(statement, index, &data, &size);
	if (r < 0 || !data)
		return r;
	if (column->kind == WEIR_COLUMN_LABELS)
		return weir_list_read_labels(data, size, &container->labels, &container->n_labels);
	return weir_list_read_strings(data, size, (char ***)((char *)container + column->offset));
}

int weir_column_read(sqlite3_stmt *statement, int index, const struct weir_column *column,
		     struct weir_container *container)
{
	void *field = (char *)container + column->offset;

	if (column->required && sqlite3_column_type(statement, index) == SQLITE_NULL)
		return -EBADMSG;

	switch (column->kind) {
	case WEIR_COLUMN_TEXT:
		return read_text(statement, index, field);
	case WEIR_COLUMN_MESSAGE:
		return read_message(statement, index, field);
	case WEIR_COLUMN_STATE:
	case WEIR_COLUMN_REASON:
	case WEIR_COLUMN_CPU_DEFAULT:
		return read_name(statement, index, column->kind, container);
	case WEIR_COLUMN_STRINGS:
	case WEIR_COLUMN_LABELS:
		return read_list(statement, index, column, container);
	default:
		return read_number(statement, index, column->kind, field);
	}
}
