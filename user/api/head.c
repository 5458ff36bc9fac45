/* SPDX-License-Identifier: Apache-2.0 */
#include "api/head.h"

#include <string.h>

#include "api/media.h"

static struct weir_verdict refuse(unsigned int status, const char *text)
{
	return (struct weir_verdict){ .status = status, .text = text };
}

static struct weir_verdict refuse_method(const char *allow, const char *text)
{
	return (struct weir_verdict){ .status = 405, .text = text, .allow = allow };
}

static struct weir_verdict refuse_at_once(unsigned int status, const char *text)
{
	return (struct weir_verdict){ .status = status, .text = text, .at_once = true };
}

static struct weir_verdict judge_get(const struct weir_head *head, bool is_health)
{
	if (strcmp(head->method, "GET") != 0 && strcmp(head->method, "HEAD") != 0)
		return refuse_method("GET, HEAD", is_health ? "expected a GET of /healthz"
							    : "expected a GET of /metrics");
	if (is_health)
		return (struct weir_verdict){ .status = 200, .text = "ok" };
	return (struct weir_verdict){ .media = WEIR_MEDIA_OPEN_METRICS };
}

struct weir_verdict weir_head_judge(const struct weir_head *head, size_t max_body)
{
	bool is_health = strcmp(head->path, "/healthz") == 0;
	bool is_metrics = strcmp(head->path, "/metrics") == 0;
	bool is_master = strcmp(head->path, "/master/api/v1") == 0;
	enum weir_media media;

	if (head->level == WEIR_LEVEL_NONE)
		return refuse_at_once(
			403, "only root and members of the admin and reader groups may call");
	if (!is_health && !is_metrics && !is_master && strcmp(head->path, "/api/v1") != 0)
		return refuse(404, "no such path, expected /api/v1, /master/api/v1, /metrics or "
				   "/healthz");
	if (!head->ready)
		return refuse(503, "weir-daemon has not finished recovery");
	if (is_health || is_metrics)
		return judge_get(head, is_health);
	if (strcmp(head->method, "POST") != 0)
		return refuse_method("POST", "expected a POST of a call");
	if (!head->content_type)
		return refuse(400, "Expecting 'Content-Type' to be present");
	media = weir_media_of(head->content_type);
	if (media == WEIR_MEDIA_NONE)
		return refuse(
			415,
			"expected a Content-Type of application/json or application/x-protobuf");
	if (head->length > max_body)
		return refuse_at_once(413, WEIR_HEAD_TOO_LONG);
	return (struct weir_verdict){
		.media = media,
		.dialect = is_master ? WEIR_DIALECT_MASTER : WEIR_DIALECT_AGENT,
	};
}
