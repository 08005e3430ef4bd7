/* SPDX-License-Identifier: ISC */
#include "registrar/other-authd.h"

#include "common/shortage.h"
#include "registrar/agents/installation.h"
#include "registrar/agents/local-authd.h"

#include <errno.h>
#include <stdio.h>

static int refuse(const struct local_authd *authd, const char *directory, struct reason *why)
{
	char restart[PATH_MAX];

	reason_set(why,
		   "wazuh-authd is running (%s) and would overwrite what is registered here, "
		   "because it writes client.keys from memory; disable it "
		   "with <auth><disabled>yes</disabled></auth> in %s/etc/ossec.conf, and then: %s",
		   authd->path, directory, installation_restart(restart, directory));
	return -EBUSY;
}

static void make_queue(char queue[static PATH_MAX], const char *directory)
{
	(void)snprintf(queue, PATH_MAX, "%s/queue", directory);
}

int other_authd_refuse(const char *directory, struct reason *why)
{
	struct local_authd authd;
	char queue[PATH_MAX];
	int r;

	make_queue(queue, directory);
	r = local_authd_find(&authd, queue, why);
	if (r < 0)
		return is_shortage(r) ? r : -EBUSY;
	return r > 0 ? refuse(&authd, directory, why) : 0;
}

int other_authd_look(const char *directory, struct reason *why)
{
	struct local_authd authd;
	char queue[PATH_MAX];
	int r;

	make_queue(queue, directory);
	r = local_authd_listens(&authd, queue, why);
	return r > 0 ? refuse(&authd, directory, why) : r;
}
