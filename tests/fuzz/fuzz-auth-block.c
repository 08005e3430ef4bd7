/* SPDX-License-Identifier: ISC */
/*
 * Any ossec.conf at all: it is read, and what comes out of it are texts and numbers that fit.
 */
#include "directory.h"
#include "fuzz.h"

#include "registrar/commands/auth-block.h"

#include <ctype.h>
#include <stdio.h>

/* White space around it is not part of it. */
static void check_text(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	HOLDS(length < size);
	HOLDS(length == 0 ||
	      (!isspace((unsigned char)text[0]) && !isspace((unsigned char)text[length - 1])));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct auth_block block;
	char path[128];
	struct reason why;

	(void)snprintf(path, sizeof path, "%s/ossec.conf", fuzz_directory());
	fuzz_write("ossec.conf", data, size);
	HOLDS(auth_block_read(&block, path, &why) == 0);
	check_text(block.ciphers, sizeof block.ciphers);
	check_text(block.client_ca_file, sizeof block.client_ca_file);
	check_text(block.certificate_file, sizeof block.certificate_file);
	check_text(block.private_key_file, sizeof block.private_key_file);
	HOLDS(block.port <= UINT16_MAX);
	HOLDS(block.has_force || !block.force_enabled);
	fuzz_write("ossec.conf", NULL, 0);
	HOLDS(auth_block_read(&block, path, &why) == 0 && !block.has_force && block.port == 0);
	return 0;
}
