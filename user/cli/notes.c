/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/notes.h"

#include "cli/text.h"
#include "weir/weir.h"

void weir_say_notes(struct weir_answer_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		weir_say("note: %s", notes->text[i]);
	weir_answer_notes_free(notes);
}
