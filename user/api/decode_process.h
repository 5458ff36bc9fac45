/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_DECODE_PROCESS_H
#define WEIR_DECODE_PROCESS_H

/*
 * Of a launch: what it says of its process: the environment, and the rest in the words of base/privileges.h. Mesos says it in
 * ContainerInfo, where no soft limit has an unlimited hard one, and not all capabilities have a name
 * for "all" of them; what is under "weir" has both.
 */

struct weir_arena;
struct weir_error;
struct weir_launch;
struct weir_parameters;

/* Into @launch, from @arena. @call: the name of the parameters, for error texts. -EINVAL, -ENOMEM. */
int weir_decode_process(const struct weir_parameters *from, const char *call,
			struct weir_arena *arena, struct weir_launch *launch,
			struct weir_error *err);

#endif /* WEIR_DECODE_PROCESS_H */
