/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds what, as Mesos' resources; and what was done about it. */
#include <limits.h>
#include <string.h>
#include <systemd/sd-id128.h>

#include "api/answer_internal.h"
#include "api/state.h"
#include "base/error.h"
#include "control/operations.h"
#include "weir/v1/agent.pb-c.h"
#include "weir/v1/master.pb-c.h"

/* ---- A resource --------------------------------------------------------------------- */

static void add_labels(struct weir_out *out, const struct weir_reservation *level)
{
	if (!level->n_labels)
		return;
	weir_out_open(out, 2, "labels");
	weir_out_list(out, "labels");
	for (size_t i = 0; i < level->n_labels; i++) {
		weir_out_open(out, 1, NULL);
		weir_out_string(out, 1, "key", level->labels[i].key);
		weir_out_string(out, 2, "value", level->labels[i].value);
		weir_out_close(out);
	}
	weir_out_list_end(out);
	weir_out_close(out);
}

static void add_stack(struct weir_out *out, const struct weir_stack *stack)
{
	if (!stack->n)
		return;
	weir_out_list(out, "reservations");
	for (size_t i = 0; i < stack->n; i++) {
		const struct weir_reservation *level = &stack->levels[i];

		weir_out_open(out, 13, NULL);
		if (level->is_static)
			weir_out_enum(out, 4, "type",
				      WEIR__V1__RESOURCE__RESERVATION_INFO__TYPE__STATIC, "STATIC");
		else
			weir_out_enum(out, 4, "type",
				      WEIR__V1__RESOURCE__RESERVATION_INFO__TYPE__DYNAMIC,
				      "DYNAMIC");
		weir_out_string(out, 3, "role", level->role);
		if (level->principal)
			weir_out_string(out, 1, "principal", level->principal);
		add_labels(out, level);
		weir_out_close(out);
	}
	weir_out_list_end(out);
}

/* "PATH:/a" or "MOUNT:/a". */
static void add_source(struct weir_out *out, const char *disk)
{
	bool is_path = strncmp(disk, "PATH:", strlen("PATH:")) == 0;
	const char *root = strchr(disk, ':') + 1;

	weir_out_open(out, 3, "source");
	if (is_path)
		weir_out_enum(out, 1, "type", WEIR__V1__RESOURCE__DISK_INFO__SOURCE__TYPE__PATH,
			      "PATH");
	else
		weir_out_enum(out, 1, "type", WEIR__V1__RESOURCE__DISK_INFO__SOURCE__TYPE__MOUNT,
			      "MOUNT");
	weir_out_open(out, is_path ? 2 : 3, is_path ? "path" : "mount");
	weir_out_string(out, 1, "root", root);
	weir_out_close(out);
	weir_out_close(out);
}

static void add_disk(struct weir_out *out, const char *disk, const struct weir_volume_info *volume)
{
	if (!*disk && !volume)
		return;
	weir_out_open(out, 7, "disk");
	if (volume) {
		weir_out_open(out, 1, "persistence");
		weir_out_string(out, 1, "id", volume->id);
		if (volume->principal)
			weir_out_string(out, 2, "principal", volume->principal);
		weir_out_close(out);
	}
	if (volume && volume->container_path) {
		weir_out_open(out, 2, "volume");
		weir_out_string(out, 1, "container_path", volume->container_path);
		weir_out_enum(out, 3, "mode", WEIR__V1__VOLUME__MODE__RW, "RW");
		weir_out_close(out);
	}
	if (*disk)
		add_source(out, disk);
	weir_out_close(out);
}

/* MiB, exact to the byte: what is read back is what is held. */
static uint64_t mib_billionths(uint64_t bytes)
{
	return (uint64_t)(((unsigned __int128)bytes * 1000000000 + (1u << 19)) >> 20);
}

/* @disk: NULL unless it is disk. */
static void add_held(struct weir_out *out, uint32_t number, enum weir_kind kind, uint64_t amount,
		     const struct weir_stack *stack, const char *disk,
		     const struct weir_volume_info *volume)
{
	if (!amount)
		return;
	weir_out_open(out, number, NULL);
	weir_out_string(out, 1, "name", weir_kind_name(kind));
	weir_out_enum(out, 2, "type", WEIR__V1__VALUE__TYPE__SCALAR, "SCALAR");
	weir_out_open(out, 3, "scalar");
	if (kind == WEIR_KIND_CPUS)
		weir_out_fixed(out, 1, "value", amount, 3);
	else
		weir_out_fixed(out, 1, "value", mib_billionths(amount), 9);
	weir_out_close(out);
	add_stack(out, stack);
	if (disk)
		add_disk(out, disk, volume);
	weir_out_close(out);
}

void weir_walk_holdings(struct weir_walk *walk, uint32_t number, const char *name)
{
	const struct weir_books *books = walk->state->books;
	struct weir_out *out = walk->out;

	weir_out_list(out, name);
	for (size_t i = 0; i < weir_books_holdings(books); i++) {
		const struct weir_holding holding = weir_books_holding(books, i);

		add_held(out, number, WEIR_KIND_CPUS, holding.mcpu, holding.stack, NULL, NULL);
		add_held(out, number, WEIR_KIND_MEM, holding.mem_bytes, holding.stack, NULL, NULL);
		for (size_t disk = 0; disk < weir_books_disks(books); disk++)
			add_held(out, number, WEIR_KIND_DISK, holding.disk_bytes[disk],
				 holding.stack, weir_books_disk(books, disk)->name, NULL);
	}
	for (size_t i = 0; i < weir_books_volumes(books); i++) {
		const struct weir_volume *volume = weir_books_volume(books, i);

		add_held(out, number, WEIR_KIND_DISK, volume->bytes, volume->stack,
			 weir_books_disk(books, volume->disk)->name, &volume->info);
	}
	weir_out_list_end(out);
}

/* ---- GET_RESERVATIONS ------------------------------------------------------------------ */

static void add_role(const struct weir_role_view *role, void *data)
{
	struct weir_out *out = data;

	weir_out_open(out, 3, NULL);
	weir_out_string(out, 1, "name", role->name);
	weir_out_u64(out, 2, "reserved_mcpu", role->reserved_mcpu);
	weir_out_u64(out, 3, "reserved_bytes", role->reserved_bytes);
	weir_out_u64(out, 4, "demand_mcpu", role->demand_mcpu);
	weir_out_u64(out, 5, "demand_bytes", role->demand_bytes);
	weir_out_close(out);
}

static void add_place(struct weir_walk *walk, const char *disk, uint64_t key)
{
	struct weir_error ignored = {};
	char path[PATH_MAX];

	if (weir_operations_path(walk->state->operations, disk, key, path, &ignored) == 0)
		weir_out_string(walk->out, 3, "path", path);
	weir_out_string(walk->out, 4, "disk", disk);
}

static void add_volumes(struct weir_walk *walk)
{
	const struct weir_operations *operations = walk->state->operations;
	const struct weir_books *books = walk->state->books;
	struct weir_out *out = walk->out;

	for (size_t i = 0; i < weir_books_volumes(books); i++) {
		const struct weir_volume *volume = weir_books_volume(books, i);

		weir_out_open(out, 4, NULL);
		weir_out_string(out, 1, "id", volume->info.id);
		weir_out_string(out, 2, "role", weir_stack_role(volume->stack));
		add_place(walk, weir_books_disk(books, volume->disk)->name, volume->key);
		weir_out_u64(out, 5, "bytes", volume->bytes);
		weir_out_u64(out, 6, "users", volume->users);
		weir_out_close(out);
	}
	for (size_t i = 0; i < operations->n_doomed; i++) {
		const struct weir_doomed_volume *volume = &operations->doomed[i];

		weir_out_open(out, 4, NULL);
		weir_out_string(out, 1, "id", volume->id);
		add_place(walk, volume->disk, volume->key);
		weir_out_u64(out, 5, "bytes", volume->bytes);
		weir_out_u64(out, 7, "destroyed_us", volume->destroyed_us);
		weir_out_u64(out, 8, "removed_us", volume->removed_us);
		weir_out_close(out);
	}
}

void weir_walk_reservations(struct weir_walk *walk)
{
	const struct weir_books *books = walk->state->books;
	struct weir_out *out = walk->out;

	if (!books)
		return;
	weir_walk_holdings(walk, 1, "resources");
	weir_out_u64(out, 2, "version", weir_books_version(books));
	weir_out_list(out, "roles");
	weir_books_each_role(books, add_role, out);
	weir_out_list_end(out);
	weir_out_list(out, "volumes");
	add_volumes(walk);
	weir_out_list_end(out);
}

/* ---- GET_OPERATIONS ----------------------------------------------------------------------- */

static void add_status(struct weir_walk *walk, uint32_t number, const char *name,
		       const struct weir_operation_record *record)
{
	struct weir_out *out = walk->out;

	weir_out_open(out, number, name);
	weir_answer_value(out, 1, "operation_id", record->id);
	if (record->failed)
		weir_out_enum(out, 2, "state", WEIR__V1__OPERATION_STATE__OPERATION_FAILED,
			      "OPERATION_FAILED");
	else
		weir_out_enum(out, 2, "state", WEIR__V1__OPERATION_STATE__OPERATION_FINISHED,
			      "OPERATION_FINISHED");
	weir_out_string(out, 3, "message", record->text);
	weir_answer_value(out, 6, "agent_id", walk->state->node.agent_id);
	weir_out_close(out);
}

/* Its sixteen bytes. */
static void add_uuid(struct weir_out *out, const char *text)
{
	sd_id128_t id = SD_ID128_NULL;

	sd_id128_from_string(text, &id);
	weir_out_bytes(out, 1, "value", id.bytes, sizeof(id.bytes));
}

static void add_operation(struct weir_walk *walk, const struct weir_operation_record *record)
{
	struct weir_out *out = walk->out;

	weir_out_open(out, 1, NULL);
	weir_answer_value(out, 2, "agent_id", walk->state->node.agent_id);
	weir_out_open(out, 3, "info");
	weir_out_string(out, 1000, "kind", weir_operation_name(record->kind));
	weir_out_string(out, 1001, "principal", record->principal);
	weir_out_u64(out, 1002, "time_us", record->at_us);
	weir_out_close(out);
	add_status(walk, 4, "latest_status", record);
	weir_out_list(out, "statuses");
	add_status(walk, 5, NULL, record);
	weir_out_list_end(out);
	weir_out_open(out, 6, "uuid");
	add_uuid(out, record->id);
	weir_out_close(out);
	weir_out_close(out);
}

void weir_walk_operations(struct weir_walk *walk)
{
	const struct weir_operations *operations = walk->state->operations;

	weir_out_list(walk->out, "operations");
	for (size_t i = 0; operations && i < operations->n_records; i++)
		add_operation(walk, &operations->records[i]);
	weir_out_list_end(walk->out);
}

void weir_answer_operated(struct weir_out *out, enum weir_call_type type,
			  const struct weir_operate_result *result)
{
	weir_answer_open(out, type);
	if (result->id[0])
		weir_out_string(out, 1, "operation_id", result->id);
	weir_out_u64(out, 2, "version", result->version);
	weir_out_bool(out, 3, "dry_run", result->dry_run);
	weir_answer_close(out);
}
