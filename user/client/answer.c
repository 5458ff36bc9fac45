/* SPDX-License-Identifier: Apache-2.0 */
#include "client/answer.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

#include "base/error.h"

#define MAX_NUMBER (1ULL << 53) /* above any body; keeps the arithmetic away from its edge */

void weir_answer_done(struct weir_answer *answer)
{
	weir_buffer_done(&answer->body);
}

static int bad_answer(struct weir_error *err, const char *what)
{
	return weir_fail(err, -EIO, "the daemon's answer %s", what);
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* Digits and nothing else before the end: no sign, no white space, no "0x". */
static bool parse_number(const char *text, const char *end, int base, uint64_t *ret)
{
	uint64_t value = 0;

	if (text == end)
		return false;
	for (; text < end; text++) {
		int digit = digit_value(*text);

		if (digit >= base || value > MAX_NUMBER)
			return false;
		value = value * (uint64_t)base + (uint64_t)digit;
	}
	*ret = value;
	return true;
}

static int on_status_line(struct weir_answer *answer, struct weir_error *err)
{
	const char *line = answer->line;
	uint64_t status;

	/* "HTTP/1.1 200 OK"; the reason may be missing. */
	if (answer->line_size < 12 || strncmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ' ||
	    !parse_number(line + 9, line + 12, 10, &status) || status < 100 ||
	    (line[12] != ' ' && line[12] != '\0'))
		return bad_answer(err, "is not HTTP/1.1: is something else listening there?");

	answer->status = (int)status;
	answer->keep_alive = line[7] != '0';
	answer->state = WEIR_ANSWER_HEADERS;
	return 0;
}

/* All headers are in: what follows? */
static void on_headers_end(struct weir_answer *answer)
{
	if (answer->status < 200) {
		/* "100 Continue" announces the real answer. */
		answer->has_length = answer->chunked = false;
		answer->state = WEIR_ANSWER_STATUS_LINE;
	} else if (answer->status == 204 || answer->status == 304) {
		answer->state = WEIR_ANSWER_DONE;
	} else if (answer->chunked) {
		answer->state = WEIR_ANSWER_CHUNK_SIZE;
	} else if (answer->has_length) {
		answer->state = answer->left ? WEIR_ANSWER_BODY : WEIR_ANSWER_DONE;
	} else {
		answer->keep_alive = false;
		answer->state = WEIR_ANSWER_BODY_TO_END;
	}
}

static int on_content_length(struct weir_answer *answer, const char *value, struct weir_error *err)
{
	uint64_t length;

	if (answer->has_length || !parse_number(value, value + strlen(value), 10, &length))
		return bad_answer(err, "has a bad Content-Length");
	if (length > answer->body.max)
		return weir_fail(err, -EIO, "the daemon's answer is larger than %zu bytes",
				 answer->body.max);
	answer->has_length = true;
	answer->left = length;
	return 0;
}

static int on_header(struct weir_answer *answer, struct weir_error *err)
{
	char *value = strchr(answer->line, ':'), *end;

	if (answer->line_size == 0) {
		if (answer->has_length && answer->chunked)
			return bad_answer(err, "has both a Content-Length and chunks");
		on_headers_end(answer);
		return 0;
	}
	if (!value || value == answer->line)
		return bad_answer(err, "has a header line without a name");

	*value++ = '\0';
	value += strspn(value, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';

	if (strcasecmp(answer->line, "Content-Length") == 0)
		return on_content_length(answer, value, err);
	if (strcasecmp(answer->line, "Transfer-Encoding") == 0) {
		if (strcasecmp(value, "chunked") != 0)
			return bad_answer(err, "has a Transfer-Encoding other than chunked");
		answer->chunked = true;
	} else if (strcasecmp(answer->line, "Connection") == 0 && strcasecmp(value, "close") == 0) {
		answer->keep_alive = false;
	}
	return 0;
}

static int on_chunk_size(struct weir_answer *answer, struct weir_error *err)
{
	const char *end = answer->line + strcspn(answer->line, "; \t"); /* extensions are ignored */

	if (!parse_number(answer->line, end, 16, &answer->left))
		return bad_answer(err, "has a bad chunk size");
	answer->state = answer->left ? WEIR_ANSWER_CHUNK : WEIR_ANSWER_TRAILERS;
	return 0;
}

static int on_line(struct weir_answer *answer, struct weir_error *err)
{
	switch (answer->state) {
	case WEIR_ANSWER_STATUS_LINE:
		return on_status_line(answer, err);
	case WEIR_ANSWER_HEADERS:
		return on_header(answer, err);
	case WEIR_ANSWER_CHUNK_SIZE:
		return on_chunk_size(answer, err);
	case WEIR_ANSWER_CHUNK_END:
		if (answer->line_size != 0)
			return bad_answer(err, "has a chunk longer than it said");
		answer->state = WEIR_ANSWER_CHUNK_SIZE;
		return 0;
	default: /* trailers say nothing that we need */
		if (answer->line_size == 0)
			answer->state = WEIR_ANSWER_DONE;
		return 0;
	}
}

/* Take bytes up to the end of the line, and act on the line once it is whole. Returns bytes taken. */
static ssize_t take_line(struct weir_answer *answer, const char *data, size_t size,
			 struct weir_error *err)
{
	const char *newline = memchr(data, '\n', size);
	size_t n = newline ? (size_t)(newline - data) : size;
	bool header = answer->state == WEIR_ANSWER_HEADERS || answer->state == WEIR_ANSWER_TRAILERS;
	int r;

	if (answer->line_size + n >= sizeof(answer->line))
		return bad_answer(err, "has a header line that is too long");
	if (memchr(data, '\0', n))
		return bad_answer(err, "has a zero byte in its header");
	memcpy(answer->line + answer->line_size, data, n);
	answer->line_size += n;
	if (!newline)
		return (ssize_t)n;

	if (header && ++answer->n_headers > WEIR_ANSWER_MAX_HEADERS)
		return bad_answer(err, "has too many header lines");
	if (answer->line_size > 0 && answer->line[answer->line_size - 1] == '\r')
		answer->line_size--;
	answer->line[answer->line_size] = '\0';
	r = on_line(answer, err);
	answer->line_size = 0;
	return r < 0 ? r : (ssize_t)n + 1;
}

static ssize_t take_body(struct weir_answer *answer, const char *data, size_t size,
			 struct weir_error *err)
{
	bool counted = answer->state != WEIR_ANSWER_BODY_TO_END;

	if (counted && size > answer->left)
		size = (size_t)answer->left;
	weir_buffer_add(&answer->body, data, size);
	if (answer->body.failed == -ENOMEM)
		return weir_fail_memory(err);
	if (answer->body.failed)
		return weir_fail(err, -EIO, "the daemon's answer is larger than %zu bytes",
				 answer->body.max);

	if (counted) {
		answer->left -= size;
		if (answer->left == 0)
			answer->state = answer->state == WEIR_ANSWER_CHUNK ? WEIR_ANSWER_CHUNK_END
									   : WEIR_ANSWER_DONE;
	}
	return (ssize_t)size;
}

int weir_answer_feed(struct weir_answer *answer, const char *data, size_t size,
		     struct weir_error *err)
{
	while (size > 0 && answer->state != WEIR_ANSWER_DONE) {
		bool in_body = answer->state == WEIR_ANSWER_BODY ||
			       answer->state == WEIR_ANSWER_BODY_TO_END ||
			       answer->state == WEIR_ANSWER_CHUNK;
		ssize_t n = in_body ? take_body(answer, data, size, err)
				    : take_line(answer, data, size, err);

		if (n < 0)
			return (int)n;
		data += n;
		size -= (size_t)n;
	}

	/* Bytes behind the answer belong to no call of ours: never let the next one read them. */
	if (size > 0)
		answer->keep_alive = false;
	return answer->state == WEIR_ANSWER_DONE;
}

int weir_answer_finish(struct weir_answer *answer, struct weir_error *err)
{
	answer->keep_alive = false;
	if (answer->state == WEIR_ANSWER_BODY_TO_END)
		answer->state = WEIR_ANSWER_DONE;
	if (answer->state != WEIR_ANSWER_DONE)
		return bad_answer(err, "was cut: the daemon closed the connection");
	return 0;
}
