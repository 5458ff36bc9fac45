/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/net.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/cli.h"
#include "cli/text.h"

#define MAX_BYTES (256u << 10)

void weir_net_words_done(struct weir_net_words *words)
{
	free(words->rules);
	free(words->sockets);
	free(words->lines);
	*words = (struct weir_net_words){};
}

static char *trim(char *line)
{
	char *end;

	line[strcspn(line, "#")] = '\0';
	line += strspn(line, " \t\r");
	end = line + strlen(line);
	while (end > line && strchr(" \t\r", end[-1]))
		*--end = '\0';
	return line;
}

/* What stands behind the word, if @line begins with it. */
static const char *behind(const char *line, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(line, word, n) != 0 || !strchr(" \t", line[n]) || !line[n])
		return NULL;
	return line + n + strspn(line + n, " \t");
}

static bool take_line(struct weir_net_words *words, const char *line, size_t n_rules,
		      size_t n_sockets, const char *path)
{
	const char *verdict = behind(line, "default"), *name = behind(line, "socket");

	if (verdict) {
		words->options.default_allow = strcmp(verdict, "allow") == 0;
		if (words->options.default_allow || strcmp(verdict, "deny") == 0)
			return true;
		weir_say("%s: 'default %s': expected allow or deny", path, verdict);
		return false;
	}
	if (name)
		words->sockets[n_sockets] = name;
	else
		words->rules[n_rules] = line;
	return true;
}

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list[n])
		n++;
	return n;
}

static bool read_rules(struct weir_net_words *words, const char *path)
{
	struct weir_error err = {};
	size_t n_lines = 1;
	char *rest;

	words->lines = malloc(MAX_BYTES);
	if (!words->lines) {
		weir_say("out of memory");
		return false;
	}
	if (weir_file_read(AT_FDCWD, path, words->lines, MAX_BYTES, &err) < 0) {
		weir_say("--rules: %s", err.text);
		return false;
	}
	for (const char *c = words->lines; *c; c++)
		n_lines += *c == '\n';
	words->rules = calloc(n_lines + 1, sizeof(*words->rules));
	words->sockets = calloc(n_lines + 1, sizeof(*words->sockets));
	if (!words->rules || !words->sockets) {
		weir_say("out of memory");
		return false;
	}
	rest = words->lines;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		line = trim(line);
		if (*line &&
		    !take_line(words, line, count(words->rules), count(words->sockets), path))
			return false;
	}
	words->options.rules = words->rules;
	words->options.sockets = words->sockets;
	return true;
}

bool weir_net_words_load(const struct weir_net_chosen *chosen, struct weir_net_words *ret)
{
	*ret = (struct weir_net_words){ .options = { .policy = chosen->policy,
						     .accept_degraded = chosen->degraded } };
	if (!chosen->policy && (chosen->rules_path || chosen->agent_socket)) {
		weir_say("--rules and --agent-socket go with a policy");
		return false;
	}
	if (chosen->rules_path && chosen->agent_socket) {
		weir_say("--rules is of policy custom, --agent-socket of agent-socket-only");
		return false;
	}
	if (chosen->agent_socket) {
		ret->sockets = calloc(2, sizeof(*ret->sockets));
		if (!ret->sockets) {
			weir_say("out of memory");
			return false;
		}
		ret->sockets[0] = chosen->agent_socket;
		ret->options.sockets = ret->sockets;
	}
	return !chosen->rules_path || read_rules(ret, chosen->rules_path);
}
