/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_DECODE_H
#define WEIR_DECODE_H

/*
 * The daemon's answers, from JSON into what weir.h promises.
 *
 * Unknown members are ignored; a member that should be there and is not, or
 * has another type, is -EIO with its name. Outputs are untouched on failure.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/binds.h"
#include "base/confine.h"
#include "weir/state.h"
#include "weir/weir.h"

struct weir_error;
struct weir_resource_list;
struct weir_role_list;
struct weir_volume_list;
struct weir_operation_list;
struct weir_operated;
struct weir_item_kind;

/* All of the list @key in the object @member of an answer, as weir_member_items(). Texts lie in *@ret_owner. */
int weir_decode_list(const char *text, size_t size, const char *member, const char *key,
		     const struct weir_item_kind *kind, void **ret, size_t *ret_n, void **ret_owner,
		     struct weir_error *err);

#define WEIR_MAX_JOIN  8
#define WEIR_MAX_BINDS 16

/* Where a foreground command has to join: absolute directories. */
struct weir_join_list {
	/* The fence is to be tried before the command is executed (base/canary.h), which is confined to it. */
	bool fenced;
	enum weir_families families;
	bool delegated; /* it may write to the cgroups */
	char *agent_socket; /* for its environment; NULL: none */
	size_t n_binds;
	struct weir_bind binds[WEIR_MAX_BINDS]; /* its volumes, to be mounted; texts are owned */
	size_t n;
	struct {
		int version; /* of its hierarchy: 1 or 2 */
		char *path;
	} list[WEIR_MAX_JOIN];
};

void weir_join_list_done(struct weir_join_list *join);

/* @join may be NULL. */
int weir_decode_launch(const char *text, size_t size, struct weir_answer_notes *ret_notes,
		       struct weir_join_list *ret_join, struct weir_error *err);
int weir_decode_adopt(const char *text, size_t size, struct weir_answer_notes *ret_notes,
		      struct weir_error *err);
int weir_decode_join(const char *text, size_t size, struct weir_join_list *ret,
		     struct weir_error *err);
int weir_decode_update(const char *text, size_t size, struct weir_answer_notes *ret_notes,
		       bool *ret_pending, struct weir_error *err);
int weir_decode_wait(const char *text, size_t size, struct weir_wait_result *ret,
		     struct weir_error *err);
int weir_decode_health(const char *text, size_t size, bool *ret_healthy, struct weir_error *err);
int weir_decode_version(const char *text, size_t size, char *buf, size_t buf_size,
			struct weir_error *err);

/* decode_containers.c */
int weir_decode_containers(const char *text, size_t size, struct weir_container_list *ret,
			   struct weir_error *err);
/* The only container in the answer, as indented JSON. -ENOENT: there is none. */
int weir_decode_record(const char *text, size_t size, char **ret_json, struct weir_error *err);

/* decode_explain.c */
int weir_decode_explain(const char *text, size_t size, struct weir_explanation_info *ret,
			struct weir_error *err);

/* decode_events.c */
/* One event by itself: a list of one, which keeps @json alive. */
int weir_decode_event(const json_t *json, struct weir_event_list *ret, struct weir_error *err);
int weir_decode_events(const char *text, size_t size, struct weir_event_list *ret,
		       struct weir_error *err);

/* decode_reserve.c */
int weir_decode_resources(const char *text, size_t size, struct weir_resource_list *ret,
			  struct weir_error *err);
/* @member: the call's name in small letters, which its answer stands under. */
int weir_decode_operated(const char *text, size_t size, const char *member,
			 struct weir_operated *ret, struct weir_error *err);

/* decode_roles.c */
int weir_decode_roles(const char *text, size_t size, struct weir_role_list *ret,
		      struct weir_error *err);
int weir_decode_volumes(const char *text, size_t size, struct weir_volume_list *ret,
			struct weir_error *err);

int weir_decode_operations(const char *text, size_t size, struct weir_operation_list *ret,
			   struct weir_error *err);

/* decode_state.c */
int weir_decode_state(const char *text, size_t size, enum weir_state_part part,
		      struct weir_state *ret, struct weir_error *err);
int weir_decode_agent(const char *text, size_t size, struct weir_agent_info *ret,
		      struct weir_error *err);

/* decode_daemon.c */
int weir_decode_flags(const char *text, size_t size, struct weir_flag_list *ret,
		      struct weir_error *err);
int weir_decode_metrics(const char *text, size_t size, struct weir_metric_list *ret,
			struct weir_error *err);
int weir_decode_logging_level(const char *text, size_t size, unsigned int *ret,
			      struct weir_error *err);

#endif /* WEIR_DECODE_H */
