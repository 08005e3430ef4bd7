/* SPDX-License-Identifier: ISC */
#include "registrar/commands/auth-block.h"

#include "common/cleanup.h"
#include "common/trusted-file.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#define FILE_MAX (4 * TRUSTED_FILE_MIB)

/* A part of the file: what is between the tags of an element. */
struct span {
	const char *begin, *end;
};

/* Blank out comments, so that no element is found in them. */
static void remove_comments(char *text)
{
	char *begin;

	while ((begin = strstr(text, "<!--"))) {
		char *end = strstr(begin, "-->");

		end = end ? end + strlen("-->") : begin + strlen(begin);
		memset(begin, ' ', (size_t)(end - begin));
	}
}

/*
 * The first element of this name in a part, at whatever depth; `ret_attributes` is what its opening
 * tag has behind the name. Returns false when there is none.
 */
static bool find_element(struct span where, const char *name, struct span *ret,
			 struct span *ret_attributes)
{
	size_t length = strlen(name);
	char closing[64];

	(void)snprintf(closing, sizeof closing, "</%s>", name);
	for (const char *at = where.begin; (at = memchr(at, '<', (size_t)(where.end - at))); at++) {
		const char *behind = at + 1 + length, *close, *end;

		if (behind >= where.end || memcmp(at + 1, name, length) != 0 ||
		    (*behind != '>' && !isspace((unsigned char)*behind)))
			continue;
		close = memchr(behind, '>', (size_t)(where.end - behind));
		end = close ? memmem(close, (size_t)(where.end - close), closing, strlen(closing))
			    : NULL;
		if (!end)
			return false;
		*ret_attributes = (struct span){ behind, close };
		*ret = (struct span){ close + 1, end };
		return true;
	}
	return false;
}

/* The text of an element without the white space around it. Empty: absent, or too long. */
static void read_text(struct span where, const char *name, char *ret, size_t size)
{
	struct span text, attributes;

	ret[0] = '\0';
	if (!find_element(where, name, &text, &attributes))
		return;
	while (text.begin < text.end && isspace((unsigned char)*text.begin))
		text.begin++;
	while (text.end > text.begin && isspace((unsigned char)text.end[-1]))
		text.end--;
	if ((size_t)(text.end - text.begin) < size)
		(void)snprintf(ret, size, "%.*s", (int)(text.end - text.begin), text.begin);
}

static bool read_yes(struct span where, const char *name, bool usual)
{
	char text[16];

	read_text(where, name, text, sizeof text);
	return text[0] ? strcmp(text, "yes") == 0 : usual;
}

/* "1h", "60m", "3600" */
static unsigned int read_time(struct span where, const char *name, unsigned int usual)
{
	char text[32], *unit;
	unsigned long number;

	read_text(where, name, text, sizeof text);
	number = strtoul(text, &unit, 10);
	if (text[0] < '0' || text[0] > '9')
		return usual;
	number *= *unit == 'm'   ? 60
		  : *unit == 'h' ? 3600
		  : *unit == 'd' ? 86400
		  : *unit == 'w' ? 604800
				 : 1;
	return number < UINT_MAX ? (unsigned int)number : UINT_MAX;
}

static void read_force(struct auth_block *ret, struct span block)
{
	struct span force, attributes, disconnected;

	ret->force = FORCE_RULES_WAZUH;
	ret->has_force = find_element(block, "force", &force, &attributes);
	if (!ret->has_force)
		return;
	ret->force_enabled = read_yes(force, "enabled", true);
	ret->force.key_mismatch = read_yes(force, "key_mismatch", true);
	ret->force.after_registration_time = read_time(force, "after_registration_time", 3600);
	ret->force.disconnected_time = read_time(force, "disconnected_time", 3600);
	if (find_element(force, "disconnected_time", &disconnected, &attributes))
		ret->force.check_disconnected = !memmem(attributes.begin,
							(size_t)(attributes.end - attributes.begin),
							"\"no\"", strlen("\"no\""));
}

static void read_block(struct auth_block *ret, struct span block)
{
	char port[16];

	*ret = (struct auth_block){ 0 };
	ret->disabled = read_yes(block, "disabled", false);
	ret->use_password = read_yes(block, "use_password", false);
	ret->use_source_ip = read_yes(block, "use_source_ip", false);
	ret->verify_host = read_yes(block, "ssl_verify_host", false);
	ret->allow_higher_versions = read_yes(block, "allow_higher_versions", false);
	read_text(block, "port", port, sizeof port);
	ret->port = (unsigned int)strtoul(port, NULL, 10);
	if (ret->port > USHRT_MAX)
		ret->port = 0;
	read_text(block, "ciphers", ret->ciphers, sizeof ret->ciphers);
	read_text(block, "ssl_agent_ca", ret->client_ca_file, sizeof ret->client_ca_file);
	read_text(block, "ssl_manager_cert", ret->certificate_file, sizeof ret->certificate_file);
	read_text(block, "ssl_manager_key", ret->private_key_file, sizeof ret->private_key_file);
	read_force(ret, block);
}

int auth_block_read(struct auth_block *ret, const char *path, struct reason *why)
{
	const struct trusted_file wanted = { .path = path, .flags = O_RDONLY, .max = FILE_MAX };
	cleanup_free char *text = NULL;
	struct span rest, block, attributes;
	size_t length;
	int r;

	*ret = (struct auth_block){ .force = FORCE_RULES_WAZUH };
	r = trusted_file_read(&wanted, &text, &length, NULL, why);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	remove_comments(text);
	rest = (struct span){ text, text + strlen(text) };
	while (find_element(rest, "auth", &block, &attributes)) {
		read_block(ret, block);
		rest.begin = block.end;
	}
	return 0;
}
