/* SPDX-License-Identifier: ISC */
/*
 * One registration record as in client.keys: "ID NAME IP KEY".
 *
 * Rules and their origin: Wazuh 4.14.5 src/addagent/validate.c and src/os_crypto/shared/keys.c,
 * OSSEC 4.2 src/os_auth/main-client.c, and the behaviour of the real programs. Pure: no files, no
 * log, no clock.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

#define AGENT_ID_MAX 8 /* digits */
#define AGENT_NAME_MIN 2
#define AGENT_NAME_MAX 128 /* the longest name that managers issue */
/* the longest name that readers of client.keys keep: never request a longer one */
#define AGENT_NAME_SAFE_MAX 127
/* an IPv6 address with a prefix, or an IPv4 address with a dotted mask */
#define AGENT_IP_MAX 80
#define AGENT_KEY_MAX 128
#define AGENT_KEY_USUAL 64         /* hexadecimal digits; the length that every manager generates */
#define AGENT_KEY_HASH_SIZE 41     /* 40 hexadecimal digits and the terminator */
#define AGENT_KEY_CHECKSUM_SIZE 17 /* 16, and the terminator */
#define AGENT_LINE_SIZE (AGENT_ID_MAX + AGENT_NAME_MAX + AGENT_IP_MAX + AGENT_KEY_MAX + 5)

/* Wipe with agent_key_wipe() when done: `key` is a secret. */
struct agent_key {
	char id[AGENT_ID_MAX + 1];
	char name[AGENT_NAME_MAX + 1];
	char ip[AGENT_IP_MAX + 1];
	char key[AGENT_KEY_MAX + 1];
};

/* The part of a line that is not valid. */
enum agent_key_fault {
	AGENT_KEY_OK,
	AGENT_KEY_FIELDS, /* not four fields with one space between them */
	AGENT_KEY_ID,
	AGENT_KEY_NAME,
	AGENT_KEY_IP,
	AGENT_KEY_KEY,
	AGENT_KEY_RECEIVED_NAME, /* not one to register (agent_name_is_registrable()) */
	AGENT_KEY_NOT_GENUINE,   /* not agent_key_text_is_genuine() */
};

/* 1 to 8 digits. */
bool agent_id_is_valid(const char *text, size_t length) must_check;

/* 2 to 128 of A-Z a-z 0-9 . _ -, as in client.keys. */
bool agent_name_is_valid(const char *text, size_t length) must_check;

/*
 * The same without a dot in front, which authd and the agents of Wazuh refuse in a registration
 * from 4.14.6 on (src/addagent/validate.c), but read in client.keys.
 */
bool agent_name_is_registrable(const char *text, size_t length) must_check;

/* An address by the rule of agent-address.h: "any", an address or a network. */
bool agent_ip_is_valid(const char *text, size_t length) must_check;

/*
 * Can this be a key that a manager gives? 64 to 128 letters and digits. Every manager generates
 * 64 hexadecimal digits (OSSEC: two MD5 sums; Wazuh 4 the same, Wazuh 5 32 random bytes); beside
 * those there are only the keys that administrators insert through Wazuh's API, which demands at
 * least 64 letters and digits. The words that programs print for "nothing" (null, None, undefined),
 * ids, UUIDs, hashes of keys and keys that were cut are no keys.
 */
bool agent_key_text_is_genuine(const char *text, size_t length) must_check;

/*
 * One group name: 1 to 255 of A-Z a-z 0-9 . _ - and neither "." nor ".." (the rule of Wazuh
 * 4.14.5).
 */
bool agent_group_is_valid(const char *text, size_t length) must_check;

/*
 * Is it 64 hexadecimal digits, as every manager generates? Any other valid key deserves a warning.
 */
bool agent_key_is_usual(const struct agent_key *key) must_check;

/*
 * Parse a record of `length` bytes, without its newline, as the agents read client.keys: name and
 * key are any printable characters, at most 128. `ret` is written only on success; the fault is
 * the field that is wrong.
 */
enum agent_key_fault agent_key_parse(struct agent_key *ret, const char *line,
				     size_t length) must_check;

/*
 * The same for a record that a manager sent for a new agent: its name is one to register, and its
 * key one that a manager gives.
 */
enum agent_key_fault agent_key_parse_received(struct agent_key *ret, const char *line,
					      size_t length) must_check;

/* Are all four fields the same? */
bool agent_key_equal(const struct agent_key *a, const struct agent_key *b) must_check;

/* The fault in words: "the id is not 1 to 8 digits". Static. */
const char *agent_key_fault_text(enum agent_key_fault fault);

/*
 * Write the record as a line with its newline. Returns the length of the line. Wipe the buffer when
 * done.
 */
size_t agent_key_format(char buffer[static AGENT_LINE_SIZE + 1], const struct agent_key *key);

/*
 * The hash that the K field carries: lower-case hexadecimal SHA-1 of id, name and key without
 * separators (Wazuh 4.2.2 and later, src/os_crypto/shared/keys.c). Returns 0 or -EIO when libcrypto
 * fails.
 */
int agent_key_hash(char ret[static AGENT_KEY_HASH_SIZE], const struct agent_key *key) must_check;

/* By which to know the record again: the beginning of its SHA-256, in hexadecimal. */
void agent_key_checksum(char ret[static AGENT_KEY_CHECKSUM_SIZE], const struct agent_key *key);

void agent_key_wipe(struct agent_key *key);
