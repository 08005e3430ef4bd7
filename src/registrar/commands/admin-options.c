/* SPDX-License-Identifier: ISC */
#include "registrar/commands/admin-options.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

bool admin_options_take(struct admin_options *options, bool is_admin, int option, const char *value)
{
	switch (option) {
	case 'a':
		options->ip = value;
		return true;
	case 'n':
		if (is_admin)
			options->name = value;
		return is_admin;
	case ADMIN_OPTION_ID:
		options->id = value;
		return true;
	case 'j':
		options->json = true;
		return true;
	case ADMIN_OPTION_PURGE:
		options->purge = true;
		return true;
	default:
		return false;
	}
}

int admin_options_check(const struct admin_options *options, const char *command,
			const char **ret_fault)
{
	static const struct {
		const char *command;
		int least, most; /* operands */
		const char *operands_fault;
	} commands[] = {
		{ "serve", 0, 0, NULL },
		{ "init", 0, 0, NULL },
		{ "user", 1, 1, "user takes one name" },
		{ "add", 0, 0,
		  "add takes the name with -n and the address with -a, and nothing else" },
		{ "list", 0, 0, "list takes no ids" },
		{ "export", 1, 1, "export takes one id" },
		{ "remove", 1, INT_MAX, "remove takes one or more ids" },
		{ "import-file", 1, 1, "import-file takes one file, or - for standard input" },
	};
	size_t i = 0;

	while (strcmp(commands[i].command, command) != 0)
		i++;
	if (options->operand_count < commands[i].least || options->operand_count > commands[i].most)
		*ret_fault = commands[i].operands_fault;
	else if ((options->name || options->ip || options->id) && strcmp(command, "add") != 0)
		*ret_fault = "-n, -a and --id belong to add";
	else if (options->json && strcmp(command, "list") != 0)
		*ret_fault = "--json belongs to list";
	else if (options->purge && strcmp(command, "remove") != 0)
		*ret_fault = "--purge belongs to remove";
	else if (!options->name && strcmp(command, "add") == 0)
		*ret_fault = "add needs the agent's name (-n)";
	else
		return 0;
	return -EINVAL;
}
