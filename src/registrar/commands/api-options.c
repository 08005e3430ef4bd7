/* SPDX-License-Identifier: ISC */
#include "registrar/commands/api-options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool read_number(const char *text, unsigned long least, unsigned long most,
			unsigned int *ret)
{
	unsigned long value = strtoul(text, NULL, 10);

	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0' || strlen(text) > 9 ||
	    value < least || value > most)
		return false;
	*ret = (unsigned int)value;
	return true;
}

static int take_port(struct api_options *options, const char *value)
{
	unsigned int port;

	if (!read_number(value, 0, 65535, &port))
		return -EINVAL;
	options->enabled = true;
	options->port = (unsigned short)port;
	return 1;
}

int api_options_take(struct api_options *options, int option, const char *value,
		     const char **ret_fault)
{
	switch (option) {
	case API_OPTION_PORT:
		*ret_fault = "The port of the API is a number from 0 to 65535";
		return take_port(options, value);
	case API_OPTION_LISTEN:
		*ret_fault = "--api-listen can be given 16 times";
		if (options->listen_count == LISTENERS_MAX)
			return -EINVAL;
		options->listen[options->listen_count++] = value;
		return 1;
	case API_OPTION_USERS:
		options->users_file = value;
		return 1;
	case API_OPTION_MAX_REQUESTS:
		*ret_fault = "--api-max-requests is a number of requests a minute, 0 for no limit";
		return read_number(value, 0, 1000000, &options->limits.requests) ? 1 : -EINVAL;
	case API_OPTION_MAX_LOGIN_ATTEMPTS:
		*ret_fault = "--api-max-login-attempts is a number from 1 to 1000000";
		return read_number(value, 1, 1000000, &options->limits.failures) ? 1 : -EINVAL;
	case API_OPTION_BLOCK_TIME:
		*ret_fault = "--api-block-time is a number of seconds from 1 to 86400";
		return read_number(value, 1, 86400, &options->limits.block_time) ? 1 : -EINVAL;
	case API_OPTION_REMOVE:
		options->remove_user = true;
		return 1;
	default:
		return 0;
	}
}
