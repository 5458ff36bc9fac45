/* SPDX-License-Identifier: Apache-2.0 */
#include "control/operations.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-id128.h>
#include <time.h>

#include "base/error.h"
#include "base/log.h"
#include "control/controller_internal.h"
#include "kern/volumes.h"

static void record_done(struct weir_operation_record *record)
{
	free(record->principal);
	free(record->text);
}

static void doomed_done(struct weir_doomed_volume *volume)
{
	free(volume->id);
	free(volume->disk);
}

void weir_operations_describe(const struct weir_operations *operations,
			      enum weir_operation_kind kind, const char *principal,
			      const char *text, struct weir_operation_record *ret)
{
	sd_id128_t id = SD_ID128_NULL;

	sd_id128_randomize(&id);
	*ret = (struct weir_operation_record){
		.seq = operations->last_seq + 1,
		.kind = kind,
		.principal = (char *)(uintptr_t)principal,
		.text = (char *)(uintptr_t)text,
		.at_us = weir_now_us(CLOCK_REALTIME),
	};
	snprintf(ret->id, sizeof(ret->id), SD_ID128_UUID_FORMAT_STR, SD_ID128_FORMAT_VAL(id));
}

int weir_operations_record(struct weir_operations *operations,
			   const struct weir_operation_record *record, struct weir_error *err)
{
	struct weir_operation_record copy = *record;

	operations->last_seq = record->seq;
	if (!operations->records)
		operations->records = calloc(WEIR_OPERATIONS_KEPT, sizeof(*operations->records));
	copy.principal = strdup(record->principal);
	copy.text = strdup(record->text);
	if (!operations->records || !copy.principal || !copy.text) {
		record_done(&copy);
		return weir_fail_memory(err);
	}
	if (operations->n_records == WEIR_OPERATIONS_KEPT) {
		record_done(&operations->records[0]);
		memmove(operations->records, operations->records + 1,
			--operations->n_records * sizeof(*operations->records));
	}
	operations->records[operations->n_records++] = copy;
	return 0;
}

int weir_operations_doom(struct weir_operations *operations,
			 const struct weir_doomed_volume *volume, struct weir_error *err)
{
	struct weir_doomed_volume copy = *volume, *list;
	size_t at = operations->n_doomed;

	list = reallocarray(operations->doomed, at + 1, sizeof(*list));
	if (!list)
		return weir_fail_memory(err);
	operations->doomed = list;
	copy.id = strdup(volume->id);
	copy.disk = strdup(volume->disk);
	if (!copy.id || !copy.disk) {
		doomed_done(&copy);
		return weir_fail_memory(err);
	}
	for (; at > 0 && list[at - 1].removed_us > copy.removed_us; at--)
		list[at] = list[at - 1];
	list[at] = copy;
	operations->n_doomed++;
	return 0;
}

void weir_operations_forget(struct weir_operations *operations, uint64_t key)
{
	for (size_t i = 0; i < operations->n_doomed; i++) {
		if (operations->doomed[i].key != key)
			continue;
		doomed_done(&operations->doomed[i]);
		operations->n_doomed--;
		memmove(&operations->doomed[i], &operations->doomed[i + 1],
			(operations->n_doomed - i) * sizeof(*operations->doomed));
		return;
	}
}

const char *weir_operations_dir(const struct weir_operations *operations, const char *disk)
{
	const struct weir_disks *disks = &operations->disks;

	for (size_t i = 0; i < disks->n; i++) {
		if (strcmp(disks->list[i].name, disk) == 0)
			return disks->dirs[i];
	}
	return NULL;
}

int weir_operations_path(const struct weir_operations *operations, const char *disk, uint64_t key,
			 char path[static PATH_MAX], struct weir_error *err)
{
	const char *dir = weir_operations_dir(operations, disk);

	if (!dir)
		return weir_fail(err, -ENODEV, "the disk '%s' is not in the configuration", disk);
	return weir_volume_path(dir, key, path, err);
}

/* ---- At the start ---------------------------------------------------------------------- */

static int take_holding(const struct weir_holding *holding, void *data, struct weir_error *err)
{
	struct weir_controller *controller = data;

	return weir_books_restore_holding(weir_ledger_books(controller->ledger), holding, err);
}

static int take_volume(const struct weir_volume *volume, void *data, struct weir_error *err)
{
	struct weir_controller *controller = data;

	return weir_books_restore_volume(weir_ledger_books(controller->ledger), volume, err);
}

static int take_doomed(const struct weir_doomed_volume *volume, void *data, struct weir_error *err)
{
	struct weir_controller *controller = data;

	return weir_operations_doom(controller->operations, volume, err);
}

static int take_operation(const struct weir_operation_record *record, void *data,
			  struct weir_error *err)
{
	struct weir_controller *controller = data;

	return weir_operations_record(controller->operations, record, err);
}

/* Directories on one disk, and which of them are somebody's. */
struct stray {
	const struct weir_controller *controller;
	const char *dir;
};

static bool is_known(const struct weir_controller *controller, uint64_t key)
{
	const struct weir_books *books = weir_ledger_books(controller->ledger);
	const struct weir_operations *operations = controller->operations;

	for (size_t i = 0; i < weir_books_volumes(books); i++) {
		if (weir_books_volume(books, i)->key == key)
			return true;
	}
	for (size_t i = 0; i < operations->n_doomed; i++) {
		if (operations->doomed[i].key == key)
			return true;
	}
	return false;
}

/* A daemon that was killed while it made a volume leaves an empty directory; what is not empty is not ours to judge. */
static void take_away_stray(uint64_t key, void *data)
{
	const struct stray *stray = data;
	struct weir_error err = {};

	if (is_known(stray->controller, key))
		return;
	if (weir_volume_unmake(stray->dir, key, &err) == 0)
		return;
	weir_warn("a directory of no volume is left as it is: %s", err.text);
	weir_books_pass_key(weir_ledger_books(stray->controller->ledger), key);
}

static void check_volumes(const struct weir_controller *controller)
{
	const struct weir_books *books = weir_ledger_books(controller->ledger);
	const struct weir_disks *disks = &controller->operations->disks;

	for (size_t i = 0; i < disks->n; i++) {
		struct stray stray = { controller, disks->dirs[i] };
		struct weir_error err = {};

		if (weir_volumes_each(disks->dirs[i], take_away_stray, &stray, &err) < 0)
			weir_warn("%s", err.text);
	}
	for (size_t i = 0; i < weir_books_volumes(books); i++) {
		const struct weir_volume *volume = weir_books_volume(books, i);
		struct weir_error err = {};
		char path[PATH_MAX];

		if (weir_volume_path(disks->dirs[volume->disk], volume->key, path, &err) == 0 &&
		    access(path, F_OK) < 0)
			weir_warn("volume '%s' of role '%s' is not where it should be, %s: %s",
				  volume->info.id, weir_stack_role(volume->stack), path,
				  strerror(errno));
	}
}

int weir_operations_open(struct weir_controller *controller,
			 const struct weir_controller_options *options, struct weir_error *err)
{
	static const struct weir_store_books_fns fns = { take_holding, take_volume, take_doomed,
							 take_operation };
	struct weir_books *books = weir_ledger_books(controller->ledger);
	uint64_t version = 0;
	const char *what;

	controller->operations->grace_us = options->volume_grace_us;
	if (weir_store_load_books(controller->store, books, &fns, controller, &version, err) < 0)
		return weir_fail_in(err, "reservations and volumes");
	weir_books_restore_version(books, version);
	check_volumes(controller);
	if (!weir_books_fit(books, &what))
		weir_warn("more of %s is reserved than the node has now: what has been promised "
			  "to nobody yet is all that can be",
			  what);
	return weir_remover_new(controller, &controller->operations->remover, err);
}

void weir_operations_close(struct weir_controller *controller)
{
	struct weir_operations *operations = controller->operations;

	if (!operations)
		return;
	weir_remover_free(operations->remover);
	for (size_t i = 0; i < operations->n_records; i++)
		record_done(&operations->records[i]);
	for (size_t i = 0; i < operations->n_doomed; i++)
		doomed_done(&operations->doomed[i]);
	free(operations->records);
	free(operations->doomed);
	weir_disks_done(&operations->disks);
	free(operations);
	controller->operations = NULL;
}
