/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/addresses.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

#define MESSAGE_BYTES 32768 /* the kernel fills at most that much at once */

struct weir_addresses {
	int fd;
	uint32_t sequence; /* of the last question */
	weir_address_fn *fn;
	void *data;
	char buffer[MESSAGE_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
};

static int ask_for_all(struct weir_addresses *addresses, struct weir_error *err)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg body;
	} question = {
		.header = { .nlmsg_len = sizeof(question),
			    .nlmsg_type = RTM_GETADDR,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			    .nlmsg_seq = ++addresses->sequence },
		.body = { .ifa_family = AF_UNSPEC },
	};

	if (send(addresses->fd, &question, sizeof(question), 0) < 0)
		return weir_fail(err, -errno, "ask for the node's addresses: %s", strerror(errno));
	return 0;
}

static void tell(const struct weir_addresses *addresses, const struct nlmsghdr *header)
{
	const struct ifaddrmsg *body = NLMSG_DATA(header);
	int left = (int)IFA_PAYLOAD(header);
	struct weir_address address = { .bytes = { [10] = 0xff, [11] = 0xff } };
	const void *own = NULL, *far = NULL;

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*body)))
		return;
	for (const struct rtattr *at = IFA_RTA(body); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
		/* Of a point-to-point link IFA_ADDRESS is the other end's. */
		if (at->rta_type == IFA_LOCAL)
			own = RTA_DATA(at);
		else if (at->rta_type == IFA_ADDRESS)
			far = RTA_DATA(at);
	}
	if (!own)
		own = far;
	if (!own)
		return;
	if (body->ifa_family == AF_INET)
		memcpy(address.bytes + 12, own, 4);
	else if (body->ifa_family == AF_INET6)
		memcpy(address.bytes, own, sizeof(address.bytes));
	else
		return;
	addresses->fn(&address, header->nlmsg_type == RTM_NEWADDR, addresses->data);
}

/* NLMSG_OK() compares what may be below zero with what can't. */
static bool is_whole(const struct nlmsghdr *at, int left)
{
	return left >= (int)sizeof(*at) && at->nlmsg_len >= sizeof(*at) &&
	       (int64_t)at->nlmsg_len <= left;
}

/* 1: that was the end of an answer; 0: there may be more. */
static int read_messages(struct weir_addresses *addresses, int flags, struct weir_error *err)
{
	ssize_t n = recv(addresses->fd, addresses->buffer, sizeof(addresses->buffer), flags);
	int left = (int)n, done = 0;

	if (n < 0)
		return weir_fail(err, -errno, "read the node's addresses: %s", strerror(errno));
	for (const struct nlmsghdr *at = (const void *)addresses->buffer; is_whole(at, left);
	     at = NLMSG_NEXT(at, left)) {
		if (at->nlmsg_type == NLMSG_DONE)
			done = 1;
		else if (at->nlmsg_type == NLMSG_ERROR)
			return weir_fail(err, -EIO,
					 "the kernel does not tell the node's addresses");
		else if (at->nlmsg_type == RTM_NEWADDR || at->nlmsg_type == RTM_DELADDR)
			tell(addresses, at);
	}
	return done;
}

int weir_addresses_open(weir_address_fn *fn, void *data, struct weir_addresses **ret,
			struct weir_error *err)
{
	const struct sockaddr_nl ours = { .nl_family = AF_NETLINK,
					  .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };
	scoped(weir_addresses_closep) struct weir_addresses *addresses =
		calloc(1, sizeof(*addresses));
	int r;

	if (!addresses)
		return weir_fail_memory(err);
	addresses->fn = fn;
	addresses->data = data;
	addresses->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (addresses->fd < 0 ||
	    bind(addresses->fd, (const struct sockaddr *)&ours, sizeof(ours)) < 0)
		return weir_fail(err, -errno, "open rtnetlink: %s", strerror(errno));
	if (ask_for_all(addresses, err) < 0)
		return err->code;
	do {
		r = read_messages(addresses, 0, err);
	} while (r == 0);
	if (r < 0)
		return r;
	*ret = take_ptr(addresses);
	return 0;
}

struct weir_addresses *weir_addresses_close(struct weir_addresses *addresses)
{
	if (!addresses)
		return NULL;
	close_fd(addresses->fd);
	free(addresses);
	return NULL;
}

int weir_addresses_fd(const struct weir_addresses *addresses)
{
	return addresses->fd;
}

int weir_addresses_read(struct weir_addresses *addresses, struct weir_error *err)
{
	int r;

	do {
		r = read_messages(addresses, MSG_DONTWAIT, err);
		/* It had more to say than there was room for. */
		if (r == -ENOBUFS)
			r = ask_for_all(addresses, err);
	} while (r >= 0);
	return r == -EAGAIN ? 0 : r;
}
