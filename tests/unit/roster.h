/* SPDX-License-Identifier: ISC */
/* What the tests of the roster share. */
#pragma once

#include "registrar/agents/roster.h"

#define KEY "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
#define OTHER_KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* What the roster has reported as damaged since it was opened: how often, and the last sentence. */
extern unsigned reports;
extern char damage[1024];

/* For roster_open(). */
void report_damage(const char *sentence);

/* The roster of DIRECTORY/client.keys; open_with() writes the file before. Close it. */
struct roster *open_roster(const char *directory);
struct roster *open_with(const char *directory, const char *content);

/* A transaction, whose beginning and additions must succeed. */
void begin(struct roster *roster);
void add(struct roster *roster, const char *line);
int commit(struct roster *roster);

/* One agent in one transaction. */
void add_one(struct roster *roster, const char *line);
