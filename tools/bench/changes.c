/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes: how often a container has changed its band.
 *
 *	changes PIN_DIR ID
 *
 * From the mapped tables; a container that has ended is there until it is removed.
 */
#include <string.h>

#include "options.h"
#include "weir/metrics.h"

int main(int argc, char *argv[])
{
	struct weir_metrics metrics;
	struct weir_slot slot;
	int r;

	if (argc != 3)
		errx(2, "usage: changes PIN_DIR ID");
	r = weir_metrics_open(&metrics, argv[1]);
	if (r < 0)
		errx(1, "tables below %s: %s", argv[1], strerror(-r));
	for (uint32_t i = 1; i < weir_metrics_slots(&metrics); i++)
		if (weir_metrics_read(&metrics, i, &slot) &&
		    strncmp(slot.id, argv[2], sizeof(slot.id)) == 0) {
			printf("%llu\n", (unsigned long long)slot.band_changes);
			weir_metrics_close(&metrics);
			return 0;
		}
	errx(1, "there is no container '%s'", argv[2]);
}
