/* SPDX-License-Identifier: Apache-2.0 */
/* A container as a row: every field, both ways, and rows that make no sense. */

#include "store_fixture.h"

#include <errno.h>

static void reopen(struct fixture *f)
{
	struct weir_error err = {};

	f->store = weir_store_close(f->store);
	assert_int_equal(weir_store_open(f->dir, &f->store, &err), 0);
}

/* Every field differs from its neighbours and from zero, and the amounts use all 64 bits. */
static struct weir_container *full_container(const char *id)
{
	struct weir_container *c = weir_container_new(id);

	free(c->role);
	c->role = strdup("eng/ads");
	c->ask = (struct weir_ask){
		500, WEIR_INFINITE, 1ULL << 60, WEIR_ABSENT, 7, WEIR_ABSENT, 10
	};
	c->own = (struct weir_figures){ 501, WEIR_INFINITE, 1ULL << 59, (1ULL << 63) + 1, 8,
					9,   WEIR_INFINITE };
	c->cpu_default = WEIR_DEFAULT_CPU_LIMIT_REQUEST;
	c->argv = strings("sh", "-c \n\t\xc3\xa9 \"'");
	c->user = strdup("nobody");
	c->workdir = strdup("/tmp");
	c->supplementary_groups = strings("27", "users");
	c->rlimits = strings("nofile=1:2", "core=unlimited");
	c->capabilities = strdup("NET_ADMIN");
	c->cpus_set = strdup("0-1");
	c->new_privileges = true;
	c->env = strings("A=1", "EMPTY=");
	c->labels = calloc(3, sizeof(*c->labels));
	c->labels[0] = (struct weir_label){ strdup("tier"), strdup("gold") };
	c->labels[1] = (struct weir_label){ strdup("bare"), NULL };
	c->labels[2] = (struct weir_label){ strdup("=odd"), strdup("=") };
	c->n_labels = 3;
	c->foreground = true;
	c->keep = true;
	c->exempt = true;
	c->autoremove = true;
	c->paused = true;
	c->delegated = true;
	c->adopted = true;
	c->enforced = true;
	c->place = strdup("/engine/a\n/engine/a\n/");
	c->kept = strdup("cpu.max=max 100000\n");
	c->cgroup2_id = 123456789;
	c->is_executor = true;
	c->shares_cgroups = true;
	c->state = WEIR_STATE_EXITED;
	c->reason = WEIR_REASON_LIMIT;
	c->status = -1;
	c->status_known = true;
	strcpy(c->message, "memory limit of 64Mi reached");
	c->slot = UINT32_MAX;
	c->generation = 7;
	c->pid = INT32_MAX;
	c->pid_start_ticks = UINT64_MAX - 3;
	c->created_us = 11;
	c->started_us = 12;
	c->ended_us = 13;
	c->pending_mem_limit_bytes = WEIR_ABSENT;
	c->final.cpu_ns = 21;
	c->final.wait_ns = 22;
	c->final.mem_peak_bytes = 23;
	c->final.nr_periods = 24;
	c->final.nr_throttled = 25;
	c->final.throttled_ns = 26;
	c->final.oom_kills = 27;
	return c;
}

static void assert_strings_equal(char *const *a, char *const *b)
{
	assert_int_equal(!a, !b);
	for (size_t i = 0; a && (a[i] || b[i]); i++) {
		assert_non_null(a[i]);
		assert_non_null(b[i]);
		assert_string_equal(a[i], b[i]);
	}
}

static void assert_texts_equal(const char *a, const char *b)
{
	assert_int_equal(!a, !b);
	if (a)
		assert_string_equal(a, b);
}

static void assert_labels_equal(const struct weir_container *a, const struct weir_container *b)
{
	assert_int_equal(a->n_labels, b->n_labels);
	for (size_t i = 0; i < a->n_labels; i++) {
		assert_string_equal(a->labels[i].key, b->labels[i].key);
		assert_texts_equal(a->labels[i].value, b->labels[i].value);
	}
}

static void assert_containers_equal(const struct weir_container *a, const struct weir_container *b)
{
	assert_string_equal(a->id, b->id);
	assert_texts_equal(a->role, b->role);
	assert_memory_equal(&a->ask, &b->ask, sizeof(a->ask));
	assert_memory_equal(&a->own, &b->own, sizeof(a->own));
	assert_int_equal(a->autoremove, b->autoremove);
	assert_int_equal(a->paused, b->paused);
	assert_int_equal(a->delegated, b->delegated);
	assert_int_equal(a->adopted, b->adopted);
	assert_int_equal(a->enforced, b->enforced);
	assert_texts_equal(a->place, b->place);
	assert_texts_equal(a->kept, b->kept);
	assert_int_equal(a->cgroup2_id, b->cgroup2_id);
	assert_int_equal(a->is_executor, b->is_executor);
	assert_int_equal(a->shares_cgroups, b->shares_cgroups);
	assert_int_equal(a->cpu_default, b->cpu_default);
	assert_strings_equal(a->argv, b->argv);
	assert_texts_equal(a->user, b->user);
	assert_texts_equal(a->workdir, b->workdir);
	assert_strings_equal(a->supplementary_groups, b->supplementary_groups);
	assert_strings_equal(a->rlimits, b->rlimits);
	assert_texts_equal(a->capabilities, b->capabilities);
	assert_texts_equal(a->cpus_set, b->cpus_set);
	assert_int_equal(a->new_privileges, b->new_privileges);
	assert_strings_equal(a->env, b->env);
	assert_labels_equal(a, b);
	assert_int_equal(a->foreground, b->foreground);
	assert_int_equal(a->keep, b->keep);
	assert_int_equal(a->exempt, b->exempt);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->reason, b->reason);
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->status_known, b->status_known);
	assert_string_equal(a->message, b->message);
	assert_int_equal(a->slot, b->slot);
	assert_int_equal(a->generation, b->generation);
	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->pid_start_ticks, b->pid_start_ticks);
	assert_int_equal(a->created_us, b->created_us);
	assert_int_equal(a->started_us, b->started_us);
	assert_int_equal(a->ended_us, b->ended_us);
	assert_int_equal(a->pending_mem_limit_bytes, b->pending_mem_limit_bytes);
	assert_memory_equal(&a->final, &b->final, sizeof(a->final));
}

static void every_field_survives_a_reopening(void **state)
{
	scoped(collection_done) struct collection all = {};
	scoped(weir_container_freep) struct weir_container *c = full_container("web");
	struct fixture *f = *state;
	struct weir_error err = {};

	assert_int_equal(weir_store_put(f->store, c, &err), 0);
	reopen(f);
	assert_int_equal(read_all(f->store, &all), 0);
	assert_int_equal(all.n, 1);
	assert_containers_equal(all.list[0], c);
	assert_null(all.list[0]->live);
}

static void what_is_not_given_stays_not_given(void **state)
{
	scoped(collection_done) struct collection all = {};
	scoped(weir_container_freep) struct weir_container *c = weir_container_new("bare");
	struct fixture *f = *state;
	struct weir_error err = {};

	if (!c->role)
		c->role = strdup("*");
	c->argv = strings("true", NULL);
	c->env = strings(NULL, NULL);
	assert_int_equal(weir_store_put(f->store, c, &err), 0);
	assert_int_equal(read_all(f->store, &all), 0);
	assert_int_equal(all.n, 1);
	assert_containers_equal(all.list[0], c);
	assert_non_null(all.list[0]->env); /* an empty environment is not "none given" */
	assert_null(all.list[0]->user);
}

static void long_strings_are_kept_up_to_a_ceiling(void **state)
{
	scoped(collection_done) struct collection all = {};
	scoped(weir_container_freep) struct weir_container *c = full_container("long");
	struct fixture *f = *state;
	struct weir_error err = {};
	const size_t length = 1u << 20;
	char *text = malloc(4 * length + 1);

	memset(text, 'x', 4 * length);
	text[length] = '\0';
	weir_strv_free(c->argv);
	c->argv = strings(text, "");
	assert_int_equal(weir_store_put(f->store, c, &err), 0);
	assert_int_equal(read_all(f->store, &all), 0);
	assert_containers_equal(all.list[0], c);

	text[length] = 'x';
	text[4 * length] = '\0';
	weir_strv_free(c->argv);
	c->argv = strings(text, NULL);
	assert_int_equal(weir_store_put(f->store, c, &err), -EFBIG);
	assert_string_equal(err.text, "store container 'long': argv takes more than 2097152 bytes");
	free(text);
}

static const char *const damages[] = {
	"id = '../etc'",
	"id = ''",
	"role = 'a' || char(0) || 'b'",
	"state = 'dancing'",
	"reason = ''",
	"cpu_default = 'perhaps'",
	"argv = x'6100ff'",
	"labels = x'6100'",
	"labels = x'61007800'",
	"status_known = 2",
	"slot = -1",
	"slot = 4294967296",
	"pid = 4294967295",
	"message = printf('%300s', 'x')",
};

static void a_record_that_cannot_be_read_is_skipped_and_counted(void **state)
{
	struct fixture *f = *state;
	char sql[128];

	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		scoped(collection_done) struct collection all = {};
		struct weir_error err = {};

		put_minimal(f->store, "good", "true");
		put_minimal(f->store, "victim", "true");
		snprintf(sql, sizeof(sql), "UPDATE containers SET %s WHERE id = 'victim'",
			 damages[i]);
		tamper(f, sql);
		assert_int_equal(weir_store_open(f->dir, &f->store, &err), 0);
		assert_int_equal(read_all(f->store, &all), 1);
		assert_int_equal(all.n, 1);
		assert_string_equal(all.list[0]->id, "good");
		tamper(f, "DELETE FROM containers");
		assert_int_equal(weir_store_open(f->dir, &f->store, &err), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(every_field_survives_a_reopening),
		STORE_TEST(what_is_not_given_stays_not_given),
		STORE_TEST(long_strings_are_kept_up_to_a_ceiling),
		STORE_TEST(a_record_that_cannot_be_read_is_skipped_and_counted),
	};

	return cmocka_run_group_tests_name("store_record", tests, NULL, NULL);
}
