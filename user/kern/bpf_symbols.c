/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs have to be told of this kernel, since they can't ask for it themselves. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <bpf/btf.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "kern/bpf_internal.h"

#define SYMBOL "__per_cpu_offset"

WEIR_DEFINE_CLEANUP(struct btf, btf__free);

/* "struct cfs_rq **cfs_rq" was an array of pointers; "struct cfs_rq *cfs_rq" is per-CPU data. */
static bool queues_are_per_cpu(const struct btf *btf)
{
	int32_t id = btf__find_by_name_kind(btf, "task_group", BTF_KIND_STRUCT);
	const struct btf_type *group = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);

	for (uint16_t i = 0; group && i < btf_vlen(group); i++) {
		const struct btf_member *member = &btf_members(group)[i];
		const struct btf_type *pointer = btf__type_by_id(btf, member->type);

		if (strcmp(btf__name_by_offset(btf, member->name_off), "cfs_rq") == 0)
			return btf_is_ptr(pointer) &&
			       !btf_is_ptr(btf__type_by_id(btf, pointer->type));
	}
	return false;
}

int weir_bpf_per_cpu_offset(uint64_t *ret, struct weir_error *err)
{
	scoped(btf__freep) struct btf *btf = btf__load_vmlinux_btf();
	scoped(fclosep) FILE *symbols = NULL;
	char line[512], name[sizeof(SYMBOL) + 1];
	uint64_t address;

	*ret = 0;
	if (!btf || !queues_are_per_cpu(btf))
		return 0;
	symbols = fopen("/proc/kallsyms", "re");
	while (symbols && fgets(line, sizeof(line), symbols)) {
		if (sscanf(line, "%" SCNx64 " %*c %17s", &address, name) == 2 &&
		    strcmp(name, SYMBOL) == 0 && address != 0) {
			*ret = address;
			return 0;
		}
	}
	return weir_fail(err, -ENOENT, "/proc/kallsyms does not tell where %s is", SYMBOL);
}
