/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CANARY_H
#define WEIR_CANARY_H

/*
 * Does the fence hold whoever calls this? Every policy but "open" denies one address that nobody has
 * (WEIR_CANARY_ADDRESS): it is tried, in the child itself, before the command is executed.
 *
 * Async-signal-safe. 0: it was denied; -1: it was not, and errno is ENOTCONN, or something else when it
 * could not be tried.
 */
int weir_canary(void);

#endif /* WEIR_CANARY_H */
