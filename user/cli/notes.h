/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_NOTES_H
#define WEIR_CLI_NOTES_H

/* What the daemon had to say beside "done", as "weir: note: …" on stderr. Frees @notes. */

struct weir_answer_notes;

void weir_say_notes(struct weir_answer_notes *notes);

#endif /* WEIR_CLI_NOTES_H */
