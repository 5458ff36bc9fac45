/* SPDX-License-Identifier: Apache-2.0 */
#include "control/store_record.h"

#include <errno.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "control/store_column.h"
#include "model/container.h"
#include "model/family.h"

#define COLUMN(kind, name, field) \
	{ WEIR_COLUMN_##kind, name, offsetof(struct weir_container, field), true }
#define MAYBE(kind, name, field) \
	{ WEIR_COLUMN_##kind, name, offsetof(struct weir_container, field), false }

static const struct weir_column columns[] = {
	COLUMN(TEXT, "id", id),
	COLUMN(TEXT, "role", role),
	COLUMN(U64, "ask_cpu_request_mcpu", ask.cpu_request_mcpu),
	COLUMN(U64, "ask_cpu_limit_mcpu", ask.cpu_limit_mcpu),
	COLUMN(U64, "ask_mem_request_bytes", ask.mem_request_bytes),
	COLUMN(U64, "ask_mem_limit_bytes", ask.mem_limit_bytes),
	COLUMN(U64, "cpu_request_mcpu", own.cpu_request_mcpu),
	COLUMN(U64, "cpu_limit_mcpu", own.cpu_limit_mcpu),
	COLUMN(U64, "mem_request_bytes", own.mem_request_bytes),
	COLUMN(U64, "mem_limit_bytes", own.mem_limit_bytes),
	COLUMN(CPU_DEFAULT, "cpu_default", cpu_default),
	COLUMN(STRINGS, "argv", argv),
	MAYBE(TEXT, "user", user),
	MAYBE(TEXT, "workdir", workdir),
	MAYBE(STRINGS, "env", env),
	MAYBE(LABELS, "labels", labels),
	COLUMN(BOOL, "foreground", foreground),
	COLUMN(BOOL, "keep", keep),
	COLUMN(BOOL, "exempt", exempt),
	COLUMN(U64, "ask_swap_limit_bytes", ask.swap_limit_bytes),
	COLUMN(U64, "ask_cpu_burst_mcpu", ask.cpu_burst_mcpu),
	COLUMN(U64, "swap_limit_bytes", own.swap_limit_bytes),
	COLUMN(U64, "cpu_burst_mcpu", own.cpu_burst_mcpu),
	COLUMN(BOOL, "autoremove", autoremove),
	COLUMN(BOOL, "delegated", delegated),
	COLUMN(BOOL, "paused", paused),
	COLUMN(BOOL, "adopted", adopted),
	COLUMN(BOOL, "enforced", enforced),
	MAYBE(TEXT, "place", place),
	MAYBE(TEXT, "kept", kept),
	COLUMN(U64, "cgroup2_id", cgroup2_id),
	COLUMN(U64, "ask_pids_limit", ask.pids_limit),
	COLUMN(U64, "pids_limit", own.pids_limit),
	MAYBE(STRINGS, "supplementary_groups", supplementary_groups),
	MAYBE(STRINGS, "rlimits", rlimits),
	MAYBE(STRINGS, "mounts", mounts),
	MAYBE(TEXT, "capabilities", capabilities),
	COLUMN(BOOL, "new_privileges", new_privileges),
	MAYBE(TEXT, "cpus_set", cpus_set),
	COLUMN(U32, "policy", net.policy),
	COLUMN(BOOL, "net_degraded", net.degraded),
	COLUMN(BOOL, "net_allows", net.allows),
	COLUMN(U32, "net_set", net.set),
	MAYBE(STRINGS, "net_rules", net.rules),
	MAYBE(STRINGS, "net_sockets", net.sockets),
	COLUMN(BOOL, "is_executor", is_executor),
	COLUMN(BOOL, "shares_cgroups", shares_cgroups),
	COLUMN(STATE, "state", state),
	COLUMN(REASON, "reason", reason),
	COLUMN(I32, "status", status),
	COLUMN(BOOL, "status_known", status_known),
	COLUMN(MESSAGE, "message", message),
	COLUMN(U32, "slot", slot),
	COLUMN(U32, "generation", generation),
	COLUMN(I32, "pid", pid),
	COLUMN(U64, "pid_start_ticks", pid_start_ticks),
	COLUMN(U64, "created_us", created_us),
	COLUMN(U64, "started_us", started_us),
	COLUMN(U64, "ended_us", ended_us),
	COLUMN(U64, "pending_mem_limit_bytes", pending_mem_limit_bytes),
	COLUMN(U64, "final_cpu_ns", final.cpu_ns),
	COLUMN(U64, "final_wait_ns", final.wait_ns),
	COLUMN(U64, "final_mem_peak_bytes", final.mem_peak_bytes),
	COLUMN(U64, "final_nr_periods", final.nr_periods),
	COLUMN(U64, "final_nr_throttled", final.nr_throttled),
	COLUMN(U64, "final_throttled_ns", final.throttled_ns),
	COLUMN(U64, "final_oom_kills", final.oom_kills),
};

#define ID_COLUMN 0

void weir_record_create_sql(struct weir_buffer *sql)
{
	weir_buffer_add_text(sql, "CREATE TABLE containers (");
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		weir_buffer_printf(sql, "%s%s %s%s%s", i > 0 ? ", " : "", columns[i].name,
				   weir_column_sql_type(columns[i].kind),
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

int weir_record_bind(sqlite3_stmt *statement, const struct weir_container *container,
		     struct weir_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		int r = weir_column_bind(statement, (int)i + 1, &columns[i], container);

		if (r == SQLITE_NOMEM)
			return weir_fail_memory(err);
		if (r == SQLITE_TOOBIG)
			return weir_fail(err, -EFBIG, "%s takes more than %u bytes",
					 columns[i].name, WEIR_COLUMN_MAX_LIST_BYTES);
		if (r != SQLITE_OK)
			return weir_fail(err, -EIO, "%s can't be stored: %s", columns[i].name,
					 sqlite3_errstr(r));
	}
	return 0;
}

int weir_record_read(sqlite3_stmt *statement, struct weir_container **ret, struct weir_error *err)
{
	scoped(weir_container_freep) struct weir_container *container = NULL;
	const char *id = (const char *)sqlite3_column_text(statement, ID_COLUMN);

	if (!id || weir_name_check(id, err) < 0)
		return weir_fail(err, -EBADMSG, "a record has no proper id");
	container = weir_container_new(id);
	if (!container)
		return weir_fail_memory(err);

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		int r = weir_column_read(statement, (int)i, &columns[i], container);

		if (r == -ENOMEM)
			return weir_fail_memory(err);
		if (r < 0)
			return weir_fail(err, r, "container '%s': %s can't be read", id,
					 columns[i].name);
	}

	/* The sum of an executor is made anew, in the ledger. */
	container->figures = container->own;
	if (weir_container_locate(container, err) < 0)
		return err->code;
	*ret = take_ptr(container);
	return 0;
}
