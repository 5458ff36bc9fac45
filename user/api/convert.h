/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CONVERT_H
#define WEIR_CONVERT_H

/* From what a call's parameters say to what the controller takes: amounts exact, whatever is refused by its name. */

struct weir_arena;
struct weir_call;
struct weir_error;
struct weir_named;
struct weir_parameters;

struct weir_conversion {
	const char *call; /* the name of the parameters, for error texts */
	const struct weir_parameters *from;
	struct weir_arena *arena;
	struct weir_call *to;
};

/* Each fills in its part of @c->to. -EINVAL, -ERANGE, -ENOMEM. */
int weir_convert_launch(const struct weir_conversion *c, struct weir_error *err);
int weir_convert_update(const struct weir_conversion *c, struct weir_error *err);
int weir_convert_adopt(const struct weir_conversion *c, struct weir_error *err);
int weir_convert_policy(const struct weir_conversion *c, struct weir_error *err);
/* Its operation is the call's to end. */
int weir_convert_operation(const struct weir_conversion *c, struct weir_error *err);
int weir_convert_socket(const struct weir_conversion *c, struct weir_error *err);

/* "ID", or "EXECUTOR/TASK". *@ret: NULL where there is none. */
int weir_convert_id(const struct weir_named *id, const char *parameters, struct weir_arena *arena,
		    const char **ret, struct weir_error *err);

#endif /* WEIR_CONVERT_H */
