/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reach PORT NAME…: tries to reach a server at this port of this node in each of these ways, and says
 * on a line what came of it: "NAME ok", or "NAME ERRNO". Without names: in all of them.
 *
 * REACH_STREAM, _SEQPACKET, _DGRAM, _ABSTRACT and _AGENT in its environment are addresses of unix sockets,
 * REACH_OWN is one that it may take, REACH_DONOR a connection of another process (PID:FD), REACH_NEIGHBOUR a process
 * of root's outside that has no capabilities. 10.87.1.1 and fe80::87
 * are addresses of this node, too.
 * What it sends is the name of the way, so that a server knows what came through: an errno is only what
 * the caller was told. "ok" means that the last call of the way succeeded.
 */
#include "reach_files.h"
#include "reach_ip.h"
#include "reach_leave.h"
#include "reach_packets.h"
#include "reach_unix.h"
#include "reach_uring.h"

/* ---- The ways ---- */

static const struct {
	const char *name;
	int (*try)(const char *address);
	const char *address;
} ways[] = {
	{ "tcp4", tcp_v4, "127.0.0.1" },
	{ "tcp4-alias", tcp_v4, "127.0.0.2" },
	{ "tcp4-unspecified", tcp_v4, "0.0.0.0" },
	{ "tcp4-other", tcp_v4, "10.87.1.1" },
	{ "tcp4-nonblocking", tcp_nonblocking, "127.0.0.1" },
	{ "tcp6", tcp_v6, "::1" },
	{ "tcp6-unspecified", tcp_v6, "::" },
	{ "tcp6-link-local", tcp_link_local, "fe80::87" },
	{ "tcp6-mapped", tcp_v6, "::ffff:127.0.0.1" },
	{ "tcp6-mapped-unspecified", tcp_v6, "::ffff:0.0.0.0" },
	{ "tcp-fastopen", tcp_fastopen, "127.0.0.1" },
	{ "tcp-fastopen-connect", tcp_fastopen_connect, "127.0.0.1" },
	{ "mptcp", mptcp, "127.0.0.1" },
	{ "sctp", sctp, "127.0.0.1" },
	{ "dccp", dccp, "127.0.0.1" },
	{ "udp4-connect", udp_connect, "127.0.0.1" },
	{ "udp4-sendto", udp_sendto, "127.0.0.1" },
	{ "udp4-sendmmsg", udp_sendmmsg, "127.0.0.1" },
	{ "udp4-unspec", udp_unspec, "127.0.0.1" },
	{ "udp4-elsewhere", udp_elsewhere, "127.0.0.1" },
	{ "udp6-connect", udp_v6_connect, "::1" },
	{ "udp6-sendto", udp_v6_sendto, "::1" },
	{ "udp6-mapped", udp_v6_sendto, "::ffff:127.0.0.1" },
	{ "udplite", udplite_sendto, "127.0.0.1" },
	{ "raw-header", raw_header, "127.0.0.1" },
	{ "raw-udp", raw_udp, "127.0.0.1" },
	{ "icmp", icmp, "127.0.0.1" },
	{ "uring-connect", uring_connect, "127.0.0.1" },
	{ "uring-async", uring_async, "127.0.0.1" },
	{ "uring-sendmsg", uring_sendmsg, "127.0.0.1" },
	{ "packet", packet, NULL },
	{ "netlink", netlink, NULL },
	{ "vsock", vsock, NULL },
	{ "xdp", xdp, NULL },
	{ "alg", alg, NULL },
	{ "listen-bound", listen_bound, "127.0.0.1" },
	{ "listen-unbound", listen_unbound, NULL },
	{ "unix-stream", unix_stream, "REACH_STREAM" },
	{ "unix-seqpacket", unix_seqpacket, "REACH_SEQPACKET" },
	{ "unix-dgram-connect", unix_dgram_connect, "REACH_DGRAM" },
	{ "unix-dgram-sendto", unix_dgram_sendto, "REACH_DGRAM" },
	{ "unix-abstract", unix_stream, "REACH_ABSTRACT" },
	{ "agent", unix_stream, "REACH_AGENT" },
	{ "agent-relative", unix_relative, "REACH_AGENT" },
	{ "inherited", inherited, NULL },
	{ "received", received, NULL },
	{ "taken", taken, "REACH_DONOR" },
	{ "leave-write", leave_write, NULL },
	{ "leave-clone", leave_clone, NULL },
	{ "leave-neighbour", leave_neighbour, "REACH_NEIGHBOUR" },
	{ "unix-own-stream", unix_own_stream, NULL },
	{ "unix-own-dgram", unix_own_dgram, NULL },
	{ "unix-own-path", unix_own_path, "REACH_OWN" },
	{ "pair-stream", pair_stream, NULL },
	{ "pair-dgram", pair_dgram, NULL },
};

static bool is_asked_for(const char *name, int n, char **names)
{
	if (n == 0)
		return true;
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: reach PORT [NAME...]\n");
		return 2;
	}
	port = (uint16_t)atoi(argv[1]);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		int error;

		if (!is_asked_for(ways[i].name, argc - 2, argv + 2))
			continue;
		way = ways[i].name;
		error = ways[i].try(ways[i].address);
		printf("%s %s\n", way, error ? strerrorname_np(error) : "ok");
		fflush(stdout);
	}
	return 0;
}
