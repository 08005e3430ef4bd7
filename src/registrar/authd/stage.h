/* SPDX-License-Identifier: ISC */
/* How far a client's connection has got. */
#pragma once

enum stage {
	STAGE_SILENCE, /* nothing has come yet */
	STAGE_HANDSHAKE,
	STAGE_REQUEST,  /* reading it */
	STAGE_DECISION, /* with the owner */
	STAGE_ANSWER,   /* sending it; there is no TLS any more */
	STAGE_LINGER,   /* sent; waiting for the client to close */
};

/* What a client has not done in time that is waited for in this stage; empty: it is not. */
const char *stage_stalled_text(enum stage stage);
