/* SPDX-License-Identifier: Apache-2.0 */
#include "api/head.h"

#include <string.h>

#include "api/media.h"

static struct weir_verdict judge_health(const struct weir_head *head)
{
	if (strcmp(head->method, "GET") != 0 && strcmp(head->method, "HEAD") != 0)
		return (struct weir_verdict){ 405, "expected a GET of /healthz", "GET, HEAD" };
	return (struct weir_verdict){ 200, "ok", NULL };
}

struct weir_verdict weir_head_judge(const struct weir_head *head, size_t max_body)
{
	bool is_health = strcmp(head->path, "/healthz") == 0;

	if (head->level == WEIR_LEVEL_NONE)
		return (struct weir_verdict){
			403, "only root and members of the admin and reader groups may call", NULL
		};
	if (!is_health && strcmp(head->path, "/api/v1") != 0)
		return (struct weir_verdict){ 404, "no such path, expected /api/v1 or /healthz",
					      NULL };
	if (!head->ready)
		return (struct weir_verdict){ 503, "weir-daemon has not finished recovery", NULL };
	if (is_health)
		return judge_health(head);
	if (strcmp(head->method, "POST") != 0)
		return (struct weir_verdict){ 405, "expected a POST to /api/v1", "POST" };
	if (!head->content_type)
		return (struct weir_verdict){ 400, "Expecting 'Content-Type' to be present", NULL };
	if (!weir_media_is_json(head->content_type))
		return (struct weir_verdict){ 415, "expected a Content-Type of application/json",
					      NULL };
	if (head->length > max_body)
		return (struct weir_verdict){ 413, "the body is longer than 1 MiB", NULL };
	return (struct weir_verdict){ 0 };
}
