/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_RECORDIO_H
#define WEIR_RECORDIO_H

/*
 * RecordIO, as Mesos has it: the length of a record in decimal, LF, its bytes. Finds the records in bytes that come in
 * any pieces; pure.
 */

#include <stddef.h>

struct weir_error;

#define WEIR_RECORD_MAX (64u << 20) /* bytes of one */

/*
 * The record at the start of @data: 1, with where it lies and how much it takes with its length; 0: it is not whole
 * yet; -EIO: it is none.
 */
int weir_recordio_find(const char *data, size_t size, const char **ret_record, size_t *ret_size,
		       size_t *ret_taken, struct weir_error *err);

#endif /* WEIR_RECORDIO_H */
