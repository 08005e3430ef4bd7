/* SPDX-License-Identifier: ISC */
/*
 * No file breaks the reader; what it refuses has a reason that is fit to show, and what it takes
 * passes on to the rules.
 */
#include "directory.h"
#include "fuzz.h"

#include "client/config/config.h"
#include "common/endpoint.h"

#include <stdio.h>

static void check_shown(const struct reason *why)
{
	HOLDS(why->text[0]);
	for (const char *at = why->text; *at; at++)
		HOLDS(*at >= 0x20 && *at < 0x7f);
}

/* What is read out of a configuration that is good. */
static void check_good(const struct config *config)
{
	char text[ENDPOINT_TEXT_SIZE];
	struct endpoint again;

	HOLDS(config_default_port(config) > 0);
	HOLDS(config_has_work(config) || config->manager.address.count == 0);
	HOLDS(!config_password_file(config) || *config_password_file(config));
	for (size_t i = 0; i < config->manager.address.count; i++) {
		struct endpoint endpoint;
		const char *address = config->manager.address.items[i];

		HOLDS(endpoint_parse(&endpoint, address, config_default_port(config)) == 0);
		HOLDS(endpoint_parse(&again, endpoint_text(&endpoint, text), 1) == 0);
		HOLDS(strcmp(again.host, endpoint.host) == 0 && again.port == endpoint.port);
		HOLDS(endpoint_is_literal(&again) == endpoint_is_literal(&endpoint));
	}
}

/* The same as an option, "SECTION.KEY=VALUE". */
static void check_option(const uint8_t *data, size_t size)
{
	char text[256];
	size_t length = size < sizeof text - 1 ? size : sizeof text - 1;
	struct reason why = { "" };
	struct config config;

	memcpy(text, data, length);
	text[length] = '\0';
	HOLDS(config_init(&config) == 0);
	if (config_assign(&config, text, "--set", &why) < 0)
		check_shown(&why);
	config_clear(&config);
}

/* What is no file, or none that can be read. */
static void check_unreadable(const char *path)
{
	struct reason why = { "" };
	struct config config;

	HOLDS(config_init(&config) == 0);
	HOLDS(config_read_file(&config, path, &why) < 0);
	check_shown(&why);
	config_clear(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	struct reason why = { "" };
	char path[128];

	(void)snprintf(path, sizeof path, "%s/agent-register.conf", fuzz_directory());
	if (size == 0) {
		fuzz_write("agent-register.conf", NULL, 0);
		check_unreadable(path);
		check_unreadable(fuzz_directory());
		return 0;
	}
	fuzz_write("agent-register.conf", data, size);
	HOLDS(config_init(&config) == 0);
	if (config_read_file(&config, path, &why) < 0 || config_check(&config, &why) < 0)
		check_shown(&why);
	else
		check_good(&config);
	HOLDS(config.changed_at > 0);
	check_option(data, size);
	config_clear(&config);
	return 0;
}
