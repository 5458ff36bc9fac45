/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder takes any bytes: it answers with a call that can be used, or with an error that names something. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "api/api.h"
#include "api/decode.h"
#include "base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the floors below rely on. */
static void check_launch(const struct weir_launch *launch)
{
	assert(launch->id && launch->argv && launch->argv[0]);
	for (char *const *arg = launch->argv; *arg; arg++)
		assert(strlen(*arg) < WEIR_API_MAX_BODY);
	for (char *const *variable = launch->env; variable && *variable; variable++)
		assert(strchr(*variable, '=') > *variable);
	for (size_t i = 0; i < launch->n_labels; i++)
		assert(launch->labels[i].key && launch->labels[i].value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weir_call call = {};
	struct weir_error err = {};

	if (weir_call_decode((const char *)data, size, &call, &err) < 0) {
		assert(err.code < 0 && *err.text && !call.memory);
		return 0;
	}

	assert(!err.code && call.type < WEIR_CALL_COUNT_);
	if (call.type == WEIR_CALL_LAUNCH_CONTAINER)
		check_launch(&call.launch);
	weir_call_done(&call);
	return 0;
}
