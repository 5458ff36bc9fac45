/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_OPERATIONS_H
#define WEIR_OPERATIONS_H

/* What the controller has for reservations and volumes, beside the books: where they lie, what was done, what waits to be
 * removed. */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "control/disks.h"
#include "control/store_books.h"

struct weir_controller;
struct weir_controller_options;
struct weir_error;
struct weir_remover;

struct weir_operations {
	struct weir_disks disks;
	uint64_t grace_us; /* how long a destroyed volume is kept */
	struct weir_operation_record *records; /* the last so many, in order */
	size_t n_records;
	uint64_t last_seq;
	struct weir_doomed_volume *doomed; /* in order of when they are removed */
	size_t n_doomed;
	struct weir_remover *remover;
};

/* After the ledger, before anything is recovered: the disks, and the books as they were kept. */
int weir_operations_open(struct weir_controller *controller,
			 const struct weir_controller_options *options, struct weir_error *err);
/* Waits for a removal that is under way to come to a good place. */
void weir_operations_close(struct weir_controller *controller);

/* Where volumes lie on the disk of that name. NULL: there is no such disk. */
const char *weir_operations_dir(const struct weir_operations *operations, const char *disk);
/* The directory of volume @key on the disk of that name. -ENODEV: there is no such disk; -ENAMETOOLONG. */
int weir_operations_path(const struct weir_operations *operations, const char *disk, uint64_t key,
			 char path[static PATH_MAX], struct weir_error *err);

/* What is to be recorded of an operation now: the next number, and an id that no other has. Borrows
 * @principal and @text. */
void weir_operations_describe(const struct weir_operations *operations,
			      enum weir_operation_kind kind, const char *principal,
			      const char *text, struct weir_operation_record *ret);

/* All under the lock to write. Take what is handed over, copied. -ENOMEM. */
int weir_operations_record(struct weir_operations *operations,
			   const struct weir_operation_record *record, struct weir_error *err);
int weir_operations_doom(struct weir_operations *operations,
			 const struct weir_doomed_volume *volume, struct weir_error *err);
void weir_operations_forget(struct weir_operations *operations, uint64_t key);

/* remover.c: a thread that removes what is due, when it is; woken when something is doomed. */
int weir_remover_new(struct weir_controller *controller, struct weir_remover **ret,
		     struct weir_error *err);
struct weir_remover *weir_remover_free(struct weir_remover *remover);
/* Look anew at what is due. */
void weir_remover_wake(struct weir_remover *remover);

#endif /* WEIR_OPERATIONS_H */
