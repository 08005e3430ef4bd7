/* SPDX-License-Identifier: ISC */
#include "tests/unit/client/registration/fixture.h"

#include "client/methods/methods.h"
#include "client/registration/binding.h"
#include "client/system/wakeup.h"
#include "tests/unit/log-lines.h"
#include "tests/unit/support.h"

#include <errno.h>
#include <grp.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct fixture *current;

/* ------------------------------------------------------------------ the machine */

void __wrap_machine_marks_read(struct machine_marks *ret);
void __wrap_machine_marks_read(struct machine_marks *ret)
{
	*ret = current->marks;
}

void __wrap_identity_boot(char ret[static IDENTITY_BOOT_SIZE]);
void __wrap_identity_boot(char ret[static IDENTITY_BOOT_SIZE])
{
	(void)strcpy(ret, FIXTURE_BOOT);
}

uint64_t __wrap_identity_seed(void);
uint64_t __wrap_identity_seed(void)
{
	return 1;
}

/* ------------------------------------------------------------------ systemd */

int __wrap_systemctl(const char *const arguments[], int stop_fd, struct reason *why);
int __wrap_systemctl(const char *const arguments[], int stop_fd, struct reason *why)
{
	(void)arguments, (void)stop_fd, (void)why;
	return 0;
}

int __wrap_systemctl_show(char *ret, size_t size, const char *const units[],
			  const char *properties);
int __wrap_systemctl_show(char *ret, size_t size, const char *const units[], const char *properties)
{
	(void)ret, (void)size, (void)units, (void)properties;
	return -ENOENT;
}

bool __wrap_own_unit_was_restarted(void);
bool __wrap_own_unit_was_restarted(void)
{
	return current->was_restarted;
}

void __wrap_notify_ready(const char *format, ...) __attribute__((format(printf, 1, 2)));
void __wrap_notify_ready(const char *format, ...)
{
	(void)format;
	current->ready_count++;
}

/* ------------------------------------------------------------------ time */

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	/* the machine has been running for a day */
	uint64_t begin = clock == CLOCK_REALTIME ? FIXTURE_NOW : 86400;

	ret->tv_sec = (time_t)(begin + current->passed / USEC_PER_SEC);
	ret->tv_nsec = (long)(current->passed % USEC_PER_SEC * 1000);
	return 0;
}

static void wait_out(const struct deadline *deadline)
{
	assert_true(deadline->at != USEC_INFINITY);
	if (deadline->at > monotonic_usec())
		current->passed += deadline->at - monotonic_usec();
}

static void note_wait(const struct deadline *deadline, unsigned events)
{
	assert_true(current->wait_count < FIXTURE_MAX_WAITS);
	current->waits[current->wait_count].usec = deadline->at - monotonic_usec();
	current->waits[current->wait_count++].events = events;
}

int __real_deadline_wait(const struct deadline *deadline, int fd, short events);
int __wrap_deadline_wait(const struct deadline *deadline, int fd, short events);
int __wrap_deadline_wait(const struct deadline *deadline, int fd, short events)
{
	if (fd >= 0)
		return __real_deadline_wait(deadline, fd, events);
	note_wait(deadline, 0);
	wait_out(deadline);
	return -ETIMEDOUT;
}

void __wrap_wakeup_open(struct wakeup_sources *sources, struct file_watch *files);
void __wrap_wakeup_open(struct wakeup_sources *sources, struct file_watch *files)
{
	(void)files;
	*sources = (struct wakeup_sources){ .network = -1, .clock = -1, .host_name = -1 };
}

int __wrap_wakeup_wait(struct wakeup_sources *sources, unsigned events,
		       const struct deadline *deadline);
int __wrap_wakeup_wait(struct wakeup_sources *sources, unsigned events,
		       const struct deadline *deadline)
{
	int wakeup = current->wakeup;

	(void)sources;
	note_wait(deadline, events & ~WAKEUP_ON_FILES); /* that is in all of them */
	current->wakeup = WAKEUP_TIME;
	if (wakeup == WAKEUP_TIME)
		wait_out(deadline);
	return wakeup;
}

/* ------------------------------------------------------------------ the manager */

static int ask(const struct attempt *attempt, struct agent_key *ret, struct attempt_report *report)
{
	assert_non_null(current->answer);
	return current->answer(attempt, ret, report);
}

static int parse_token(struct enrollment_token *ret, const struct secret *token, struct reason *why)
{
	(void)token, (void)why;
	*ret = current->token;
	return 0;
}

static const struct method method = { .name = "scripted", .run = ask, .parse_token = parse_token };

const char *__wrap_confine_gap(char *buffer);
const char *__wrap_confine_gap(char *buffer)
{
	(void)buffer;
	return current->gap;
}

/* In this process, where the test sees what was asked. */
int __wrap_conversation_hold(const struct method *asked, const struct attempt *attempt,
			     int (*prepare)(struct attempt *own, struct reason *why),
			     struct agent_key *ret, struct attempt_report *report);
int __wrap_conversation_hold(const struct method *asked, const struct attempt *attempt,
			     int (*prepare)(struct attempt *own, struct reason *why),
			     struct agent_key *ret, struct attempt_report *report)
{
	(void)prepare;
	return asked->run(attempt, ret, report);
}

int __wrap_method_get(int kind, const struct method **ret, struct reason *why);
int __wrap_method_get(int kind, const struct method **ret, struct reason *why)
{
	(void)kind, (void)why;
	*ret = &method;
	return 0;
}

/* ------------------------------------------------------------------ the registration */

void fixture_set(struct fixture *fixture, const char *assignment)
{
	struct reason why = { "" };

	if (config_assign(&fixture->config, assignment, "test", &why) < 0)
		fail_msg("%s: %s", assignment, why.text);
}

static void configure(struct fixture *fixture)
{
	char text[300];

	assert_int_equal(config_init(&fixture->config), 0);
	fixture_set(fixture, "manager.address=" FIXTURE_MANAGER);
	fixture_set(fixture, "agent.name=web-01");
	(void)snprintf(text, sizeof text, "agent.directory=%s", fixture->agent);
	fixture_set(fixture, text);
	(void)snprintf(text, sizeof text, "agent.group=%s", getgrgid(getgid())->gr_name);
	fixture_set(fixture, text);
}

static void make_directory(char ret[static 256], const struct fixture *fixture, const char *name)
{
	(void)snprintf(ret, 256, "%s/%s", fixture->directory, name);
	assert_int_equal(mkdir(ret, 0755), 0);
}

static void make_machine(struct fixture *fixture)
{
	make_directory(fixture->agent, fixture, "agent");
	make_directory(fixture->state, fixture, "state");
	make_directory(fixture->runtime, fixture, "runtime");
	make_directory(fixture->keys, fixture, "agent/etc");
	(void)strcat(fixture->keys, "/client.keys");
	/* with it, the one of the host does not count */
	write_text(path_in(fixture->agent, "etc/ossec-init.conf"), "TYPE=\"agent\"\n");
	(void)strcpy(fixture->marks.machine, FIXTURE_BOOT);
	(void)setenv("RUNTIME_DIRECTORY", fixture->runtime, 1);
	(void)unsetenv("NOTIFY_SOCKET");
}

static void open_run(struct fixture *fixture)
{
	struct registration *run = &fixture->run;

	run->config = &fixture->config;
	run->mode = (struct run_mode){ .state_directory = fixture->state, .stop_fd = -1 };
	run->access = (struct access){ .config = &fixture->config, .method = &method };
	assert_int_equal(key_files_open(&run->files, fixture->agent, NULL,
					fixture->config.agent.group, NULL),
			 0);
}

int fixture_setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	if (!fixture || setup_directory((void **)&fixture->directory) < 0)
		return -1;
	*state = current = fixture;
	log_lines_collect();
	make_machine(fixture);
	configure(fixture);
	open_run(fixture);
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *fixture = *state;
	int r;

	log_lines_stop();
	key_files_close(&fixture->run.files);
	key_change_wipe(&fixture->run.key);
	access_close(&fixture->run.access);
	free(fixture->run.request.groups);
	config_clear(&fixture->config);
	r = teardown_directory((void **)&fixture->directory);
	free(fixture);
	return r;
}

void fixture_install_key(struct fixture *fixture, const struct agent_key *key)
{
	struct reason why = { "" };
	char line[AGENT_LINE_SIZE + 1];

	(void)agent_key_format(line, key);
	write_text(fixture->keys, line);
	binding_renew(&fixture->run.state, key);
	assert_int_equal(state_save(&fixture->run.state, fixture->state, &why), 0);
}

struct state fixture_saved_state(const struct fixture *fixture)
{
	struct state state;

	assert_int_equal(state_load(&state, fixture->state, NULL), 0);
	return state;
}

bool fixture_holds_agent(const struct fixture *fixture)
{
	return access(path_in(fixture->runtime, "hold"), F_OK) == 0;
}
