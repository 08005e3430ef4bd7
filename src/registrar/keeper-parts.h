/* SPDX-License-Identifier: ISC */
/* What the keeper consists of beside its event loop: those who decide and store. */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/enrollment/transactions.h"
#include "registrar/keeper-files.h"
#include "registrar/keeper/sessions.h"
#include "registrar/net/peer-log.h"
#include "registrar/registry/registry.h"

/* Zero: there are none. */
struct keeper_parts {
	struct peer_log *log;
	struct transactions *transactions;
	struct sessions *sessions; /* null: there is no API */
	struct registry *agents;   /* the file */
	struct registry *registry; /* which is asked, and passes on to `agents` */
};

/*
 * Make them; `may_begin` is asked before each transaction (transactions.h). Returns 0, or a
 * negative errno with `why` set; free them in any case.
 */
int keeper_parts_make(struct keeper_parts *parts, struct event_base *base,
		      struct keeper_files *files, int (*may_begin)(void *owner, struct reason *why),
		      void *owner, struct reason *why) must_check;

/* No request may be left. */
void keeper_parts_free(struct keeper_parts *parts);
