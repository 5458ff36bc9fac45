/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CHECK_CALL_H
#define WEIR_CHECK_CALL_H

/* What decoding any bytes has to come to: a call that can be used, or an error that names something. */

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "api/api.h"
#include "api/decode.h"
#include "base/error.h"

/* What the floors below rely on. */
static inline void check_launch(const struct weir_launch *launch)
{
	assert(launch->id && launch->argv && launch->argv[0]);
	for (char *const *arg = launch->argv; *arg; arg++)
		assert(strlen(*arg) < WEIR_API_MAX_BODY);
	for (char *const *variable = launch->env; variable && *variable; variable++)
		assert(strchr(*variable, '=') > *variable);
	for (size_t i = 0; i < launch->n_labels; i++)
		assert(launch->labels[i].key && launch->labels[i].value);
}

static inline void check_call(enum weir_media media, enum weir_dialect dialect, const uint8_t *data,
			      size_t size)
{
	struct weir_call call = {};
	struct weir_error err = {};

	if (weir_call_decode(media, dialect, (const char *)data, size, &call, &err) < 0) {
		assert(err.code < 0 && *err.text && !call.memory);
		return;
	}

	assert(!err.code && call.type < WEIR_CALL_COUNT_);
	if (call.type == WEIR_CALL_LAUNCH_CONTAINER)
		check_launch(&call.launch);
	weir_call_done(&call);
}

#endif /* WEIR_CHECK_CALL_H */
