/* SPDX-License-Identifier: ISC */
/* The methods in the module; see module.h. */
#pragma once

#include "client/methods/method.h"
#include "common/must-check.h"

/* Wazuh's RESTful API, version 4, and version 3 over HTTPS (api.c). */
extern const struct method method_api;

/* Its hook `deregister` (api-deregister.c). */
int api_deregister(const struct attempt *attempt, const char *id, bool *ret_removed,
		   struct attempt_report *report) must_check;

/* POST /enroll of Wazuh 5 (enroll.c). */
extern const struct method method_enroll;
