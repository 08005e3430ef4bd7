/* SPDX-License-Identifier: ISC */
/*
 * The command line of a program, as two tables: its commands and its options. Parsing
 * (command-line.h), the help and errors (usage.h) and shell completion (completion.h) follow from
 * them, and nothing else has to know an option.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

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
	/*
	 * What the first argument may be, where the others are of `kind`; ends with null; null: the
	 * first is no exception. For shells to complete: the command itself refuses others.
	 */
	const char *const *actions;
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
	const char *part_of;     /* the program that it belongs to; null: it is one of its own */
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

/* ------------------------------------------------------------------ looking up */

/* How an option was written: by its letter or by (the beginning of) its long name. */
struct option_spelling {
	char letter; /* 0: by name */
	const char *name;
	size_t length; /* of `name` */
};

/*
 * The first row of that spelling which belongs to the command (null: any); null: there is none. A
 * cut name must mean one option only; `ret_other` gets another that it may mean, or null.
 */
const struct option_row *option_row_find(const struct command_line *line,
					 const struct command *command,
					 const struct option_spelling *spelling,
					 const struct option_row **ret_other) must_check;

/* Does the row belong to the command (null: in front of the command)? */
bool option_row_belongs(const struct option_row *row, const struct command_line *line,
			const struct command *command) must_check;

/* Is the row a heading? */
bool option_row_is_heading(const struct option_row *row);

/* Does the table end here? */
bool option_row_is_end(const struct option_row *row) must_check;

/*
 * Where the row is the one that its letter (or its name, `by_letter` false) means for the command,
 * true. False also when it has no letter (name).
 */
bool option_row_is_meant(const struct option_row *row, bool by_letter,
			 const struct command_line *line, const struct command *command) must_check;

/* The row as it is called best: "--name", or "-n" when it has no name. Escaped. */
#define OPTION_TEXT_SIZE 128
const char *option_row_text(char ret[static OPTION_TEXT_SIZE], const struct option_row *row);

/* An option as it was written, with its dashes. Escaped. */
const char *option_spelling_text(char ret[static OPTION_TEXT_SIZE],
				 const struct option_spelling *spelling);
