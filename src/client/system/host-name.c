/* SPDX-License-Identifier: ISC */
#include "client/system/host-name.h"

#include "client/system/given-name.h"
#include "common/cleanup.h"
#include "common/outcome.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define FALLBACK_FILE "/run/systemd/default-hostname"

/* ------------------------------------------------------------------ comparing */

/* The first label, without the domain that a network or an installer may have added. */
static void first_label(char ret[static HOST_NAME_SIZE], const char *name)
{
	(void)snprintf(ret, HOST_NAME_SIZE, "%.*s", (int)strcspn(name, "."), name);
}

static bool is_one_of(const char *const *names, size_t count, const char *name)
{
	char label[HOST_NAME_SIZE];

	first_label(label, name);
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(names[i], label) == 0)
			return true;
	return false;
}

static bool matches(const char *pattern, const char *name)
{
	char label[HOST_NAME_SIZE];

	first_label(label, name);
	return fnmatch(pattern, name, FNM_CASEFOLD) == 0 ||
	       fnmatch(pattern, label, FNM_CASEFOLD) == 0;
}

/* ------------------------------------------------------------------ names that are none */

/* Names for the machine that one is on. */
static bool is_localhost(const char *name)
{
	static const char *const names[] = { "localhost",     "localhost4",     "localhost6",
					     "ip6-localhost", "localhost-live", "(none)" };

	return *name == '\0' || *name == '.' ||
	       is_one_of(names, sizeof names / sizeof names[0], name);
}

/* Static host names (/etc/hostname) in images and of installers that were not asked for one. */
static bool is_from_image(const char *name)
{
	static const char *const names[] = {
		/* clang-format off */
		"alarm", "alarmpi", "almalinux", "alpine",
		"amazonlinux", "archiso", "archlinux", "beaglebone",
		"bookworm", "buildroot", "bullseye", "centos",
		"cloudimg", "darkstar", "debian", "devuan",
		"dietpi", "gentoo", "hostname", "kali",
		"linaro-alip", "linux", "manjaro", "nixos",
		"none", "odroid", "opensuse", "openwrt",
		"orangepi", "parrot", "photon-machine", "pop-os",
		"raspberrypi", "raspbian", "rockylinux", "rpi",
		"tegra-ubuntu", "ubuntu", "ubuntu-focal", "ubuntu-jammy",
		"ubuntu-noble", "ubuntu-server", "unknown", "unassigned-hostname",
		"vagrant", "void-live", "voidlinux",
		/* clang-format on */
	};

	return is_one_of(names, sizeof names / sizeof names[0], name);
}

/* systemd writes down the name that it has taken because there is none (hostname(5)). */
static bool is_fallback_of_systemd(const char *name)
{
	cleanup_file FILE *file = fopen(FALLBACK_FILE, "re");
	char fallback[HOST_NAME_SIZE] = "";

	if (file && fgets(fallback, sizeof fallback, file))
		fallback[strcspn(fallback, " \t\r\n")] = '\0';
	return fallback[0] && matches(fallback, name);
}

/* The value of DEFAULT_HOSTNAME in a file in the format of os-release(5); the last one counts. */
static bool read_default_name(char ret[static HOST_NAME_SIZE], const char *path)
{
	static const char key[] = "DEFAULT_HOSTNAME=";
	cleanup_file FILE *file = fopen(path, "re");
	cleanup_free char *line = NULL;
	size_t allocated = 0;

	while (file && getline(&line, &allocated, file) > 0) {
		const char *value = line + strspn(line, " \t");

		if (strncmp(value, key, sizeof key - 1) != 0)
			continue;
		value += sizeof key - 1;
		value += strspn(value, "\"'");
		(void)snprintf(ret, HOST_NAME_SIZE, "%.*s", (int)strcspn(value, "\"' \t\r\n"),
			       value);
	}
	return *ret != '\0';
}

/* systemd before 248 does not say what it fell back to. Newer ones replace each "?" in it. */
static bool is_default_of_distribution(const char *name)
{
	char fallback[HOST_NAME_SIZE] = "";

	return (read_default_name(fallback, "/etc/os-release") ||
		read_default_name(fallback, "/usr/lib/os-release")) &&
	       matches(fallback, name);
}

static bool is_placeholder(const struct string_list *placeholders, const char *name)
{
	for (size_t i = 0; placeholders && i < placeholders->count; i++)
		if (matches(placeholders->items[i], name))
			return true;
	return false;
}

/* Why nobody may have chosen this name, as host-name.h says; null: it is no such name. */
static const char *find_origin(const char *name)
{
	if (is_from_image(name))
		return "a name that comes with images";
	if (is_fallback_of_systemd(name) && !given_name_is_static(name))
		return "what systemd uses for want of a name (" FALLBACK_FILE ")";
	if (is_default_of_distribution(name) && !given_name_is_static(name))
		return "what the distribution uses for want of a name "
		       "(DEFAULT_HOSTNAME in os-release)";
	return NULL;
}

/* The problem with it, as host-name.h says; null: it is a name. */
static const char *find_problem(const char *name, const struct host_name_rules *rules)
{
	const char *origin;

	if (is_localhost(name))
		return "";
	if (rules->take_any)
		return NULL;
	if (is_placeholder(rules->placeholders, name))
		return "one of placeholder_names in [agent]";
	origin = find_origin(name);
	return origin && given_name_is(name) ? NULL : origin;
}

int host_name_read(struct host_name *ret, const struct host_name_rules *rules, struct reason *why)
{
	if (gethostname(ret->text, sizeof ret->text) < 0)
		return reason_errno(why, errno, "Cannot read the host name");
	ret->text[sizeof ret->text - 1] = '\0';
	ret->problem = find_problem(ret->text, rules);
	return ret->problem ? OUTCOME_NOT_READY : OUTCOME_OK;
}
