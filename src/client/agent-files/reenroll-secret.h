/* SPDX-License-Identifier: ISC */
/*
 * The secret with which a Wazuh 5 agent may re-enroll as the same agent, as in etc/reenroll.secret:
 * "ID SECRET". Rules: Wazuh 5.0.0 release candidate of September 2026,
 * src/client-agent/include/reenroll_secret.h. Pure.
 */
#pragma once

#include "common/agent-key.h"
#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

#define REENROLL_SECRET_SIZE 32
#define REENROLL_SECRET_LENGTH (2 * REENROLL_SECRET_SIZE) /* in lower-case hexadecimal digits */
/* blank, newline and terminator */
#define REENROLL_SECRET_LINE_SIZE (AGENT_ID_MAX + REENROLL_SECRET_LENGTH + 3)

/* Wipe with reenroll_secret_wipe(). */
struct reenroll_secret {
	char id[AGENT_ID_MAX + 1];
	char text[REENROLL_SECRET_LENGTH + 1]; /* empty: none */
};

/* Is it 64 characters of 0-9 a-f? */
bool reenroll_secret_is_valid(const char *text, size_t length) must_check;

/*
 * Parse the content of the file, with LF, CR LF or no line end. Returns 0, or -EINVAL with `ret`
 * unchanged.
 */
int reenroll_secret_parse(struct reenroll_secret *ret, const char *text, size_t length) must_check;

/* Write the line with its newline. Returns its length. Wipe the buffer when done. */
size_t reenroll_secret_format(char buffer[static REENROLL_SECRET_LINE_SIZE],
			      const struct reenroll_secret *secret);

/* Decode a valid secret to bytes. Wipe them. */
void reenroll_secret_decode(unsigned char ret[static REENROLL_SECRET_SIZE],
			    const struct reenroll_secret *secret);

void reenroll_secret_wipe(struct reenroll_secret *secret);
