/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder of JSON takes any bytes. */
#include "check_call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_call(WEIR_MEDIA_JSON, WEIR_DIALECT_AGENT, data, size);
	return 0;
}
