/* SPDX-License-Identifier: Apache-2.0 */
#include "control/store_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "model/container.h"

static void add_string(struct weir_buffer *list, const char *text)
{
	weir_buffer_add(list, text, strlen(text) + 1);
}

void weir_list_add_strings(struct weir_buffer *list, char *const *strings)
{
	for (char *const *s = strings; *s; s++)
		add_string(list, *s);
}

void weir_list_add_labels(struct weir_buffer *list, const struct weir_label *labels,
			  size_t n_labels)
{
	for (size_t i = 0; i < n_labels; i++) {
		add_string(list, labels[i].key);
		if (labels[i].value)
			weir_buffer_add_byte(list, '=');
		add_string(list, labels[i].value ? labels[i].value : "");
	}
}

int weir_list_read_strings(const char *data, size_t size, char ***ret)
{
	scoped(weir_strv_freep) char **strings = NULL;
	size_t n = 0;

	if (size > 0 && data[size - 1] != '\0')
		return -EBADMSG;
	for (size_t at = 0; at < size; at += strlen(data + at) + 1)
		n++;

	strings = calloc(n + 1, sizeof(*strings));
	if (!strings)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		strings[i] = strdup(data);
		if (!strings[i])
			return -ENOMEM;
		data += strlen(data) + 1;
	}

	*ret = take_ptr(strings);
	return 0;
}

/* Moves the strings of @strings into @labels; "=value" loses its mark in place. */
static void move_labels(char **strings, struct weir_label *labels, size_t n_labels)
{
	for (size_t i = 0; i < n_labels; i++) {
		char *value = take_ptr(strings[2 * i + 1]);

		labels[i].key = take_ptr(strings[2 * i]);
		if (value[0] == '=')
			labels[i].value = memmove(value, value + 1, strlen(value));
		else
			free(value);
	}
}

int weir_list_read_labels(const char *data, size_t size, struct weir_label **ret, size_t *ret_n)
{
	scoped(weir_strv_freep) char **strings = NULL;
	struct weir_label *labels;
	size_t n = 0;
	int r;

	r = weir_list_read_strings(data, size, &strings);
	if (r < 0)
		return r;
	for (; strings[n]; n++) {
		if (n % 2 == 1 && strings[n][0] != '=' && strings[n][0] != '\0')
			return -EBADMSG;
	}
	if (n % 2 != 0 || n / 2 > WEIR_MAX_LABELS)
		return -EBADMSG;

	labels = calloc(n / 2 + 1, sizeof(*labels));
	if (!labels)
		return -ENOMEM;
	move_labels(strings, labels, n / 2);

	*ret = labels;
	*ret_n = n / 2;
	return 0;
}
