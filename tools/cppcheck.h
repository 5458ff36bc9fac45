/* SPDX-License-Identifier: Apache-2.0 */

/* For cppcheck, which does not read the system's headers: their macros that look like syntax. */

#define SEC(name)
#define LIBBPF_OPTS(type, name, ...) struct type name = {}

#define STAILQ_FOREACH(var, head, link) \
	for ((var) = STAILQ_FIRST(head); (var); (var) = STAILQ_NEXT((var), link))
#define SLIST_FOREACH(var, head, link) \
	for ((var) = SLIST_FIRST(head); (var); (var) = SLIST_NEXT((var), link))
#define TAILQ_FOREACH(var, head, link) \
	for ((var) = TAILQ_FIRST(head); (var); (var) = TAILQ_NEXT((var), link))
