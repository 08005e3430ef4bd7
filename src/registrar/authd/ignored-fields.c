/* SPDX-License-Identifier: ISC */
#include "registrar/authd/ignored-fields.h"

#include "common/escape.h"
#include "common/log.h"

#include <stdio.h>
#include <string.h>

void ignored_fields_log(const struct authd_request_fields *fields, const char *peer)
{
	static const char *const tokens[] = { "V:", "G:", "IP:", "K:" };
	const struct authd_field *rest = &fields->rest;
	char name[256], lost[32] = "";

	for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
		if (memmem(rest->text, rest->length, tokens[i], strlen(tokens[i])))
			(void)snprintf(lost + strlen(lost), sizeof lost - strlen(lost), "%s%s",
				       lost[0] ? " " : ", with ", tokens[i]);
	log_warning("Ignored the end of the request for %s from %s (%zu bytes%s): "
		    "fields come once each, in the order V, G, IP, K, with one blank before each",
		    escape_bytes(name, sizeof name, fields->name.text, fields->name.length), peer,
		    rest->length, lost);
}
