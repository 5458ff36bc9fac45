/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CONFIG_H
#define WEIR_CONFIG_H

/* Configuration files: INI in the manner of systemd, with a drop-in directory. */

struct weir_error;
struct weir_options;

/*
 * @file, then every file FILE.d/NAME.conf in order of name. @file NULL: WEIR_CONFIG_DEFAULT, which
 * may be missing; one that is named has to be there. A missing drop-in directory is fine.
 * -EBADMSG: a line is wrong; the text is "FILE:LINE: …".
 */
int weir_config_read(const char *file, struct weir_options *options, struct weir_error *err);

#endif /* WEIR_CONFIG_H */
