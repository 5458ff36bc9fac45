/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/foreground.h"
#include "cli/text.h"

void weir_command_done(struct weir_command *command)
{
	free(command->workdir);
	for (size_t i = 0; i < command->n_env; i++)
		free(command->env[i]);
}

/* "KEY" alone stands for the caller's own; what the caller has not is left out. @from: for errors. */
static bool add_env(struct weir_command *command, const char *text, const char *from)
{
	const char *value = strchr(text, '=') ? "" : getenv(text);
	char *variable;

	if (*text == '\0' || *text == '=') {
		weir_say("%s: '%s' has no name: expected KEY=VALUE or KEY", from, text);
		return false;
	}
	if (!value)
		return true;
	if (command->n_env == WEIR_TEXT_LIST_MAX) {
		weir_say("%s: more than %d variables", from, WEIR_TEXT_LIST_MAX);
		return false;
	}
	if (asprintf(&variable, "%s%s%s", text, strchr(text, '=') ? "" : "=", value) < 0) {
		weir_say("out of memory");
		return false;
	}
	command->env[command->n_env++] = variable;
	return true;
}

/* Lines as docker has them: nothing is unquoted, '#' begins a comment, empty ones are passed over. */
static bool add_env_file(struct weir_command *command, const char *path)
{
	scoped(fclosep) FILE *file = fopen(path, "re");
	scoped(freep) char *line = NULL;
	size_t size = 0;
	ssize_t n;

	if (!file) {
		weir_say("--env-file: '%s': %s", path, strerror(errno));
		return false;
	}
	while ((n = getline(&line, &size, file)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (*line == '\0' || *line == '#')
			continue;
		if (!add_env(command, line, path))
			return false;
	}
	if (ferror(file)) {
		weir_say("--env-file: read '%s': %s", path, strerror(errno));
		return false;
	}
	return true;
}

const char *const *weir_command_texts(const struct weir_text_list *list)
{
	return list->n ? list->text : NULL;
}

bool weir_command_prepare(struct weir_command *command, const struct weir_command_options *chosen,
			  char **argv, struct weir_launch_options *to)
{
	/* A detached command starts in the daemon, which has another idea of "here". */
	if (chosen->workdir) {
		command->workdir = realpath(chosen->workdir, NULL);
		if (!command->workdir) {
			weir_say("--workdir: '%s': %s", chosen->workdir, strerror(errno));
			return false;
		}
	}
	if (chosen->env_file && !add_env_file(command, chosen->env_file))
		return false;
	for (size_t i = 0; i < chosen->env.n; i++)
		if (!add_env(command, chosen->env.text[i], "--env"))
			return false;
	to->argv = (const char *const *)argv;
	to->env = command->n_env ? (const char *const *)command->env : NULL;
	to->user = chosen->user;
	to->workdir = command->workdir;
	to->supplementary_groups = weir_command_texts(&chosen->groups);
	to->rlimits = weir_command_texts(&chosen->rlimits);
	to->capabilities = chosen->capabilities;
	to->new_privileges = chosen->new_privileges;
	return true;
}

int weir_code_of_exec(int error)
{
	return error == ENOENT || error == ENOTDIR ? WEIR_EXIT_NOT_FOUND : WEIR_EXIT_CANNOT_EXECUTE;
}

int weir_command_run(struct weir_client *client, const struct weir_launch_options *to,
		     weir_start_fn *start,
		     void (*ended)(struct weir_client *client,
				   const struct weir_launch_options *to),
		     int *ret_code)
{
	struct weir_foreground foreground;
	int exec_errno = 0, r;
	pid_t pid;

	weir_foreground_begin(&foreground);
	r = start(client, to, &foreground, &pid, &exec_errno);
	if (r == 0) {
		*ret_code = weir_code_of_status(weir_foreground_wait(&foreground, pid));
		if (ended)
			ended(client, to);
	} else if (r == -ENOEXEC) {
		weir_say("%s", weir_client_error(client));
		*ret_code = weir_code_of_exec(exec_errno);
		r = 0;
	}
	weir_foreground_restore(&foreground);
	return r;
}
