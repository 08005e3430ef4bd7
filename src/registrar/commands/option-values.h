/* SPDX-License-Identifier: ISC */
/* Setters (command-table.h) for the values that only agent-registrar has, in struct options. */
#pragma once

#include "common/command-table.h"

/* A name, or a number that no name is: `group`. */
option_setter option_value_group;

/* "yes" or "no": `policy.force.key_mismatch`; as each of these, also `policy.has_force_rules`. */
option_setter option_value_key_mismatch;

/* A time ("3600", "60m", "1h", "7d", up to 10 years), or "no". */
option_setter option_value_disconnected_time;

/* A time. */
option_setter option_value_registration_time;

/* A time from a second to 3650 days: `token.ttl`. */
option_setter option_value_ttl;

/* A version of a manager, "v4.14.5": `policy.manager_version`. */
option_setter option_value_manager_version;

/* An address or a network: one more in `service.exempt_sources`. */
option_setter option_value_exempt_source;

/* A port: `api.port`, and `api.enabled`. */
option_setter option_value_api_port;

/* A port: `enroll.port`, and `enroll.enabled`. */
option_setter option_value_enroll_port;
