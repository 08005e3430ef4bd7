/* SPDX-License-Identifier: ISC */
#include "registrar/commands/admin.h"

#include "common/deadline.h"
#include "common/log.h"
#include "common/shortage.h"
#include "registrar/commands/progress.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>

#define LOCK_PATIENCE (10 * USEC_PER_SEC)

void admin_warn(const char *sentence)
{
	log_warning("%s", sentence);
}

int admin_fail(int status, const struct reason *why)
{
	log_error("%s", why->text);
	return status;
}

int admin_fail_file(int error, const struct reason *why)
{
	return admin_fail(error == -EAGAIN     ? EX_TEMPFAIL
			  : is_shortage(error) ? EX_OSERR
					       : EX_CONFIG,
			  why);
}

static void on_read(void *owner, size_t done, size_t all)
{
	(void)owner;
	progress_show("Reading client.keys", done, all);
}

int admin_begin(struct roster **ret, const struct options *options, bool to_read)
{
	const struct keys_progress progress = { .report = on_read };
	struct reason why;
	char etc[PATH_MAX];
	int r;

	(void)snprintf(etc, sizeof etc, "%s/etc", options->directory);
	r = to_read ? roster_open_reading(ret, etc, admin_warn, &why)
		    : roster_open_telling(ret, etc, options->group, admin_warn, &progress, &why);
	if (r >= 0)
		r = roster_begin_within(*ret, LOCK_PATIENCE, &why);
	return r < 0 ? admin_fail_file(r, &why) : 0;
}

int admin_commit(struct roster *roster, const struct options *options,
		 const struct records *records)
{
	const struct agent_history history = { .queue = options->paths.queue_directory };
	struct reason why;
	int r;

	progress_show("Writing client.keys", 0, 0);
	r = roster_commit(roster, &why);
	if (r < 0)
		return admin_fail_file(r, &why);
	if (records_write(records, &history, &why) < 0)
		admin_warn(why.text);
	return 0;
}

void admin_end_with_reader(void)
{
	(void)signal(SIGPIPE, SIG_DFL);
}

int admin_finish_output(void)
{
	struct reason why;

	errno = EIO; /* of an error that was before */
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	if (errno == EPIPE)
		return EX_IOERR;
	(void)reason_errno(&why, errno, "Cannot write to standard output");
	return admin_fail(EX_IOERR, &why);
}

void admin_print_agent(const char *id, const char *name, const char *ip)
{
	printf("%s %s %s\n", id, name, ip);
}
