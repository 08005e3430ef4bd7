/* SPDX-License-Identifier: ISC */
/*
 * A proxy's answer means the same however its bytes are split over the reads, and never takes a
 * byte that is the tunnel's. The first byte says into pieces of what size it is split.
 */
#include "fuzz.h"

#include "client/net/proxy.h"

static struct proxy_answer whole, split;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece, taken, fed = 0;

	if (size < 1)
		return 0;
	piece = data[0] ? data[0] : 1;
	data++, size--;
	memset(&whole, 0, sizeof whole);
	memset(&split, 0, sizeof split);
	taken = proxy_answer_feed(&whole, data, size);
	HOLDS(taken <= size && (taken == size || whole.state != PROXY_ANSWER_MORE));
	while (fed < size && split.state == PROXY_ANSWER_MORE)
		fed += proxy_answer_feed(&split, data + fed,
					 piece < size - fed ? piece : size - fed);

	HOLDS(whole.state == split.state);
	HOLDS(whole.state != PROXY_ANSWER_DONE || taken == fed);
	HOLDS(whole.state != PROXY_ANSWER_DONE || data[taken - 1] == '\n');
	HOLDS(whole.status == split.status && strcmp(whole.phrase, split.phrase) == 0);
	HOLDS(whole.offers_basic == split.offers_basic && whole.offers_other == split.offers_other);
	HOLDS(whole.total <= PROXY_HEADER_MAX + 1 && whole.length <= sizeof whole.line);
	HOLDS(whole.state != PROXY_ANSWER_DONE || whole.status >= 200 || whole.status == 101);
	return 0;
}
