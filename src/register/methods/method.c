/* SPDX-License-Identifier: ISC */
#include "register/methods/method.h"

#include "register/config.h"

static const struct method *const methods[] = {
	[METHOD_AUTHD] = &method_authd,
	[METHOD_IMPORT] = NULL,
};

const struct method *method_get(int kind)
{
	return methods[kind];
}
