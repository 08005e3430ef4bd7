/* SPDX-License-Identifier: ISC */
/* Whose certificate a client has, by the rule of Wazuh's ssl_verify_host. */
#pragma once

#include "common/must-check.h"

#include <openssl/ssl.h>
#include <stdbool.h>

/* Is the client's certificate for this address (see certificate_has_name())? Without one: no. */
bool peer_certificate_is_for(const SSL *tls, const char *address) must_check;
