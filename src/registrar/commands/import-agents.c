/* SPDX-License-Identifier: ISC */
#include "registrar/commands/import-agents.h"

#include "common/agent-address.h"
#include "common/io.h"
#include "common/log.h"
#include "common/shortage.h"
#include "registrar/commands/add.h"
#include "registrar/commands/admin.h"
#include "registrar/commands/import-line.h"
#include "registrar/commands/policy.h"
#include "registrar/commands/progress.h"
#include "registrar/enrollment/address.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct import {
	const struct enrollment_policy *policy;
	struct roster *roster;
	struct records records;
	size_t number;  /* of the line, from 1 */
	bool has_begun; /* a line with fields was there before */
	size_t bad, present;
};

static void report_line(struct import *import, const struct reason *why)
{
	import->bad++;
	log_error("Line %zu: %s", import->number, why->text);
}

/* Is this agent there, with this address? Then the file was imported before. */
static bool is_present(const struct import *import, const struct import_line *line)
{
	char name[AGENT_NAME_MAX + 1];
	const struct roster_entry *entry;
	char key[AGENT_ADDRESS_KEY_SIZE], present[AGENT_ADDRESS_KEY_SIZE];
	struct address address;

	if (!agent_name_is_valid(line->name, line->name_length) ||
	    address_read(&address, line->ip, line->ip_length, import->policy->dialect) < 0)
		return false;
	memcpy(name, line->name, line->name_length);
	name[line->name_length] = '\0';
	entry = roster_find_name(import->roster, name);
	if (!entry || !entry->ip)
		return false;
	agent_address_key(key, address.stored);
	agent_address_key(present, entry->ip);
	return strcmp(key, present) == 0;
}

static void import_agent(struct import *import, const struct import_line *line)
{
	cleanup(enrollment_wipe) struct enrollment enrollment;
	const struct enrollment_request request = {
		.fields.name = { line->name, line->name_length },
		.fields.ip = { line->ip, line->ip_length },
		.next_id = true,
	};
	struct reason why;

	enrollment_decide(&enrollment, import->roster, import->policy, &request);
	if (enrollment.accepted) {
		records_add(&import->records, import->roster, &enrollment);
		return;
	}
	add_describe_refusal(&why, &enrollment, &import->records);
	report_line(import, &why);
}

/* Spreadsheets begin a word with a capital. */
static void settle_any(struct import_line *line)
{
	if (line->ip_length == strlen("any") && strncasecmp(line->ip, "any", line->ip_length) == 0)
		line->ip = "any";
}

/* The names of the columns count as such in front of the first agent only. */
static bool is_header(struct import *import, const struct import_line *line)
{
	bool is_first = !import->has_begun;

	import->has_begun = true;
	return is_first && import_line_is_header(line);
}

static void import_line(struct import *import, const char *text, size_t length)
{
	struct import_line line;
	struct reason why;

	switch (import_line_read(&line, text, length)) {
	case IMPORT_LINE_NOTHING:
		return;
	case IMPORT_LINE_BAD:
		reason_set(&why, "Not in the form IP,NAME");
		report_line(import, &why);
		return;
	default:
		break;
	}
	settle_any(&line);
	if (is_header(import, &line))
		log_info("Line %zu is a header and was skipped", import->number);
	else if (is_present(import, &line))
		import->present++;
	else
		import_agent(import, &line);
}

/* Some spreadsheets end lines with carriage returns alone. */
static char line_end_of(const char *content, size_t length)
{
	return memchr(content, '\n', length) ? '\n' : '\r';
}

static int import_lines(struct import *import, const char *content, size_t length, const char *path)
{
	const char *end = content + length, *begin = content + io_mark_length(content, length);
	const char line_end = line_end_of(content, length);
	struct reason why;

	for (const char *at = begin; at < end;) {
		const char *newline = memchr(at, line_end, (size_t)(end - at));
		const char *stop = newline ?: end;

		import->number++;
		progress_show("Looking at the lines", (size_t)(at - begin), (size_t)(end - begin));
		import_line(import, at, (size_t)(stop - at));
		at = stop + 1;
	}
	if (import->records.incomplete) {
		reason_set(&why, "Out of memory");
		return admin_fail(EX_OSERR, &why);
	}
	if (import->bad > 0) {
		reason_set(&why, "Nothing was added, because of %zu %s of %s", import->bad,
			   import->bad == 1 ? "line" : "lines", path);
		return admin_fail(EX_DATAERR, &why);
	}
	return 0;
}

/* Add what the lines say, all or nothing. Who is there with the same address is passed over. */
static int import_content(const struct options *options, const char *content, size_t length,
			  const char *path)
{
	cleanup(release_roster) struct roster *roster = NULL;
	const struct enrollment_policy policy = policy_from_options(options);
	struct import import = { .policy = &policy };
	int status = admin_begin(&roster, options, false);

	if (status != 0)
		return status;
	import.roster = roster;
	status = import_lines(&import, content, length, path);
	if (status != 0)
		roster_cancel(roster);
	else
		status = add_commit(roster, options, &import.records);
	if (status == 0)
		log_info("%zu added, %zu already present", import.records.count, import.present);
	records_clear(&import.records);
	return status;
}

/* All of it, before the lock is taken: standard input may be slow. */
static int read_stream(FILE *file, const char *name, char **ret, size_t *ret_length,
		       struct reason *why)
{
	size_t room = 0, length = 0;

	do {
		char *grown;

		room = room ? 2 * room : 65536;
		grown = realloc(*ret, room);
		if (!grown)
			return reason_errno(why, ENOMEM, "Cannot read %s", name);
		*ret = grown;
		length += fread(*ret + length, 1, room - length, file);
	} while (length == room);
	*ret_length = length;
	return ferror(file) ? reason_errno(why, errno, "Cannot read %s", name) : 0;
}

int import_command(struct program *program)
{
	const struct options *options = program->options;
	const char *argument = options->line.arguments[0];
	bool is_stdin = strcmp(argument, "-") == 0;
	const char *path = is_stdin ? "standard input" : argument;
	cleanup_free char *content = NULL;
	cleanup_file FILE *file = is_stdin ? NULL : fopen(path, "re");
	struct reason why;
	size_t length;
	int r, status;

	if (is_stdin || file)
		r = read_stream(file ?: stdin, path, &content, &length, &why);
	else
		r = reason_errno(&why, errno, "Cannot read %s", path);
	if (r < 0)
		return admin_fail(is_shortage(r) ? EX_OSERR : EX_NOINPUT, &why);
	if (io_is_utf16(content, length)) {
		reason_set(&why, "%s is UTF-16; save it as CSV in UTF-8", path);
		return admin_fail(EX_DATAERR, &why);
	}
	if (!options->admin.quiet)
		progress_begin();
	status = import_content(options, content, length, path);
	progress_end();
	return status;
}
