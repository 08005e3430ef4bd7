/* SPDX-License-Identifier: ISC */
#include "registrar/registry/token-requests.h"

#include <stdlib.h>
#include <string.h>

void token_make_answer_clear(struct token_make_answer *answer)
{
	if (answer->text)
		explicit_bzero(answer->text, strlen(answer->text));
	free(answer->text);
	explicit_bzero(answer, sizeof *answer);
}

void tokens_page_clear(struct tokens_page *page)
{
	while (page->rows) {
		struct token_row *row = page->rows;

		page->rows = row->next;
		free(row);
	}
}
