/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder of protobuf takes any bytes. */
#include "check_call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_call(WEIR_MEDIA_PROTOBUF, data, size);
	return 0;
}
