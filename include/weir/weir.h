/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

/*
 * libweir: the control socket for agents in C.
 *
 * Blocking calls on one connection; a client is used by one thread at a time. Amounts are in
 * millicores and bytes (see weir/abi.h for WEIR_ABSENT and WEIR_INFINITE). Strings in results
 * belong to the result and live until its _free().
 *
 * Functions return 0 or a negative errno; weir_client_error() then has the text. What the
 * daemon refused comes back as: -EINVAL (400), -EPERM (403), -ENOENT (404), -ENOSPC (409),
 * -EAGAIN (503, starting), -EIO (500 and everything unexpected); -ECONNREFUSED: no daemon.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "weir/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_SOCKET_DEFAULT "/run/weir/weir.sock"

struct weir_client;

/* @socket_path: NULL for $WEIR_SOCKET, else WEIR_SOCKET_DEFAULT. Connects at the first call. -ENOMEM, -ENAMETOOLONG. */
int weir_client_new(const char *socket_path, struct weir_client **ret);
void weir_client_free(struct weir_client *client);

/* Why the last call failed, in one sentence. Never NULL. */
const char *weir_client_error(const struct weir_client *client);
/* The HTTP status of the last answer; 0: there was none. */
int weir_client_status(const struct weir_client *client);
const char *weir_client_socket(const struct weir_client *client);

struct weir_amounts {
	uint64_t cpu_request_mcpu, cpu_limit_mcpu; /* WEIR_ABSENT: not said */
	uint64_t mem_request_bytes, mem_limit_bytes;
};

#define WEIR_AMOUNTS_ABSENT { WEIR_ABSENT, WEIR_ABSENT, WEIR_ABSENT, WEIR_ABSENT }

struct weir_launch_options {
	const char *id;
	const char *role; /* NULL: "*" */
	struct weir_amounts amounts;
	const char *const *argv; /* NULL-terminated */
	const char *const
		*env; /* NULL-terminated "KEY=VALUE", or NULL; foreground: over the caller's */
	const char *user, *workdir; /* NULL: detached root and "/", foreground the caller's own */
	bool keep; /* a foreground record stays after the end */
};

/* What the daemon had to say beside "done", one line each (amounts raised to a floor). */
struct weir_answer_notes {
	size_t n;
	char **text;
};
void weir_answer_notes_free(struct weir_answer_notes *notes);

/*
 * Launch detached. -EEXIST: the id is taken; -ENOEXEC with ENOENT or EACCES in *@ret_exec_errno:
 * the command could not be executed. @notes may be NULL.
 */
int weir_client_launch(struct weir_client *client, const struct weir_launch_options *options,
		       struct weir_answer_notes *notes, int *ret_exec_errno);

/*
 * Launch in the foreground: the command is a child of the caller, in its session, terminal and
 * process group, but in the container's cgroups. *@ret_pid is to be waited for by the caller.
 * -ENOEXEC with the errno in *@ret_exec_errno: the command could not be executed (and nothing
 * of it is left). In the child between fork and exec, @in_child(data) is called if not NULL.
 */
int weir_client_run(struct weir_client *client, const struct weir_launch_options *options,
		    void (*in_child)(void *data), void *data, struct weir_answer_notes *notes,
		    pid_t *ret_pid, int *ret_exec_errno);

/* WEIR_ABSENT: leave as it is. *@ret_pending: a lower memory limit waits for usage to fall. */
int weir_client_update(struct weir_client *client, const char *id,
		       const struct weir_amounts *change, struct weir_answer_notes *notes,
		       bool *ret_pending);

int weir_client_kill(struct weir_client *client, const char *id, int signal);
int weir_client_remove(struct weir_client *client, const char *id);

struct weir_wait_result {
	bool status_known;
	int status; /* as from wait(2) */
	char reason[16]; /* "self", "killed", "limit", "lost" */
	char message[256];
};

/* Blocks until it has ended, at most @timeout_ms (-1: for ever). -ETIMEDOUT. */
int weir_client_wait(struct weir_client *client, const char *id, int timeout_ms,
		     struct weir_wait_result *ret);

struct weir_container_info {
	const char *id, *role, *state, *reason, *message, *user;
	const char *const *argv; /* NULL-terminated */
	struct weir_amounts
		amounts; /* in force; a request of 0: none; limits may be WEIR_INFINITE */
	uint64_t pending_mem_limit_bytes; /* WEIR_ABSENT: none */
	bool foreground, status_known;
	int status;
	pid_t pid; /* 0: none */
	uint32_t slot;
	uint64_t created_us, started_us, ended_us; /* CLOCK_REALTIME; 0: not yet */
	/* WEIR_ABSENT: the daemon could not read it. */
	uint64_t cpu_ns, cpu_beyond_ns, wait_ns, nr_periods, nr_throttled, throttled_ns;
	uint64_t mem_current_bytes, mem_peak_bytes, mem_beyond_bytes, oom_kills;
	const char *stdout_path, *stderr_path; /* NULL: foreground */
};

struct weir_container_list {
	size_t n;
	struct weir_container_info *list; /* in order of id */
	void *owner;
};

/* @id: one container (-ENOENT), or NULL for all. */
int weir_client_containers(struct weir_client *client, const char *id,
			   struct weir_container_list *ret);
void weir_container_list_free(struct weir_container_list *list);

int weir_client_health(struct weir_client *client, bool *ret_healthy);
/* Version of the daemon, into @buf. */
int weir_client_version(struct weir_client *client, char *buf, size_t size);

/* One container as the daemon tells it: indented JSON. -ENOENT. Owned by the caller. */
int weir_client_record(struct weir_client *client, const char *id, char **ret_json);

/* The daemon's answer to a GET_* call as it came, JSON, for `--json`. Owned by the caller. */
int weir_client_raw(struct weir_client *client, const char *request_json, char **ret_json);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_WEIR_H */
