/* SPDX-License-Identifier: ISC */
#include "registrar/registry/enroll-bearer.h"

const char *bearer_fault_text(enum bearer_fault fault)
{
	static const char *const texts[] = {
		[BEARER_OK] = "",
		[BEARER_INVALID_REQUEST] = "invalid_request",
		[BEARER_KEY_UNAVAILABLE] = "enrollment_key_unavailable",
		[BEARER_UNKNOWN_AGENT] = "unknown_agent",
		[BEARER_UNKNOWN_TOKEN] = "token_unknown",
		[BEARER_REVOKED_TOKEN] = "token_revoked",
		[BEARER_EXPIRED_TOKEN] = "token_expired",
		[BEARER_INVALID_SIGNATURE] = "invalid_signature",
		[BEARER_STALE] = "stale_token",
	};

	return texts[fault];
}

const char *bearer_fault_cause(enum bearer_fault fault)
{
	return fault == BEARER_KEY_UNAVAILABLE ? " (out of memory, or OpenSSL has failed)" : "";
}
