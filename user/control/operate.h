/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_OPERATE_H
#define WEIR_OPERATE_H

/*
 * Reservations and volumes: what is asked for is judged by the model, made on the disk, written down, and only then in
 * force.
 *
 *	operation ─> sound? ─> allowed? ─> books: prepare ─> directories ─> store (one transaction) ─> books: commit
 *
 * Whatever fails, or ends the daemon, before the store has it leaves nothing but, perhaps, an empty directory, which the
 * next start takes away. Volumes that end are kept for a grace period, and then removed by a thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "control/store_books.h"

struct weir_controller;
struct weir_error;
struct weir_peer;

struct weir_operate_ask {
	const struct weir_operation *operation;
	bool dry_run; /* as if, and change nothing; containers that would have to yield are in the way then */
	bool yield; /* containers that use what is taken give up as much of their requests */
	bool has_version;
	uint64_t version; /* the books have to be of it */
};

struct weir_operate_result {
	char id[WEIR_OPERATION_ID_TEXT];
	uint64_t version; /* of the books with it */
	bool dry_run;
};

/*
 * On the event loop. -EINVAL: it is unsound; -EPERM: a right is missing; -ENOSPC: what is to be changed is not held so;
 * -EBUSY: it is in use; -EEXIST: a volume's id is taken; -ESTALE: the books are of another version; -ENODEV: there is no
 * such disk; -EDQUOT; -EIO and others: it could not be made or written down. Nothing has changed then.
 */
int weir_controller_operate(struct weir_controller *controller, const struct weir_operate_ask *ask,
			    const struct weir_peer *peer, struct weir_operate_result *ret,
			    struct weir_error *err);

#endif /* WEIR_OPERATE_H */
