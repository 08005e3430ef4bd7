/* SPDX-License-Identifier: ISC */
/* Whether the bearer of an enrollment with Wazuh 5 proves that the client knows a secret. Pure. */
#pragma once

#include "common/must-check.h"
#include "registrar/registry/enroll-bearer.h"

/*
 * Check a bearer against the registration password, which is the only secret that there is here;
 * `now` in seconds since the epoch.
 */
enum bearer_fault bearer_check(const struct enroll_bearer *bearer, const char *password,
			       uint64_t now) must_check;
