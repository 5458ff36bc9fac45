/* SPDX-License-Identifier: Apache-2.0 */
#include "control/store_record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "control/store_list.h"
#include "model/container.h"

enum kind {
	KIND_TEXT, /* char * */
	KIND_MESSAGE, /* char[WEIR_MESSAGE_TEXT] */
	KIND_U64,
	KIND_U32,
	KIND_I32,
	KIND_BOOL,
	KIND_STATE, /* by name, so that the order of the enum is free to change */
	KIND_REASON,
	KIND_CPU_DEFAULT,
	KIND_STRINGS, /* char **; an empty list is not NULL */
	KIND_LABELS,
};

#define COLUMN(kind, name, field) { kind, name, offsetof(struct weir_container, field), true }
#define MAYBE(kind, name, field)  { kind, name, offsetof(struct weir_container, field), false }

static const struct column {
	enum kind kind;
	const char *name;
	size_t offset;
	bool required;
} columns[] = {
	COLUMN(KIND_TEXT, "id", id),
	COLUMN(KIND_TEXT, "role", role),
	COLUMN(KIND_U64, "ask_cpu_request_mcpu", ask.cpu_request_mcpu),
	COLUMN(KIND_U64, "ask_cpu_limit_mcpu", ask.cpu_limit_mcpu),
	COLUMN(KIND_U64, "ask_mem_request_bytes", ask.mem_request_bytes),
	COLUMN(KIND_U64, "ask_mem_limit_bytes", ask.mem_limit_bytes),
	COLUMN(KIND_U64, "cpu_request_mcpu", figures.cpu_request_mcpu),
	COLUMN(KIND_U64, "cpu_limit_mcpu", figures.cpu_limit_mcpu),
	COLUMN(KIND_U64, "mem_request_bytes", figures.mem_request_bytes),
	COLUMN(KIND_U64, "mem_limit_bytes", figures.mem_limit_bytes),
	COLUMN(KIND_CPU_DEFAULT, "cpu_default", cpu_default),
	COLUMN(KIND_STRINGS, "argv", argv),
	MAYBE(KIND_TEXT, "user", user),
	MAYBE(KIND_TEXT, "workdir", workdir),
	MAYBE(KIND_STRINGS, "env", env),
	MAYBE(KIND_LABELS, "labels", labels),
	COLUMN(KIND_BOOL, "foreground", foreground),
	COLUMN(KIND_BOOL, "keep", keep),
	COLUMN(KIND_STATE, "state", state),
	COLUMN(KIND_REASON, "reason", reason),
	COLUMN(KIND_I32, "status", status),
	COLUMN(KIND_BOOL, "status_known", status_known),
	COLUMN(KIND_MESSAGE, "message", message),
	COLUMN(KIND_U32, "slot", slot),
	COLUMN(KIND_U32, "generation", generation),
	COLUMN(KIND_I32, "pid", pid),
	COLUMN(KIND_U64, "pid_start_ticks", pid_start_ticks),
	COLUMN(KIND_U64, "created_us", created_us),
	COLUMN(KIND_U64, "started_us", started_us),
	COLUMN(KIND_U64, "ended_us", ended_us),
	COLUMN(KIND_U64, "pending_mem_limit_bytes", pending_mem_limit_bytes),
	COLUMN(KIND_U64, "final_cpu_ns", final.cpu_ns),
	COLUMN(KIND_U64, "final_wait_ns", final.wait_ns),
	COLUMN(KIND_U64, "final_mem_peak_bytes", final.mem_peak_bytes),
	COLUMN(KIND_U64, "final_nr_periods", final.nr_periods),
	COLUMN(KIND_U64, "final_nr_throttled", final.nr_throttled),
	COLUMN(KIND_U64, "final_throttled_ns", final.throttled_ns),
	COLUMN(KIND_U64, "final_oom_kills", final.oom_kills),
};

#define ID_COLUMN 0

static const char *const cpu_default_names[] = {
	[WEIR_DEFAULT_CPU_LIMIT_NONE] = "none",
	[WEIR_DEFAULT_CPU_LIMIT_REQUEST] = "request",
};

static const char *sql_type(enum kind kind)
{
	switch (kind) {
	case KIND_U64:
	case KIND_U32:
	case KIND_I32:
	case KIND_BOOL:
		return "INTEGER";
	case KIND_STRINGS:
	case KIND_LABELS:
		return "BLOB";
	default:
		return "TEXT";
	}
}

void weir_record_create_sql(struct weir_buffer *sql)
{
	weir_buffer_add_text(sql, "CREATE TABLE containers (");
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		weir_buffer_printf(sql, "%s%s %s%s%s", i > 0 ? ", " : "", columns[i].name,
				   sql_type(columns[i].kind),
				   columns[i].required ? " NOT NULL" : "",
				   i == ID_COLUMN ? " PRIMARY KEY" : "");
	weir_buffer_add_text(sql, ") STRICT");
}

static void add_names(struct weir_buffer *sql)
{
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		weir_buffer_printf(sql, "%s%s", i > 0 ? ", " : "", columns[i].name);
}

void weir_record_put_sql(struct weir_buffer *sql)
{
	weir_buffer_add_text(sql, "INSERT OR REPLACE INTO containers (");
	add_names(sql);
	weir_buffer_add_text(sql, ") VALUES (");
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		weir_buffer_add_text(sql, i > 0 ? ", ?" : "?");
	weir_buffer_add_text(sql, ")");
}

void weir_record_select_sql(struct weir_buffer *sql)
{
	weir_buffer_add_text(sql, "SELECT ");
	add_names(sql);
	weir_buffer_add_text(sql, " FROM containers ORDER BY id");
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
		WEIR_BUFFER_INIT(WEIR_STORE_MAX_LIST_BYTES);

	if (!strings)
		return sqlite3_bind_null(statement, index);
	weir_list_add_strings(&list, strings);
	return bind_list(statement, index, &list);
}

static int bind_labels(sqlite3_stmt *statement, int index, const struct weir_container *container)
{
	scoped(weir_buffer_done) struct weir_buffer list =
		WEIR_BUFFER_INIT(WEIR_STORE_MAX_LIST_BYTES);

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

static int bind_column(sqlite3_stmt *statement, int index, const struct column *column,
		       const struct weir_container *container)
{
	const void *field = (const char *)container + column->offset;

	switch (column->kind) {
	case KIND_TEXT:
		return bind_text(statement, index, *(char *const *)field);
	case KIND_MESSAGE:
		return bind_text(statement, index, field);
	case KIND_U64:
		return sqlite3_bind_int64(statement, index,
					  (sqlite3_int64) * (const uint64_t *)field);
	case KIND_U32:
		return sqlite3_bind_int64(statement, index, *(const uint32_t *)field);
	case KIND_I32:
		return sqlite3_bind_int64(statement, index, *(const int32_t *)field);
	case KIND_BOOL:
		return sqlite3_bind_int64(statement, index, *(const bool *)field);
	case KIND_STATE:
		return bind_text(statement, index, weir_state_name(container->state));
	case KIND_REASON:
		return bind_text(statement, index, weir_reason_name(container->reason));
	case KIND_CPU_DEFAULT:
		return bind_text(statement, index, cpu_default_names[container->cpu_default]);
	case KIND_STRINGS:
		return bind_strings(statement, index, *(char **const *)field);
	case KIND_LABELS:
		return bind_labels(statement, index, container);
	}
	return SQLITE_MISUSE;
}

int weir_record_bind(sqlite3_stmt *statement, const struct weir_container *container,
		     struct weir_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		int r = bind_column(statement, (int)i + 1, &columns[i], container);

		if (r == SQLITE_NOMEM)
			return weir_fail_memory(err);
		if (r == SQLITE_TOOBIG)
			return weir_fail(err, -EFBIG, "%s takes more than %u bytes",
					 columns[i].name, WEIR_STORE_MAX_LIST_BYTES);
		if (r != SQLITE_OK)
			return weir_fail(err, -EIO, "%s can't be stored: %s", columns[i].name,
					 sqlite3_errstr(r));
	}
	return 0;
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

static int read_number(sqlite3_stmt *statement, int index, enum kind kind, void *field)
{
	int type = sqlite3_column_type(statement, index);
	sqlite3_int64 value = sqlite3_column_int64(statement, index);

	if (type != SQLITE_INTEGER)
		return -EBADMSG;
	if (kind == KIND_U64)
		*(uint64_t *)field = (uint64_t)value;
	else if (kind == KIND_U32 && value >= 0 && value <= UINT32_MAX)
		*(uint32_t *)field = (uint32_t)value;
	else if (kind == KIND_I32 && value >= INT32_MIN && value <= INT32_MAX)
		*(int32_t *)field = (int32_t)value;
	else if (kind == KIND_BOOL && (value == 0 || value == 1))
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

static int read_name(sqlite3_stmt *statement, int index, enum kind kind,
		     struct weir_container *container)
{
	const char *name = NULL;
	int r;

	r = column_text(statement, index, &name);
	if (r < 0)
		return r;
	if (!name)
		return -EBADMSG;
	if (kind == KIND_STATE)
		r = weir_state_from_name(name, &container->state);
	else if (kind == KIND_REASON)
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

static int read_list(sqlite3_stmt *statement, int index, const struct column *column,
		     struct weir_container *container)
{
	const char *data = NULL;
	size_t size = 0;
	int r;

	r = column_list(statement, index, &data, &size);
	if (r < 0 || !data)
		return r;
	if (column->kind == KIND_LABELS)
		return weir_list_read_labels(data, size, &container->labels, &container->n_labels);
	return weir_list_read_strings(data, size, (char ***)((char *)container + column->offset));
}

static int read_column(sqlite3_stmt *statement, int index, const struct column *column,
		       struct weir_container *container)
{
	void *field = (char *)container + column->offset;

	if (column->required && sqlite3_column_type(statement, index) == SQLITE_NULL)
		return -EBADMSG;

	switch (column->kind) {
	case KIND_TEXT:
		return read_text(statement, index, field);
	case KIND_MESSAGE:
		return read_message(statement, index, field);
	case KIND_STATE:
	case KIND_REASON:
	case KIND_CPU_DEFAULT:
		return read_name(statement, index, column->kind, container);
	case KIND_STRINGS:
	case KIND_LABELS:
		return read_list(statement, index, column, container);
	default:
		return read_number(statement, index, column->kind, field);
	}
}

int weir_record_read(sqlite3_stmt *statement, struct weir_container **ret, struct weir_error *err)
{
	scoped(weir_container_freep) struct weir_container *container = NULL;
	const char *id = (const char *)sqlite3_column_text(statement, ID_COLUMN);

	if (!id || weir_id_check(id, err) < 0)
		return weir_fail(err, -EBADMSG, "a record has no proper id");
	container = weir_container_new(id);
	if (!container)
		return weir_fail_memory(err);

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		int r = read_column(statement, (int)i, &columns[i], container);

		if (r == -ENOMEM)
			return weir_fail_memory(err);
		if (r < 0)
			return weir_fail(err, r, "container '%s': %s can't be read", id,
					 columns[i].name);
	}

	*ret = take_ptr(container);
	return 0;
}
