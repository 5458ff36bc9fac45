/* SPDX-License-Identifier: Apache-2.0 */
#include "model/stack.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

#define MAX_KEY (64u << 10) /* bytes */

bool weir_role_is_below(const char *lower, const char *above)
{
	size_t n = strlen(above);

	return strncmp(lower, above, n) == 0 && lower[n] == '/';
}

static void levels_free(struct weir_reservation *levels, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < levels[i].n_labels; j++) {
			free(levels[i].labels[j].key);
			free(levels[i].labels[j].value);
		}
		free(levels[i].labels);
		free(levels[i].role);
		free(levels[i].principal);
	}
	free(levels);
}

struct weir_stack *weir_stack_ref(struct weir_stack *stack)
{
	stack->refs++;
	return stack;
}

struct weir_stack *weir_stack_unref(struct weir_stack *stack)
{
	if (!stack || --stack->refs)
		return NULL;
	levels_free(stack->levels, stack->n);
	free(stack->key);
	free(stack);
	return NULL;
}

/* ---- The key: each text behind its length, so that none can be taken for another ---- */

static void add_text(struct weir_buffer *key, const char *text)
{
	weir_buffer_printf(key, "%zu:%s", strlen(text), text);
}

static void add_level(struct weir_buffer *key, const struct weir_reservation *level)
{
	weir_buffer_add_byte(key, level->is_static ? 'S' : 'D');
	add_text(key, level->role);
	if (level->principal) {
		weir_buffer_add_byte(key, 'p');
		add_text(key, level->principal);
	}
	for (size_t i = 0; i < level->n_labels; i++) {
		weir_buffer_add_byte(key, 'k');
		add_text(key, level->labels[i].key);
		weir_buffer_add_byte(key, 'v');
		add_text(key, level->labels[i].value);
	}
	weir_buffer_add_byte(key, ';');
}

static char *make_key(const struct weir_reservation *levels, size_t n)
{
	struct weir_buffer key = WEIR_BUFFER_INIT(MAX_KEY);

	for (size_t i = 0; i < n; i++)
		add_level(&key, &levels[i]);
	return weir_buffer_take_text(&key);
}

/* A text behind its length at *@at, which goes on behind it. NULL: there is none, or no memory. */
static char *take_text(const char **at)
{
	char *end, *text;
	size_t length;

	if (!isdigit((unsigned char)**at))
		return NULL;
	length = strtoul(*at, &end, 10);
	if (*end != ':' || length > MAX_KEY || strnlen(end + 1, length) != length)
		return NULL;
	text = strndup(end + 1, length);
	*at = end + 1 + length;
	return text;
}

static bool take_label(const char **at, struct weir_reservation *level)
{
	struct weir_label *labels =
		realloc(level->labels, (level->n_labels + 1) * sizeof(*level->labels));
	struct weir_label *label;

	if (!labels)
		return false;
	level->labels = labels;
	label = &labels[level->n_labels++];
	*label = (struct weir_label){ .key = take_text(at) };
	if (!label->key || *(*at)++ != 'v')
		return false;
	label->value = take_text(at);
	return label->value;
}

static bool take_level(const char **at, struct weir_reservation *level)
{
	if (**at != 'S' && **at != 'D')
		return false;
	level->is_static = *(*at)++ == 'S';
	level->role = take_text(at);
	if (!level->role)
		return false;
	if (**at == 'p') {
		(*at)++;
		level->principal = take_text(at);
		if (!level->principal)
			return false;
	}
	while (**at == 'k') {
		(*at)++;
		if (!take_label(at, level))
			return false;
	}
	return *(*at)++ == ';';
}

int weir_stack_parse(const char *key, struct weir_stack **ret, struct weir_error *err)
{
	struct weir_reservation *levels = calloc(WEIR_STACK_MAX, sizeof(*levels));
	const char *at = key;
	bool good = levels;
	size_t n = 0;
	int r;

	while (good && *at && n < WEIR_STACK_MAX)
		good = take_level(&at, &levels[n++]);
	if (!levels)
		r = weir_fail_memory(err);
	else if (!good || *at)
		r = weir_fail(err, -EINVAL, "'%.64s' is no stack of reservations", key);
	else
		r = weir_stack_new(levels, n, ret, err);
	if (levels)
		levels_free(levels, n);
	return r;
}

/* ---- Making one -------------------------------------------------------------------- */

static int by_key_and_value(const void *a, const void *b)
{
	const struct weir_label *one = a, *other = b;
	int r = strcmp(one->key, other->key);

	return r ? r : strcmp(one->value, other->value);
}

/* -ENOMEM is the only failure; what is there already is freed with the stack. */
static int copy_level(const struct weir_reservation *from, struct weir_reservation *to)
{
	to->is_static = from->is_static;
	to->role = strdup(from->role);
	to->labels = calloc(from->n_labels + 1, sizeof(*to->labels));
	if (!weir_text_copy(from->principal, &to->principal) || !to->role || !to->labels)
		return -ENOMEM;
	for (size_t i = 0; i < from->n_labels; i++) {
		const char *value = from->labels[i].value;

		to->labels[to->n_labels++] = (struct weir_label){
			.key = strdup(from->labels[i].key),
			.value = strdup(value ? value : ""),
		};
		if (!to->labels[i].key || !to->labels[i].value)
			return -ENOMEM;
	}
	qsort(to->labels, to->n_labels, sizeof(*to->labels), by_key_and_value);
	return 0;
}

static int check_level(const struct weir_reservation *levels, size_t i, struct weir_error *err)
{
	const struct weir_reservation *level = &levels[i];

	if (weir_role_check(level->role, err) < 0)
		return err->code;
	if (strcmp(level->role, WEIR_UNRESERVED_ROLE) == 0)
		return weir_fail(err, -EINVAL, "role '*' can't be reserved for: it is nobody's");
	if (i && !weir_role_is_below(level->role, levels[i - 1].role))
		return weir_fail(err, -EINVAL,
				 "role '%s' does not refine '%s': expected one below it",
				 level->role, levels[i - 1].role);
	if (i && level->is_static)
		return weir_fail(err, -EINVAL,
				 "a static reservation for '%s' refines another: only "
				 "the first can be static",
				 level->role);
	if (level->principal && strlen(level->principal) > WEIR_PRINCIPAL_MAX)
		return weir_fail(err, -EINVAL, "a principal has %zu bytes, expected at most %d",
				 strlen(level->principal), WEIR_PRINCIPAL_MAX);
	if (level->n_labels > WEIR_MAX_LABELS)
		return weir_fail(err, -EINVAL, "a reservation has %zu labels, expected at most %d",
				 level->n_labels, WEIR_MAX_LABELS);
	return 0;
}

static struct weir_stack *copy(const struct weir_reservation *levels, size_t n)
{
	struct weir_stack *stack = calloc(1, sizeof(*stack));
	int r = 0;

	if (!stack)
		return NULL;
	stack->refs = 1;
	stack->levels = calloc(n + 1, sizeof(*stack->levels));
	while (stack->levels && r == 0 && stack->n < n) {
		r = copy_level(&levels[stack->n], &stack->levels[stack->n]);
		stack->n++;
	}
	stack->key = r == 0 && stack->levels ? make_key(stack->levels, n) : NULL;
	return stack->key ? stack : weir_stack_unref(stack);
}

int weir_stack_new(const struct weir_reservation *levels, size_t n, struct weir_stack **ret,
		   struct weir_error *err)
{
	if (n > WEIR_STACK_MAX)
		return weir_fail(err, -EINVAL,
				 "%zu reservations on one another, expected at most %d", n,
				 WEIR_STACK_MAX);
	for (size_t i = 0; i < n; i++) {
		if (check_level(levels, i, err) < 0)
			return err->code;
	}
	*ret = copy(levels, n);
	return *ret ? 0 : weir_fail_memory(err);
}

int weir_stack_pop(const struct weir_stack *stack, size_t levels, struct weir_stack **ret,
		   struct weir_error *err)
{
	*ret = copy(stack->levels, stack->n > levels ? stack->n - levels : 0);
	return *ret ? 0 : weir_fail_memory(err);
}

/* ---- Looking at one ------------------------------------------------------------------ */

bool weir_stack_equal(const struct weir_stack *a, const struct weir_stack *b)
{
	return a == b || strcmp(a->key, b->key) == 0;
}

static bool same_level(const struct weir_reservation *a, const struct weir_reservation *b)
{
	if (a->is_static != b->is_static || strcmp(a->role, b->role) != 0 ||
	    !a->principal != !b->principal ||
	    (a->principal && strcmp(a->principal, b->principal) != 0) || a->n_labels != b->n_labels)
		return false;
	for (size_t i = 0; i < a->n_labels; i++) {
		if (by_key_and_value(&a->labels[i], &b->labels[i]) != 0)
			return false;
	}
	return true;
}

size_t weir_stack_common(const struct weir_stack *a, const struct weir_stack *b)
{
	size_t n = 0;

	while (n < a->n && n < b->n && same_level(&a->levels[n], &b->levels[n]))
		n++;
	return n;
}

const char *weir_stack_role(const struct weir_stack *stack)
{
	return stack->n ? stack->levels[stack->n - 1].role : WEIR_UNRESERVED_ROLE;
}

const char *weir_stack_principal(const struct weir_stack *stack)
{
	return stack->n ? stack->levels[stack->n - 1].principal : NULL;
}

const char *weir_stack_text(const struct weir_stack *stack, char buf[WEIR_STACK_TEXT])
{
	int at = 0;

	if (!stack->n) {
		snprintf(buf, WEIR_STACK_TEXT, "unreserved");
		return buf;
	}
	for (size_t i = 0; i < stack->n && at < WEIR_STACK_TEXT - 1; i++)
		at += snprintf(buf + at, (size_t)(WEIR_STACK_TEXT - at), "%s%s", i ? ", " : "[",
			       stack->levels[i].role);
	if (at < WEIR_STACK_TEXT - 1)
		snprintf(buf + at, (size_t)(WEIR_STACK_TEXT - at), "]");
	return buf;
}
