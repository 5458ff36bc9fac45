/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_OPEN_METRICS_H
#define WEIR_CLI_OPEN_METRICS_H

/* A sample in the OpenMetrics 1.0 text format: seconds, bytes and CPUs, families in one piece. */

#include <stdio.h>

struct weir_sample;

void weir_open_metrics_print(const struct weir_sample *sample, FILE *file);

#endif /* WEIR_CLI_OPEN_METRICS_H */
