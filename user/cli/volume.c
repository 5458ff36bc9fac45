/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/text.h"
#include "cli/volume_list.h"

struct options {
	struct weir_reserved_options reserved;
	const char *path;
	bool json, used;
};

#define OFFSET(field) offsetof(struct options, field)

static const struct weir_option options[] = {
	WEIR_RESERVED_ROLE(struct options, "whose volume it is"),
	WEIR_RESERVED_SIZE(struct options),
	{ "path", 0, "PATH", weir_option_text, OFFSET(path),
	  "of create: where containers find it (its name)" },
	{ "json", 0, NULL, NULL, OFFSET(json), "of list: print an object for each" },
	{ "used", 0, NULL, NULL, OFFSET(used),
	  "of list: with what is in them, by walking through it" },
	WEIR_RESERVED_WHOSE(struct options, "of create: a label that the reservation has"),
	WEIR_RESERVED_OPERATE(struct options),
	WEIR_OPTIONS_END,
};

/* One resource, as a lot. */
static void set_lot(struct weir_lot *lot, const struct weir_resource_info *resource)
{
	lot->n = 1;
	lot->list[0] = *resource;
}

/* The disk that @volume is of, @bytes of it. */
static struct weir_resource_info disk_of(const struct weir_resource_info *volume, uint64_t bytes)
{
	struct weir_resource_info disk = *volume;

	disk.amount = bytes;
	disk.volume_id = disk.volume_principal = disk.container_path = NULL;
	return disk;
}

static int create(struct weir_client *client, const struct options *chosen, const char *name)
{
	scoped(weir_resource_list_free) struct weir_resource_list books = {};
	scoped(weir_labels_done) struct weir_labels labels = {};
	scoped(freep) char *caller = weir_own_name();
	const struct weir_reserved_options *reserved = &chosen->reserved;
	struct weir_held held = {};
	struct weir_lot from, to;
	int r;

	if (!caller)
		return WEIR_EXIT_FAILED;
	if (!weir_labels_load(&reserved->labels, &labels))
		return WEIR_EXIT_USAGE;

	const struct weir_holder holder = { .role = reserved->role,
					    .principal = reserved->principal,
					    .labels = labels.list,
					    .n_labels = labels.n };
	r = weir_ask_held(client, &holder, &reserved->wanted, &books, &held);
	if (r != WEIR_EXIT_OK)
		return r;
	weir_lot_fill(&from, &reserved->wanted, &held, &books);
	set_lot(&to, &from.list[0]);
	to.list[0].volume_id = name;
	to.list[0].volume_principal = caller;
	to.list[0].container_path = chosen->path ? chosen->path : name;
	r = weir_client_create_volumes(client, to.list, to.n, &reserved->operate, NULL);
	return weir_tell_change(client, r, &reserved->operate, &from, &to);
}

static int destroy(struct weir_client *client, const struct options *chosen, const char *name)
{
	scoped(weir_resource_list_free) struct weir_resource_list books = {};
	const struct weir_reserved_options *reserved = &chosen->reserved;
	struct weir_resource_info volume, disk;
	struct weir_lot from, to;
	int r = weir_ask_volume(client, reserved->role, name, &books, &volume);

	if (r != WEIR_EXIT_OK)
		return r;
	disk = disk_of(&volume, volume.amount);
	set_lot(&from, &volume);
	set_lot(&to, &disk);
	r = weir_client_destroy_volumes(client, &volume, 1, &reserved->operate, NULL);
	return weir_tell_change(client, r, &reserved->operate, &from, &to);
}

/* Disk goes into the volume, or comes out of it. */
static int resize(struct weir_client *client, const struct options *chosen, const char *name,
		  bool grow)
{
	scoped(weir_resource_list_free) struct weir_resource_list books = {};
	const struct weir_reserved_options *reserved = &chosen->reserved;
	const uint64_t bytes = reserved->wanted.disk_bytes;
	struct weir_resource_info volume, disk;
	struct weir_lot from, to;
	int r = weir_ask_volume(client, reserved->role, name, &books, &volume);

	if (r != WEIR_EXIT_OK)
		return r;
	disk = disk_of(&volume, bytes);
	set_lot(&from, &volume);
	set_lot(&to, &volume);
	if (grow) {
		from.list[from.n++] = disk;
		to.list[0].amount += bytes;
		r = weir_client_grow_volume(client, &volume, bytes, &reserved->operate, NULL);
	} else {
		to.list[to.n++] = disk;
		to.list[0].amount -= bytes < volume.amount ? bytes : volume.amount;
		r = weir_client_shrink_volume(client, &volume, bytes, &reserved->operate, NULL);
	}
	return weir_tell_change(client, r, &reserved->operate, &from, &to);
}

static int grow(struct weir_client *client, const struct options *chosen, const char *name)
{
	return resize(client, chosen, name, true);
}

static int shrink(struct weir_client *client, const struct options *chosen, const char *name)
{
	return resize(client, chosen, name, false);
}

static int list(struct weir_client *client, const struct options *chosen, const char *name)
{
	(void)name;
	return weir_volume_list_show(client, chosen->used, chosen->json);
}

static const struct action {
	const char *word;
	int (*run)(struct weir_client *client, const struct options *chosen, const char *name);
	bool of_one, wants_size;
} actions[] = {
	{ "create", create, true, true },    { "list", list, false, false },
	{ "destroy", destroy, true, false }, { "grow", grow, true, true },
	{ "shrink", shrink, true, true },
};

static const struct action *find_action(const char *word)
{
	for (size_t i = 0; word && i < ARRAY_SIZE(actions); i++)
		if (strcmp(actions[i].word, word) == 0)
			return &actions[i];
	return NULL;
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = NULL;
	const struct action *action = find_action(operands[0]);
	const struct options *chosen = data;
	const char *wrong = NULL;

	if (!action || n_operands != (action->of_one ? 2 : 1))
		wrong = "expected 'list', or create, destroy, grow or shrink and a name";
	else if (action->of_one && !chosen->reserved.role)
		wrong = "say whose it is: --role";
	else if (action->wants_size && !chosen->reserved.wanted.disk_bytes)
		wrong = "say how much: --disk";
	if (wrong) {
		weir_say("%s; see 'weir help volume'", wrong);
		return WEIR_EXIT_USAGE;
	}
	client = weir_connect(globals);
	return client ? action->run(client, chosen, operands[1]) : WEIR_EXIT_FAILED;
}

const struct weir_verb weir_verb_volume = {
	.name = "volume",
	.operands = "create|destroy|grow|shrink NAME | list",
	.summary = "directories on reserved disk, which outlive containers",
	.details =
		"  weir volume create --role eng --disk 1Gi data\n"
		"  weir volume grow --role eng --disk 512Mi data\n\n"
		"A volume takes its disk from what is reserved for its role. What is destroyed is\n"
		"kept for a while, and listed until it is removed.",
	.options = options,
	.options_size = sizeof(struct options),
	.max_operands = 2,
	.run = run,
};
