/* SPDX-License-Identifier: ISC */
#include "client/methods/method.h"

#include "client/net/net.h"
#include "common/cleanup.h"

#include <string.h>

int method_connect(const struct attempt *attempt, struct tls_client **ret,
		   struct attempt_report *report)
{
	struct deadline connecting = deadline_in(attempt->connection.timeout, attempt->deadline);
	const char *warning;
	cleanup_fd int fd = -1;
	int r;

	r = attempt_begin_step(attempt, STEP_CONNECTING);
	if (r == OUTCOME_OK)
		r = net_connect_through(attempt->connection.proxy, attempt->manager, &connecting,
					&fd, &report->why);
	if (r == OUTCOME_OK && attempt->connected)
		r = attempt->connected(fd, &report->why);
	if (r == OUTCOME_OK)
		r = attempt_begin_step(attempt, STEP_VERIFYING);
	if (r == OUTCOME_OK)
		r = tls_client_new(ret, take_fd(&fd), attempt->connection.context, attempt->manager,
				   attempt->connection.trust, attempt->deadline, &report->why);
	if (r != OUTCOME_OK)
		return r;
	warning = tls_client_warning(*ret);
	if (warning && !strstr(report->warning.text, warning)) /* one of several connections */
		reason_add(&report->warning, "%s", warning);
	return OUTCOME_OK;
}
