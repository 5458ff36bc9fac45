/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_TEST_REACH_URING_H
#define WEIR_TEST_REACH_URING_H

/* Ways by io_uring. */

#include "reach.h"

/* ---- io_uring ---- */

struct ring {
	int fd;
	uint8_t *queue;
	struct io_uring_sqe *entries;
	struct io_uring_params params;
};

static int ring_open(struct ring *ring)
{
	*ring = (struct ring){ .fd = -1 };
	ring->fd = (int)syscall(SYS_io_uring_setup, 4, &ring->params);
	if (ring->fd < 0)
		return -1;
	ring->queue = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd,
			   IORING_OFF_SQ_RING);
	ring->entries = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			     ring->fd, IORING_OFF_SQES);
	return ring->queue == MAP_FAILED || ring->entries == MAP_FAILED ? -1 : 0;
}

/* One entry, and what it came to: a value, or -1 with errno. */
static int ring_do(struct ring *ring, const struct io_uring_sqe *entry)
{
	const struct io_cqring_offsets *done = &ring->params.cq_off;
	uint32_t *tail = (uint32_t *)(ring->queue + ring->params.sq_off.tail);
	uint32_t mask = *(uint32_t *)(ring->queue + ring->params.sq_off.ring_mask);
	uint32_t *array = (uint32_t *)(ring->queue + ring->params.sq_off.array);
	uint32_t *head = (uint32_t *)(ring->queue + done->head);
	const struct io_uring_cqe *results = (void *)(ring->queue + done->cqes);
	int r;

	ring->entries[*tail & mask] = *entry;
	array[*tail & mask] = *tail & mask;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -1;
	r = results[*head & *(uint32_t *)(ring->queue + done->ring_mask)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	if (r < 0)
		errno = -r;
	return r < 0 ? -1 : r;
}

static int uring_tcp(const char *address, uint8_t flags)
{
	struct sockaddr_in to = v4(address);
	struct io_uring_sqe make = {
		.opcode = IORING_OP_SOCKET, .flags = flags, .fd = AF_INET, .off = SOCK_STREAM
	};
	struct io_uring_sqe reach = { .opcode = IORING_OP_CONNECT,
				      .flags = flags,
				      .addr = (uintptr_t)&to,
				      .off = sizeof(to) };
	struct ring ring;
	int fd;

	if (ring_open(&ring) < 0)
		return finish(ring.fd, -1);
	fd = ring_do(&ring, &make);
	reach.fd = fd;
	if (fd < 0 || ring_do(&ring, &reach) < 0 || say(fd) < 0)
		fd = -1;
	return finish(ring.fd, fd);
}

static int uring_connect(const char *address)
{
	return uring_tcp(address, 0);
}

static int uring_async(const char *address)
{
	return uring_tcp(address, IOSQE_ASYNC);
}

static int uring_sendmsg(const char *address)
{
	struct sockaddr_in to = v4(address);
	struct iovec part = { .iov_base = (void *)(uintptr_t)way, .iov_len = strlen(way) };
	struct msghdr message = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &part, .msg_iovlen = 1
	};
	struct io_uring_sqe send = { .opcode = IORING_OP_SENDMSG,
				     .fd = socket(AF_INET, SOCK_DGRAM, 0),
				     .addr = (uintptr_t)&message,
				     .len = 1 };
	struct ring ring;

	if (send.fd < 0)
		return errno;
	if (ring_open(&ring) < 0)
		return finish(ring.fd, -1);
	return finish(ring.fd, ring_do(&ring, &send));
}

#endif /* WEIR_TEST_REACH_URING_H */
