// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* empty: what it costs to be called at all. The others are judged net of this. */
#include "common.h"

SEC("tp_btf/sched_switch")
int BPF_PROG(empty_switch)
{
	return 0;
}
