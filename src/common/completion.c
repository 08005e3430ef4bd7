/* SPDX-License-Identifier: ISC */
#include "common/completion.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *const completion_shells[] = { "bash", "zsh", "fish", NULL };

/* ------------------------------------------------------------------ bash and zsh */

/*
 * Both understand the same `case` commands, so they differ only in how the words of the line are
 * found and how what can follow is offered. For @P and @N see print_text().
 */
static const char bash_begin[] =
	"@P_offer() { # KIND [WORDS]\n"
	"\tcase $1 in\n"
	"\twords) mapfile -t COMPREPLY < <(compgen -W \"$2\" -- \"$current\") ;;\n"
	"\tfile) mapfile -t COMPREPLY < <(compgen -f -- \"$current\") ;;\n"
	"\tdirectory) mapfile -t COMPREPLY < <(compgen -d -- \"$current\") ;;\n"
	"\tgroup) mapfile -t COMPREPLY < <(compgen -g -- \"$current\") ;;\n"
	"\thost) mapfile -t COMPREPLY < <(compgen -A hostname -- \"$current\") ;;\n"
	"\tesac\n"
	"\tcase $1 in file | directory) compopt -o filenames 2>/dev/null ;; esac\n"
	"}\n"
	"@P_complete() {\n"
	"\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
	"\tlocal command= i word\n"
	"\tCOMPREPLY=()\n"
	"\tif [[ $current == = ]]; then\n"
	"\t\tcurrent=\n"
	"\telif [[ $previous == = ]]; then\n"
	"\t\tprevious=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\tfi\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tword=${COMP_WORDS[i]}\n";

static const char bash_behind_option[] = "\t\t\t[[ ${COMP_WORDS[i]} == = ]] && ((i++)) ;;\n";

static const char bash_end[] = "}\ncomplete -F @P_complete @N\n";

static const char zsh_begin[] =
	"@P_offer() { # KIND [WORDS]\n"
	"\tcase $1 in\n"
	"\twords) compadd -- ${=2} ;;\n"
	"\tfile) _files ;;\n"
	"\tdirectory) _files -/ ;;\n"
	"\tgroup) _groups ;;\n"
	"\thost) _hosts ;;\n"
	"\tesac\n"
	"}\n"
	"@P_complete() {\n"
	"\tlocal current=$words[CURRENT] previous=$words[CURRENT-1] command= word\n"
	"\tlocal -i i\n"
	"\tif [[ $current == --*=* ]]; then\n"
	"\t\tprevious=${current%%=*}\n"
	"\t\tcompset -P '*='\n"
	"\tfi\n"
	"\tfor ((i = 2; i < CURRENT; i++)); do\n"
	"\t\tword=$words[i]\n";

static const char zsh_behind_option[] = "\t\t\t;;\n";

static const char zsh_end[] = "}\n(( $+functions[compdef] )) && compdef @P_complete @N\n";

/*
 * The word of the command, found in the same way, and whether it is one of some; "": there is none
 * yet. What fish has for that takes the arguments of options for commands.
 */
static const char fish_begin[] = "function _@P_command\n"
				 "    set -l words (commandline -opc)\n"
				 "    set -l command ''\n"
				 "    set -l i 1\n"
				 "    while set i (math $i + 1); and test $i -le (count $words)\n"
				 "        switch $command:$words[$i]\n";

static const char fish_end[] = "            case '*:-*'\n"
			       "            case ':*'\n"
			       "                set command $words[$i]\n"
			       "        end\n"
			       "    end\n"
			       "    echo $command\n"
			       "end\n"
			       "function _@P_is\n"
			       "    contains -- (_@P_command) $argv\n"
			       "end\n";

/* @P: "_agent_register", which the names of functions begin with; @N: "agent-register". */
static void print_text(const char *text, const struct command_line *line)
{
	for (; *text; text++) {
		if (text[0] != '@' || (text[1] != 'P' && text[1] != 'N')) {
			putchar(*text);
		} else if (*++text == 'N') {
			printf("%s", line->program);
		} else {
			putchar('_');
			for (const char *at = line->program; *at; at++)
				putchar(*at == '-' ? '_' : *at);
		}
	}
}

static const char *kind_name(enum argument_kind kind)
{
	static const char *const names[] = {
		[ARGUMENT_OTHER] = "words",         [ARGUMENT_FILE] = "file",
		[ARGUMENT_DIRECTORY] = "directory", [ARGUMENT_GROUP] = "group",
		[ARGUMENT_HOST] = "host",
	};

	return names[kind];
}

static void print_offer(const struct command_line *line, enum argument_kind kind,
			const char *const *choices)
{
	print_text("@P_offer", line);
	printf(" %s '", kind_name(kind));
	for (size_t i = 0; choices && choices[i]; i++)
		printf("%s%s", i ? " " : "", choices[i]);
	putchar('\'');
}

/*
 * "add:-n | add:--name", the ways in which the option is spelled, with the commands for which they
 * mean it; the empty command is that of options in front of it. Returns whether there are any.
 */
static bool print_pattern(const struct option_row *row, const struct command_line *line,
			  const char *begin, const char *between, const char *end)
{
	const struct command *command = NULL;
	bool any = false;

	do {
		for (int by_letter = 1; by_letter >= 0; by_letter--) {
			if (!option_row_is_meant(row, by_letter, line, command))
				continue;
			printf("%s%s:", any ? between : begin, command ? command->name : "");
			if (by_letter)
				printf("-%c", row->letter);
			else
				printf("--%s", row->name);
			any = true;
		}
		command = command ? command + 1 : line->commands;
	} while (command && command->name);
	if (any)
		printf("%s", end);
	return any;
}

/* Find the command among the words in front of the current one. */
static void print_search(const struct command_line *line, const char *behind_option)
{
	printf("\t\tcase $command:$word in\n");
	for (const struct option_row *row = line->options; !option_row_is_end(row); row++)
		if (row->argument && print_pattern(row, line, "\t", " | ", ")\n"))
			printf("\t\t\t((i++))\n%s", behind_option);
	printf("\t\t*:-*) ;;\n");
	if (line->commands)
		printf("\t\t:*) command=$word ;;\n");
	printf("\t\tesac\n\tdone\n");
}

/* The arguments of options. */
static void print_values(const struct command_line *line)
{
	printf("\tcase $command:$previous in\n");
	for (const struct option_row *row = line->options; !option_row_is_end(row); row++)
		if (row->argument && print_pattern(row, line, "\t", " | ", ")\n")) {
			printf("\t\t");
			print_offer(line, row->kind, row->choices);
			printf("\n\t\treturn\n\t\t;;\n");
		}
	printf("\tesac\n");
}

static void print_option_words(const struct command_line *line, const struct command *command)
{
	const char *between = "";

	for (const struct option_row *row = line->options; !option_row_is_end(row); row++)
		for (int by_letter = row->name ? 0 : 1; by_letter >= 0; by_letter--)
			if (option_row_is_meant(row, by_letter, line, command)) {
				if (by_letter)
					printf("%s-%c", between, row->letter);
				else
					printf("%s--%s", between, row->name);
				between = " ";
			}
}

static void print_options(const struct command_line *line)
{
	const struct command *command = NULL;

	printf("\tcase $command:$current in\n");
	do {
		printf("\t%s:-*)\n\t\t", command ? command->name : "");
		print_text("@P_offer words '", line);
		print_option_words(line, command);
		printf("'\n\t\t;;\n");
		command = command ? command + 1 : line->commands;
	} while (command && command->name);
}

/* The first argument is offered behind the command's name. */
static void print_actions(const struct command_line *line, const struct command *command)
{
	printf("\t\tif [[ $previous == %s ]]; then\n\t\t\t", command->name);
	print_offer(line, ARGUMENT_OTHER, command->actions);
	printf("\n\t\t\treturn\n\t\tfi\n");
}

static void print_arguments(const struct command_line *line)
{
	if (line->commands) {
		print_text("\t:*)\n\t\t@P_offer words '", line);
		for (const struct command *command = line->commands; command->name; command++)
			printf("%s%s", command == line->commands ? "" : " ", command->name);
		printf("'\n\t\t;;\n");
	}
	for (const struct command *command = line->commands; command && command->name; command++)
		if (command->most > 0) {
			printf("\t%s:*)\n", command->name);
			if (command->actions)
				print_actions(line, command);
			printf("\t\t");
			print_offer(line, command->kind, command->choices);
			printf("\n\t\t;;\n");
		}
	printf("\tesac\n");
}

static void print_case_script(const struct command_line *line, const char *begin,
			      const char *behind_option, const char *end)
{
	print_text(begin, line);
	print_search(line, behind_option);
	print_values(line);
	print_options(line);
	print_arguments(line);
	print_text(end, line);
}

/* ------------------------------------------------------------------ fish */

/* A text in the single quotes of fish. */
static void print_quoted(const char *text)
{
	putchar('\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('\'');
}

/* For which commands a row counts: in front of any, and behind those that it belongs to. */
static void print_condition(const struct option_row *row, const struct command_line *line)
{
	if (row->commands == 0 || !line->commands)
		return;
	print_text(" -n '_@P_is \"\"", line);
	for (const struct command *command = line->commands; command->name; command++)
		if (option_row_belongs(row, line, command))
			printf(" %s", command->name);
	putchar('\'');
}

static void print_fish_values(enum argument_kind kind, const char *const *choices)
{
	static const char *const lists[] = {
		[ARGUMENT_OTHER] = " -f",
		[ARGUMENT_FILE] = " -F",
		[ARGUMENT_DIRECTORY] = " -f -a '(__fish_complete_directories)'",
		[ARGUMENT_GROUP] = " -f -a '(__fish_complete_groups)'",
		[ARGUMENT_HOST] = " -f -a '(__fish_print_hostnames)'",
	};

	if (!choices) {
		printf("%s", lists[kind]);
		return;
	}
	printf(" -f -a '");
	for (size_t i = 0; choices[i]; i++)
		printf("%s%s", i ? " " : "", choices[i]);
	putchar('\'');
}

static void print_fish_option(const struct option_row *row, const struct command_line *line)
{
	printf("complete -c %s", line->program);
	print_condition(row, line);
	if (row->letter)
		printf(" -s %c", row->letter);
	if (row->name)
		printf(" -l %s", row->name);
	if (row->argument) {
		printf(" -r");
		print_fish_values(row->kind, row->choices);
	}
	printf(" -d ");
	print_quoted(row->help);
	putchar('\n');
}

/*
 * Behind the beginning of a condition: as long as none of the actions is there, they are offered,
 * and what follows in the condition is for behind them.
 */
static void print_fish_actions(const struct command_line *line, const struct command *command)
{
	printf("; and not __fish_seen_subcommand_from");
	for (const char *const *action = command->actions; *action; action++)
		printf(" %s", *action);
	putchar('\'');
	print_fish_values(ARGUMENT_OTHER, command->actions);
	print_text("\ncomplete -c @N -n '_@P_is ", line);
	printf("%s; and __fish_seen_subcommand_from", command->name);
	for (const char *const *action = command->actions; *action; action++)
		printf(" %s", *action);
}

static void print_fish_functions(const struct command_line *line)
{
	print_text(fish_begin, line);
	for (const struct option_row *row = line->options; !option_row_is_end(row); row++)
		if (row->argument && print_pattern(row, line, "            case '", "' '", "'\n"))
			printf("                set i (math $i + 1)\n");
	print_text(fish_end, line);
}

static void print_fish(const struct command_line *line)
{
	if (line->commands)
		print_fish_functions(line);
	printf("complete -c %s -f\n", line->program);
	for (const struct command *command = line->commands; command && command->name; command++) {
		print_text("complete -c @N -n '_@P_is \"\"' -a ", line);
		printf("%s -d ", command->name);
		print_quoted(command->help);
		putchar('\n');
		if (command->most == 0)
			continue;
		print_text("complete -c @N -n '_@P_is ", line);
		printf("%s", command->name);
		if (command->actions)
			print_fish_actions(line, command);
		putchar('\'');
		print_fish_values(command->kind, command->choices);
		putchar('\n');
	}
	for (const struct option_row *row = line->options; !option_row_is_end(row); row++)
		if (!option_row_is_heading(row))
			print_fish_option(row, line);
}

void completion_print(const struct command_line *line, const char *shell)
{
	if (strcmp(shell, "bash") == 0)
		print_case_script(line, bash_begin, bash_behind_option, bash_end);
	else if (strcmp(shell, "zsh") == 0)
		print_case_script(line, zsh_begin, zsh_behind_option, zsh_end);
	else
		print_fish(line);
}
