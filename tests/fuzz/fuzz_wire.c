/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder of protobuf takes any bytes, by the numbers of either family. */
#include "check_call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_call(WEIR_MEDIA_PROTOBUF, WEIR_DIALECT_AGENT, data, size);
	check_call(WEIR_MEDIA_PROTOBUF, WEIR_DIALECT_MASTER, data, size);
	return 0;
}
