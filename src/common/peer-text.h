/* SPDX-License-Identifier: ISC */
/*
 * What a peer has sent, in a message: escaped, and without what must not get into a log. A peer may
 * be anybody; some echo what they receive, whole or cut.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

/* Enough secrets of ours for one peer. */
#define PEER_TEXT_SECRETS 2

/*
 * Write `length` bytes of `data` into `buffer` (of `size` bytes, at least 64) as escape_bytes()
 * does, or "(not shown: WHY)" when they contain a key, as far as that can be seen, or as much of
 * one of `secrets` as counts (secret-echo.h). Secrets are terminated strings; null ones are
 * skipped. Returns `buffer`.
 */
char *peer_text_show(char *buffer, size_t size, const void *data, size_t length,
		     const char *const secrets[PEER_TEXT_SECRETS]);

/* Do they contain what may be a key of an agent? */
bool peer_text_may_be_key(const void *data, size_t length) must_check;
