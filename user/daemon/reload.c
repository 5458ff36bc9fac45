/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/reload.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "daemon/options.h"

int weir_reload(void *data, struct weir_tunables *ret, struct weir_error *err)
{
	scoped(weir_options_done) struct weir_options options = WEIR_OPTIONS_INIT;
	const struct weir_reload *reload = data;
	const char *key;

	if (weir_options_read(reload->argc, reload->argv, &options, err) < 0)
		return err->code;
	weir_options_fit(&options, &reload->machine);
	key = weir_options_first_fixed(reload->options, &options);
	if (key)
		weir_warn("%s has been changed: that takes effect at the next start", key);
	weir_log_set_level(options.log_level);
	weir_options_retell(reload->options, &options);
	*ret = options.tunables;
	return 0;
}

void weir_reload_flags(void *data, weir_flag_fn *fn, void *fn_data)
{
	const struct weir_reload *reload = data;

	weir_options_tell(reload->options, fn, fn_data);
}
