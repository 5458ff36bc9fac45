/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libweir reads takes any bytes: an HTTP reply in pieces, and the records of RecordIO in its body. The first byte
 * says how large the pieces are; however they are cut, the same comes out.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "client/recordio.h"
#include "client/reply.h"

#define MAX_BODY (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 1, 0 or an error, as the whole came out. */
static int feed(struct weir_reply *reply, const char *data, size_t size, size_t piece)
{
	struct weir_error err = {};
	int r = 0;

	while (size && r == 0) {
		size_t n = size < piece ? size : piece;
		/* On the heap, exactly: reading past a piece is a finding. */
		char *exact = malloc(n);

		memcpy(exact, data, n);
		r = weir_reply_feed(reply, exact, n, &err);
		free(exact);
		data += n;
		size -= n;
	}
	assert(r >= 0 || (err.code == r && *err.text));
	return r;
}

static size_t count_records(const struct weir_buffer *body)
{
	const char *data = body->data, *record;
	size_t size = body->size, n = 0, length, taken;
	struct weir_error err = {};

	while (size && weir_recordio_find(data, size, &record, &length, &taken, &err) > 0) {
		assert(record > data && record + length == data + taken && taken <= size);
		data += taken;
		size -= taken;
		n++;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weir_reply whole = WEIR_REPLY_INIT(MAX_BODY), pieces = WEIR_REPLY_INIT(MAX_BODY);
	const char *text = (const char *)data + 1;
	int r;

	if (size < 2)
		return 0;
	r = feed(&whole, text, size - 1, size);
	assert(feed(&pieces, text, size - 1, data[0] + 1u) == r);
	if (r >= 0) {
		assert(whole.status == pieces.status && whole.body.size == pieces.body.size);
		assert(!whole.body.size ||
		       memcmp(whole.body.data, pieces.body.data, whole.body.size) == 0);
		assert(count_records(&whole.body) == count_records(&pieces.body));
	}
	weir_reply_done(&whole);
	weir_reply_done(&pieces);
	return 0;
}
