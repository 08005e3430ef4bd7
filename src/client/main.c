/* SPDX-License-Identifier: ISC */
/* Wiring: the command line, the log, signals, the configuration, the command. */
#include "client/commands/agent-auth.h"
#include "client/commands/options.h"
#include "client/config/inherit.h"
#include "client/methods/module.h"
#include "client/registration/policy.h"
#include "client/registration/register.h"
#include "client/system/config-wait.h"
#include "client/system/message-ids.h"
#include "client/system/notify.h"
#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/library-memory.h"
#include "common/log.h"
#include "common/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/*
 * Where a caller has closed a standard stream, the next file that we open would take its place, and
 * get what we print.
 */
static int keep_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return -errno;
	return 0;
}

/*
 * SIGTERM and SIGINT become readable on a descriptor, so that every wait can end on them and
 * nothing else is cut.
 */
static int catch_signals(void)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return -errno;
	(void)signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/*
 * All is tidied up: end as the signal would have ended us, which is what systemd and shells expect.
 */
static int die_of_signal(int stop_fd)
{
	struct signalfd_siginfo info = { .ssi_signo = SIGTERM };
	sigset_t signals;
	int number = read(stop_fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo
								      : SIGTERM;

	(void)signal(number, SIG_DFL);
	sigemptyset(&signals);
	sigaddset(&signals, number);
	(void)raise(number);
	(void)sigprocmask(SIG_UNBLOCK, &signals, NULL);
	return 128 + number;
}

/* What systemctl status shows, until something else is to be said. */
static void show_error(int level, const char *message)
{
	if (level <= LOG_ERR)
		notify_status("%s", message);
}

static int refuse_options(int error, const char *caller)
{
	notify_status("The command line is wrong; see journalctl -u agent-register");
	notify_flush();
	if (agent_auth_is_called(caller))
		return EXIT_FAILURE;
	return is_shortage(error) ? EXIT_LOCAL_ERROR : EXIT_USAGE;
}

static int read_files(struct config *config, const char *file, struct reason *why)
{
	struct reason problem = { 0 };
	int r = file ? config_read_file(config, file, why) : config_read_defaults(config, why);

	return reason_join(why, r, config_read_credentials(config, &problem), &problem);
}

/*
 * Whatever is wrong, all is read: so that all that is wrong is told at once, and what is right is
 * known to the commands that show how things are.
 */
static int read_config(struct config *config, const struct client_options *options,
		       struct reason *why)
{
	bool is_read = options->line.command->mode != CONFIG_UNREAD;
	struct reason problem = { 0 };
	int r = config_init(config);

	if (r < 0)
		return reason_errno(why, r, "Cannot make room for the configuration");
	if (is_read)
		r = read_files(config, options->config_file, why);
	r = reason_join(why, r, options_apply(options, config, &problem), &problem);
	if (!is_read || (r < 0 && is_shortage(r)))
		return r;
	problem = (struct reason){ 0 };
	return reason_join(why, r, config_inherit(config, &problem), &problem);
}

/* The exit status of a configuration that could not be read. */
static int refuse_config(int error, const struct reason *why)
{
	const struct outcome_policy *policy = outcome_policy(OUTCOME_MISCONFIGURED);
	const struct log_field fields[] = { { "OUTCOME", policy->name }, { 0 } };
	int outcome = outcome_unless_short(OUTCOME_MISCONFIGURED, error);

	if (outcome < 0)
		log_error("%s", why->text);
	else
		log_event(policy->level, policy->message_id, fields, "%s", why->text);
	return outcome_exit_code(outcome);
}

/*
 * Read what has changed while the command waited. What cannot be used is logged, and changes
 * nothing: a typo does not end a service that waits, whose correction it could not notice then.
 */
static void read_changes(struct program *program)
{
	struct reason why = { 0 };
	struct config changed;
	int r;

	config_wait_watch(&program->watch, program->options->config_file);
	r = read_config(&changed, program->options, &why);
	if (r >= 0 && config_has_work(&changed))
		r = config_check(&changed, &why);
	if (r < 0) {
		log_error("The configuration has changed and cannot be used: %s; "
			  "going on with the one before",
			  why.text);
		config_clear(&changed);
		return;
	}
	log_info("The configuration, or a file that it names, has changed; trying again");
	config_clear(&program->config);
	program->config = changed;
}

static int run_with_config(struct program *program)
{
	const struct command *command = program->options->line.command;
	int status;

	program->started_at = monotonic_usec();
	while ((status = command->run(program)) == REGISTER_AGAIN) {
		program->is_again = true;
		read_changes(program);
	}
	return status;
}

static int run_command(struct program *program)
{
	const struct command *command = program->options->line.command;
	struct reason why = { 0 };
	int status = 0;

	if (command->mode == CONFIG_AWAITED) {
		status = config_wait_wait(program->stop_fd);
		config_wait_watch(&program->watch, program->options->config_file);
	}
	if (status < 0)
		return status;
	status = read_config(&program->config, program->options, &why);
	if (status < 0 && !is_shortage(status) && command->mode == CONFIG_SHOWN)
		program->config_problem = why.text;
	status = status < 0 && !program->config_problem ? refuse_config(status, &why)
							: run_with_config(program);
	config_clear(&program->config);
	file_watch_close(&program->watch);
	return status;
}

static bool libraries_work(void)
{
	if (library_memory_begin_openssl() < 0) {
		log_error("Cannot initialize OpenSSL: %s", strerrordesc_np(ENOMEM));
		return false;
	}
	if (notify_check() < 0) {
		log_error("systemd waits to be notified, "
			  "but libsystemd.so.0 cannot be loaded; install it");
		return false;
	}
	return true;
}

int main(int count, char **arguments)
{
	cleanup(options_clear) struct client_options options = { 0 };
	struct program program = { .options = &options, .watch = FILE_WATCH_NULL };
	int stop_fd;
	int r;

	library_memory_watch_openssl();
	if (keep_standard_streams() < 0)
		return EXIT_LOCAL_ERROR;
	r = options_parse(&options, count, arguments);
	if (r != 0)
		return r > 0 ? 0 : refuse_options(r, arguments[0]);
	log_open("agent-register", options.verbosity > 0 ? LOG_DEBUG : LOG_INFO);
	if (!libraries_work())
		return EXIT_LOCAL_ERROR;
	notify_begin_signs_of_life();
	log_watch(show_error);
	stop_fd = program.stop_fd = catch_signals();
	if (stop_fd < 0) {
		log_error("Cannot take signals: %s", strerrordesc_np(-stop_fd));
		return EXIT_LOCAL_ERROR;
	}
	r = run_command(&program);
	if (r == -ECANCELED)
		notify_status("Stopped");
	notify_flush();
	if (r == -ECANCELED)
		return die_of_signal(stop_fd);
	options_clear(&options);
	https_module_exit(r);
}
