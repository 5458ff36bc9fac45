/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef WEIR_BPF_FENCE_MAPS_H
#define WEIR_BPF_FENCE_MAPS_H

/* The fence's maps, private all of them: see weir/abi.h for what lies in them. Slots and index are the meter's. */

#include "maps.h"
#include "weir/abi_fence.h"

/* Private: see weir/abi.h. */
struct weir_fence_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct weir_fence_node);
};

struct weir_denials_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
};

struct weir_locals_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct weir_address);
	__type(value, __u32);
};

struct weir_rules_map {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 20);
	__type(key, struct weir_rules_key);
	__type(value, struct weir_rules);
};

struct weir_agents_map {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct weir_tag);
};

struct weir_peers_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct weir_peer_key);
	__type(value, __u32);
};

/* The daemon's own: here since it lives as long as the tags do. */
struct weir_sockets_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WEIR_SOCKETS_MAX);
	__type(key, struct weir_socket_name);
	__type(value, struct weir_socket);
};

struct weir_paths_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WEIR_SOCKETS_MAX);
	__type(key, struct weir_socket_name);
	__type(value, __u32);
};

struct weir_guarded_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct weir_guarded);
	__type(value, __u32);
};

extern struct weir_slots_map weir_slots SEC(".maps");
extern struct weir_index_map weir_index SEC(".maps");
extern struct weir_fence_map weir_fence SEC(".maps");
extern struct weir_denials_map weir_denials SEC(".maps");
extern struct weir_locals_map weir_locals SEC(".maps");
extern struct weir_rules_map weir_rules SEC(".maps");
extern struct weir_agents_map weir_agents SEC(".maps");
extern struct weir_peers_map weir_peers SEC(".maps");
extern struct weir_sockets_map weir_sockets SEC(".maps");
extern struct weir_paths_map weir_paths SEC(".maps");
extern struct weir_guarded_map weir_guarded SEC(".maps");

#endif /* WEIR_BPF_FENCE_MAPS_H */
