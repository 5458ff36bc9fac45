/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_LEDGER_H
#define WEIR_LEDGER_H

/*
 * The ledger: what this node has, what it has promised, and to whom.
 *
 * What a container brings is its own figures. An executor is held to those of its tasks as well, and
 * its figures follow as they come, change and end; the node counts each part once.
 *
 * Pure bookkeeping over the containers it owns, kept sorted by id. It opens no
 * files and is told the time, so that every branch can be tested without a kernel.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "model/books.h"
#include "model/container.h"

struct weir_error;
struct weir_ledger;

struct weir_capacity {
	uint64_t total_mcpu, total_bytes; /* of the machine */
	uint64_t reserve_mcpu, reserve_bytes; /* kept for the system; never above the total */
	const struct weir_disk *disks; /* where volumes can lie; for weir_ledger_new() alone */
	size_t n_disks;
	bool reserved_only; /* containers of roles get nothing of what is reserved for nobody */
};

/* -EINVAL: the reserve exceeds the total. */
int weir_ledger_new(const struct weir_capacity *capacity, size_t max_containers,
		    struct weir_ledger **ret, struct weir_error *err);
/* Frees the containers too. NULL is fine. Always returns NULL. */
struct weir_ledger *weir_ledger_free(struct weir_ledger *ledger);
WEIR_DEFINE_CLEANUP(struct weir_ledger, weir_ledger_free);

const struct weir_capacity *weir_ledger_capacity(const struct weir_ledger *ledger);

/* Who holds what of it, by reservations. What containers need of it is the ledger's to say. */
struct weir_books *weir_ledger_books(const struct weir_ledger *ledger);
/* Whose reservations it spends: its own role, of a task its executor's; "*": nobody's. */
const char *weir_ledger_role(const struct weir_ledger *ledger,
			     const struct weir_container *container);

/*
 * Take @container in; its request counts until it has exited. The ledger owns it afterwards
 * (on failure the caller still does). Its figures, as given, are its own; of a task they go into its
 * executor's as well.
 *
 * -EEXIST: the id is taken (also by an exited one);
 * -ENOENT: of a task: there is no such executor;
 * -ENOSPC: the requests no longer fit. The text tells what was wanted, what is free, and who
 *          holds the rest (the largest holders, at most five, then "and N more");
 * -EDQUOT: max_containers records are held; remove some.
 */
int weir_ledger_admit(struct weir_ledger *ledger, struct weir_container *container,
		      struct weir_error *err);

/* As admit, but never refuses for want of room: what runs already has to be written down. -EEXIST, -ENOENT. */
int weir_ledger_adopt(struct weir_ledger *ledger, struct weir_container *container,
		      struct weir_error *err);

/*
 * What @executor will be held to with @own for @task in place of what it has; NULL: with @task gone.
 * @task need not be in the ledger yet. Nothing is changed.
 */
struct weir_figures weir_ledger_sum(const struct weir_ledger *ledger,
				    const struct weir_container *executor,
				    const struct weir_container *task,
				    const struct weir_figures *own);

/* A task of @executor that has not exited; NULL: there is none. */
struct weir_container *weir_ledger_any_task(const struct weir_ledger *ledger,
					    const struct weir_container *executor);

/* The records of its tasks, in order of id; @ret_n of them. Borrowed, until the ledger next changes. */
struct weir_container *const *weir_ledger_tasks(const struct weir_ledger *ledger,
						const struct weir_container *executor,
						size_t *ret_n);

/*
 * Would @figures in place of the container's own still fit? Its own request counts as free, and
 * no more of a resource than it has is never refused. -ENOSPC as above; nothing is changed.
 */
int weir_ledger_check_change(const struct weir_ledger *ledger,
			     const struct weir_container *container,
			     const struct weir_figures *figures, struct weir_error *err);

/* Put @figures in force as its own. The caller has checked them. */
void weir_ledger_change(struct weir_ledger *ledger, struct weir_container *container,
			const struct weir_figures *figures);

/* The container has exited: its request no longer counts. Sets the state. Idempotent. Tasks go first. */
void weir_ledger_release(struct weir_ledger *ledger, struct weir_container *container);

/* Take @container out; the caller owns it afterwards. Tasks go before their executor. */
void weir_ledger_remove(struct weir_ledger *ledger, struct weir_container *container);

/* Borrowed, until removed. NULL: no such container. */
struct weir_container *weir_ledger_find(const struct weir_ledger *ledger, const char *id);

/* All containers in order of id; @ret_n of them. Borrowed, until the ledger next changes. */
struct weir_container *const *weir_ledger_all(const struct weir_ledger *ledger, size_t *ret_n);

/* Sum of requests in force. */
void weir_ledger_requested(const struct weir_ledger *ledger, uint64_t *ret_mcpu,
			   uint64_t *ret_bytes);

/* Of memory, without containers that were adopted, which lie elsewhere. Walks through all. */
uint64_t weir_ledger_placed_bytes(const struct weir_ledger *ledger);

#endif /* WEIR_LEDGER_H */
