/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "cli/bar.h"
#include "cli/text.h"
#include "cli/top_view.h"
#include "metrics/open_metrics.h"
#include "metrics/sample.h"

#define SECOND 1000000000ULL

static const struct {
	uint64_t used, request, limit, full;
	unsigned int width;
	const char *bar;
} bars[] = {
	{ 0, 500, 2000, 0, 8, "--......" },
	{ 250, 500, 2000, 0, 8, "#-......" },
	{ 500, 500, 2000, 0, 8, "##......" },
	{ 501, 500, 2000, 0, 8, "##+....." }, /* a little beyond is beyond */
	{ 2000, 500, 2000, 0, 8, "##++++++" },
	{ 9999, 500, 2000, 0, 8, "##++++++" }, /* never longer than the bar */
	{ 500, 1000, 1000, 0, 8, "####----" }, /* no burst part */
	{ 1000, 0, 4000, 0, 8, "++......" }, /* nothing promised */
	{ 0, 0, 0, 0, 4, "...." },
	{ 100, 10, WEIR_INFINITE, 4000, 8, "#+......" }, /* one cell, however small */
	{ 100, 3990, WEIR_INFINITE, 4000, 8, "-------." },
	{ 100, 8000, WEIR_INFINITE, 4000, 4, "----" }, /* more than there is */
	{ 1, 1, WEIR_INFINITE, UINT64_MAX, 4, "#..." },
	{ 1, 1, 2, 0, 0, "" },
};

static void a_bar_has_a_promised_and_a_burst_part(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bars); i++) {
		scoped(weir_buffer_done) struct weir_buffer text = WEIR_BUFFER_INIT(256);
		scoped(freep) char *drawn = NULL;
		struct weir_bar bar = weir_bar_of(bars[i].used, bars[i].request, bars[i].limit,
						  bars[i].full, bars[i].width);

		weir_bar_draw(&text, &bar, false);
		drawn = weir_buffer_take_text(&text);
		assert_string_equal(drawn, bars[i].bar);
	}
}

static struct weir_sampled make_slot(const char *id, uint64_t cpu_ns)
{
	struct weir_sampled one = { .slot = {
					    .cgroup_id = 77,
					    .generation = 1,
					    .state = WEIR_SLOT_RUNNING,
					    .cpu_request_mcpu = 500,
					    .cpu_limit_mcpu = 2000,
					    .mem_request_bytes = 256 << 20,
					    .mem_limit_bytes = 1 << 30,
					    .mem_current_bytes = 300 << 20,
					    .cpu_ns = cpu_ns,
				    } };

	snprintf(one.name, sizeof(one.name), "%s", id);
	one.slot.role[0] = '*';
	return one;
}

static void a_load_is_what_happened_between_two_samples(void **state)
{
	struct weir_sampled before = make_slot("a", 5 * SECOND), now = make_slot("a", 6 * SECOND);
	struct weir_load load;

	(void)state;

	now.slot.wait_ns = SECOND / 2;
	now.slot.nr_periods = 20;
	now.slot.nr_throttled = 5;
	load = weir_load_of(&before, &now, 2 * SECOND);
	assert_int_equal(load.cpu_mcpu, 500);
	assert_int_equal(load.wait_percent, 25);
	assert_int_equal(load.throttled_percent, 25);

	/* The id was given away meanwhile: all that the new one has is new. */
	before.slot.generation = 0;
	assert_int_equal(weir_load_of(&before, &now, 2 * SECOND).cpu_mcpu, 3000);
	assert_int_equal(weir_load_of(NULL, &now, 2 * SECOND).cpu_mcpu, 3000);

	/* In-flight time may fall back a little when a stint is booked. */
	before.slot.generation = 1;
	before.slot.cpu_ns = 7 * SECOND;
	assert_int_equal(weir_load_of(&before, &now, 2 * SECOND).cpu_mcpu, 0);
	assert_int_equal(weir_load_of(&before, &now, 0).cpu_mcpu, 0);
}

static void a_container_is_found_by_its_whole_id(void **state)
{
	char longest[WEIR_ID_MAX + 2] = "";
	struct weir_sampled slots[2];
	struct weir_sample sample = { .n = 2, .list = slots };

	(void)state;

	memset(longest, 'x', WEIR_ID_MAX);
	slots[0] = make_slot("a", 0);
	slots[1] = make_slot(longest, 0);
	assert_ptr_equal(weir_sample_find(&sample, longest), &slots[1]);
	assert_ptr_equal(weir_sample_find(&sample, "a"), &slots[0]);
	assert_null(weir_sample_find(&sample, "xxx"));
	longest[WEIR_ID_MAX] = 'x';
	assert_null(weir_sample_find(&sample, longest));
}

static void put_text(void *data, enum weir_top_style style, const char *text)
{
	(void)style;
	weir_buffer_add_text(data, text);
}

static void put_newline(void *data)
{
	weir_buffer_add_byte(data, '\n');
}

static char *render_as(struct weir_sampled *slots, size_t n, const struct weir_top_look *look,
		       const struct weir_top_shape *shape, size_t *first, const char *foot)
{
	scoped(weir_buffer_done) struct weir_buffer text = WEIR_BUFFER_INIT(1 << 20);
	const struct weir_top_sink sink = { put_text, put_newline, &text };
	struct weir_sample before = { .taken_ns = SECOND }, now = { .taken_ns = 2 * SECOND };

	now.node.capacity_mcpu = 4000;
	now.node.capacity_bytes = 8ULL << 30;
	now.node.requested_mcpu = 500 * n;
	now.node.tick_ns = 2 * SECOND;
	now.n = n;
	now.list = slots;
	assert_int_equal(weir_top_render(&before, &now, look, shape, first, foot, &sink), 0);
	return weir_buffer_take_text(&text);
}

static char *render(struct weir_sampled *slots, size_t n, unsigned int width, bool utf8)
{
	const struct weir_top_shape shape = { .width = width, .utf8 = utf8 };
	const struct weir_top_look all = {};
	size_t first = 0;

	return render_as(slots, n, &all, &shape, &first, NULL);
}

/* The ids of the rows, in their order and with their indents, in one line. */
static void assert_ids(char *text, const char *ids)
{
	scoped(weir_buffer_done) struct weir_buffer got = WEIR_BUFFER_INIT(4096);
	scoped(freep) char *joined = NULL;
	char *rest = text, *line;

	for (int i = 0; (line = strsep(&rest, "\n")); i++) {
		size_t indent = strspn(line, " "), len = strcspn(line + indent, " ");

		if (i >= 4 && *line) /* behind the node's lines and the headers */
			weir_buffer_printf(&got, "%s%.*s", i > 4 ? "," : "", (int)(indent + len),
					   line);
	}
	joined = weir_buffer_take_text(&got);
	assert_string_equal(joined, ids);
}

static void rows_come_in_the_order_that_is_asked_for(void **state)
{
	struct weir_sampled slots[] = { make_slot("a", SECOND / 4), make_slot("b", 2 * SECOND),
					make_slot("c", SECOND) };
	const struct weir_top_shape shape = { .width = 80 };
	struct weir_top_look look = {};
	size_t first = 0;

	(void)state;

	assert_non_null(setlocale(LC_ALL, "C"));
	slots[0].slot.mem_current_bytes = 900 << 20;
	for (int i = 0; i < 5; i++) {
		static const struct {
			enum weir_top_sort sort;
			bool reverse;
			const char *ids;
		} orders[] = {
			{ WEIR_TOP_BY_ID, false, "a,b,c" },	{ WEIR_TOP_BY_CPU, false, "b,c,a" },
			{ WEIR_TOP_BY_CPU, true, "a,c,b" },	{ WEIR_TOP_BY_MEM, false, "a,b,c" },
			{ WEIR_TOP_BY_BEYOND, false, "b,c,a" },
		};
		scoped(freep) char *text = NULL;

		look.sort = orders[i].sort;
		look.reverse = orders[i].reverse;
		text = render_as(slots, 3, &look, &shape, &first, NULL);
		assert_ids(text, orders[i].ids);
	}
}

static void tasks_stand_below_their_executors(void **state)
{
	struct weir_sampled slots[] = { make_slot("e", SECOND), make_slot("e-2", 3 * SECOND),
					make_slot("e/t1", SECOND / 4),
					make_slot("e/t2", SECOND / 2),
					make_slot("lost/t", SECOND / 8) };
	const struct weir_top_shape shape = { .width = 80 };
	struct weir_top_look look = { .tree = true };
	size_t first = 0;
	scoped(freep) char *by_id = NULL;
	scoped(freep) char *by_cpu = NULL;
	scoped(freep) char *flat = NULL;
	scoped(freep) char *chosen = NULL;

	(void)state;

	assert_non_null(setlocale(LC_ALL, "C"));
	slots[2].slot.parent = slots[3].slot.parent = slots[4].slot.parent = 7;
	by_id = render_as(slots, 5, &look, &shape, &first, NULL);
	/* What tasks use is in their executor's figures already. */
	assert_non_null(strstr(by_id, "  4 used"));
	assert_ids(by_id, "e,  t1,  t2,e-2,lost/t");
	look.sort = WEIR_TOP_BY_CPU;
	by_cpu = render_as(slots, 5, &look, &shape, &first, NULL);
	assert_ids(by_cpu, "e-2,e,  t2,  t1,lost/t");
	look.tree = false;
	flat = render_as(slots, 5, &look, &shape, &first, NULL);
	assert_ids(flat, "e-2,e,e/t2,e/t1,lost/t");
	look.tree = true;
	strcpy(look.filter, "t1");
	chosen = render_as(slots, 5, &look, &shape, &first, NULL);
	assert_non_null(
		strstr(chosen, "5 running, 2 of them above their CPU request, 1 with 't1'"));
	assert_ids(chosen, "e/t1");
}

static void a_screen_shows_as_many_as_fit(void **state)
{
	struct weir_sampled slots[10];
	const struct weir_top_shape shape = { .width = 80, .height = 8 };
	const struct weir_top_look look = {};
	scoped(freep) char *top = NULL;
	scoped(freep) char *end = NULL;
	scoped(freep) char *few = NULL;
	size_t first = 0;

	(void)state;

	assert_non_null(setlocale(LC_ALL, "C"));
	for (int i = 0; i < 10; i++) {
		char id[] = { (char)('a' + i), '\0' };

		slots[i] = make_slot(id, 0);
	}
	top = render_as(slots, 10, &look, &shape, &first, "foot");
	assert_ids(top, "a,b,c,foot");
	first = 1000;
	end = render_as(slots, 10, &look, &shape, &first, "foot");
	assert_int_equal(first, 7);
	assert_ids(end, "h,i,j,foot");
	/* The foot is at the bottom, however few there are. */
	few = render_as(slots, 1, &look, &shape, &first, "foot");
	assert_int_equal(first, 0);
	assert_non_null(strstr(few, "\n\n\nfoot"));
}

static void the_table_fits_eighty_columns(void **state)
{
	struct weir_sampled slots[3];
	scoped(freep) char *text = NULL;
	char *rest, *line;

	(void)state;

	assert_non_null(setlocale(LC_ALL, "C.UTF-8"));
	slots[0] = make_slot("a-name-that-is-longer-than-anybody-wants-to-read", SECOND);
	slots[0].slot.cpu_request_mcpu = 125;
	slots[0].slot.cpu_limit_mcpu = 12340;
	slots[0].slot.mem_limit_bytes = 1500 << 20;
	slots[1] = make_slot("esc\x1b[2J", SECOND / 4);
	slots[2] = make_slot("gone", 0);
	slots[2].slot.state = WEIR_SLOT_EXITED;
	text = render(slots, 3, 80, true);

	rest = text;
	while ((line = strsep(&rest, "\n")))
		assert_true(weir_width(line) <= 80);
}

static void the_table_says_who_is_above_the_request(void **state)
{
	struct weir_sampled slots[] = { make_slot("burst", SECOND), make_slot("calm", SECOND / 4) };
	scoped(freep) char *text = NULL;

	(void)state;

	assert_non_null(setlocale(LC_ALL, "C"));
	text = render(slots, 2, 80, false);
	assert_non_null(strstr(text, "2 running, 1 of them above their CPU request\n"));
	assert_non_null(strstr(text, "\nburst    1   0.5:2 ####++++........."));
	assert_non_null(strstr(text, "\ncalm  0.25   0.5:2 ##--............."));
	for (const char *c = text; *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
}

static void open_metrics_are_whole_and_exact(void **state)
{
	struct weir_sampled slot = make_slot("web", 1500000001);
	struct weir_sample sample = { .n = 1, .list = &slot };
	scoped(weir_buffer_done) struct weir_buffer buffer =
		WEIR_BUFFER_INIT(WEIR_OPEN_METRICS_MAX);
	scoped(freep) char *text = NULL;

	(void)state;

	slot.slot.cpu_limit_mcpu = WEIR_INFINITE;
	slot.slot.wait_hist[0] = 2;
	slot.slot.wait_hist[WEIR_WAIT_BUCKETS - 1] = 1;
	slot.slot.wait_ns = 3 * SECOND;
	memcpy(slot.slot.role, "a\"b\\\n", 5);
	assert_int_equal(weir_open_metrics_write(&sample, &buffer), 0);
	text = weir_buffer_take_text(&buffer);
	assert_non_null(text);

	assert_non_null(strstr(text, "# TYPE weir_container_cpu_seconds counter\n"
				     "# UNIT weir_container_cpu_seconds seconds\n"));
	assert_non_null(strstr(text, "\nweir_container_cpu_seconds_total{container=\"web\","
				     "role=\"a\\\"b\\\\\\\\x0a\"} 1.500000001\n"));
	assert_non_null(strstr(text, "\nweir_container_cpu_limit_cpus{container=\"web\","));
	assert_non_null(strstr(text, "} +Inf\n"));
	assert_non_null(strstr(text, "le=\"0.000001024\"} 2\n"));
	assert_non_null(strstr(text, "le=\"+Inf\"} 3\n"));
	assert_string_equal(text + strlen(text) - strlen("# EOF\n"), "# EOF\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bar_has_a_promised_and_a_burst_part),
		cmocka_unit_test(a_load_is_what_happened_between_two_samples),
		cmocka_unit_test(a_container_is_found_by_its_whole_id),
		cmocka_unit_test(rows_come_in_the_order_that_is_asked_for),
		cmocka_unit_test(tasks_stand_below_their_executors),
		cmocka_unit_test(a_screen_shows_as_many_as_fit),
		cmocka_unit_test(the_table_fits_eighty_columns),
		cmocka_unit_test(the_table_says_who_is_above_the_request),
		cmocka_unit_test(open_metrics_are_whole_and_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
