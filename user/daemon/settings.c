/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "daemon/options.h"
#include "daemon/values.h"
#include "model/operation.h"

#define AUTO "auto"

#define MARK(name)  FIELD(tunables.squeeze_marks.name)
#define FIELD(name) offsetof(struct weir_options, name)

const struct weir_setting weir_settings[] = {
	{ "daemon", "socket", "/run/weir/weir.sock", weir_value_socket, FIELD(socket) },
	{ "daemon", "state_dir", "/var/lib/weir", weir_value_path, FIELD(state_dir) },
	{ "daemon", "pin_dir", WEIR_PIN_DIR_DEFAULT, weir_value_pin_dir, FIELD(pin_dir) },
	{ "daemon", "run_dir", "/run/weir", weir_value_path, FIELD(run_dir) },
	{ "daemon", "cgroup_prefix", "weir.", weir_value_prefix, FIELD(cgroup_prefix) },
	{ "daemon", "cgroup_parent", "", weir_value_parent, FIELD(cgroup_parent) },
	{ "daemon", "log_level", "info", weir_value_log_level, FIELD(log_level) },
	{ "daemon", "threads", AUTO, weir_value_threads, FIELD(threads) },
	{ "access", "admin_group", "weir-admin", weir_value_group, FIELD(admin_gid) },
	{ "access", "reader_group", "weir", weir_value_group, FIELD(reader_gid) },
	{ "node", "reserve_cpu", AUTO, weir_value_reserve_cpu, FIELD(reserve_mcpu) },
	{ "node", "reserve_memory", AUTO, weir_value_reserve_memory, FIELD(reserve_bytes) },
	{ "node", "disk", AUTO, weir_value_disk, FIELD(disk_bytes) },
	{ "node", "disks", "", weir_value_disks, FIELD(disks) },
	{ "roles", "static", "", weir_value_statics, FIELD(static_roles) },
	{ "roles", "unreserved", "yes", weir_value_switch, FIELD(unreserved) },
	{ "roles", "reserve", "", weir_value_rights, FIELD(tunables.rights[WEIR_RIGHT_RESERVE]) },
	{ "roles", "unreserve", "", weir_value_rights,
	  FIELD(tunables.rights[WEIR_RIGHT_UNRESERVE]) },
	{ "roles", "volumes", "", weir_value_rights, FIELD(tunables.rights[WEIR_RIGHT_VOLUMES]) },
	{ "roles", "volume_grace", "1h", weir_value_grace, FIELD(volume_grace_us) },
	{ "containers", "default_cpu_limit", "none", weir_value_default_cpu_limit,
	  FIELD(tunables.default_cpu_limit) },
	{ "containers", "log_max", "16Mi", weir_value_log_max, FIELD(tunables.log_max_bytes) },
	{ "fence", "agent_ports", "5051", weir_value_ports, FIELD(tunables.agent_ports) },
	{ "fence", "agent_socket", "", weir_value_agent_socket, FIELD(tunables.agent_socket) },
	{ "fence", "agent_user", "root", weir_value_user, FIELD(tunables.agent_uid) },
	{ "fence", "agent_cgroup", "", weir_value_agent_cgroup, FIELD(tunables.agent_cgroup) },
	{ "fence", "tier", AUTO, weir_value_tier, FIELD(tunables.fence_at_most) },
	{ "fence", "default_net", "open", weir_value_net, FIELD(tunables.default_net) },
	{ "bursting", "version", "1", weir_value_version, 0 },
	{ "bursting", "bands", "yes", weir_value_switch, FIELD(tunables.bands) },
	{ "bursting", "bands_linger", "1s", weir_value_linger,
	  FIELD(tunables.band_params.linger_ns) },
	{ "bursting", "bands_changes", "100", weir_value_changes,
	  FIELD(tunables.band_params.max_changes) },
	{ "bursting", "bands_turns", "yes", weir_value_switch, FIELD(tunables.turns) },
	{ "bursting", "squeeze", "yes", weir_value_switch, FIELD(tunables.squeeze) },
	{ "bursting", "squeeze_kill_below", "2.5%", weir_value_share, MARK(min) },
	{ "bursting", "squeeze_below", "5%", weir_value_share, MARK(low) },
	{ "bursting", "squeeze_until", "7.5%", weir_value_share, MARK(ok) },
	{ "bursting", "dry_run", "no", weir_value_switch, FIELD(tunables.dry_run) },
};

const size_t weir_n_settings = ARRAY_SIZE(weir_settings);

/* Appends @word to a list such as "a, b, c", once. */
static void list_word(char *list, size_t size, const char *word)
{
	size_t used = strlen(list);

	if (used >= strlen(word) && strcmp(list + used - strlen(word), word) == 0)
		return;
	snprintf(list + used, size - used, "%s%s", used > 0 ? ", " : "", word);
}

int weir_setting_find(const char *section, const char *key, const struct weir_setting **ret,
		      struct weir_error *err)
{
	char sections[128] = "", keys[256] = "";

	for (size_t i = 0; i < weir_n_settings; i++) {
		const struct weir_setting *setting = &weir_settings[i];

		list_word(sections, sizeof(sections), setting->section);
		if (strcmp(setting->section, section) != 0)
			continue;
		if (strcmp(setting->key, key) == 0) {
			*ret = setting;
			return 0;
		}
		list_word(keys, sizeof(keys), setting->key);
	}

	if (section[0] == '\0')
		return weir_fail(err, -EINVAL, "'%s' stands before the first section: expected %s",
				 key, sections);
	if (keys[0] == '\0')
		return weir_fail(err, -EINVAL, "unknown section [%s]: expected %s", section,
				 sections);
	return weir_fail(err, -EINVAL, "unknown key '%s' in [%s]: expected %s", key, section, keys);
}

/* What it was given as, for whoever asks. */
static int remember(const struct weir_setting *setting, const char *value,
		    struct weir_options *options, struct weir_error *err)
{
	char *copy;

	if (!options->told)
		options->told = calloc(weir_n_settings, sizeof(*options->told));
	copy = options->told ? strdup(value) : NULL;
	if (!copy)
		return weir_fail_memory(err);
	free(options->told[setting - weir_settings]);
	options->told[setting - weir_settings] = copy;
	return 0;
}

int weir_setting_apply(const struct weir_setting *setting, const char *value,
		       struct weir_options *options, struct weir_error *err)
{
	int r = setting->set(value, (char *)options + setting->offset, err);

	return r < 0 ? weir_fail_in(err, "%s", setting->key)
		     : remember(setting, value, options, err);
}
