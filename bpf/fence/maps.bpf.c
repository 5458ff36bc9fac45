// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fence's maps. Linked first: libbpf's linker loses the place of a map that is used before it is there. */
#include "kernel.h"

#include "fence_maps.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct weir_slots_map weir_slots SEC(".maps");
struct weir_index_map weir_index SEC(".maps");
struct weir_fence_map weir_fence SEC(".maps");
struct weir_denials_map weir_denials SEC(".maps");
struct weir_locals_map weir_locals SEC(".maps");
struct weir_rules_map weir_rules SEC(".maps");
struct weir_agents_map weir_agents SEC(".maps");
struct weir_peers_map weir_peers SEC(".maps");
struct weir_sockets_map weir_sockets SEC(".maps");
struct weir_paths_map weir_paths SEC(".maps");
struct weir_guarded_map weir_guarded SEC(".maps");
