/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/text.h"

#define OPTION_COLUMN 26

static void print_options(FILE *file, const struct weir_option *option)
{
	for (; option && option->name; option++) {
		char left[64], letter[8] = "    ";

		if (option->letter)
			snprintf(letter, sizeof(letter), "-%c, ", option->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, option->name,
			 option->value ? " " : "", option->value ? option->value : "");
		fprintf(file, "  %-*s %s\n", OPTION_COLUMN, left, option->help);
	}
}

void weir_help_overview(FILE *file)
{
	const struct weir_verb *verb;

	fprintf(file, "weir: hold containers between their request and their limit\n\n"
		      "  weir [OPTION...] VERB [OPTION...] [OPERAND...]\n\n");
	for (size_t i = 0; (verb = weir_verb_at(i)); i++)
		fprintf(file, "  %-12s %s\n", verb->name, verb->summary);
	fprintf(file, "\nOptions of every verb:\n");
	print_options(file, weir_global_options);
	fprintf(file, "\nOptions instead of a verb:\n");
	print_options(file, weir_leading_options);
	fprintf(file, "\n'weir help VERB' has the rest.\n");
}

void weir_help_verb(const struct weir_verb *verb)
{
	bool any = verb->options && verb->options->name;

	printf("weir %s%s%s%s: %s\n", verb->name, any ? " [OPTION...]" : "",
	       *verb->operands ? " " : "", verb->operands, verb->summary);
	if (verb->details)
		printf("\n%s\n", verb->details);
	if (any) {
		printf("\nOptions:\n");
		print_options(stdout, verb->options);
	}
	printf("\nOptions of every verb:\n");
	print_options(stdout, weir_global_options);
}

static int run(const struct weir_globals *globals, const void *options, int n_operands,
	       char **operands)
{
	const struct weir_verb *verb;

	(void)globals;
	(void)options;
	if (n_operands == 0) {
		weir_help_overview(stdout);
		return WEIR_EXIT_OK;
	}
	verb = weir_verb_find(operands[0]);
	if (!verb) {
		weir_say("there is no verb '%s'; see 'weir help'", operands[0]);
		return WEIR_EXIT_USAGE;
	}
	weir_help_verb(verb);
	return WEIR_EXIT_OK;
}

const struct weir_verb weir_verb_help = {
	.name = "help",
	.operands = "[VERB]",
	.summary = "show this, or all about a verb",
	.max_operands = 1,
	.run = run,
};
