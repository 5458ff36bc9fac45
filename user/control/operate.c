/* SPDX-License-Identifier: Apache-2.0 */
#include "control/operate.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/user.h"
#include "control/controller_internal.h"
#include "control/operations.h"
#include "control/yield.h"
#include "kern/volumes.h"
#include "model/rights.h"

#define TEXT 256

/* One operation on its way. */
struct operate {
	struct weir_controller *controller;
	const struct weir_operate_ask *ask;
	char *principal; /* who asks, by name: reservations are kept longer than numbers mean somebody */
	struct weir_change *change; /* what it comes to, once it is prepared; NULL: nothing */
	struct weir_yield yield; /* who has given up what for it */
	char text[TEXT]; /* what it is, for people */
};

static int ask_right(enum weir_right right, const char *role, void *data, struct weir_error *err)
{
	const struct operate *operate = data;
	const char *rights = operate->controller->tunables.rights[right];

	if (weir_rights_allow(rights, operate->principal, role))
		return 0;
	return weir_fail(err, -EPERM, "'%s' has no right to '%s' for role '%s'", operate->principal,
			 weir_right_name(right), role);
}

static void describe(struct operate *operate)
{
	const struct weir_operation *operation = operate->ask->operation;
	char first[WEIR_PARCELS_TEXT], from[WEIR_STACK_TEXT];
	const struct weir_parcels *resources = &operation->resources;
	size_t at;

	if (!resources->n)
		return;
	at = (size_t)snprintf(operate->text, sizeof(operate->text), "%s",
			      weir_parcel_text(&resources->list[0], first));
	if (resources->n > 1 && at < sizeof(operate->text))
		at += (size_t)snprintf(operate->text + at, sizeof(operate->text) - at,
				       " and %zu more", resources->n - 1);
	if (operation->source.n && at < sizeof(operate->text))
		snprintf(operate->text + at, sizeof(operate->text) - at, ", was %s",
			 weir_stack_text(operation->source.list[0].stack, from));
}

static int prepare_books(struct operate *operate, const struct weir_parcels *from,
			 const struct weir_parcels *to, struct weir_error *err)
{
	struct weir_controller *controller = operate->controller;
	int r;

	/* Roles that come up are taken into the books, which readers walk through. */
	pthread_rwlock_wrlock(&controller->lock);
	r = weir_books_prepare(weir_ledger_books(controller->ledger), from, to,
			       operate->ask->operation->kind == WEIR_OPERATION_GROW,
			       &operate->change, err);
	pthread_rwlock_unlock(&controller->lock);
	return r;
}

/* Sound, allowed, of the version that is meant, and held so. Nothing is changed. */
static int prepare(struct operate *operate, struct weir_error *err)
{
	const struct weir_operate_ask *ask = operate->ask;
	struct weir_controller *controller = operate->controller;
	struct weir_books *books = weir_ledger_books(controller->ledger);
	scoped(weir_parcels_done) struct weir_parcels from = {}, to = {};
	int r;

	if (weir_operation_check(ask->operation, operate->principal, err) < 0 ||
	    weir_operation_rights(ask->operation, ask_right, operate, err) < 0)
		return err->code;
	if (ask->has_version && ask->version != weir_books_version(books))
		return weir_fail(err, -ESTALE,
				 "the books are of version %llu, expected %llu: "
				 "somebody has changed them",
				 (unsigned long long)weir_books_version(books),
				 (unsigned long long)ask->version);
	if (weir_operation_changes_nothing(ask->operation))
		return 0;
	if (weir_operation_convert(ask->operation, &from, &to, err) < 0)
		return err->code;
	r = prepare_books(operate, &from, &to, err);
	if (r != -EBUSY || !ask->yield || ask->dry_run)
		return r;
	*err = (struct weir_error){};
	/* What they give up is written down with what it is for, or not at all. */
	if (weir_store_begin(controller->store, err) < 0)
		return err->code = -EIO;
	if (weir_yield_requests(controller, &from, &to, &operate->yield, err) < 0)
		return err->code;
	return prepare_books(operate, &from, &to, err);
}

/* ---- Directories: before the store, so that none is missing whatever happens ---- */

static const char *dir_of(const struct weir_controller *controller, unsigned int disk)
{
	return controller->operations->disks.dirs[disk];
}

static void unmake_volumes(const struct operate *operate, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum weir_volume_fate fate;
		struct weir_volume volume = weir_change_volume(operate->change, i, &fate);
		struct weir_error err = {};

		if (fate == WEIR_VOLUME_BEGINS &&
		    weir_volume_unmake(dir_of(operate->controller, volume.disk), volume.key, &err) <
			    0)
			weir_warn("a directory of no volume is left: %s", err.text);
	}
}

static int make_volumes(const struct operate *operate, struct weir_error *err)
{
	for (size_t i = 0; i < weir_change_volumes(operate->change); i++) {
		enum weir_volume_fate fate;
		struct weir_volume volume = weir_change_volume(operate->change, i, &fate);

		if (fate == WEIR_VOLUME_BEGINS &&
		    weir_volume_make(dir_of(operate->controller, volume.disk), volume.key, err) <
			    0) {
			unmake_volumes(operate, i + 1);
			return err->code;
		}
	}
	return 0;
}

/* ---- Writing down, and then making it so ---- */

static void make_record(const struct operate *operate, struct weir_operation_record *ret)
{
	weir_operations_describe(operate->controller->operations, operate->ask->operation->kind,
				 operate->principal, operate->text, ret);
}

/* Those that end: what is to be removed, when its time has come. */
static int doom_volumes(const struct operate *operate, uint64_t at_us, uint64_t removed_us,
			struct weir_error *err)
{
	const struct weir_books *books = weir_ledger_books(operate->controller->ledger);

	for (size_t i = 0; i < weir_change_volumes(operate->change); i++) {
		enum weir_volume_fate fate;
		struct weir_volume volume = weir_change_volume(operate->change, i, &fate);
		const struct weir_doomed_volume doomed = {
			.key = volume.key,
			.bytes = volume.bytes,
			.id = volume.info.id,
			.disk = weir_books_disk(books, volume.disk)->name,
			.destroyed_us = at_us,
			.removed_us = removed_us,
		};

		if (fate == WEIR_VOLUME_ENDS &&
		    weir_operations_doom(operate->controller->operations, &doomed, err) < 0)
			return err->code;
	}
	return 0;
}

static void tell(const struct operate *operate)
{
	static const char *const causes[WEIR_OPERATION_COUNT_] = {
		[WEIR_OPERATION_RESERVE] = "reserve", [WEIR_OPERATION_UNRESERVE] = "unreserve",
		[WEIR_OPERATION_CREATE] = "create",   [WEIR_OPERATION_DESTROY] = "destroy",
		[WEIR_OPERATION_GROW] = "grow",	      [WEIR_OPERATION_SHRINK] = "shrink",
	};
	struct weir_event event;

	weir_event_init(&event, WEIR_EVENT_OPERATED, "", causes[operate->ask->operation->kind]);
	weir_event_say(&event, "%s, by %.64s", operate->text, operate->principal);
	weir_event_add(&event, "version",
		       weir_books_version(weir_ledger_books(operate->controller->ledger)));
	weir_events_emit(operate->controller->events, &event);
}

/* What the store has is in force from here on. No memory for a list of what was done is no reason to undo it. */
static void commit(struct operate *operate, const struct weir_operation_record *record,
		   uint64_t removed_us)
{
	struct weir_controller *controller = operate->controller;
	struct weir_error err = {};

	weir_controller_change(controller);
	if (weir_operations_record(controller->operations, record, &err) < 0 ||
	    doom_volumes(operate, record->at_us, removed_us, &err) < 0)
		weir_warn("operation %s is not listed: %s", record->id, err.text);
	if (operate->change)
		weir_books_commit(weir_ledger_books(controller->ledger), operate->change);
	operate->change = NULL;
	pthread_rwlock_unlock(&controller->lock);
	weir_remover_wake(controller->operations->remover);
	tell(operate);
}

static int carry_out(struct operate *operate, struct weir_operate_result *ret,
		     struct weir_error *err)
{
	struct weir_controller *controller = operate->controller;
	struct weir_operation_record record;
	uint64_t removed_us;
	int r;

	make_record(operate, &record);
	removed_us = record.at_us + controller->operations->grace_us;
	/* From here on what fails is the disk, whatever its errno says of who holds what. */
	if (make_volumes(operate, err) < 0)
		return err->code = -EIO;
	r = weir_store_operate(controller->store, weir_ledger_books(controller->ledger),
			       operate->change, &record, removed_us, err);
	if (r < 0) {
		unmake_volumes(operate, weir_change_volumes(operate->change));
		weir_fail_in(err, "the operation can't be written down");
		return err->code = -EIO;
	}
	weir_fault("operate.stored");
	commit(operate, &record, removed_us);
	weir_fault("operate.done");
	snprintf(ret->id, sizeof(ret->id), "%s", record.id);
	return 0;
}

/* One that was sound and failed is an operation, too, and ends as one. */
static void note_failure(struct operate *operate, const struct weir_error *why)
{
	struct weir_controller *controller = operate->controller;
	struct weir_operation_record record;
	struct weir_error err = {};

	make_record(operate, &record);
	record.failed = true;
	record.text = (char *)(uintptr_t)why->text;
	pthread_rwlock_wrlock(&controller->lock);
	weir_operations_record(controller->operations, &record, &err);
	pthread_rwlock_unlock(&controller->lock);
}

int weir_controller_operate(struct weir_controller *controller, const struct weir_operate_ask *ask,
			    const struct weir_peer *peer, struct weir_operate_result *ret,
			    struct weir_error *err)
{
	struct operate operate = { .controller = controller, .ask = ask };
	int r;

	if (weir_user_name(peer->uid, &operate.principal, err) < 0)
		return err->code;
	describe(&operate);
	r = prepare(&operate, err);
	if (r == 0 && !ask->dry_run)
		r = carry_out(&operate, ret, err);
	operate.change = weir_change_free(operate.change);
	if (r < 0) {
		weir_store_abandon(controller->store);
		weir_yield_undo(controller, &operate.yield);
	}
	weir_yield_done(&operate.yield);
	if (r < 0 && r != -EINVAL && r != -EPERM && !ask->dry_run)
		note_failure(&operate, err);
	ret->version = weir_books_version(weir_ledger_books(controller->ledger));
	ret->dry_run = ask->dry_run;
	free(operate.principal);
	return r;
}
