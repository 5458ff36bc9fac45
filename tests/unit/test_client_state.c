/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "client/decode.h"
#include "weir/reserve.h"
#include "weir/state.h"

#define TASKS                                                                                     \
	"{\"launched_tasks\":[{\"name\":\"t\",\"task_id\":{\"value\":\"t\"},"                     \
	"\"executor_id\":{\"value\":\"ex\"},\"framework_id\":{\"value\":\"f\"},"                  \
	"\"agent_id\":{\"value\":\"a\"},\"state\":\"TASK_RUNNING\",\"resources\":["               \
	"{\"name\":\"cpus\",\"scalar\":{\"value\":0.5},\"allocation_info\":{\"role\":\"eng\"}},"  \
	"{\"name\":\"cpus\",\"scalar\":{\"value\":0.25},\"allocation_info\":{\"role\":\"eng\"}}," \
	"{\"name\":\"ports\"}],\"statuses\":[{\"message\":\"old\"},"                              \
	"{\"container_status\":{\"executor_pid\":17}}],\"limits\":{\"cpus\":{\"value\":1.5},"     \
	"\"mem\":{\"value\":\"Infinity\"}},\"labels\":{\"labels\":[{\"key\":\"tier\"}]}}],"       \
	"\"completed_tasks\":[{\"task_id\":{\"value\":\"web\"},\"framework_id\":"                 \
	"{\"value\":\"weir\"},\"state\":\"TASK_FAILED\",\"user\":\"ann\","                        \
	"\"statuses\":[{\"message\":\"exited with 1\"}]}]}"
#define EXECUTORS                                                                         \
	"{\"executors\":[{\"executor_info\":{\"executor_id\":{\"value\":\"ex\"},"         \
	"\"framework_id\":{\"value\":\"f\"},\"resources\":[{\"name\":\"mem\",\"scalar\":" \
	"{\"value\":32}}]}}],\"completed_executors\":[]}"
#define FRAMEWORKS                                                                     \
	"{\"frameworks\":[{\"framework_info\":{\"name\":\"f\",\"id\":{\"value\":"      \
	"\"f\"},\"roles\":[\"eng\",\"ops\"]}}],\"completed_frameworks\":["             \
	"{\"framework_info\":{\"user\":\"ann\",\"name\":\"weir\",\"id\":{\"value\":\"" \
	"weir\"}}}]}"

static const char whole[] = "{\"get_state\":{\"get_tasks\":" TASKS ",\"get_executors\":" EXECUTORS
			    ",\"get_frameworks\":" FRAMEWORKS "}}";

static int decode(const char *text, enum weir_state_part part, struct weir_state *ret,
		  struct weir_error *err)
{
	return weir_decode_state(text, strlen(text), part, ret, err);
}

static void a_task_has_what_was_last_told_of_it(void **state)
{
	struct weir_state all = {};
	struct weir_error err = {};
	const struct weir_task_info *task;

	(void)state;

	assert_int_equal(decode(whole, WEIR_STATE_ALL, &all, &err), 0);
	assert_int_equal(all.n_tasks, 2);
	task = &all.tasks[0];
	assert_string_equal(task->id, "ex/t");
	assert_string_equal(task->executor_id, "ex");
	assert_string_equal(task->framework_id, "f");
	assert_string_equal(task->role, "eng");
	assert_string_equal(task->state, "TASK_RUNNING");
	assert_null(task->message);
	assert_null(task->user);
	assert_false(task->completed);
	assert_int_equal(task->pid, 17);
	assert_int_equal(task->cpu_request_mcpu, 750);
	assert_int_equal(task->mem_request_bytes, 0);
	assert_int_equal(task->cpu_limit_mcpu, 1500);
	assert_true(task->mem_limit_bytes == WEIR_INFINITE);
	assert_int_equal(task->n_labels, 1);
	assert_string_equal(task->labels[0].key, "tier");
	assert_string_equal(task->labels[0].value, "");

	task = &all.tasks[1];
	assert_string_equal(task->id, "web");
	assert_null(task->executor_id);
	assert_null(task->role);
	assert_true(task->completed);
	assert_string_equal(task->message, "exited with 1");
	assert_string_equal(task->user, "ann");
	assert_true(task->cpu_limit_mcpu == WEIR_INFINITE);
	weir_state_free(&all);
	assert_int_equal(all.n_tasks, 0);
}

static void executors_and_frameworks_come_with_it(void **state)
{
	struct weir_state all = {};
	struct weir_error err = {};

	(void)state;

	assert_int_equal(decode(whole, WEIR_STATE_ALL, &all, &err), 0);
	assert_int_equal(all.n_executors, 1);
	assert_string_equal(all.executors[0].id, "ex");
	assert_string_equal(all.executors[0].framework_id, "f");
	assert_int_equal(all.executors[0].mem_request_bytes, 32 << 20);
	assert_false(all.executors[0].completed);
	assert_int_equal(all.n_frameworks, 2);
	assert_string_equal(all.frameworks[0].roles[1], "ops");
	assert_null(all.frameworks[0].roles[2]);
	assert_null(all.frameworks[0].user);
	assert_false(all.frameworks[0].completed);
	assert_string_equal(all.frameworks[1].user, "ann");
	assert_null(all.frameworks[1].roles[0]);
	assert_true(all.frameworks[1].completed);
	weir_state_free(&all);
}

static void a_part_stands_by_itself(void **state)
{
	struct weir_state part = {};
	struct weir_error err = {};

	(void)state;

	assert_int_equal(
		decode("{\"get_executors\":" EXECUTORS "}", WEIR_STATE_EXECUTORS, &part, &err), 0);
	assert_int_equal(part.n_executors, 1);
	assert_int_equal(part.n_tasks, 0);
	weir_state_free(&part);
	assert_int_equal(decode("{\"get_tasks\":{}}", WEIR_STATE_TASKS, &part, &err), 0);
	assert_int_equal(part.n_tasks, 0);
	weir_state_free(&part);
}

static void what_is_wrong_is_named_and_nothing_is_kept(void **state)
{
	static const struct {
		const char *text, *named;
	} cases[] = {
		{ "{}", "'get_state' is not there" },
		{ "{\"get_state\":{\"get_tasks\":7}}", "'get_tasks' is not an object" },
		{ "{\"get_state\":{\"get_tasks\":{\"launched_tasks\":[{}]}}}",
		  "'task_id' is not there" },
		{ "{\"get_state\":{\"get_tasks\":{\"launched_tasks\":[{\"task_id\":{\"value\":"
		  "\"a\"},\"framework_id\":{\"value\":\"f\"},\"labels\":{\"labels\":[{\"key\":"
		  "\"a\"}]}},{\"task_id\":{\"value\":\"b\"}}]}}}",
		  "'framework_id' is not there" },
		{ "{\"get_state\":{\"get_tasks\":{\"launched_tasks\":[{\"task_id\":{\"value\":"
		  "\"a\"},\"framework_id\":{\"value\":\"f\"},\"resources\":[{\"name\":\"mem\","
		  "\"scalar\":{\"value\":-1}}]}]}}}",
		  "'value' is no amount" },
		{ "{\"get_state\":{\"get_frameworks\":{\"frameworks\":[{\"framework_info\":"
		  "{\"id\":{\"value\":\"f\"},\"roles\":[7]}}]}}}",
		  "'roles' has no text at 0" },
	};

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct weir_state all = { .n_tasks = 7 };
		struct weir_error err = {};

		assert_int_equal(decode(cases[i].text, WEIR_STATE_ALL, &all, &err), -EIO);
		assert_non_null(strstr(err.text, cases[i].named));
		assert_int_equal(all.n_tasks, 7);
	}
}

static void the_node_has_sums_of_all_who_hold_parts(void **state)
{
	static const char text[] =
		"{\"get_agent\":{\"agent_info\":{\"hostname\":\"node-7\",\"id\":{\"value\":\"s-0\"}"
		","
		"\"resources\":[{\"name\":\"cpus\",\"scalar\":{\"value\":3.9}},"
		"{\"name\":\"cpus\",\"scalar\":{\"value\":0.1},\"reservations\":[]},"
		"{\"name\":\"disk\",\"scalar\":{\"value\":2}}]}}}";
	struct weir_agent_info agent = {};
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_decode_agent(text, strlen(text), &agent, &err), 0);
	assert_string_equal(agent.id, "s-0");
	assert_string_equal(agent.hostname, "node-7");
	assert_int_equal(agent.mcpu, 4000);
	assert_int_equal(agent.mem_bytes, 0);
	assert_int_equal(agent.disk_bytes, 2 << 20);
	weir_agent_info_free(&agent);
}

static void settings_and_figures_come_in_order_of_name(void **state)
{
	static const char flags[] = "{\"get_flags\":{\"flags\":[{\"name\":\"b\",\"value\":\"2\"},"
				    "{\"name\":\"a\"}]}}";
	static const char metrics[] = "{\"get_metrics\":{\"metrics\":[{\"name\":\"z\",\"value\":1},"
				      "{\"name\":\"y\",\"value\":0.5}]}}";
	static const char level[] = "{\"get_logging_level\":{\"level\":3}}";
	struct weir_metric_list figures = {};
	struct weir_flag_list settings = {};
	struct weir_error err = {};
	unsigned int at = 7;

	(void)state;

	assert_int_equal(weir_decode_flags(flags, strlen(flags), &settings, &err), 0);
	assert_int_equal(settings.n, 2);
	assert_string_equal(settings.list[0].name, "a");
	assert_string_equal(settings.list[0].value, "");
	assert_string_equal(settings.list[1].value, "2");
	weir_flag_list_free(&settings);

	assert_int_equal(weir_decode_metrics(metrics, strlen(metrics), &figures, &err), 0);
	assert_int_equal(figures.n, 2);
	assert_string_equal(figures.list[0].name, "y");
	assert_true(figures.list[0].value == 0.5);
	weir_metric_list_free(&figures);

	assert_int_equal(weir_decode_logging_level(level, strlen(level), &at, &err), 0);
	assert_int_equal(at, 3);
	assert_int_equal(weir_decode_logging_level(flags, strlen(flags), &at, &err), -EIO);
	assert_int_equal(at, 3);
}

static void operations_stay_in_order(void **state)
{
	static const char text[] =
		"{\"get_operations\":{\"operations\":[{\"info\":{\"kind\":\"RESERVE\","
		"\"principal\":"
		"\"ann\",\"time_us\":5},\"latest_status\":{\"operation_id\":{\"value\":\"z\"},"
		"\"state\":\"OPERATION_FAILED\",\"message\":\"why\"}},"
		"{\"latest_status\":{\"operation_id\":{\"value\":\"a\"}}}]}}";
	struct weir_operation_list list = {};
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_decode_operations(text, strlen(text), &list, &err), 0);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.list[0].id, "z");
	assert_string_equal(list.list[0].kind, "RESERVE");
	assert_string_equal(list.list[0].principal, "ann");
	assert_string_equal(list.list[0].state, "OPERATION_FAILED");
	assert_string_equal(list.list[0].message, "why");
	assert_int_equal(list.list[0].time_us, 5);
	assert_string_equal(list.list[1].kind, "");
	weir_operation_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_task_has_what_was_last_told_of_it),
		cmocka_unit_test(executors_and_frameworks_come_with_it),
		cmocka_unit_test(a_part_stands_by_itself),
		cmocka_unit_test(what_is_wrong_is_named_and_nothing_is_kept),
		cmocka_unit_test(the_node_has_sums_of_all_who_hold_parts),
		cmocka_unit_test(settings_and_figures_come_in_order_of_name),
		cmocka_unit_test(operations_stay_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
