/* SPDX-License-Identifier: ISC */
/*
 * What the commands that change client.keys do while a wazuh-authd runs (local-authd.h): they
 * decide as ever, and then have authd make the change, and wait until it is in the file.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/agents/local-authd.h"
#include "registrar/commands/options.h"
#include "registrar/enrollment/records.h"

/*
 * Is there one? Returns 0 with `ret_found` set, and `ret` if so, or an exit status, logged: it is
 * there, but does not answer.
 */
int by_authd_find(struct local_authd *ret, bool *ret_found,
		  const struct options *options) must_check;

/*
 * Cancel the transaction, and have the agents of the records added instead, all or none of them.
 * Their ids and addresses are set to what authd has made of them. Returns 0 when all are in
 * client.keys, or an exit status, logged.
 */
int by_authd_add(const struct local_authd *authd, struct roster *roster,
		 const struct options *options, struct records *records) must_check;

/*
 * Cancel the transaction, and have these agents removed instead, which are `count` lines of the
 * roster. With --purge, lines of agents that were removed before, of which authd has a copy, are an
 * error; so are several agents with one id, of which it knows one: then nobody is removed. After
 * that they are removed one by one, and a failure takes nothing back: those that are removed are
 * printed, and those that are not are logged. Returns an exit status, logged, with `ret_removed`
 * increased by the number of those that are removed.
 */
int by_authd_remove(const struct local_authd *authd, struct roster *roster,
		    const struct options *options, const struct roster_entry *const *entries,
		    size_t count, size_t *ret_removed) must_check;
