/* SPDX-License-Identifier: ISC */
/*
 * The manager's CA certificates, requested again from a manager that is verified by what is trusted
 * now, for an agent that has its key: a manager may have changed its CA, and hands out the old one
 * and the new one for a while.
 */
#pragma once

#include "client/methods/method.h"
#include "common/must-check.h"

/*
 * Verify the manager as for an enrollment, and request its CA certificates. They are accepted if
 * the manager can be verified by them alone, over another connection, and if one of them has the
 * key of one that is trusted already, which with a pin in the configuration need not be. See struct
 * method.
 */
int enroll_renewal_fetch(const struct attempt *attempt, struct attempt_report *report) must_check;

/* Can these be certificates that enroll_renewal_fetch() has accepted? See struct method. */
int enroll_renewal_check(const struct attempt *attempt, const char *anchor) must_check;
