/* SPDX-License-Identifier: ISC */
#include "client/system/identity.h"

#include "client/config/name-template.h"
#include "client/system/file-line.h"
#include "client/system/host-name.h"
#include "client/system/machine-marks.h"
#include "common/cleanup.h"
#include "common/escape.h"
#include "common/setting-words.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define MACHINE_ID_FILE "/etc/machine-id"
#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"
#define BOOT_MARK_FILE "/run/agent-register/boot"
#define RANDOM_ID_FILE "/proc/sys/kernel/random/uuid"
#define SOURCE_SIZE MACHINE_INSTANCE_SIZE

/*
 * ------------------------------------------------------------------ the sources of the specifiers
 */

static void add_text(char *ret, size_t size, const char *text, size_t length)
{
	size_t used = strlen(ret);

	(void)snprintf(ret + used, size - used, "%.*s", (int)length, text);
}

static size_t host_name_length(char letter, const char *host)
{
	return letter == 'l' ? strcspn(host, ".") : strlen(host);
}

/* Does the piece stand for something that is made of the host name? */
static bool is_of_host_name(const struct name_piece *piece)
{
	return piece->kind == NAME_SPECIFIER && strchr("Hlf", piece->letter);
}

/* The template with this host name in it: the setting that accepts the host name as a name. */
static void accepting_template(char *ret, size_t size, const char *template, const char *host)
{
	const char *at = template, *begin = at;
	struct name_piece piece;

	ret[0] = '\0';
	for (; name_template_next(&at, &piece); begin = at) {
		if (is_of_host_name(&piece))
			add_text(ret, size, host, host_name_length(piece.letter, host));
		else
			add_text(ret, size, begin, (size_t)(at - begin));
	}
}

static void explain_host_name(struct reason *why, const struct host_name *host,
			      const char *template)
{
	char shown[4 * HOST_NAME_SIZE], accepting[SOURCE_SIZE];

	(void)escape_string(shown, sizeof shown, host->text);
	if (!host->problem[0]) {
		reason_set(why, "This machine has no host name yet (it is '%s'): set one, or %s",
			   shown, setting_words("set name in [agent]"));
		return;
	}
	accepting_template(accepting, sizeof accepting, template, shown);
	reason_set(why,
		   "This machine has no host name yet (it is '%s', %s): "
		   "set another one, or accept it by name = %s in [agent]",
		   shown, host->problem, accepting);
}

static int host_name(char letter, char ret[static SOURCE_SIZE], const struct config *config,
		     struct reason *why)
{
	const struct host_name_rules rules = { &config->agent.placeholder_names,
					       config->take_any_host_name };
	struct host_name host;
	int r = host_name_read(&host, &rules, why);

	if (r == OUTCOME_NOT_READY)
		explain_host_name(why, &host, config->agent.name);
	if (r != OUTCOME_OK)
		return r;
	(void)snprintf(ret, SOURCE_SIZE, "%.*s", (int)host_name_length(letter, host.text),
		       host.text);
	return 0;
}

static int read_id_for_name(const char *path, char ret[static SOURCE_SIZE], struct reason *why)
{
	if (machine_id_read(path, ret) == 0)
		return 0;
	reason_set(why, "There is no ID in %s (yet)", path);
	return OUTCOME_NOT_READY;
}

static int instance_id(char ret[static SOURCE_SIZE], struct reason *why)
{
	char shown[4 * SOURCE_SIZE];

	machine_marks_read_instance(ret);
	if (*ret == '\0')
		reason_set(why, "cloud-init has not recorded an instance ID for %%i (yet)");
	else if (machine_marks_is_fallback(ret))
		reason_set(why,
			   "cloud-init has found no instance ID for %%i (yet): "
			   "'%s' is the same on every machine without one; "
			   "set instance-id in the meta-data, or use %%m",
			   escape_string(shown, sizeof shown, ret));
	else
		return 0;
	return OUTCOME_NOT_READY;
}

/* An address with its colons, which a name cannot have, replaced. */
static void address_for_name(char ret[static SOURCE_SIZE], const char *address)
{
	(void)snprintf(ret, SOURCE_SIZE, "%s", address);
	for (char *at = ret; *at; at++)
		if (*at == ':')
			*at = '-';
}

static int specifier(char letter, char ret[static SOURCE_SIZE], const struct config *config,
		     const struct own_names *own, struct reason *why)
{
	int r;

	switch (letter) {
	case 'H':
	case 'l':
		return host_name(letter, ret, config, why);
	case 'f':
		r = host_name(letter, ret, config, why);
		(void)snprintf(ret, SOURCE_SIZE, "%s", own->fqdn);
		return r;
	case 'a':
		address_for_name(ret, own->address);
		return 0;
	case 'm':
		return read_id_for_name(MACHINE_ID_FILE, ret, why);
	case 'b':
		return read_id_for_name(BOOT_ID_FILE, ret, why);
	default:
		return instance_id(ret, why);
	}
}

static int file_for_name(const struct name_piece *piece, char ret[static SOURCE_SIZE],
			 struct reason *why)
{
	cleanup_free char *path = strndup(piece->text, piece->length);

	return path ? file_line_read(path, ret, SOURCE_SIZE, why)
		    : reason_errno(why, ENOMEM, "Cannot read what name in [agent] names");
}

static int expand(const struct name_piece *piece, char ret[static SOURCE_SIZE],
		  const struct config *config, const struct own_names *own, struct reason *why)
{
	ret[0] = '\0';
	switch (piece->kind) {
	case NAME_SPECIFIER:
		return specifier(piece->letter, ret, config, own, why);
	case NAME_FILE:
		return file_for_name(piece, ret, why);
	default:
		add_text(ret, SOURCE_SIZE, piece->text, piece->length);
		return 0;
	}
}

/* ------------------------------------------------------------------ the name */

static int check_name(const char *name, const char *template, struct reason *why)
{
	char shown[SOURCE_SIZE], shown_template[SOURCE_SIZE];
	char origin[sizeof "from name = " + SOURCE_SIZE];
	size_t length = strlen(name);

	if (agent_name_is_registrable(name, length) && length <= AGENT_NAME_SAFE_MAX)
		return OUTCOME_OK;
	(void)snprintf(origin, sizeof origin, "from name = %s",
		       escape_string(shown_template, sizeof shown_template, template));
	reason_set(why,
		   "The agent name '%s' (%s) is not valid: it must be 2 "
		   "to 127 characters of A-Z a-z 0-9 . _ -, not beginning with a dot; %s",
		   escape_string(shown, sizeof shown, name), setting_words(origin),
		   setting_words("set name in [agent]"));
	return OUTCOME_MISCONFIGURED;
}

/* All of it, whatever it is like. Longer ones are cut; they are none in any case. */
static int expand_all(char *ret, size_t size, const struct config *config,
		      const struct own_names *own, struct reason *why)
{
	const char *at = config->agent.name;
	struct name_piece piece;
	int r = 0;

	ret[0] = '\0';
	while (r == 0 && name_template_next(&at, &piece)) {
		char source[SOURCE_SIZE];

		r = expand(&piece, source, config, own, why);
		if (r == 0)
			add_text(ret, size, source, strlen(source));
	}
	return r;
}

int identity_name(char ret[static AGENT_NAME_MAX + 1], const struct config *config,
		  const struct own_names *own, struct reason *why)
{
	static const struct own_names none;
	char name[1024];
	int r = expand_all(name, sizeof name, config, own ?: &none, why);

	if (r != 0 || (!own && name_template_needs(config->agent.name)))
		return r;
	r = check_name(name, config->agent.name, why);
	if (r == OUTCOME_OK)
		(void)snprintf(ret, AGENT_NAME_MAX + 1, "%.*s", AGENT_NAME_MAX, name);
	return r;
}

/* ------------------------------------------------------------------ this boot, this machine */

static bool write_boot_mark(const char *id)
{
	FILE *file = fopen(BOOT_MARK_FILE, "we");
	bool written = file && fputs(id, file) >= 0;

	return file && fclose(file) == 0 && written;
}

/*
 * In a container, the kernel's boot ID is that of the host and remains when the container is
 * rebooted, unlike files in /run. So the ID of a boot is a random one in a file there, if systemd
 * has created our runtime directory.
 */
void identity_boot(char ret[static IDENTITY_BOOT_SIZE])
{
	if (machine_id_read(BOOT_MARK_FILE, ret) == 0 ||
	    (machine_id_read(RANDOM_ID_FILE, ret) == 0 && write_boot_mark(ret)))
		return;
	if (machine_id_read(BOOT_ID_FILE, ret) < 0)
		ret[0] = '\0';
}

uint64_t identity_seed(void)
{
	char mark[MACHINE_MARK_SIZE], boot[IDENTITY_BOOT_SIZE];
	uint64_t seed = 0;

	machine_marks_read_machine(mark);
	if (mark[0] == '\0') {
		identity_boot(boot);
		memcpy(mark, boot, sizeof mark);
	}
	for (size_t i = 0; i < 16 && mark[i]; i++)
		seed = seed << 4 | (mark[i] <= '9' ? mark[i] - '0' : mark[i] - 'a' + 10);
	return seed;
}

int identity_suffixed_name(char ret[static AGENT_NAME_MAX + 1], const char *name)
{
	char mark[MACHINE_MARK_SIZE];

	machine_marks_read_machine(mark);
	if (mark[0] == '\0')
		return -ENODATA;
	(void)snprintf(ret, AGENT_NAME_MAX + 1, "%.*s-%.8s", AGENT_NAME_SAFE_MAX - 9, name, mark);
	return 0;
}
