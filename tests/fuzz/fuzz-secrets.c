/* SPDX-License-Identifier: ISC */
/*
 * Any file of re-enrollment secrets at all: of each agent there are at most two, for different
 * keys; a line is written as it was read; and what is added is known, and known again when the file
 * is read anew, also if it comes behind a line that was cut short.
 */
#include "directory.h"
#include "fuzz.h"

#include "registrar/agents/secrets.h"

#define KEY "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

static const struct agent_key agent = { .id = "001", .name = "web-01", .ip = "any", .key = KEY };
static const char keys[] = "001 web-01 any " KEY "\n002 web-02 any " KEY "\n";

static void check_line(const uint8_t *data, size_t size)
{
	const uint8_t *newline = memchr(data, '\n', size);
	size_t length = newline ? (size_t)(newline - data) : size;
	struct secret_line line;
	char again[SECRET_LINE_SIZE];

	if (secret_line_parse(&line, (const char *)data, length) < 0)
		return;
	HOLDS(secret_line_format(again, &line) == length + 1);
	HOLDS(memcmp(again, data, length) == 0 && again[length] == '\n');
}

static void check_known(const struct agent_secrets *secrets)
{
	static const char *const ids[] = { "001", "002", "003", "1" };

	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		const struct agent_secret *secret = agent_secrets_find(secrets, ids[i]);

		HOLDS(!secret || i < 2);
		if (!secret || !secret->next)
			continue;
		HOLDS(!secret->next->next);
		HOLDS(!secret_mark_equal(&secret->line.mark, &secret->next->line.mark));
	}
}

/* Give the agent another secret. Returns what it is checked with. */
static struct signing_key add(struct agent_secrets *secrets)
{
	char text[ENROLL_AGENT_SECRET_LENGTH + 1];
	struct agent_secret *secret;
	struct signing_key key;
	struct reason why;

	HOLDS(agent_secrets_begin(secrets, &why) == 0);
	HOLDS(agent_secrets_make(secrets, &secret, text, &why) == 0);
	key = secret->line.key;
	agent_secrets_stage(secrets, secret, &agent, NULL, NULL);
	HOLDS(agent_secrets_is_staged(secrets, "001"));
	HOLDS(agent_secrets_write(secrets, &why) == 0);
	agent_secrets_end(secrets, true);
	return key;
}

static void check_has(const struct agent_secrets *secrets, const struct signing_key *key)
{
	const struct agent_secret *secret = agent_secrets_find(secrets, "001");

	HOLDS(secret && !secret->next && agent_secret_for_key(secret, KEY) == secret);
	HOLDS(memcmp(&secret->line.key, key, sizeof *key) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agent_secrets *secrets;
	struct roster *roster;
	struct signing_key key;
	struct reason why;

	if (size > 4096)
		return 0;
	check_line(data, size);
	fuzz_write("client.keys", keys, sizeof keys - 1);
	fuzz_write(AGENT_SECRETS_FILE, data, size);
	HOLDS(roster_open(&roster, fuzz_directory(), (gid_t)-1, NULL, &why) == 0);
	secrets = agent_secrets_new(fuzz_directory(), roster);
	HOLDS(secrets && agent_secrets_refresh(secrets, &why) == 0);
	check_known(secrets);
	key = add(secrets);
	check_has(secrets, &key);
	agent_secrets_free(secrets);
	secrets = agent_secrets_new(fuzz_directory(), roster);
	HOLDS(secrets && agent_secrets_refresh(secrets, &why) == 0);
	check_known(secrets);
	check_has(secrets, &key);
	agent_secrets_free(secrets);
	roster_close(roster);
	return 0;
}
