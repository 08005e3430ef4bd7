/* SPDX-License-Identifier: ISC */
/*
 * No file breaks the reader; what it refuses has a reason that is fit to show, and what it takes
 * passes on to the rules.
 */
#include "fuzz.h"

#include "client/config/config.h"
#include "client/net/endpoint.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	struct reason why = { "" };
	FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;

	if (!file)
		return 0;
	HOLDS(config_init(&config) == 0);
	if (config_read(&config, file, "FILE", &why) < 0 || config_check(&config, &why) < 0)
		check_shown(&why);
	else
		check_good(&config);
	check_option(data, size);
	(void)fclose(file);
	config_clear(&config);
	return 0;
}
