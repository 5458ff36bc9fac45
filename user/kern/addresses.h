/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_ADDRESSES_H
#define WEIR_ADDRESSES_H

/*
 * The addresses of this node's interfaces, live, through rtnetlink; in the network namespace of whoever
 * opens it.
 */

#include <stdbool.h>

#include "base/cleanup.h"
#include "weir/abi_fence.h"

struct weir_error;
struct weir_addresses;

/* @there: it has come, or was there at the beginning; else it has gone. v4 is ::ffff:a.b.c.d. */
typedef void weir_address_fn(const struct weir_address *address, bool there, void *data);

/* All that are there now are told before it returns. */
int weir_addresses_open(weir_address_fn *fn, void *data, struct weir_addresses **ret,
			struct weir_error *err);
/* NULL is fine. Returns NULL. */
struct weir_addresses *weir_addresses_close(struct weir_addresses *addresses);
WEIR_DEFINE_CLEANUP(struct weir_addresses, weir_addresses_close);

/* Readable when something has changed. */
int weir_addresses_fd(const struct weir_addresses *addresses);
/*
 * Tell what has changed. If the kernel had to drop messages all that are there are told again: then some
 * that are gone may stay.
 */
int weir_addresses_read(struct weir_addresses *addresses, struct weir_error *err);

#endif /* WEIR_ADDRESSES_H */
