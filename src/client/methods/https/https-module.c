/* SPDX-License-Identifier: ISC */
/* What the module is made of. The row of a further method goes into `methods`. */
#include "client/methods/module.h"

#include "client/methods/https/https-methods.h"
#include "client/methods/https/wiping-memory.h"
#include "common/json-read.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>

/* CURL_GLOBAL_NOTHING: TLS is not done by libcurl. jansson reads its seed from /dev/urandom. */
static int start(void)
{
	if (curl_global_init_mem(CURL_GLOBAL_NOTHING, wiping_malloc, wiping_free, wiping_realloc,
				 wiping_strdup, wiping_calloc) != CURLE_OK)
		return -ENOMEM;
	json_read_set_up();
	json_object_seed(0);
	return 0;
}

static const struct method *const methods[] = {
	&method_api,
	&method_enroll,
	NULL,
};

extern const struct https_module agent_register_https;

__attribute__((visibility("default"))) const struct https_module agent_register_https = {
	.version = PACKAGE_VERSION,
	.start = start,
	.methods = methods,
};
