/* SPDX-License-Identifier: Apache-2.0 */
#include "client/decode.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "client/member.h"

int weir_decode_list(const char *text, size_t size, const char *member, const char *key,
		     const struct weir_item_kind *kind, void **ret, size_t *ret_n, void **ret_owner,
		     struct weir_error *err)
{
	scoped(json_drop) json_t *root = NULL;
	const json_t *object;
	int r;

	r = weir_member_root(text, size, member, &root, &object, err);
	if (r == 0)
		r = weir_member_items(object, key, kind, ret, ret_n, err);
	if (r == 0)
		*ret_owner = take_ptr(root);
	return r;
}

#define MAX_NOTES 64

void weir_answer_notes_free(struct weir_answer_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		free(notes->text[i]);
	free(notes->text);
	*notes = (struct weir_answer_notes){};
}

void weir_join_list_done(struct weir_join_list *join)
{
	free(join->agent_socket);
	for (size_t i = 0; i < join->n_binds; i++) {
		free((void *)(uintptr_t)join->binds[i].from);
		free((void *)(uintptr_t)join->binds[i].to);
	}
	for (size_t i = 0; i < join->n; i++)
		free(join->list[i].path);
	*join = (struct weir_join_list){};
}

static int decode_notes(const json_t *object, struct weir_answer_notes *ret, struct weir_error *err)
{
	scoped(weir_answer_notes_free) struct weir_answer_notes notes = {};
	const json_t *list = NULL;
	size_t n;
	int r;

	r = weir_member_array(object, "notes", &list, err);
	if (r < 0)
		return r;
	n = json_array_size(list);
	if (n > MAX_NOTES)
		return weir_fail(err, -EIO, "the daemon's answer has %zu notes", n);
	if (n > 0) {
		notes.text = calloc(n, sizeof(*notes.text));
		if (!notes.text)
			return weir_fail_memory(err);
	}
	for (; notes.n < n; notes.n++) {
		const char *text = json_string_value(json_array_get(list, notes.n));

		if (!text)
			return weir_fail(err, -EIO, "the daemon's answer: a note is not text");
		notes.text[notes.n] = strdup(text);
		if (!notes.text[notes.n])
			return weir_fail_memory(err);
	}

	*ret = notes;
	notes = (struct weir_answer_notes){};
	return 0;
}

static int decode_join_entry(const json_t *entry, struct weir_join_list *join,
			     struct weir_error *err)
{
	const char *path = NULL;
	int version = 0, r;

	r = weir_member_int(entry, "version", &version, err);
	if (r == 0)
		r = weir_member_text(entry, "path", &path, err);
	if (r < 0)
		return r;
	if ((version != 1 && version != 2) || !path || path[0] != '/')
		return weir_fail(err, -EIO, "the daemon's answer: 'join' names no cgroup");

	join->list[join->n].path = strdup(path);
	if (!join->list[join->n].path)
		return weir_fail_memory(err);
	join->list[join->n++].version = version;
	return 0;
}

static int decode_bind(const json_t *json, struct weir_join_list *join, struct weir_error *err)
{
	struct weir_bind *bind = &join->binds[join->n_binds];
	const char *from = NULL, *to = NULL;
	int r;

	r = weir_member_text(json, "path", &from, err);
	if (r == 0)
		r = weir_member_text(json, "container_path", &to, err);
	if (r < 0)
		return r;
	if (!from || !to || *from != '/' || *to != '/')
		return weir_fail(err, -EIO, "the daemon's answer: 'volumes' names no directories");
	join->n_binds++;
	*bind = (struct weir_bind){ strdup(from), strdup(to) };
	return bind->from && bind->to ? 0 : weir_fail_memory(err);
}

static int decode_binds(const json_t *object, struct weir_join_list *join, struct weir_error *err)
{
	const json_t *list = NULL;
	int r = weir_member_array(object, "volumes", &list, err);

	if (r == 0 && json_array_size(list) > WEIR_MAX_BINDS)
		r = weir_fail(err, -EIO, "the daemon's answer has %zu volumes",
			      json_array_size(list));
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
		r = decode_bind(json_array_get(list, i), join, err);
	return r;
}

static int decode_confinement(const json_t *object, struct weir_join_list *join,
			      struct weir_error *err)
{
	const char *families = weir_families_name(WEIR_FAMILIES_ALL), *path = NULL;
	int r;

	r = weir_member_bool(object, "fenced", &join->fenced, err);
	if (r == 0)
		r = weir_member_bool(object, "delegated", &join->delegated, err);
	if (r == 0)
		r = weir_member_text(object, "families", &families, err);
	if (r == 0)
		r = weir_member_text(object, "agent_socket", &path, err);
	if (r < 0)
		return r;
	if (weir_families_from_name(families, &join->families) < 0)
		return weir_fail(err, -EIO, "the daemon's answer: 'families' is '%.32s'", families);
	join->agent_socket = path ? strdup(path) : NULL;
	return path && !join->agent_socket ? weir_fail_memory(err) : 0;
}

static int decode_join(const json_t *object, struct weir_join_list *ret, struct weir_error *err)
{
	scoped(weir_join_list_done) struct weir_join_list join = {};
	const json_t *list = NULL;
	int r;

	r = weir_member_array(object, "join", &list, err);
	if (r == 0)
		r = decode_confinement(object, &join, err);
	if (r == 0)
		r = decode_binds(object, &join, err);
	if (r < 0)
		return r;
	if (json_array_size(list) == 0 || json_array_size(list) > WEIR_MAX_JOIN)
		return weir_fail(err, -EIO, "the daemon's answer: 'join' has %zu cgroups",
				 json_array_size(list));
	for (size_t i = 0; i < json_array_size(list); i++) {
		r = decode_join_entry(json_array_get(list, i), &join, err);
		if (r < 0)
			return r;
	}

	*ret = join;
	join = (struct weir_join_list){};
	return 0;
}

int weir_decode_launch(const char *text, size_t size, struct weir_answer_notes *ret_notes,
		       struct weir_join_list *ret_join, struct weir_error *err)
{
	scoped(weir_answer_notes_free) struct weir_answer_notes notes = {};
	scoped(json_drop) json_t *root = NULL;
	const json_t *object;
	int r;

	r = weir_member_root(text, size, "launch_container", &root, &object, err);
	if (r == 0)
		r = decode_notes(object, &notes, err);
	if (r == 0 && ret_join)
		r = decode_join(object, ret_join, err);
	if (r < 0)
		return r;

	*ret_notes = notes;
	notes = (struct weir_answer_notes){};
	return 0;
}

int weir_decode_adopt(const char *text, size_t size, struct weir_answer_notes *ret_notes,
		      struct weir_error *err)
{
	scoped(json_drop) json_t *root = NULL;
	const json_t *object;
	int r;

	r = weir_member_root(text, size, "adopt_container", &root, &object, err);
	return r < 0 ? r : decode_notes(object, ret_notes, err);
}

int weir_decode_join(const char *text, size_t size, struct weir_join_list *ret,
		     struct weir_error *err)
{
	scoped(json_drop) json_t *root = NULL;
	const json_t *object;
	int r;

	r = weir_member_root(text, size, "join_container", &root, &object, err);
	return r < 0 ? r : decode_join(object, ret, err);
}

int weir_decode_update(const char *text, size_t size, struct weir_answer_notes *ret_notes,
		       bool *ret_pending, struct weir_error *err)
{
	scoped(json_drop) json_t *root = NULL;
	const json_t *object;
	bool pending = false;
	int r;

	r = weir_member_root(text, size, "update_container", &root, &object, err);
	if (r == 0)
		r = weir_member_bool(object, "pending", &pending, err);
	if (r == 0)
		r = decode_notes(object, ret_notes, err);
	if (r < 0)
		return r;

	*ret_pending = pending;
	return 0;
}

int weir_decode_wait(const char *text, size_t size, struct weir_wait_result *ret,
		     struct weir_error *err)
{
	scoped(json_drop) json_t *root = NULL;
	const json_t *object, *weir = NULL;
	const char *reason = "", *message = "";
	struct weir_wait_result result = {};
	int r;

	r = weir_member_root(text, size, "wait_container", &root, &object, err);
	if (r == 0)
		r = weir_member_int(object, "exit_status", &result.status, err);
	if (r == 0)
		r = weir_member_text(object, "message", &message, err);
	if (r == 0)
		r = weir_member_object(object, "weir", &weir, err);
	if (r == 0)
		r = weir_member_text(weir, "reason", &reason, err);
	if (r < 0)
		return r;

	result.status_known = json_object_get(object, "exit_status") != NULL;
	snprintf(result.reason, sizeof(result.reason), "%s", reason);
	snprintf(result.message, sizeof(result.message), "%s", message);
	*ret = result;
	return 0;
}

int weir_decode_health(const char *text, size_t size, bool *ret_healthy, struct weir_error *err)
{
	scoped(json_drop) json_t *root = NULL;
	const json_t *object;
	bool healthy = false;
	int r;

	r = weir_member_root(text, size, "get_health", &root, &object, err);
	if (r == 0)
		r = weir_member_bool(object, "healthy", &healthy, err);
	if (r == 0)
		*ret_healthy = healthy;
	return r;
}

int weir_decode_version(const char *text, size_t size, char *buf, size_t buf_size,
			struct weir_error *err)
{
	scoped(json_drop) json_t *root = NULL;
	const json_t *object, *info = NULL;
	const char *version = NULL;
	int r;

	r = weir_member_root(text, size, "get_version", &root, &object, err);
	if (r == 0)
		r = weir_member_object(object, "version_info", &info, err);
	if (r == 0)
		r = weir_member_text(info, "version", &version, err);
	if (r < 0)
		return r;
	if (!version)
		return weir_fail(err, -EIO, "the daemon's answer names no version");

	snprintf(buf, buf_size, "%s", version);
	return 0;
}
