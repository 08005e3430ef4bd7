/* SPDX-License-Identifier: ISC */
#include "registrar/commands/user.h"

#include "common/cleanup.h"
#include "common/escape.h"
#include "common/io.h"
#include "common/terminal.h"
#include "registrar/keeper/users.h"

#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>

#define LINE_SIZE 1024

static struct termios terminal_before;

/* Put the terminal back as it was, and go the way of the signal. */
static void on_signal(int number)
{
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

/*
 * One line of standard input, without its newline. Read byte by byte: what follows it is not ours.
 */
static int read_line(char line[static LINE_SIZE], struct reason *why)
{
	size_t length = 0;

	for (;;) {
		ssize_t n = read(STDIN_FILENO, line + length, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return reason_errno(why, errno,
					    "Cannot read the password from standard input");
		if (n == 0 || line[length] == '\n')
			break;
		if (++length == LINE_SIZE) {
			reason_set(why, "The password is longer than %d characters",
				   API_PASSWORD_MAX);
			return -EINVAL;
		}
	}
	line[length] = '\0';
	if (strlen(line) != length) {
		reason_set(why, "The password holds a NUL byte");
		return -EINVAL;
	}
	return 0;
}

/* Read a line from the terminal, without echo. */
static int prompt(const char *text, char line[static LINE_SIZE], struct reason *why)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct termios silent;
	int r;

	if (tcgetattr(STDIN_FILENO, &terminal_before) < 0)
		return reason_errno(why, errno, "Cannot use the terminal");
	silent = terminal_before;
	silent.c_lflag &= (tcflag_t)~ECHO;
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		(void)signal(signals[i], on_signal);
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) < 0)
		return reason_errno(why, errno, "Cannot turn the echo of the terminal off");
	(void)fprintf(stderr, "%s: ", text);
	r = read_line(line, why);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
	(void)fputs("\n", stderr);
	return r;
}

static int prompt_twice(char line[static LINE_SIZE], struct reason *why)
{
	char again[LINE_SIZE];
	int r = prompt("Password", line, why);

	if (r >= 0)
		r = prompt("Retype password", again, why);
	if (r >= 0 && strcmp(line, again) != 0) {
		reason_set(why, "The two passwords are not the same");
		r = -EINVAL;
	}
	explicit_bzero(again, sizeof again);
	return r;
}

static int password_is_good(const char *password, struct reason *why)
{
	size_t length = strlen(password);

	if (length >= API_PASSWORD_MIN && length <= API_PASSWORD_MAX)
		return 0;
	reason_set(why, "The password has %zu characters; it must have %d to %d", length,
		   API_PASSWORD_MIN, API_PASSWORD_MAX);
	return -EINVAL;
}

static int read_password(struct api_password *ret, struct reason *why)
{
	char line[LINE_SIZE];
	const char *password = line;
	int r = isatty(STDIN_FILENO) ? prompt_twice(line, why) : read_line(line, why);

	if (r >= 0) {
		password += io_mark_length(line, strlen(line));
		r = password_is_good(password, why);
	}
	if (r >= 0) {
		r = api_password_make(ret, password, strlen(password));
		if (r < 0)
			(void)reason_errno(why, r, "The password cannot be hashed");
	}
	explicit_bzero(line, sizeof line);
	return r;
}

/* The registrar may run with another group than the administrator. */
static gid_t group_of_directory(const char *path)
{
	char copy[PATH_MAX];
	struct stat status;

	(void)snprintf(copy, sizeof copy, "%s", path);
	return stat(dirname(copy), &status) < 0 ? (gid_t)-1 : status.st_gid;
}

static int remove_user(const struct user_command *command, struct reason *why)
{
	int r = api_users_store(command->users_file, command->group, command->name, NULL, why);

	if (r == 0) {
		reason_set(why, "There is no user %s in %s", command->name, command->users_file);
		return -ESRCH;
	}
	if (r > 0)
		terminal_print_sentence(terminal_stdout(), "Removed the user %s from %s",
					command->name, command->users_file);
	return r < 0 ? r : 0;
}

static int store_user(const struct user_command *command, struct reason *why)
{
	gid_t group = command->group == (gid_t)-1 ? group_of_directory(command->users_file)
						  : command->group;
	struct api_password password;
	int r = read_password(&password, why);

	if (r >= 0)
		r = api_users_store(command->users_file, group, command->name, &password, why);
	if (r >= 0)
		terminal_print_sentence(terminal_stdout(), "%s the user %s in %s",
					r > 0 ? "Changed the password of" : "Created",
					command->name, command->users_file);
	return r < 0 ? r : 0;
}

int user_command_run(const struct user_command *command, struct reason *why)
{
	char shown[128];

	if (!api_user_name_is_valid(command->name, strlen(command->name))) {
		reason_set(why,
			   "A user has a name of %d to %d letters, "
			   "digits, dots, hyphens and underscores, not '%s'",
			   API_USER_NAME_MIN, API_USER_NAME_MAX,
			   escape_string(shown, sizeof shown, command->name));
		return -EINVAL;
	}
	return command->remove ? remove_user(command, why) : store_user(command, why);
}
