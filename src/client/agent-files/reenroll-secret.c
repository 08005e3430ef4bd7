/* SPDX-License-Identifier: ISC */
#include "client/agent-files/reenroll-secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool reenroll_secret_is_valid(const char *text, size_t length)
{
	if (length != REENROLL_SECRET_LENGTH)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!(text[i] >= '0' && text[i] <= '9') && !(text[i] >= 'a' && text[i] <= 'f'))
			return false;
	return true;
}

int reenroll_secret_parse(struct reenroll_secret *ret, const char *text, size_t length)
{
	const char *space;
	size_t id;

	if (length > 0 && text[length - 1] == '\n')
		length--;
	if (length > 0 && text[length - 1] == '\r')
		length--;
	space = memchr(text, ' ', length);
	if (!space)
		return -EINVAL;
	id = (size_t)(space - text);
	if (!agent_id_is_valid(text, id) || !reenroll_secret_is_valid(space + 1, length - id - 1))
		return -EINVAL;
	*ret = (struct reenroll_secret){ 0 };
	memcpy(ret->id, text, id);
	memcpy(ret->text, space + 1, REENROLL_SECRET_LENGTH);
	return 0;
}

size_t reenroll_secret_format(char buffer[static REENROLL_SECRET_LINE_SIZE],
			      const struct reenroll_secret *secret)
{
	return (size_t)snprintf(buffer, REENROLL_SECRET_LINE_SIZE, "%s %s\n", secret->id,
				secret->text);
}

static unsigned int digit(char character)
{
	return (unsigned int)(character <= '9' ? character - '0' : character - 'a' + 10);
}

void reenroll_secret_decode(unsigned char ret[static REENROLL_SECRET_SIZE],
			    const struct reenroll_secret *secret)
{
	for (size_t i = 0; i < REENROLL_SECRET_SIZE; i++)
		ret[i] = (unsigned char)(digit(secret->text[2 * i]) << 4 |
					 digit(secret->text[2 * i + 1]));
}

void reenroll_secret_wipe(struct reenroll_secret *secret)
{
	explicit_bzero(secret, sizeof *secret);
}
