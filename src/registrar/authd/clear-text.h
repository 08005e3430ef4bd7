/* SPDX-License-Identifier: ISC */
/* What a client sends that does not begin with TLS, most often because of a load balancer. */
#pragma once

#include <stddef.h>

/*
 * What the first bytes of a connection are instead of TLS, and the remedy, for the end of a
 * sentence; static. Null: TLS, as far as they show.
 */
const char *clear_text_describe(const char *bytes, size_t length);
