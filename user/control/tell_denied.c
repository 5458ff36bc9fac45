/* SPDX-License-Identifier: Apache-2.0 */
/* What the fence denied, in words. What whoever is fenced has chosen is shown byte by byte. */
#include "control/controller_internal.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "model/policy.h"
#include "weir/metrics.h"

#define TARGET_TEXT 160

/* Printable ASCII as it is, anything else as \xNN. */
static void put_bytes(struct weir_buffer *to, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte >= 0x20 && byte < 0x7f && byte != '\\')
			weir_buffer_add(to, &bytes[i], 1);
		else
			weir_buffer_printf(to, "\\x%02x", byte);
	}
}

static void put_address(struct weir_buffer *to, const struct weir_denied *denied)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool v4 = memcmp(denied->address.bytes, mapped, sizeof(mapped)) == 0;
	char text[INET6_ADDRSTRLEN] = "?";

	inet_ntop(v4 ? AF_INET : AF_INET6, denied->address.bytes + (v4 ? 12 : 0), text,
		  sizeof(text));
	if (denied->port == 0)
		weir_buffer_printf(to, "%s", text);
	else
		weir_buffer_printf(to, v4 ? "%s port %u" : "[%s] port %u", text, denied->port);
}

/* An abstract one as in /proc/net/unix. */
static void put_socket(struct weir_buffer *to, const struct weir_denied *denied)
{
	size_t len =
		denied->path_len < sizeof(denied->path) ? denied->path_len : sizeof(denied->path);
	bool abstract = len > 0 && denied->path[0] == '\0';

	if (len == 0) {
		weir_buffer_printf(to, "a unix socket without a name");
		return;
	}
	weir_buffer_printf(to, "unix socket '%s", abstract ? "@" : "");
	put_bytes(to, denied->path + abstract, abstract ? len - 1 : strnlen(denied->path, len));
	weir_buffer_printf(to, "'");
}

static void put_what(struct weir_buffer *to, const struct weir_denied *denied)
{
	switch (denied->denial) {
	case WEIR_DENIAL_FAMILY:
		weir_buffer_printf(to, "a socket of family %u", denied->family);
		break;
	case WEIR_DENIAL_PROTOCOL:
		weir_buffer_printf(to, "a socket of family %u, type %u, protocol %u",
				   denied->family, denied->type, denied->protocol);
		break;
	case WEIR_DENIAL_PEER:
		put_socket(to, denied);
		break;
	case WEIR_DENIAL_FILE:
		weir_buffer_printf(to, "a socket of family %u that somebody else has made",
				   denied->family);
		break;
	case WEIR_DENIAL_LISTEN:
		weir_buffer_printf(to, "to be reached at port %u, protocol %u", denied->port,
				   denied->protocol);
		break;
	default:
		put_address(to, denied);
		weir_buffer_printf(to, ", protocol %u", denied->protocol);
	}
}

static const struct weir_container *container_of(const struct weir_controller *controller,
						 const struct weir_denied *denied)
{
	struct weir_container *const *all;
	size_t n;

	all = weir_ledger_all(controller->ledger, &n);
	for (size_t i = 0; i < n; i++)
		if (all[i]->slot == denied->slot && all[i]->generation == denied->generation)
			return all[i];
	return NULL;
}

void weir_tell_denied(const struct weir_denied *denied, void *data)
{
	scoped(weir_buffer_done) struct weir_buffer text = WEIR_BUFFER_INIT(WEIR_EVENT_TEXT - 1);
	struct weir_controller *controller = data;
	const struct weir_container *container = container_of(controller, denied);
	const struct weir_slot *slot = weir_bpf_slot(controller->bpf, denied->slot);
	scoped(freep) char *taken = NULL;
	struct weir_event event;

	if (!container || !slot)
		return;
	put_what(&text, denied);
	weir_buffer_printf(&text, ": denied by %s at %s", weir_metrics_policy_name(denied->policy),
			   weir_hook_name(denied->hook));
	if (denied->pid) {
		weir_buffer_printf(&text, ", to process %u (", denied->pid);
		put_bytes(&text, denied->comm, strnlen(denied->comm, sizeof(denied->comm)));
		weir_buffer_printf(&text, ")");
	}
	taken = weir_buffer_take_text(&text);
	weir_event_init(&event, WEIR_EVENT_DENIED, container->id,
			weir_metrics_denial_name(denied->denial));
	weir_event_say(&event, "%s", taken ? taken : "");
	weir_event_add(&event, "pid", denied->pid);
	weir_event_add(&event, "family", denied->family);
	weir_event_add(&event, "type", denied->type);
	weir_event_add(&event, "protocol", denied->protocol);
	weir_event_add(&event, "port", denied->port);
	weir_event_add(&event, "denials", slot->denials[denied->denial % WEIR_DENIAL_COUNT_]);
	weir_event_add(&event, "untold", slot->denials_untold);
	weir_events_emit(controller->events, &event);
}

void weir_tell_policy(struct weir_controller *controller, const struct weir_container *container,
		      enum weir_policy before)
{
	struct weir_event event;

	weir_event_init(&event, WEIR_EVENT_UPDATED, container->id, "policy");
	weir_event_say(&event, "policy %s -> %s", weir_metrics_policy_name(before),
		       weir_metrics_policy_name(container->net.policy));
	weir_events_emit(controller->events, &event);
}
