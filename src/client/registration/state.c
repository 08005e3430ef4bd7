/* SPDX-License-Identifier: ISC */
#include "client/registration/state.h"

#include "common/cleanup.h"
#include "common/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#define STATE_MAX_SIZE ((size_t)64 * 1024) /* whatever else lies there is cut */

/*
 * Of the file: increased when an old program would misunderstand the new lines. Files without one
 * are of a time when there were only two marks.
 */
#define STATE_VERSION 1

/* The lines of the file: a name, and where its value is. */
static const struct field {
	const char *name;
	size_t offset;
	size_t size; /* of a text; 0: a number */
} fields[] = {
#define TEXT(name, member)                                                                   \
	{                                                                                    \
		name, offsetof(struct state, member), sizeof(((struct state *)NULL)->member) \
	}
#define NUMBER(name, member)                            \
	{                                               \
		name, offsetof(struct state, member), 0 \
	}
	TEXT("agent_id", registration.agent_id),
	TEXT("agent_name", registration.agent_name),
	TEXT("requested_name", registration.requested_name),
	TEXT("missing_groups", registration.missing_groups),
	TEXT("manager", registration.manager),
	TEXT("prefix", registration.prefix),
	TEXT("method", registration.method),
	NUMBER("registered_at", registration.registered_at),
	TEXT("bound_machine", bound.machine),
	TEXT("bound_instance", bound.instance),
	TEXT("bound_hardware", bound.hardware),
	TEXT("last_outcome", attempts.last.outcome),
	TEXT("last_manager", attempts.last.manager),
	TEXT("last_error", attempts.last.error),
	NUMBER("last_at", attempts.last.at),
	NUMBER("attempts", attempts.count),
	TEXT("counters_of", counters_of),
	TEXT("stored_ca", stored_ca),
	TEXT("boot", attempts.boot),
	TEXT("background_boot", attempts.background_boot),
};

static char *state_path(const char *directory)
{
	char *path;

	return asprintf(&path, "%s/state", directory) < 0 ? NULL : path;
}

static void take_number(uint64_t *target, const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (digits > 0 && digits < 20 && text[digits] == '\0')
		*target = strtoull(text, NULL, 10);
}

/* "OUTCOME WAIT NEXT_AT MANAGER"; the manager may be missing. */
static void take_manager(struct state *state, const char *text)
{
	struct state_attempts *attempts = &state->attempts;
	struct manager_state manager = { 0 };
	char wait[21] = "", next_at[21] = "";

	if (attempts->manager_count == STATE_MAX_MANAGERS ||
	    sscanf(text, "%15s %20[0-9] %20[0-9] %271s", manager.outcome, wait, next_at,
		   manager.address) < 3)
		return;
	take_number(&manager.wait, wait);
	take_number(&manager.next_at, next_at);
	attempts->managers[attempts->manager_count++] = manager;
}

struct manager_state *state_manager(struct state *state, const char *address)
{
	struct state_attempts *attempts = &state->attempts;
	struct manager_state *manager;

	for (size_t i = 0; i < attempts->manager_count; i++)
		if (strcmp(attempts->managers[i].address, address) == 0)
			return &attempts->managers[i];
	if (attempts->manager_count == STATE_MAX_MANAGERS)
		memmove(attempts->managers, attempts->managers + 1,
			--attempts->manager_count * sizeof *manager);
	manager = &attempts->managers[attempts->manager_count++];
	*manager = (struct manager_state){ 0 };
	(void)snprintf(manager->address, sizeof manager->address, "%s", address);
	return manager;
}

/* "TIME NAME MANAGER" */
static void take_unanswered(struct state *state, const char *text)
{
	char at[21] = "", name[AGENT_NAME_MAX + 1] = "", address[ENDPOINT_TEXT_SIZE] = "";
	struct manager_state *manager;

	if (sscanf(text, "%20[0-9] %128s %271s", at, name, address) < 3)
		return;
	manager = state_manager(state, address);
	memcpy(manager->unanswered.name, name, sizeof name);
	take_number(&manager->unanswered.sent_at, at);
}

static void take_line(struct state *state, char *line)
{
	char *equals = strchr(line, '=');

	if (!equals)
		return;
	*equals = '\0';
	if (strcmp(line, "version") == 0)
		take_number(&state->version, equals + 1);
	if (strcmp(line, "schedule") == 0)
		take_manager(state, equals + 1);
	if (strcmp(line, "unanswered") == 0)
		take_unanswered(state, equals + 1);
	if (strcmp(line, "bound_transient") == 0)
		state->bound.is_transient = strcmp(equals + 1, "yes") == 0;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		char *target = (char *)state + fields[i].offset;

		if (strcmp(fields[i].name, line) != 0)
			continue;
		if (!fields[i].size)
			take_number((uint64_t *)(void *)target, equals + 1);
		else if (strlen(equals + 1) < fields[i].size)
			(void)strcpy(target, equals + 1);
	}
}

/* Marks that another version has made are not those that this one would make. */
static void drop_foreign_marks(struct state *state)
{
	if (state->version > STATE_VERSION)
		state->bound = (struct machine_marks){ 0 };
	if (state->version == 0)
		state->bound.hardware[0] = '\0';
}

int state_load(struct state *ret, const char *directory, struct reason *why)
{
	cleanup_free char *path = state_path(directory), *line = NULL;
	cleanup_file FILE *file = path ? fopen(path, "re") : NULL;
	struct state state = { 0 };
	size_t allocated = 0;
	int r = !path ? -ENOMEM : file ? 0 : -errno;

	while (file && getline(&line, &allocated, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		take_line(&state, line);
	}
	if (file && !feof(file)) /* glibc 2.36 does not set its error where there is no memory */
		r = -errno;
	if (is_shortage(r))
		return reason_errno(why, r, "Cannot read the state in %s", directory);
	drop_foreign_marks(&state);
	*ret = state;
	return 0;
}

static int format(const struct state *state, char **ret, size_t *ret_length)
{
	const struct state_attempts *attempts = &state->attempts;
	FILE *stream = open_memstream(ret, ret_length);

	if (!stream)
		return -errno;
	(void)fprintf(stream, "version=%d\n", STATE_VERSION);
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		const char *source = (const char *)state + fields[i].offset;

		if (fields[i].size && *source)
			(void)fprintf(stream, "%s=%s\n", fields[i].name, source);
		else if (!fields[i].size && *(const uint64_t *)(const void *)source)
			(void)fprintf(stream, "%s=%" PRIu64 "\n", fields[i].name,
				      *(const uint64_t *)(const void *)source);
	}
	if (state->bound.is_transient)
		(void)fprintf(stream, "bound_transient=yes\n");
	for (size_t i = 0; i < attempts->manager_count; i++) {
		const struct manager_state *manager = &attempts->managers[i];

		if (manager->outcome[0])
			(void)fprintf(stream, "schedule=%s %" PRIu64 " %" PRIu64 " %s\n",
				      manager->outcome, manager->wait, manager->next_at,
				      manager->address);
		if (manager->unanswered.sent_at)
			(void)fprintf(stream, "unanswered=%" PRIu64 " %s %s\n",
				      manager->unanswered.sent_at, manager->unanswered.name,
				      manager->address);
	}
	return fclose(stream) == 0 ? 0 : -errno;
}

/*
 * Overwrite the file in one write, padded with empty lines to its old size: a killed process leaves
 * the old content or the new. Replacing it by a rename would cost a registration two flushes of the
 * disk, and losing it costs nothing.
 */
static int overwrite(int fd, const char *text, size_t length)
{
	const size_t unit = 1024;
	struct stat status;
	char *padded;
	size_t size;
	ssize_t n;

	if (fchmod(fd, 0600) < 0 || fstat(fd, &status) < 0)
		return -errno;
	size = (length + unit - 1) / unit * unit;
	if (size < (size_t)status.st_size && (size_t)status.st_size < STATE_MAX_SIZE)
		size = (size_t)status.st_size;
	padded = malloc(size);
	if (!padded)
		return -ENOMEM;
	memcpy(padded, text, length);
	memset(padded + length, '\n', size - length);
	n = pwrite(fd, padded, size, 0);
	free(padded);
	if (n < 0)
		return -errno;
	if ((size_t)n != size)
		return -ENOSPC;
	return (size_t)status.st_size > size && ftruncate(fd, (off_t)size) < 0 ? -errno : 0;
}

int state_save(const struct state *state, const char *directory, struct reason *why)
{
	cleanup_free char *path = state_path(directory), *text = NULL;
	cleanup_fd int fd = -1;
	size_t length;
	int r;

	if (!path || format(state, &text, &length) < 0)
		return reason_errno(why, ENOMEM, "Cannot remember the state");
	if (mkdir(directory, 0755) < 0 && errno != EEXIST)
		return reason_errno(why, errno, "Cannot make the state directory %s", directory);
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : overwrite(fd, text, length);
	return r < 0 ? reason_errno(why, r, "Cannot write %s", path) : 0;
}
