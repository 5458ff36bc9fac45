/* SPDX-License-Identifier: Apache-2.0 */
#include "client/reply.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

#include "base/error.h"

#define MAX_ERRNO  4095
#define MAX_NUMBER (1ULL << 53) /* above any body; keeps the arithmetic away from its edge */

void weir_reply_done(struct weir_reply *reply)
{
	weir_buffer_done(&reply->body);
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

static int on_status_line(struct weir_reply *reply, struct weir_error *err)
{
	const char *line = reply->line;
	uint64_t status;

	/* "HTTP/1.1 200 OK"; the reason may be missing. */
	if (reply->line_size < 12 || strncmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ' ||
	    !parse_number(line + 9, line + 12, 10, &status) || status < 100 ||
	    (line[12] != ' ' && line[12] != '\0'))
		return bad_answer(err, "is not HTTP/1.1: is something else listening there?");

	reply->status = (int)status;
	reply->keep_alive = line[7] != '0';
	reply->state = WEIR_REPLY_HEADERS;
	return 0;
}

/* All headers are in: what follows? */
static void on_headers_end(struct weir_reply *reply)
{
	if (reply->status < 200) {
		/* "100 Continue" announces the real reply. */
		reply->has_length = reply->chunked = false;
		reply->state = WEIR_REPLY_STATUS_LINE;
	} else if (reply->status == 204 || reply->status == 304) {
		reply->state = WEIR_REPLY_DONE;
	} else if (reply->chunked) {
		reply->state = WEIR_REPLY_CHUNK_SIZE;
	} else if (reply->has_length) {
		reply->state = reply->left ? WEIR_REPLY_BODY : WEIR_REPLY_DONE;
	} else {
		reply->keep_alive = false;
		reply->state = WEIR_REPLY_BODY_TO_END;
	}
}

static int on_content_length(struct weir_reply *reply, const char *value, struct weir_error *err)
{
	uint64_t length;

	if (reply->has_length || !parse_number(value, value + strlen(value), 10, &length))
		return bad_answer(err, "has a bad Content-Length");
	if (length > reply->body.max)
		return weir_fail(err, -EIO, "the daemon's answer is larger than %zu bytes",
				 reply->body.max);
	reply->has_length = true;
	reply->left = length;
	return 0;
}

static int on_errno(struct weir_reply *reply, const char *value, struct weir_error *err)
{
	uint64_t error;

	if (!parse_number(value, value + strlen(value), 10, &error) || error > MAX_ERRNO)
		return bad_answer(err, "has a bad Weir-Errno");
	reply->error = (int)error;
	return 0;
}

static int on_header(struct weir_reply *reply, struct weir_error *err)
{
	char *value = strchr(reply->line, ':'), *end;

	if (reply->line_size == 0) {
		if (reply->has_length && reply->chunked)
			return bad_answer(err, "has both a Content-Length and chunks");
		on_headers_end(reply);
		return 0;
	}
	if (!value || value == reply->line)
		return bad_answer(err, "has a header line without a name");

	*value++ = '\0';
	value += strspn(value, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';

	if (strcasecmp(reply->line, "Content-Length") == 0)
		return on_content_length(reply, value, err);
	if (strcasecmp(reply->line, "Weir-Errno") == 0)
		return on_errno(reply, value, err);
	if (strcasecmp(reply->line, "Transfer-Encoding") == 0) {
		if (strcasecmp(value, "chunked") != 0)
			return bad_answer(err, "has a Transfer-Encoding other than chunked");
		reply->chunked = true;
	} else if (strcasecmp(reply->line, "Connection") == 0 && strcasecmp(value, "close") == 0) {
		reply->keep_alive = false;
	}
	return 0;
}

static int on_chunk_size(struct weir_reply *reply, struct weir_error *err)
{
	const char *end = reply->line + strcspn(reply->line, "; \t"); /* extensions are ignored */

	if (!parse_number(reply->line, end, 16, &reply->left))
		return bad_answer(err, "has a bad chunk size");
	reply->state = reply->left ? WEIR_REPLY_CHUNK : WEIR_REPLY_TRAILERS;
	return 0;
}

static int on_line(struct weir_reply *reply, struct weir_error *err)
{
	switch (reply->state) {
	case WEIR_REPLY_STATUS_LINE:
		return on_status_line(reply, err);
	case WEIR_REPLY_HEADERS:
		return on_header(reply, err);
	case WEIR_REPLY_CHUNK_SIZE:
		return on_chunk_size(reply, err);
	case WEIR_REPLY_CHUNK_END:
		if (reply->line_size != 0)
			return bad_answer(err, "has a chunk longer than it said");
		reply->state = WEIR_REPLY_CHUNK_SIZE;
		return 0;
	default: /* trailers say nothing that we need */
		if (reply->line_size == 0)
			reply->state = WEIR_REPLY_DONE;
		return 0;
	}
}

/* Take bytes up to the end of the line, and act on the line once it is whole. Returns bytes taken. */
static ssize_t take_line(struct weir_reply *reply, const char *data, size_t size,
			 struct weir_error *err)
{
	const char *newline = memchr(data, '\n', size);
	size_t n = newline ? (size_t)(newline - data) : size;
	bool header = reply->state == WEIR_REPLY_HEADERS || reply->state == WEIR_REPLY_TRAILERS;
	int r;

	if (reply->line_size + n >= sizeof(reply->line))
		return bad_answer(err, "has a header line that is too long");
	if (memchr(data, '\0', n))
		return bad_answer(err, "has a zero byte in its header");
	memcpy(reply->line + reply->line_size, data, n);
	reply->line_size += n;
	if (!newline)
		return (ssize_t)n;

	if (header && ++reply->n_headers > WEIR_REPLY_MAX_HEADERS)
		return bad_answer(err, "has too many header lines");
	if (reply->line_size > 0 && reply->line[reply->line_size - 1] == '\r')
		reply->line_size--;
	reply->line[reply->line_size] = '\0';
	r = on_line(reply, err);
	reply->line_size = 0;
	return r < 0 ? r : (ssize_t)n + 1;
}

static ssize_t take_body(struct weir_reply *reply, const char *data, size_t size,
			 struct weir_error *err)
{
	bool counted = reply->state != WEIR_REPLY_BODY_TO_END;

	if (counted && size > reply->left)
		size = (size_t)reply->left;
	weir_buffer_add(&reply->body, data, size);
	if (reply->body.failed == -ENOMEM)
		return weir_fail_memory(err);
	if (reply->body.failed)
		return weir_fail(err, -EIO, "the daemon's answer is larger than %zu bytes",
				 reply->body.max);

	if (counted) {
		reply->left -= size;
		if (reply->left == 0)
			reply->state = reply->state == WEIR_REPLY_CHUNK ? WEIR_REPLY_CHUNK_END
									: WEIR_REPLY_DONE;
	}
	return (ssize_t)size;
}

int weir_reply_feed(struct weir_reply *reply, const char *data, size_t size, struct weir_error *err)
{
	while (size > 0 && reply->state != WEIR_REPLY_DONE) {
		bool in_body = reply->state == WEIR_REPLY_BODY ||
			       reply->state == WEIR_REPLY_BODY_TO_END ||
			       reply->state == WEIR_REPLY_CHUNK;
		ssize_t n = in_body ? take_body(reply, data, size, err)
				    : take_line(reply, data, size, err);

		if (n < 0)
			return (int)n;
		data += n;
		size -= (size_t)n;
	}

	/* Bytes behind the answer belong to no call of ours: never let the next one read them. */
	if (size > 0)
		reply->keep_alive = false;
	return reply->state == WEIR_REPLY_DONE;
}

int weir_reply_finish(struct weir_reply *reply, struct weir_error *err)
{
	reply->keep_alive = false;
	if (reply->state == WEIR_REPLY_BODY_TO_END)
		reply->state = WEIR_REPLY_DONE;
	if (reply->state != WEIR_REPLY_DONE)
		return bad_answer(err, "was cut: the daemon closed the connection");
	return 0;
}
