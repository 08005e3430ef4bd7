/* SPDX-License-Identifier: ISC */
/* Whose certificate a client has, by the rule of Wazuh's ssl_verify_host. */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>

/*
 * Is the client's certificate for this address: is it among the alternative names, or the text of a
 * common name? Without a certificate: no.
 */
bool peer_certificate_is_for(const SSL *tls, const char *address);
