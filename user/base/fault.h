/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_FAULT_H
#define WEIR_FAULT_H

/*
 * For tests: something goes wrong at a named point. $WEIR_FAULT is "POINT=WHAT" or "POINT@N=WHAT", the N-th time that it
 * is passed; WHAT is ENOSPC, EIO, EROFS, or KILL, which ends the process as kill -9 does. Unset, which is always but in
 * tests, a point costs a look at one variable.
 */

/* Of the point @name: 0, or the negative errno that it fails with. */
int weir_fault(const char *name);

#endif /* WEIR_FAULT_H */
