/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker, over a directory that stands for a hierarchy. A knob that is a pipe holds a
 * writer until somebody reads: a kernel write that blocks, for as long as the test wants.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "control/worker.h"
#include "kern/cgroup.h"
#include "model/plan.h"

#define MAX_RESULTS   8
#define MAX_WAIT_US   5000000
#define KNOB_TEXT     32
#define GENERATION_OF 40 /* job n of a test carries this plus n */

struct fixture {
	char dir[32];
	sd_event *event;
	struct weir_groups groups;
	struct weir_worker *worker;
	struct weir_job results[MAX_RESULTS];
	size_t n_results;
};

static void on_done(const struct weir_job *job, void *data)
{
	struct fixture *f = data;

	assert_true(f->n_results < MAX_RESULTS);
	f->results[f->n_results++] = *job;
}

static void make_group(const struct fixture *f, const char *id)
{
	const char *const knobs[] = { "memory.high", "memory.max" };
	char path[128];

	snprintf(path, sizeof(path), "%s/t.%s", f->dir, id);
	assert_int_equal(mkdir(path, 0700), 0);
	for (size_t i = 0; i < ARRAY_SIZE(knobs); i++) {
		scoped(closep) int fd = -1;

		snprintf(path, sizeof(path), "%s/t.%s/%s", f->dir, id, knobs[i]);
		fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
	}
}

/* Put a pipe in place of a knob. */
static void block_knob(const struct fixture *f, const char *id, const char *knob)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/t.%s/%s", f->dir, id, knob);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
}

/* For a pipe: lets one writer through, and yields what it wrote. */
static void read_knob(const struct fixture *f, const char *id, const char *knob,
		      char text[static KNOB_TEXT])
{
	scoped(closep) int fd = -1;
	char path[128];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/t.%s/%s", f->dir, id, knob);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	n = read(fd, text, KNOB_TEXT - 1);
	assert_true(n >= 0);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct weir_error err = {};

	strcpy(f->dir, "/tmp/weir-worker.XXXXXX");
	if (!mkdtemp(f->dir) || sd_event_new(&f->event) < 0)
		return -1;
	f->groups = (struct weir_groups){ .h = WEIR_HIERARCHIES_INIT, .prefix = "t." };
	f->groups.h.list[0] = (struct weir_hierarchy){
		.version = 2,
		.root_fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.subsystems = 1u << WEIR_SUBSYS_MEMORY,
	};
	f->groups.h.n = 1;
	f->groups.h.where[WEIR_SUBSYS_MEMORY] = 0;
	*state = f;
	return weir_worker_new(f->event, &f->groups, on_done, f, &f->worker, &err);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	f->worker = weir_worker_free(f->worker);
	close(f->groups.h.list[0].root_fd);
	sd_event_unref(f->event);
	nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

static void submit(struct fixture *f, const char *id, enum weir_job_kind kind, uint64_t value)
{
	struct weir_job job = { .kind = kind, .value = value };
	struct weir_error err = {};

	snprintf(job.id, sizeof(job.id), "%s", id);
	snprintf(job.group, sizeof(job.group), "%s", id);
	job.generation = (uint32_t)(GENERATION_OF + value);
	assert_int_equal(weir_worker_submit(f->worker, &job, &err), 0);
}

static void wait_for_results(struct fixture *f, size_t n)
{
	while (f->n_results < n)
		assert_true(sd_event_run(f->event, MAX_WAIT_US) > 0);
}

static void a_job_is_written_and_its_result_comes_back_on_the_loop(void **state)
{
	struct fixture *f = *state;
	char text[KNOB_TEXT];

	make_group(f, "a");
	submit(f, "a", WEIR_JOB_MEM_HIGH, 1 << 20);
	wait_for_results(f, 1);
	assert_int_equal(f->results[0].error.code, 0);
	assert_string_equal(f->results[0].id, "a");
	assert_int_equal(f->results[0].kind, WEIR_JOB_MEM_HIGH);
	assert_int_equal(f->results[0].value, 1 << 20);
	assert_int_equal(f->results[0].generation, GENERATION_OF + (1 << 20));
	read_knob(f, "a", "memory.high", text);
	assert_string_equal(text, "1048576");
}

static void jobs_run_in_order(void **state)
{
	struct fixture *f = *state;

	make_group(f, "a");
	make_group(f, "b");
	submit(f, "a", WEIR_JOB_MEM_HIGH, 4096);
	submit(f, "b", WEIR_JOB_MEM_MAX, 8192);
	submit(f, "a", WEIR_JOB_MEM_MAX, 12288);
	wait_for_results(f, 3);
	assert_int_equal(f->results[0].value, 4096);
	assert_int_equal(f->results[1].value, 8192);
	assert_int_equal(f->results[2].value, 12288);
}

static void a_group_that_is_gone_is_a_result_like_any_other(void **state)
{
	struct fixture *f = *state;

	submit(f, "gone", WEIR_JOB_MEM_MAX, 4096);
	wait_for_results(f, 1);
	assert_int_equal(f->results[0].error.code, -ENOENT);
	assert_true(f->results[0].error.text[0] != '\0');
}

/* All of them stand behind one that blocks, so it does not matter how fast the thread is. */
static void a_newer_job_replaces_the_one_that_waits(void **state)
{
	struct fixture *f = *state;
	char text[KNOB_TEXT];

	make_group(f, "first");
	make_group(f, "a");
	block_knob(f, "first", "memory.high");
	submit(f, "first", WEIR_JOB_MEM_HIGH, 4096);
	submit(f, "a", WEIR_JOB_MEM_HIGH, 8192);
	submit(f, "a", WEIR_JOB_MEM_MAX, 12288);
	submit(f, "a", WEIR_JOB_MEM_HIGH, 16384);
	submit(f, "a", WEIR_JOB_MEM_HIGH, 20480);

	read_knob(f, "first", "memory.high", text);
	assert_string_equal(text, "4096");
	wait_for_results(f, 3);
	assert_int_equal(f->results[1].value, 20480); /* in the place of the one it replaced */
	assert_int_equal(f->results[1].generation, GENERATION_OF + 20480);
	assert_int_equal(f->results[2].value, 12288);
	read_knob(f, "a", "memory.high", text);
	assert_string_equal(text, "20480");
}

static void what_waits_can_be_cancelled_by_id(void **state)
{
	struct fixture *f = *state;
	char text[KNOB_TEXT];

	make_group(f, "first");
	make_group(f, "a");
	make_group(f, "b");
	block_knob(f, "first", "memory.high");
	submit(f, "first", WEIR_JOB_MEM_HIGH, 4096);
	submit(f, "a", WEIR_JOB_MEM_HIGH, 8192);
	submit(f, "b", WEIR_JOB_MEM_HIGH, 12288);
	submit(f, "a", WEIR_JOB_MEM_MAX, 16384);
	weir_worker_cancel(f->worker, "a");
	weir_worker_cancel(f->worker, "nobody");
	submit(f, "a", WEIR_JOB_MEM_MAX, 20480);

	read_knob(f, "first", "memory.high", text);
	wait_for_results(f, 3);
	assert_int_equal(f->results[1].value, 12288);
	assert_int_equal(f->results[2].value, 20480);
}

static void on_done_submit_once(const struct weir_job *job, void *data)
{
	struct fixture *f = data;

	on_done(job, data);
	if (f->n_results == 1)
		submit(f, job->id, WEIR_JOB_MEM_MAX, 8192);
}

static void a_result_may_lead_to_the_next_job(void **state)
{
	struct fixture *f = *state;
	struct weir_error err = {};

	make_group(f, "a");
	f->worker = weir_worker_free(f->worker);
	assert_int_equal(
		weir_worker_new(f->event, &f->groups, on_done_submit_once, f, &f->worker, &err), 0);
	submit(f, "a", WEIR_JOB_MEM_HIGH, 4096);
	wait_for_results(f, 2);
	assert_int_equal(f->results[1].kind, WEIR_JOB_MEM_MAX);
	assert_int_equal(f->results[1].error.code, 0);
}

static void freeing_drops_what_nobody_will_hear_of(void **state)
{
	struct fixture *f = *state;

	make_group(f, "a");
	submit(f, "a", WEIR_JOB_MEM_HIGH, 4096);
	submit(f, "a", WEIR_JOB_MEM_MAX, 4096);
	submit(f, "gone", WEIR_JOB_MEM_MAX, 4096);
	f->worker = weir_worker_free(f->worker);
	assert_int_equal(sd_event_run(f->event, 0), 0);
	assert_int_equal(f->n_results, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_job_is_written_and_its_result_comes_back_on_the_loop),
		TEST(jobs_run_in_order),
		TEST(a_group_that_is_gone_is_a_result_like_any_other),
		TEST(a_newer_job_replaces_the_one_that_waits),
		TEST(what_waits_can_be_cancelled_by_id),
		TEST(a_result_may_lead_to_the_next_job),
		TEST(freeing_drops_what_nobody_will_hear_of),
	};

	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
