/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_INSTANCE_H
#define WEIR_INSTANCE_H

/*
 * This daemon among others: pins and cgroup names belong to one daemon at a time.
 *
 * The locks lie in one place for the whole machine, whatever the daemon was told about its
 * own directories: they stand for names in the kernel. (The state directory has its own.)
 */

struct weir_error;
struct weir_options;

#define WEIR_LOCK_DIR "/run/weir"

struct weir_instance {
	char *pins_lock, *groups_lock; /* paths */
	int pins_fd, groups_fd;
};

#define WEIR_INSTANCE_INIT { .pins_fd = -1, .groups_fd = -1 }

/*
 * Claim the pin directory and the cgroup prefix under its parent.
 *
 * -EBUSY: another daemon has the pins, or a prefix of which ours is the beginning, or the
 * other way round: one would take the other's containers for its own orphans.
 */
int weir_instance_claim(const char *lock_dir, const struct weir_options *options,
			struct weir_instance *ret, struct weir_error *err);
/* Of one that was never claimed: nothing happens. */
void weir_instance_release(struct weir_instance *instance);

#endif /* WEIR_INSTANCE_H */
