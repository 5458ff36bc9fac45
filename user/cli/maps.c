/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/maps.h"

#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/text.h"
#include "weir/metrics.h"

int weir_open_maps(const struct weir_globals *globals, struct weir_metrics *ret)
{
	const char *dir = globals->pin_dir ? globals->pin_dir : WEIR_PIN_DIR_DEFAULT;
	int r = weir_metrics_open(ret, dir);

	switch (r) {
	case 0:
		return WEIR_EXIT_OK;
	case -ENOENT:
	case -ENOTDIR:
		weir_say("no weir maps below '%s': start weir-daemon, or name its --pin-dir", dir);
		return WEIR_EXIT_NO_DAEMON;
	case -EACCES:
	case -EPERM:
		weir_say("the maps below '%s' may not be read: be root or in weir's group", dir);
		return WEIR_EXIT_REFUSED;
	case -EPROTO:
		weir_say("the maps below '%s' are of another version of weir", dir);
		return WEIR_EXIT_FAILED;
	default:
		weir_say("read the maps below '%s': %s", dir, strerror(-r));
		return WEIR_EXIT_FAILED;
	}
}
