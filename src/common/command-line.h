/* SPDX-License-Identifier: ISC */
/*
 * The command line of a program, as two tables: its commands and its options. Parsing, --help and
 * shell completion (completion.h) follow from them, and nothing else has to know an option.
 *
 *	PROGRAM [OPTION...] [COMMAND [ARGUMENT...]]
 *
 * Options and other words may stand in any order; "--" ends the options. Long names may be cut as
 * long as they stay unique, and take their argument as "--name=VALUE" or "--name VALUE"; letters
 * may be joined ("-dV"), and take theirs as "-pVALUE" or "-p VALUE".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What an argument is, for shells to complete. */
enum argument_kind {
	ARGUMENT_OTHER, /* free text */
	ARGUMENT_FILE,
	ARGUMENT_DIRECTORY,
	ARGUMENT_GROUP, /* of users */
	ARGUMENT_HOST,
};

/* What a program hands to its commands; each program has its own. */
struct program;

/* One row of the table of commands, which ends with a null name. */
struct command {
	const char *name;
	const char *arguments; /* for the help: "HOST[:PORT]"; null: there are none */
	const char *help;
	int least, most; /* how many arguments */
	enum argument_kind kind;
	const char *const *choices; /* the only valid arguments; ends with null; null: any */
	int (*run)(struct program *program); /* returns the exit status */
	int mode;                            /* the program's own */
};

/* The command with that place in the table, in a mask of commands. */
#define COMMAND_BIT(index) (1u << (index))

struct option_row;

/*
 * Store what an option was given in `target`, the program's structure of options. `value` is null
 * where the option takes no argument. Returns 0, or -EINVAL when the value is wrong (a usage error
 * has been printed).
 */
typedef int option_setter(void *target, const struct option_row *row, char *value);

/*
 * One row of the table of options, which ends with a row without names and help. A row with a help
 * alone is a heading.
 *
 * Two rows may share a letter or a name if they belong to different commands. In front of the
 * command, the first of them says whether an argument follows.
 */
struct option_row {
	const char *name;     /* long; null: none */
	char letter;          /* 0: none */
	const char *argument; /* for the help: "FILE"; null: takes none */
	const char *help;
	unsigned int commands; /* mask of COMMAND_BIT(); 0: all, and no command needed */
	enum argument_kind kind;
	const char *const *choices; /* the only valid arguments; ends with null; null: any */
	option_setter *set;
	size_t offset;    /* of the member that `set` stores in */
	const void *data; /* for `set`: a range, the name of a setting */
	/* --help, --version: nothing behind it is looked at, and no command runs */
	bool is_last;
};

struct command_line {
	const char *program;
	const char *usage;       /* the words behind the program's name */
	const char *purpose;     /* what the program does; a paragraph */
	const char *epilog;      /* below the options; null: nothing */
	const char *help_option; /* what prints the help: "--help" */
	/*
	 * Report wrong options in the words of getopt(3), for a program that takes the place of one
	 * that uses it
	 */
	bool has_getopt_words;
	const struct command *commands; /* null: there are none */
	const char *default_command;    /* where none is given; null: one must be */
	const struct option_row *options;
};

/* What a command line held. Texts point into argv. */
struct parsed_line {
	const struct command *command; /* null: the program has none, or an is_last option came */
	char **arguments;              /* of the command, or all that were no options */
	int argument_count;
	bool is_default; /* no command was given: `command` is the default */
	bool is_done;    /* an option with is_last has been carried out */
};

/*
 * Parse the arguments of main(), of which argv is put in order: options first. Options are stored
 * in `target` by their setters, in their order. Returns 0, or -EINVAL (a usage error has been
 * printed).
 */
int command_line_parse(struct parsed_line *ret, const struct command_line *line, void *target,
		       int count, char **arguments) __attribute__((warn_unused_result));

/* Print "PROGRAM: WHAT" and where help is to be had on stderr. Returns -EINVAL. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print the help on standard output, in at most 80 columns. */
void command_line_print_help(const struct command_line *line);

/* ------------------------------------------------------------------ for completion */

/* Does the row belong to the command (null: in front of the command)? */
bool option_row_belongs(const struct option_row *row, const struct command_line *line,
			const struct command *command);

/* Is the row a heading? */
bool option_row_is_heading(const struct option_row *row);

/* Does the table end here? */
bool option_row_is_end(const struct option_row *row);

/*
 * Where the row is the one that its letter (or its name, `by_letter` false) means for the command,
 * true. False also when it has no letter (name).
 */
bool option_row_is_meant(const struct option_row *row, bool by_letter,
			 const struct command_line *line, const struct command *command);

/* ------------------------------------------------------------------ setters */

/* bool: true */
option_setter option_set_true;

/* const char *: the argument */
option_setter option_set_text;

/* int: the place of the argument in `choices` */
option_setter option_set_choice;

/* A number in decimal digits, within `data`, which is a struct number_range. */
struct number_range {
	unsigned int least, most;
};
option_setter option_set_number; /* unsigned int */
#define NUMBER_RANGE(least, most) (&(const struct number_range){ least, most })

/* struct text_list: one text more, up to TEXT_LIST_MAX */
#define TEXT_LIST_MAX 16
struct text_list {
	const char *items[TEXT_LIST_MAX];
	size_t count;
};
option_setter option_set_text_list;
