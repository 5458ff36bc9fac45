/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_DECODE_NET_H
#define WEIR_DECODE_NET_H

/* What of the network a container may reach: from words to what the controller takes. */

struct weir_arena;
struct weir_error;
struct weir_net;
struct weir_net_info;
struct weir_parameters;
struct weir_socket_call;

/* *@ret: in @arena; NULL, if it was not given. -EINVAL: there is no such policy; @call names the field. */
int weir_decode_net(const struct weir_net_info *from, const char *call, struct weir_arena *arena,
		    const struct weir_net **ret, struct weir_error *err);

/* -EINVAL: neither an fd nor a path, or both, or no such user. */
int weir_decode_socket(const struct weir_parameters *from, const char *call,
		       struct weir_socket_call *ret, struct weir_error *err);

#endif /* WEIR_DECODE_NET_H */
