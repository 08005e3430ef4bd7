/* SPDX-License-Identifier: ISC */
/* Addresses of the Internet, as text. Pure. */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>

/* Is it an IPv4 or IPv6 address: no name, no port, no brackets, no scope? */
bool ip_address_is_valid(const char *text) must_check;
