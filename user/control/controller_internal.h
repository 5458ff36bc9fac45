/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CONTROLLER_INTERNAL_H
#define WEIR_CONTROLLER_INTERNAL_H

/* What the controller's files share; nobody else includes this. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/log.h"
#include "control/controller.h"
#include "control/pacer.h"
#include "control/squeezer.h"
#include "control/store.h"
#include "control/worker.h"
#include "kern/addresses.h"
#include "kern/bpf.h"
#include "kern/cgroup.h"
#include "kern/fence.h"
#include "kern/foreign.h"
#include "kern/node.h"
#include "model/bands.h"
#include "model/family.h"
#include "model/ledger.h"
#include "model/plan.h"
#include "model/squeeze.h"
#include "weir/metrics.h"

#define WEIR_MAX_WAITERS 4096 /* on all containers together */
#define WEIR_LOG_STREAMS 2 /* stdout, stderr */

/* Somebody who wants to know how a container ended. */
struct weir_waiter {
	weir_end_fn *fn;
	void *data;
	struct weir_waiter *next;
};

/* Why the kernel killed in a container, if it did. */
enum weir_oom {
	WEIR_OOM_NONE,
	WEIR_OOM_LIMIT, /* its own limit */
	WEIR_OOM_EXECUTOR, /* that of the executor that it is a task of */
	WEIR_OOM_NODE, /* none of these was in the way: memory ran out above */
};

/* The part of a container that lives only while the daemon does. */
struct weir_live {
	struct weir_controller *controller;
	struct weir_container *container;
	int pidfd; /* of the first process; -1: none */
	int caller_pidfd; /* of whoever launched it in the foreground; -1: none */
	sd_event_source *exit_source, *caller_source, *finish_source;
	uint64_t finish_delay_us, finish_since_us; /* while its groups are being removed */
	struct weir_applied applied;
	struct weir_squeeze_member squeeze;
	uint64_t told_pending_bytes; /* the memory limit of which it was last told that it waits */
	uint64_t pressed_bytes; /* killed for the node, so far over its request; 0: was not */
	enum weir_oom oom; /* that the kernel killed in it is why it ends */
	uint64_t signals; /* that were asked for: see weir_signal_bit() */
	uint64_t self_cpu_mcpu, self_mem_bytes; /* of an executor: written for its own processes */
	bool caller_gone, finishing;
	bool unsettled; /* what it is held to could not be written; tried again at each tick */
	bool with_executor; /* a task that ends since its executor does */
	bool drifted; /* of one that is adopted: some of it lies elsewhere on v1, which was said */
	int fence_level; /* entered into the fence as lying there; -1: it is not */
	bool unheld; /* a controller was taken from its groups, which was told */
	bool foreign; /* groups of its name were there before: not ours to clear */
	char *stdout_path, *stderr_path; /* NULL: foreground */
	uint64_t trimmed_cpu_ns; /* its CPU time when they were last looked at */
	struct weir_waiter *waiters;
};

struct weir_leftover;

struct weir_controller {
	sd_event *event;
	struct weir_events *events; /* first and last: all that is below emits */
	struct weir_groups groups;
	struct weir_bpf *bpf;
	struct weir_metrics metrics; /* its maps, as they are to others */
	struct weir_store *store;
	struct weir_ledger *ledger;
	struct weir_operations *operations; /* of reservations and volumes */
	struct weir_worker *worker;
	struct weir_pacer *pacer;
	struct weir_squeezer *squeezer;
	sd_event_source *tick_source, *spare_source;
	struct weir_machine machine;
	pthread_rwlock_t lock; /* the ledger and its containers; writers go first */
	_Atomic uint64_t changes; /* times that it was taken to write */
	char *state_dir;
	char agent_id[40];
	struct weir_tunables tunables; /* in force */
	weir_reload_fn *reload;
	weir_flags_fn *flags;
	void *reload_data;
	sd_event_source *
		verbose_source; /* ends what weir_controller_set_verbosity() began; NULL: nothing */
	enum weir_log_level quiet_level; /* what it goes back to */
	_Atomic uint64_t n_launched, n_finished, n_failed, n_killed; /* since the start */
	int spare_fds[WEIR_LOG_STREAMS]; /* log files for the next launch; -1: none */
	gid_t reader_gid;
	unsigned int n_waiters, n_ticks;
	uint64_t parent_low_bytes; /* what parent.c wrote last; WEIR_ABSENT: nothing */
	struct weir_fence *fence; /* NULL: there is none */
	struct weir_addresses *addresses; /* of this node, which the fence has to know */
	struct weir_sought *sought; /* unix sockets that are looked for: see sockets.c */
	uint32_t last_set; /* of rules: see rules.c */
	sd_event_source *addresses_source, *denials_source;
	size_t n_looked; /* whose knobs are looked at next: see contest.c */
	bool keeps, keep_failed; /* the controllers of containers on: see kern/keep.h */
	uint64_t oom_kills; /* of the node, at the last tick; see oom.c */
	bool oom_check_again;
	struct weir_leftover *leftovers; /* groups that outlived their containers */
	_Atomic uint64_t refreshed_us; /* CLOCK_MONOTONIC */
	atomic_bool refresh_failed; /* said once, until it works again */
};

/* controller.c */
struct weir_live *weir_live_new(struct weir_controller *controller,
				struct weir_container *container);
/* Takes the live part off @container; waiters are told NULL. Returns NULL. */
struct weir_live *weir_live_free(struct weir_live *live);
/* Write the record down; what can't be is logged, since the kernel is right already. */
void weir_controller_save(struct weir_controller *controller,
			  const struct weir_container *container);
/* What is requested has changed: reserve, sums and counts in the node's record, and the parent. */
void weir_controller_publish_node(struct weir_controller *controller);
uint64_t weir_now_us(clockid_t clock);

/* Take the lock to write; pthread_rwlock_unlock() ends it. */
void weir_controller_change(struct weir_controller *controller);

/* views.c */
/*
 * Memory and throttle figures of all, unless they are younger than @max_age_us. It takes some
 * microseconds a container, so a node where nobody asks does it seldom. On any thread: of several
 * who find the figures old, one does the work.
 */
void weir_controller_refresh(struct weir_controller *controller, uint64_t max_age_us);

/* actuate.c */
/*
 * Bring the knobs of @container to its figures. A limit that has to wait for usage to fall is
 * noted in the container and tried again at each tick. A group that is gone is success.
 */
int weir_controller_actuate(struct weir_controller *controller, struct weir_container *container,
			    struct weir_error *err);
/* The same; what the kernel would not have is warned of, and tried again at the next tick. */
void weir_controller_settle(struct weir_controller *controller, struct weir_container *container);
/* The same, but leaves it to the caller to weir_tell_pending(), after what there is to tell first. */
int weir_controller_apply(struct weir_controller *controller, struct weir_container *container,
			  struct weir_error *err);
/* Beyond its figures, for as long as its parts change: it has @figures, which are the larger of each. */
int weir_controller_widen(struct weir_controller *controller, struct weir_container *executor,
			  const struct weir_figures *figures, struct weir_error *err);
/* 0: it can't be read. */
uint64_t weir_controller_memory_in_use(struct weir_controller *controller,
				       const struct weir_container *container);
/* The worker has carried out what could block. */
void weir_controller_on_job(const struct weir_job *job, void *data);
/* Figures into the slot, where readers see them. */
void weir_controller_publish(struct weir_controller *controller,
			     const struct weir_container *container);
/* After a restart: what the kernel has already, so that a quota is not written (and refilled) again. */
void weir_controller_learn_applied(struct weir_controller *controller,
				   struct weir_container *container);

/* family.c: executors and their tasks. */
#define WEIR_GROUP_NAME (WEIR_NAME_MAX + sizeof("/" WEIR_SELF_NAME "/" WEIR_SHARED_MARK))
/* May it be launched beside what there is? As weir_task_check(); of one that is no task, 0. */
int weir_family_check(const struct weir_controller *controller,
		      const struct weir_container *container, struct weir_error *err);
/* Where its processes lie. What is returned points into @container or @buf. */
struct weir_seat weir_family_seat(const struct weir_container *container,
				  char buf[WEIR_GROUP_NAME]);
/* The group of an executor's own processes: its weight and what shrinks of it, or @grow what grows. */
int weir_family_apply_self(struct weir_controller *controller,
			   const struct weir_container *executor, bool grow,
			   struct weir_error *err);
/* A task of @executor (NULL: there is none) has gone: what it is held to follows. */
void weir_family_settle(struct weir_controller *controller, struct weir_container *executor);
/* The executor ends, and they with it. */
void weir_family_finish_tasks(struct weir_controller *controller, struct weir_container *executor);
/* What its files say of @container, which may be a task that has no more than the times. */
void weir_family_read_stats(const struct weir_controller *controller,
			    const struct weir_container *container, struct weir_cgroup_stats *ret);
/*
 * Which of @container and its tasks has most of what it uses beyond its request?
 * *@excess_bytes: in, of the whole family; out, of the task, if it is one. For all but an executor,
 * @container itself.
 */
struct weir_container *weir_family_greediest(struct weir_controller *controller,
					     struct weir_container *container,
					     uint64_t *excess_bytes);
/* Everything in @executor is about to be killed: its tasks may be seen to end before it is. */
void weir_family_note_kill(struct weir_controller *controller, struct weir_container *executor);
/* All have ended: their records go before its own. */
void weir_family_forget_tasks(struct weir_controller *controller, struct weir_container *executor);

/* parent.c: the group that all of them lie below, if they do. */
/* After a change of what is requested: its protected memory. */
void weir_parent_settle(struct weir_controller *controller);
/* Has somebody else been at it? */
void weir_parent_look(struct weir_controller *controller);

#define WEIR_MEM_GRAIN 65536 /* the kernel counts memory in pages, of at most that */

/* fence.c: what of the network they may reach. */
/* What goes wrong is logged: then there is none. */
void weir_controller_open_fence(struct weir_controller *controller, bool maps_are_new);
/* The tunables in force are others. */
void weir_controller_tune_fence(struct weir_controller *controller);
void weir_controller_close_fence(struct weir_controller *controller);
/*
 * Before @container has its slot: what is to hold there, into @identity, which is right whatever is returned.
 * -EOPNOTSUPP: this machine can't keep its policy; -ENOTCONN: the fence is broken.
 */
int weir_controller_fence(struct weir_controller *controller, struct weir_container *container,
			  struct weir_bpf_identity *identity, struct weir_error *err);
/* What is filtered of what is executed there, since the tier in force sees no such sockets. */
enum weir_families weir_controller_families(const struct weir_controller *controller,
					    const struct weir_container *container);
/* After it has given it back. Again is fine. */
void weir_controller_unfence(struct weir_controller *controller, struct weir_container *container);

/* tell_denied.c */
void weir_tell_policy(struct weir_controller *controller, const struct weir_container *container,
		      enum weir_policy before);
/* @data: the controller. */
void weir_tell_denied(const struct weir_denied *denied, void *data);

/* rules.c: what a policy names. */
/* Where the fence looks it up, before the container's word says so; fills in the set, and keeps one that it has. */
int weir_rules_enter(struct weir_controller *controller, struct weir_net *net,
		     struct weir_error *err);
/* After no word says so any more. Again is fine. */
void weir_rules_drop(struct weir_controller *controller, struct weir_net *net);

/* sockets.c: unix sockets that have a name. */
/* With a fence that has just come, or another configuration. */
int weir_sockets_open(struct weir_controller *controller, struct weir_error *err);
void weir_sockets_tick(struct weir_controller *controller);
/* By where it is bound. -ENOENT: none that has a name. */
int weir_socket_at(struct weir_controller *controller, const char *path, struct weir_socket *ret);
/* Where the agent is that it may talk to; "": there is none, or it is none of its business. */
void weir_controller_agent_path(const struct weir_controller *controller,
				const struct weir_container *container,
				char path[sizeof(struct weir_socket_name)]);
/* None is looked for any more; what was tagged stays so. */
void weir_sockets_close(struct weir_controller *controller);

/* contest.c: knobs that somebody else has written. */
/* Of @container, which is running: what is not as it was written is told and set right. */
void weir_contest_look(struct weir_controller *controller, struct weir_container *container);
/* Of some of those that were launched, in turn; and whether their controllers are there. */
void weir_contest_tick(struct weir_controller *controller);
/* Where that is wanted, controllers are kept on (kern/keep.h). true: they were not. */
bool weir_contest_keep(struct weir_controller *controller);

/* adopt.c: has one gone, or somebody else been at it? */
void weir_adopt_tick(struct weir_controller *controller);

/* oom.c: killed for memory. */
/* By what the kernel's files say; its groups are still there. */
enum weir_oom weir_oom_look(const struct weir_controller *controller,
			    const struct weir_container *container);
/* What it is to the executor's tasks. */
enum weir_oom weir_oom_below(enum weir_oom of_executor);
/* Where one process killed is to mean all of them, and the kernel does not see to it (v1). */
void weir_oom_tick(struct weir_controller *controller);

/* tune.c */
struct weir_pacer_rules weir_controller_pacer_rules(const struct weir_tunables *tunables);
int weir_controller_tune(struct weir_controller *controller, const struct weir_tunables *tunables,
			 struct weir_error *err);

/* update.c: as weir_controller_update(), but @anew is all that is asked for from now on. */
int weir_controller_ask_anew(struct weir_controller *controller, const char *id,
			     const struct weir_ask *anew, struct weir_notes *notes,
			     bool *ret_pending, struct weir_error *err);

/* pause.c: -EINVAL: what is born in its group would be born frozen, and whoever waits for it would wait as long. */
int weir_controller_check_thawed(const struct weir_controller *controller,
				 const struct weir_container *container, struct weir_error *err);

/* life.c: one that was adopted goes, as @why says; its groups are left alone. */
void weir_controller_part(struct weir_controller *controller, struct weir_container *container,
			  enum weir_reason reason, const char *why);

/* describe.c: the container that is asked for, for its caller; -EINVAL and -ESRCH say what is wrong with it. */
int weir_controller_describe(const struct weir_controller *controller,
			     const struct weir_launch *launch, struct weir_container **ret,
			     struct weir_notes *notes, struct weir_error *err);

/* launch.c */
/* Into the ledger, which owns *@container then, and it is NULL. */
int weir_controller_admit(struct weir_controller *controller, struct weir_container **container,
			  struct weir_error *err);
/* @pid is its first process, and runs. */
void weir_controller_note_started(struct weir_controller *controller,
				  struct weir_container *container, pid_t pid);
/* Told first, so that nothing is done to it before: an event of a move would come out of the blue. */
void weir_controller_announce(struct weir_controller *controller, struct weir_container *container);
int weir_controller_identify(struct weir_controller *controller,
			     const struct weir_container *container, struct weir_bpf_identity *ret,
			     struct weir_error *err);
/* Take back a launch, whatever part of it was done; the container is freed. */
void weir_controller_undo(struct weir_controller *controller, struct weir_container *container);

/* leftovers.c */
/* Kill what is in the groups of @group and remove them. false: processes would not leave in time. */
bool weir_controller_clear_groups(struct weir_controller *controller, const char *group);
/* The groups of @group, whose container has ended or never began, could not be removed so far. */
void weir_leftovers_add(struct weir_controller *controller, const char *group);
/* Try again: at each tick. */
void weir_leftovers_clear(struct weir_controller *controller);
void weir_leftovers_free(struct weir_controller *controller);

/* logs.c */
/* With the ledger recovered: remove logs of no record, and keep files ready for the next launch. */
int weir_logs_start(struct weir_controller *controller, struct weir_error *err);
void weir_logs_stop(struct weir_controller *controller);
/* Make the log files of a detached container and open them for append; paths go into its live part. */
int weir_logs_open(struct weir_controller *controller, struct weir_container *container,
		   int *ret_stdout, int *ret_stderr, struct weir_error *err);
/* Fill the paths only. */
int weir_logs_locate(struct weir_controller *controller, struct weir_container *container,
		     struct weir_error *err);
/* Keep each file within the bound by giving back its oldest blocks. */
void weir_logs_trim(struct weir_controller *controller, const struct weir_container *container);
void weir_logs_remove(struct weir_controller *controller, const char *id);

/* tell.c: what happens to containers, as events. */
/* Its command is executed. */
/* @cause: static. On any thread. */
void weir_tell_band(struct weir_events *events, const char *id,
		    const struct weir_band_member *member, const char *cause, bool dry_run);
/* By which means memory is taken back from it now. */
void weir_tell_squeeze(struct weir_controller *controller, const struct weir_container *container,
		       uint64_t available_bytes);
void weir_tell_launched(struct weir_controller *controller, const struct weir_container *container);
/* Its figures are in force; nothing, if they are those of @old. */
void weir_tell_updated(struct weir_controller *controller, const struct weir_container *container,
		       const struct weir_figures *old);
/* A memory limit waits for usage to fall, or no longer does; nothing, if that was told before. */
void weir_tell_pending(struct weir_controller *controller, const struct weir_container *container);
void weir_tell_paused(struct weir_controller *controller, const struct weir_container *container);
/* Once for each that was executed. */
void weir_tell_ended(struct weir_controller *controller, const struct weir_container *container);

/* end.c */
static inline uint64_t weir_signal_bit(int signal)
{
	return 1ULL << (signal - 1);
}

/* Its first process is gone: status, last figures and reason, before its groups go too. */
void weir_controller_collect(struct weir_controller *controller, struct weir_container *container);

/* life.c */
/*
 * The container called @id, with its command executed and not yet at its end.
 * -ENOENT: there is none, or it has ended; -EINVAL: not started yet. The text says which.
 */
int weir_controller_find_running(const struct weir_controller *controller, const char *id,
				 struct weir_container **ret, struct weir_error *err);
/* Wait for the end of a first process that was killed, but not for long. */
void weir_live_await_end(const struct weir_live *live);
/* Let go of it: no more watched, reaped if it has ended and is ours, its pidfd closed. Again is fine. */
void weir_live_reap(struct weir_live *live);
/* Watch the first process through @pidfd (taken). */
int weir_controller_watch(struct weir_controller *controller, struct weir_container *container,
			  int pidfd, struct weir_error *err);
/* The first process is gone: collect, kill what is left, remove the groups, tell the waiters. */
void weir_controller_finish(struct weir_controller *controller, struct weir_container *container);
/* End the life of a record whose process can't be found any more. */
void weir_controller_lost(struct weir_controller *controller, struct weir_container *container,
			  const char *why);
/*
 * The record of a foreground command that has ended goes with its caller; it may be freed here.
 * After a restart nobody knows who that is: then it goes a moment later. Of a detached one with
 * autoremove it goes when the loop is next idle.
 */
void weir_controller_leave_to_caller(struct weir_controller *controller,
				     struct weir_container *container);
/* Delete an exited container everywhere; it is freed. */
void weir_controller_forget(struct weir_controller *controller, struct weir_container *container);

/* recover.c */
int weir_controller_recover(struct weir_controller *controller, struct weir_error *err);

#endif /* WEIR_CONTROLLER_INTERNAL_H */
