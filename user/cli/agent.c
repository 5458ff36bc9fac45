/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/text.h"
#include "weir/weir.h"

#define NO_FD UINT64_MAX

struct options {
	const char *name, *user;
	uint64_t fd;
};

static const struct options defaults = { .fd = NO_FD };

static const struct weir_option options[] = {
	{ "name", 0, "NAME", weir_option_text, offsetof(struct options, name),
	  "what policies call it (agent)" },
	{ "user", 0, "USER", weir_option_text, offsetof(struct options, user),
	  "whose it has to be that listens at PATH (root)" },
	{ "fd", 0, "N", weir_option_number, offsetof(struct options, fd),
	  "it is open as this: whoever calls has to have it" },
	WEIR_OPTIONS_END,
};

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = NULL;
	const struct options *chosen = data;
	bool by_fd = chosen->fd != NO_FD;
	int r;

	if (strcmp(operands[0], "register") != 0 || by_fd == (n_operands == 2) ||
	    (by_fd && (chosen->user || chosen->fd > INT_MAX))) {
		weir_say("expected 'register PATH' or 'register --fd N'; see 'weir help agent'");
		return WEIR_EXIT_USAGE;
	}
	client = weir_connect(globals);
	if (!client)
		return WEIR_EXIT_FAILED;
	r = by_fd ? weir_client_register_socket(client, chosen->name, (int)chosen->fd)
		  : weir_client_register_path(client, chosen->name, operands[1], chosen->user);
	return r < 0 ? weir_failed(client, r) : WEIR_EXIT_OK;
}

const struct weir_verb weir_verb_agent = {
	.name = "agent",
	.operands = "register PATH | register --fd N",
	.summary = "the unix socket that policies leave to containers",
	.details = "By a path whatever listens there is found, now or later, as often as it comes "
		   "anew. By\n"
		   "an fd it is the very socket, for as long as it is open.",
	.options = options,
	.options_size = sizeof(struct options),
	.defaults = &defaults,
	.min_operands = 1,
	.max_operands = 2,
	.run = run,
};
