/* SPDX-License-Identifier: ISC */
#include "client/methods/method.h"

#include "client/config/config.h"
#include "client/methods/module.h"
#include "client/net/net.h"
#include "common/cleanup.h"

static const struct {
	const char *name;
	const struct method *method; /* null: in the module */
} methods[] = {
	[METHOD_AUTHD] = { "authd", &method_authd },
	[METHOD_API] = { "api", NULL },
	[METHOD_ENROLL] = { "enroll", NULL },
	[METHOD_IMPORT] = { "import", NULL },
};

const char *method_name(int kind)
{
	return methods[kind].name;
}

int method_get(int kind, const struct method **ret, struct reason *why)
{
	const struct https_module *module;
	int r;

	if (methods[kind].method) {
		*ret = methods[kind].method;
		return 0;
	}
	r = https_module_load(&module, why);
	if (r < 0)
		return r;
	for (const struct method *const *method = module->methods; *method; method++) {
		if (strcmp((*method)->name, methods[kind].name) == 0) {
			*ret = *method;
			return 0;
		}
	}
	reason_set(why, "method = %s is not supported by this version", methods[kind].name);
	return -ENOTSUP;
}

int method_connect(const struct attempt *attempt, struct tls_client **ret,
		   struct attempt_report *report)
{
	struct deadline connecting = deadline_in(attempt->connect_timeout, attempt->deadline);
	const char *warning;
	cleanup_fd int fd = -1;
	int r;

	r = attempt->progress(STEP_CONNECTING, attempt->user);
	if (r == OUTCOME_OK)
		r = net_connect_through(attempt->proxy, attempt->manager, &connecting, &fd,
					&report->why);
	if (r == OUTCOME_OK)
		r = attempt->progress(STEP_VERIFYING, attempt->user);
	if (r == OUTCOME_OK)
		r = tls_client_new(ret, take_fd(&fd), attempt->context, attempt->manager,
				   attempt->trust, attempt->deadline, &report->why);
	if (r != OUTCOME_OK)
		return r;
	warning = tls_client_warning(*ret);
	if (warning)
		reason_set(&report->warning, "%s", warning);
	return OUTCOME_OK;
}
