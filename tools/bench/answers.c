/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answers HOW CALL N TIMES: how long it takes to write one long answer over N containers, and how long it is.
 *
 * CALL is containers or state; HOW is json or protobuf, as the daemon writes them; tree: a tree of jansson's is
 * built and dumped (copied, rather, which is less than building it by name); pack: protobuf-c packs a message that
 * is there already. The containers are made up: what a controller would have read is the unit tests' fake.
 * Prints the nanoseconds of the fastest third of the TIMES, averaged, and the bytes.
 */
#define FAKE_MAX_CONTAINERS 16384

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/answer.h"
#include "api/decode.h"
#include "api/out.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "fake_controller.h"
#include "madeup.h"
#include "weir/v1/agent.pb-c.h"

/* ---- What is written -----------------------------------------------------------------*/

static void make_up_all(size_t n)
{
	for (fake.n = 0; fake.n < n && fake.n < FAKE_MAX_CONTAINERS; fake.n++)
		fake.containers[fake.n] = make_up(fake.n);
}

static void write_answer(struct weir_buffer *buffer, enum weir_media media, bool state)
{
	const struct weir_call call = { .show_standalone = true, .show_nested = true };
	struct weir_out out = WEIR_OUT_INIT(buffer, media, WEIR_DIALECT_AGENT);

	if (state)
		weir_answer_state(&out, &fake, WEIR_CALL_GET_STATE);
	else
		weir_answer_containers(&out, &fake, &call, NULL);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return one < other ? -1 : one > other;
}

struct work {
	const char *how;
	bool state;
	json_t *tree;
	Weir__V1__Agent__Response *message;
};

/* Once; the bytes that came of it. */
static size_t work(const struct work *work)
{
	struct weir_buffer buffer = WEIR_BUFFER_INIT(256u << 20);
	size_t size;

	if (strcmp(work->how, "tree") == 0) {
		json_t *copy = json_deep_copy(work->tree);
		char *text = json_dumps(copy, JSON_COMPACT);

		size = strlen(text);
		free(text);
		json_decref(copy);
		return size;
	}
	if (strcmp(work->how, "pack") == 0) {
		size = weir__v1__agent__response__get_packed_size(work->message);
		weir__v1__agent__response__pack(work->message,
						(uint8_t *)weir_buffer_reserve(&buffer, size));
		weir_buffer_done(&buffer);
		return size;
	}
	write_answer(&buffer,
		     strcmp(work->how, "json") == 0 ? WEIR_MEDIA_JSON : WEIR_MEDIA_PROTOBUF,
		     work->state);
	size = buffer.size;
	weir_buffer_done(&buffer);
	return size;
}

int main(int argc, char **argv)
{
	struct weir_buffer json = WEIR_BUFFER_INIT(256u << 20), wire = json;
	struct work what = {};
	uint64_t *ns, sum = 0;
	size_t size = 0, times;

	if (argc != 5)
		return fprintf(stderr, "usage: answers HOW CALL N TIMES\n"), 2;
	what.how = argv[1];
	what.state = strcmp(argv[2], "state") == 0;
	times = strtoul(argv[4], NULL, 10);
	make_up_all(strtoul(argv[3], NULL, 10));
	write_answer(&json, WEIR_MEDIA_JSON, what.state);
	write_answer(&wire, WEIR_MEDIA_PROTOBUF, what.state);
	what.tree = json_loadb(json.data, json.size, 0, NULL);
	what.message = weir__v1__agent__response__unpack(NULL, wire.size, (uint8_t *)wire.data);
	ns = calloc(times, sizeof(*ns));
	if (!what.tree || !what.message || !ns)
		return fprintf(stderr, "answers: no memory, or no answer\n"), 1;

	for (size_t i = 0; i < times; i++) {
		ns[i] = now_ns();
		size = work(&what);
		ns[i] = now_ns() - ns[i];
	}
	qsort(ns, times, sizeof(*ns), by_value);
	for (size_t i = 0; i < (times + 2) / 3; i++)
		sum += ns[i];
	printf("%.0f %zu\n", (double)sum / (double)((times + 2) / 3), size);
	return 0;
}
