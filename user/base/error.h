/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_ERROR_H
#define WEIR_ERROR_H

/*
 * What went wrong, in words that name the thing.
 *
 * Every function that can fail returns 0 or a negative errno and fills its
 * last parameter exactly when it returns negative. The text is stored inline,
 * so failing needs no memory; when it is too long the oldest detail is lost,
 * never the context in front of it.
 */

#define WEIR_ERROR_TEXT 512

struct weir_error {
	int code; /* negative errno, 0 while nothing has failed */
	char text[WEIR_ERROR_TEXT];
};

/* Record a failure. Returns @code, so that `return weir_fail(...)` reads well. */
int weir_fail(struct weir_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Put context in front of a failure from below: "CONTEXT: what was there". Returns its code. */
int weir_fail_in(struct weir_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* -ENOMEM with the one text there is for it. */
int weir_fail_memory(struct weir_error *err);

#endif /* WEIR_ERROR_H */
