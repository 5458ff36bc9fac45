/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_TURNS_H
#define WEIR_TURNS_H

/*
 * Turns: while somebody is in the idle class, the kernel chooses each WEIR_TURN_NS anew who runs on a
 * CPU where they take turns or keep somebody waiting; bpf/turn.bpf.c says why it has to be made to.
 *
 *	timer of a CPU ──> weir_turn: is it time? ──> a thread of ours wakes there, and sleeps again
 *
 * To be woken is all that the thread does: it runs before everybody else, so whoever was there has to let
 * go, and what comes next is the kernel's choice.
 *
 * Fails open: where a thread or a timer can't be had, the kernel's tick does it.
 */

#include <stdbool.h>

#include "base/cleanup.h"

struct weir_bpf;
struct weir_error;
struct weir_turns;

/*
 * A timer and a thread for each CPU that is online, off as yet; CPUs that come later have none.
 * Negative: timers can't be had, @err says why.
 */
int weir_turns_new(const struct weir_bpf *bpf, struct weir_turns **ret, struct weir_error *err);
/* Ends threads and timers. NULL is fine. Returns NULL. */
struct weir_turns *weir_turns_free(struct weir_turns *turns);
WEIR_DEFINE_CLEANUP(struct weir_turns, weir_turns_free);

/* Start the timers, or stop them; what they are already costs nothing. NULL is fine. */
void weir_turns_set(struct weir_turns *turns, bool on);

#endif /* WEIR_TURNS_H */
