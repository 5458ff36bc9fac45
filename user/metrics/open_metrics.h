/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_OPEN_METRICS_H
#define WEIR_OPEN_METRICS_H

/* A sample in the OpenMetrics 1.0 text format: seconds, bytes and CPUs, families in one piece. */

#define WEIR_OPEN_METRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

#define WEIR_OPEN_METRICS_MAX (256u << 20) /* bytes; of 16,000 containers it is half of that */

struct weir_buffer;
struct weir_sample;

/* -ENOMEM; -EFBIG: it does not fit into @to. */
int weir_open_metrics_write(const struct weir_sample *sample, struct weir_buffer *to);

#endif /* WEIR_OPEN_METRICS_H */
