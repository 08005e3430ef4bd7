/* SPDX-License-Identifier: ISC */
/* The command add, and what import-agents.h shares with it. */
#pragma once

#include "common/must-check.h"
#include "registrar/commands/options.h"
#include "registrar/enrollment/records.h"

/* Register one agent and print it. Returns an exit status, see agent-registrar(8). */
int add_command(struct program *program) must_check;

/*
 * Why an agent was refused: the text of the manager, and which agent has its name or address.
 * `records` are of the agents that were accepted before in the same transaction.
 */
void add_describe_refusal(struct reason *ret, const struct enrollment *refused,
			  const struct records *records);

/*
 * End the transaction, by way of a running wazuh-authd if there is one (by-authd.h), and print the
 * agents that it registered. Returns an exit status.
 */
int add_commit(struct roster *roster, const struct options *options,
	       struct records *records) must_check;
