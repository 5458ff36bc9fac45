/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_DOCTOR_H
#define WEIR_DOCTOR_H

/* `weir-daemon --doctor`: what this machine offers weir, for people or as JSON, on stdout. */

struct weir_error;
struct weir_options;

/*
 * *@ret_status is the exit status: 0 all is there, 1 weir works with something less, 2 it can't.
 * Fails only if the report can't be written.
 */
int weir_doctor(const struct weir_options *options, int *ret_status, struct weir_error *err);

#endif /* WEIR_DOCTOR_H */
