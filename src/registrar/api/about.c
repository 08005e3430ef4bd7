/* SPDX-License-Identifier: ISC */
/* The call that says what kind of API this is: clients look at the version before they go on. */
#include "registrar/api/incoming-call.h"

#include <time.h>

/* The API that is written after here. */
#define TITLE "Wazuh API REST"
#define API_VERSION "4.14.7"

static void answer_about(struct incoming_call *call)
{
	time_t now = time(NULL);
	char timestamp[32];
	struct tm utc;

	(void)strftime(timestamp, sizeof timestamp, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	call->result.answer =
		api_response_data(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "title", TITLE,
					    "api_version", API_VERSION,
					    /*
						  * Wazuh has the number of a build or release
						  * candidate here.
						  */
					    "revision", "agent-registrar", "license_name", "ISC",
					    "license_url", "https://spdx.org/licenses/ISC.html",
					    "hostname", call->api->node, "timestamp", timestamp),
				  call->input.pretty);
}

static const struct api_parameter_rule about_parameters[] = {
	{ .name = "pretty", .kind = API_PARAMETER_BOOLEAN, .schema = API_FALSE_BY_DEFAULT },
	{ .name = NULL },
};

const struct api_route api_about_routes[] = {
	{ .method = API_GET,
	  .pattern = "",
	  .run_at_once = answer_about,
	  .parameters = about_parameters },
	{ .pattern = NULL },
};
