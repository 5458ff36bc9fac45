/* SPDX-License-Identifier: Apache-2.0 */
#include "client/recordio.h"

#include <ctype.h>
#include <errno.h>

#include "base/error.h"

int weir_recordio_find(const char *data, size_t size, const char **ret_record, size_t *ret_size,
		       size_t *ret_taken, struct weir_error *err)
{
	size_t length = 0, i;

	for (i = 0; i < size && isdigit((unsigned char)data[i]); i++) {
		length = length * 10 + (size_t)(data[i] - '0');
		if (length > WEIR_RECORD_MAX)
			return weir_fail(err, -EIO, "a record is longer than %u bytes",
					 WEIR_RECORD_MAX);
	}
	if (i == size)
		return 0;
	if (i == 0 || data[i] != '\n')
		return weir_fail(err, -EIO, "a record does not begin with its length");
	if (size - i - 1 < length)
		return 0;
	*ret_record = data + i + 1;
	*ret_size = length;
	*ret_taken = i + 1 + length;
	return 1;
}
