/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef METER_SHARD_H
#define METER_SHARD_H

/* How the records of the `shard` technique lie: SHARD_SLOTS for each CPU, one CPU after another. */
#define SHARD_SLOTS 1024
#define SHARD_CPUS  64

#endif /* METER_SHARD_H */
