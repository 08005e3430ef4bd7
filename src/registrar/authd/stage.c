/* SPDX-License-Identifier: ISC */
#include "registrar/authd/stage.h"

const char *stage_stalled_text(enum stage stage)
{
	switch (stage) {
	case STAGE_SILENCE:
		return "it sent nothing";
	case STAGE_HANDSHAKE:
		return "the TLS handshake was not complete in time";
	case STAGE_REQUEST:
		return "there was no complete request in time";
	case STAGE_ANSWER:
		return "the client did not take its answer in time";
	case STAGE_DECISION:
	case STAGE_LINGER:
		break;
	}
	return "";
}
