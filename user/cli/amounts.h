/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_AMOUNTS_H
#define WEIR_CLI_AMOUNTS_H

/* The options that say how much, for the verbs that take them. */

#include "cli/options.h"

/* @type: the verb's struct, which has a `struct weir_amounts amounts`. */
#define WEIR_AMOUNT_OPTIONS(type)                                          \
	{ "cpu",                                                           \
	  0,                                                               \
	  "REQ[:LIMIT]",                                                   \
	  weir_option_cpu,                                                 \
	  offsetof(type, amounts),                                         \
	  "CPUs promised and at most: 0.5:2, 500m, 150%, 1:max" },         \
		{ "mem",                                                   \
		  0,                                                       \
		  "REQ[:LIMIT]",                                           \
		  weir_option_memory,                                      \
		  offsetof(type, amounts),                                 \
		  "memory promised and at most: 256Mi:1Gi, 64Mi:max" },    \
		{ "cpus",                                                  \
		  0,                                                       \
		  "N",                                                     \
		  weir_option_cpus,                                        \
		  offsetof(type, amounts),                                 \
		  "as in docker a limit; here promised, too: --cpu N:N" }, \
		{ "memory",                                                \
		  'm',                                                     \
		  "N",                                                     \
		  weir_option_memory_both,                                 \
		  offsetof(type, amounts),                                 \
		  "as in docker a limit; here promised, too: --mem N:N" }, \
		{ "swap",                                                  \
		  0,                                                       \
		  "N",                                                     \
		  weir_option_swap,                                        \
		  offsetof(type, amounts),                                 \
		  "swap it may use beside memory: 64Mi, max (none)" },     \
		{ "cpu-burst",                                             \
		  0,                                                       \
		  "N",                                                     \
		  weir_option_cpu_burst,                                   \
		  offsetof(type, amounts),                                 \
		  "CPUs beyond the limit, saved up in earlier periods" },  \
		{ "pids",                                                  \
		  0,                                                       \
		  "N",                                                     \
		  weir_option_pids,                                        \
		  offsetof(type, amounts),                                 \
		  "processes and threads it may have at once, max (max)" }

#endif /* WEIR_CLI_AMOUNTS_H */
