/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strv.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

char **weir_strv_copy(char *const *strv)
{
	scoped(weir_strv_freep) char **copy = NULL;
	size_t n = 0;

	while (strv && strv[n])
		n++;

	copy = calloc(n + 1, sizeof(*copy));
	if (!copy)
		return NULL;

	for (size_t i = 0; i < n; i++) {
		copy[i] = strdup(strv[i]);
		if (!copy[i])
			return NULL;
	}
	return take_ptr(copy);
}

char **weir_strv_free(char **strv)
{
	for (size_t i = 0; strv && strv[i]; i++)
		free(strv[i]);
	free(strv);
	return NULL;
}
