/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/json.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "daemon/options.h"
#include "kern/probe.h"

#define MAX_REPORT_BYTES (1u << 20)
#define INDENT		 "                              " /* under the third column */

struct report {
	struct weir_buffer *out;
	struct weir_json json;
};

static void write_row(const struct weir_probe *probe, void *data)
{
	struct report *report = data;

	weir_buffer_printf(report->out, "%-18s  %-8s  %s\n", probe->name,
			   weir_probe_state_name(probe->state), probe->found);
	if (probe->cost)
		weir_buffer_printf(report->out, INDENT "so: %s\n", probe->cost);
	if (probe->remedy)
		weir_buffer_printf(report->out, INDENT "do: %s\n", probe->remedy);
}

static void write_object(const struct weir_probe *probe, void *data)
{
	struct weir_json *json = &((struct report *)data)->json;

	weir_json_open_object(json, NULL);
	weir_json_string(json, "name", probe->name);
	weir_json_string(json, "state", weir_probe_state_name(probe->state));
	weir_json_string(json, "found", probe->found);
	if (probe->cost)
		weir_json_string(json, "cost", probe->cost);
	if (probe->remedy)
		weir_json_string(json, "remedy", probe->remedy);
	weir_json_close_object(json);
}

static enum weir_probe_state report_text(const struct weir_probe_options *options,
					 struct report *report)
{
	static const char *const verdicts[] = {
		[WEIR_PROBE_OK] = "all is there",
		[WEIR_PROBE_DEGRADED] = "weir works here, with something less",
		[WEIR_PROBE_MISSING] = "weir can't work here",
	};
	enum weir_probe_state worst = weir_probe_run(options, write_row, report);

	weir_buffer_printf(report->out, "\n%s\n", verdicts[worst]);
	return worst;
}

static enum weir_probe_state report_json(const struct weir_probe_options *options,
					 struct report *report)
{
	enum weir_probe_state worst;

	weir_json_open_object(&report->json, NULL);
	weir_json_open_array(&report->json, "probes");
	worst = weir_probe_run(options, write_object, report);
	weir_json_close_array(&report->json);
	weir_json_string(&report->json, "verdict", weir_probe_state_name(worst));
	weir_json_close_object(&report->json);
	weir_buffer_add_byte(report->out, '\n');
	return worst;
}

int weir_doctor(const struct weir_options *options, int *ret_status, struct weir_error *err)
{
	scoped(weir_buffer_done) struct weir_buffer out = WEIR_BUFFER_INIT(MAX_REPORT_BYTES);
	struct report report = { .out = &out, .json = WEIR_JSON_INIT(&out) };
	const struct weir_probe_options where = {
		.pin_dir = options->pin_dir,
		.cgroup_parent = options->cgroup_parent,
		.cgroup_prefix = options->cgroup_prefix,
		.fence_at_most = options->tunables.fence_at_most,
	};
	enum weir_probe_state worst;

	worst = options->json ? report_json(&where, &report) : report_text(&where, &report);
	if (out.failed < 0)
		return weir_fail_memory(err);
	if (fwrite(out.data, 1, out.size, stdout) != out.size || fflush(stdout) != 0)
		return weir_fail(err, -EIO, "write the report: %s", strerror(errno));

	*ret_status = (int)worst;
	return 0;
}
