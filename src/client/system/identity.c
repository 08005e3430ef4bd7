/* SPDX-License-Identifier: ISC */
#include "client/system/identity.h"

#include "common/cleanup.h"
#include "common/escape.h"
#include "common/setting-words.h"

#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <string.h>

#define MACHINE_ID_FILE "/etc/machine-id"
#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"
#define BOOT_MARK_FILE "/run/agent-register/boot"
#define RANDOM_ID_FILE "/proc/sys/kernel/random/uuid"
#define INSTANCE_ID_FILE "/var/lib/cloud/data/instance-id"
#define SOURCE_SIZE IDENTITY_INSTANCE_SIZE

/* Never change it: keys are bound to the hash made with it. */
static const unsigned char application_id[16] = { 0x5e, 0x2c, 0x0b, 0x91, 0x7d, 0x3f, 0x4a, 0x68,
						  0xb1, 0x05, 0x9e, 0x44, 0xc7, 0x2d, 0x80, 0x13 };

/*
 * ------------------------------------------------------------------ the sources of the specifiers
 */

/* Is it a host name that a machine has before its name is set? */
static bool is_placeholder(const char *name)
{
	return *name == '\0' || strcmp(name, "localhost") == 0 ||
	       strcmp(name, "localhost.localdomain") == 0 || strcmp(name, "(none)") == 0;
}

static int host_name(char ret[static SOURCE_SIZE], struct reason *why)
{
	if (gethostname(ret, HOST_NAME_MAX + 1) < 0)
		return reason_errno(why, errno, "Cannot read the host name");
	ret[HOST_NAME_MAX] = '\0';
	if (is_placeholder(ret)) {
		reason_set(why, "This machine has no host name yet (it is '%s'): set one, or %s",
			   ret, setting_words("set name in [agent]"));
		return OUTCOME_NOT_READY;
	}
	return 0;
}

static int short_host_name(char ret[static SOURCE_SIZE], struct reason *why)
{
	int r = host_name(ret, why);

	ret[strcspn(ret, ".")] = '\0';
	return r;
}

/* Read the 32 hexadecimal digits of an ID, without hyphens. Returns 0 or -ENODATA. */
static int read_id(const char *path, char ret[static IDENTITY_MACHINE_SIZE])
{
	cleanup_file FILE *file = fopen(path, "re");
	size_t digits = 0;
	int c;

	while (file && digits < IDENTITY_MACHINE_SIZE - 1 && (c = fgetc(file)) != EOF)
		if (strchr("0123456789abcdef", c))
			ret[digits++] = (char)c;
		else if (c != '-')
			break;
	ret[digits] = '\0';
	return digits == IDENTITY_MACHINE_SIZE - 1 ? 0 : -ENODATA;
}

static int read_id_for_name(const char *path, char ret[static SOURCE_SIZE], struct reason *why)
{
	if (read_id(path, ret) == 0)
		return 0;
	reason_set(why, "There is no ID in %s (yet)", path);
	return OUTCOME_NOT_READY;
}

static int instance_id(char ret[static SOURCE_SIZE], struct reason *why)
{
	identity_instance(ret);
	if (*ret != '\0')
		return 0;
	reason_set(why, "There is no cloud instance ID for %%i in " INSTANCE_ID_FILE " (yet)");
	return OUTCOME_NOT_READY;
}

static int specifier(char letter, char ret[static SOURCE_SIZE], struct reason *why)
{
	switch (letter) {
	case 'H':
		return host_name(ret, why);
	case 'l':
		return short_host_name(ret, why);
	case 'm':
		return read_id_for_name(MACHINE_ID_FILE, ret, why);
	case 'b':
		return read_id_for_name(BOOT_ID_FILE, ret, why);
	case 'i':
		return instance_id(ret, why);
	default:
		ret[0] = letter; /* "%%"; the configuration rejects all others */
		ret[1] = '\0';
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
		   "The agent name '%s' (%s) is not valid: it must be 2 to 127 characters of A-Z "
		   "a-z 0-9 . _ -, not beginning with a dot; %s",
		   escape_string(shown, sizeof shown, name), setting_words(origin),
		   setting_words("set name in [agent]"));
	return OUTCOME_MISCONFIGURED;
}

int identity_name(char ret[static AGENT_NAME_MAX + 1], const char *template, struct reason *why)
{
	char name[1024];
	size_t used = 0;
	int r;

	for (const char *at = template; *at; at++) {
		char source[SOURCE_SIZE] = { *at };

		if (*at == '%' && at[1]) {
			r = specifier(*++at, source, why);
			if (r != 0)
				return r;
		}
		if (used + strlen(source) >= sizeof name)
			break;
		used += (size_t)snprintf(name + used, sizeof name - used, "%s", source);
	}
	name[used] = '\0';

	r = check_name(name, template, why);
	if (r == OUTCOME_OK)
		(void)snprintf(ret, AGENT_NAME_MAX + 1, "%.*s", AGENT_NAME_MAX, name);
	return r;
}

/* ------------------------------------------------------------------ the marks of this machine */

/*
 * HMAC-SHA256 of the application ID, keyed with the machine ID, which must not be disclosed itself
 * (machine-id(5)).
 */
static int machine_mark(unsigned char ret[static EVP_MAX_MD_SIZE])
{
	char id[IDENTITY_MACHINE_SIZE];
	unsigned int size;

	if (read_id(MACHINE_ID_FILE, id) < 0)
		return -ENODATA; /* none, or "uninitialized" */
	return HMAC(EVP_sha256(), id, sizeof id - 1, application_id, sizeof application_id, ret,
		    &size)
		       ? 0
		       : -EIO;
}

void identity_machine(char ret[static IDENTITY_MACHINE_SIZE])
{
	unsigned char mark[EVP_MAX_MD_SIZE];

	ret[0] = '\0';
	if (machine_mark(mark) < 0)
		return;
	for (size_t i = 0; 2 * i + 1 < IDENTITY_MACHINE_SIZE; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", mark[i]);
}

void identity_instance(char ret[static IDENTITY_INSTANCE_SIZE])
{
	cleanup_file FILE *file = fopen(INSTANCE_ID_FILE, "re");

	if (!file || !fgets(ret, IDENTITY_INSTANCE_SIZE, file))
		ret[0] = '\0';
	ret[strcspn(ret, "\r\n")] = '\0';
}

void identity_read_marks(struct identity_marks *ret)
{
	identity_machine(ret->machine);
	identity_instance(ret->instance);
}

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
void identity_boot(char ret[static IDENTITY_MACHINE_SIZE])
{
	if (read_id(BOOT_MARK_FILE, ret) == 0 ||
	    (read_id(RANDOM_ID_FILE, ret) == 0 && write_boot_mark(ret)))
		return;
	if (read_id(BOOT_ID_FILE, ret) < 0)
		ret[0] = '\0';
}

uint64_t identity_seed(void)
{
	unsigned char mark[EVP_MAX_MD_SIZE] = { 0 };
	char boot[IDENTITY_MACHINE_SIZE];
	uint64_t seed;

	if (machine_mark(mark) < 0) {
		identity_boot(boot);
		memcpy(mark, boot, strlen(boot));
	}
	memcpy(&seed, mark, sizeof seed);
	return seed;
}

int identity_suffixed_name(char ret[static AGENT_NAME_MAX + 1], const char *name)
{
	char machine[IDENTITY_MACHINE_SIZE];

	identity_machine(machine);
	if (machine[0] == '\0')
		return -ENODATA;
	(void)snprintf(ret, AGENT_NAME_MAX + 1, "%.*s-%.8s", AGENT_NAME_SAFE_MAX - 9, name,
		       machine);
	return 0;
}
