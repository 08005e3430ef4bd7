/* SPDX-License-Identifier: ISC */
/* Whether the bearer of an enrollment with Wazuh 5 proves that the client knows a secret. Pure. */
#pragma once

#include "common/must-check.h"
#include "registrar/registry/enroll-bearer.h"

/* The secrets that a bearer may be signed with. */
struct bearer_secrets {
	const char *password; /* null: none is demanded, and any bearer is right */
};

/* Check a bearer against the secret that it names; `now` in seconds since the epoch. */
enum bearer_fault bearer_check(const struct enroll_bearer *bearer,
			       const struct bearer_secrets *secrets, uint64_t now) must_check;
