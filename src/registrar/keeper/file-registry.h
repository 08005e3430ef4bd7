/* SPDX-License-Identifier: ISC */
/*
 * The registry that is the file client.keys: decides within the queue's next transaction
 * (transactions.h), about registrations by the policy (enrollment.h), and logs what was decided.
 */
#pragma once

#include "registrar/enrollment/enrollment.h"
#include "registrar/enrollment/token-make.h"
#include "registrar/enrollment/transactions.h"
#include "registrar/net/peer-log.h"
#include "registrar/registry/registry.h"

/* What is pointed to outlives the registry. */
struct file_registry_settings {
	struct event_base *base;
	struct transactions *transactions;
	struct agent_secrets *secrets;  /* of the transactions; null: no agent gets one */
	struct enroll_tokens *tokens;   /* of the transactions; null: there are none */
	struct token_files token_files; /* for new ones */
	const struct enrollment_policy *policy;
	const char *groups_directory; /* with a directory for each group, for the list of them */
	struct peer_log *log;         /* says which refusals are logged; null: all */
};

/* Null: out of memory. Free it with registry_free(). */
struct registry *file_registry_new(const struct file_registry_settings *settings) must_check;
