/* SPDX-License-Identifier: ISC */
/* The methods in the module; see module.h. */
#pragma once

#include "register/methods/method.h"

/* Wazuh's RESTful API, version 4, and version 3 over HTTPS (api.c). */
extern const struct method method_api;
