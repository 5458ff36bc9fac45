/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/reserved.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/quantity.h"
#include "base/user.h"
#include "cli/cli.h"
#include "cli/text.h"

/* Amounts of 0 stand for what is not wanted. */
static int parse_some(const char *text, weir_parse_fn *parse, uint64_t *ret, struct weir_error *err)
{
	uint64_t amount = 0;
	int r = parse(text, &amount, err);

	if (r < 0)
		return r;
	if (amount == 0 || amount == WEIR_INFINITE)
		return weir_fail(err, -EINVAL, "'%s' can't be reserved: expected an amount above 0",
				 text);
	*ret = amount;
	return 0;
}

int weir_option_reserved_cpu(const char *text, void *field, struct weir_error *err)
{
	return parse_some(text, weir_parse_cpu, field, err);
}

int weir_option_reserved_bytes(const char *text, void *field, struct weir_error *err)
{
	return parse_some(text, weir_parse_memory, field, err);
}

int weir_option_if_version(const char *text, void *field, struct weir_error *err)
{
	struct weir_operate_options *operate = field;
	int r = weir_option_number(text, &operate->version, err);

	if (r == 0)
		operate->has_version = true;
	return r;
}

bool weir_labels_load(const struct weir_text_list *from, struct weir_labels *ret)
{
	size_t size = 1;
	char *to;

	for (size_t i = 0; i < from->n; i++)
		size += strlen(from->text[i]) + 1;
	ret->texts = to = malloc(size);
	if (!to) {
		weir_say("out of memory");
		return false;
	}
	for (size_t i = 0; i < from->n; i++) {
		char *equals, *end = stpcpy(to, from->text[i]);

		equals = strchr(to, '=');
		if (!equals || equals == to) {
			weir_say("--label '%s': expected KEY=VALUE", to);
			return false;
		}
		*equals = '\0';
		ret->list[ret->n++] = (struct weir_label_info){ .key = to, .value = equals + 1 };
		to = end + 1;
	}
	return true;
}

void weir_labels_done(struct weir_labels *labels)
{
	free(labels->texts);
	*labels = (struct weir_labels){};
}

char *weir_own_name(void)
{
	struct weir_error err = {};
	char *name = NULL;

	if (weir_user_name(geteuid(), &name, &err) < 0)
		weir_say("%s", err.text);
	return name;
}

/* What is not there can't be had, whatever the errno: the same exit as when the daemon says so. */
static int say_not_found(const struct weir_error *err)
{
	weir_say("%s", err->text);
	return err->code == -ENOMEM ? WEIR_EXIT_FAILED : WEIR_EXIT_REFUSED;
}

int weir_ask_held(struct weir_client *client, const struct weir_holder *holder,
		  const struct weir_wanted *wanted, struct weir_resource_list *ret_books,
		  struct weir_held *ret)
{
	struct weir_error err = {};
	int r = weir_client_resources(client, ret_books);

	if (r < 0)
		return weir_failed(client, r);
	r = weir_find_held(ret_books, holder, wanted, ret, &err);
	return r < 0 ? say_not_found(&err) : WEIR_EXIT_OK;
}

int weir_ask_volume(struct weir_client *client, const char *role, const char *id,
		    struct weir_resource_list *ret_books, struct weir_resource_info *ret)
{
	struct weir_error err = {};
	int r = weir_client_resources(client, ret_books);

	if (r < 0)
		return weir_failed(client, r);
	r = weir_find_volume(ret_books, role, id, ret, &err);
	return r < 0 ? say_not_found(&err) : WEIR_EXIT_OK;
}

int weir_tell_change(struct weir_client *client, int r, const struct weir_operate_options *operate,
		     const struct weir_lot *from, const struct weir_lot *to)
{
	scoped(weir_resource_list_free) struct weir_resource_list books = {};

	if (r == 0 && !operate->dry_run)
		return WEIR_EXIT_OK;
	if (r == 0)
		r = weir_client_resources(client, &books);
	if (r < 0)
		return weir_failed(client, r);
	if (weir_print_change(&books, from, to, stdout) < 0) {
		weir_say("out of memory");
		return WEIR_EXIT_FAILED;
	}
	return WEIR_EXIT_OK;
}
