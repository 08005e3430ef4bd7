/* SPDX-License-Identifier: ISC */
#include "registrar/agents/local-authd.h"

#include "common/cleanup.h"
#include "common/directory.h"
#include "common/escape.h"
#include "common/shortage.h"

#include <endian.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#define ANSWER_MAX 65536 /* bytes; the longest real one has some hundred */

/* authd may wait for its database meanwhile, for up to 15 seconds. */
static const struct timeval patience = { .tv_sec = 20 };

/* ------------------------------------------------------------------ connecting */

/* The socket itself, and not what a link of its name leads to. */
static int find_socket(const char *directory)
{
	cleanup_fd int place = directory_open(directory, NULL);
	cleanup_fd int fd = -1;
	struct stat status;

	if (place < 0)
		return place;
	fd = openat(place, "auth", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	return S_ISSOCK(status.st_mode) ? take_fd(&fd) : -ENOTSOCK;
}

/* By way of its descriptor: a path may be longer than an address has room for. */
static int connect_to(const char *directory)
{
	cleanup_fd int found = find_socket(directory);
	cleanup_fd int fd = -1;
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (found < 0)
		return found;
	(void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", found);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return -errno;
	return take_fd(&fd);
}

/* Returns a connection; -ENOENT: nobody listens; or the negative errno of a shortage. */
static int connect_to_any(struct local_authd *ret, const char *queue)
{
	static const char *const names[] = { "sockets", "ossec" };
	char directory[PATH_MAX];
	int shortage = 0;

	for (size_t i = 0; queue && i < sizeof names / sizeof names[0]; i++) {
		int fd;

		(void)snprintf(directory, sizeof directory, "%s/%s", queue, names[i]);
		fd = connect_to(directory);
		if (fd < 0 && is_shortage(fd))
			shortage = fd;
		if (fd < 0)
			continue;
		(void)snprintf(ret->directory, sizeof ret->directory, "%s", directory);
		(void)snprintf(ret->path, sizeof ret->path, "%s/%s/auth", queue, names[i]);
		return fd;
	}
	return shortage < 0 ? shortage : -ENOENT;
}

/* The same; without a shortage there is no `why`. */
static int connect_if_any(struct local_authd *ret, const char *queue, struct reason *why)
{
	int fd = connect_to_any(ret, queue);

	if (fd == -ENOENT || fd >= 0)
		return fd;
	return reason_errno(why, fd, "Cannot see whether wazuh-authd is running");
}

int local_authd_listens(struct local_authd *ret, const char *queue, struct reason *why)
{
	cleanup_fd int fd = connect_if_any(ret, queue, why);

	return fd == -ENOENT ? 0 : fd < 0 ? fd : 1;
}

/* ------------------------------------------------------------------ a request and its answer */

static int send_all(int fd, const void *data, size_t length)
{
	const char *at = data;

	while (length > 0) {
		ssize_t n = send(fd, at, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

static int receive_all(int fd, void *data, size_t length)
{
	char *at = data;

	while (length > 0) {
		ssize_t n = recv(fd, at, length, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

/* The answer is allocated and terminated; the caller wipes it: it may contain a key. */
static int exchange(int fd, const char *request, char **ret)
{
	uint32_t length = htole32((uint32_t)strlen(request));
	cleanup_free char *answer = NULL;
	int r = send_all(fd, &length, sizeof length);

	if (r >= 0)
		r = send_all(fd, request, strlen(request));
	if (r >= 0)
		r = receive_all(fd, &length, sizeof length);
	if (r < 0)
		return r;
	length = le32toh(length);
	if (length > ANSWER_MAX)
		return -EPROTO;
	answer = calloc(1, length + 1);
	if (!answer)
		return -ENOMEM;
	r = receive_all(fd, answer, length);
	if (r < 0) {
		explicit_bzero(answer, length);
		return r;
	}
	*ret = take_pointer(answer);
	return 0;
}

/* The end of the string that begins behind its quote. */
static const char *end_of_string(const char *at)
{
	while (*at && *at != '"')
		at += at[0] == '\\' && at[1] ? 2 : 1;
	return at;
}

/*
 * The value of a member, at whatever depth: the answers have no name twice. Null: there is none.
 */
static const char *find_member(const char *json, const char *name)
{
	while ((json = strchr(json, '"'))) {
		const char *begin = json + 1, *end = end_of_string(begin), *behind;
		size_t length = (size_t)(end - begin);

		if (!*end)
			return NULL;
		behind = end + 1 + strspn(end + 1, " \t\r\n");
		if (*behind == ':' && length == strlen(name) && memcmp(begin, name, length) == 0)
			return behind + 1 + strspn(behind + 1, " \t\r\n");
		json = end + 1;
	}
	return NULL;
}

/* Bytes that are not printable are escaped. Empty: the member is no string. */
static void copy_string(char *ret, size_t size, const char *json, const char *name)
{
	const char *value = find_member(json, name), *end;

	ret[0] = '\0';
	if (!value || *value != '"')
		return;
	end = end_of_string(value + 1);
	escape_bytes(ret, size, value + 1, (size_t)(end - value - 1));
}

static int read_answer(const char *json, struct local_authd_answer *ret)
{
	const char *error = find_member(json, "error");
	char *end;

	if (!error)
		return -EPROTO;
	ret->error = (int)strtol(error, &end, 10);
	copy_string(ret->id, sizeof ret->id, json, "id");
	copy_string(ret->message, sizeof ret->message, json, "message");
	return end == error ? -EPROTO : 0;
}

static int ask(int fd, const struct local_authd *authd, const char *request,
	       struct local_authd_answer *ret, struct reason *why)
{
	char *json = NULL;
	int r = exchange(fd, request, &json);

	if (r >= 0)
		r = read_answer(json, ret);
	if (json)
		explicit_bzero(json, strlen(json));
	free(json);
	if (r == -EAGAIN)
		r = -ETIMEDOUT;
	return r < 0 ? reason_errno(why, r, "wazuh-authd does not answer at %s", authd->path) : 0;
}

static int connect_and_ask(const struct local_authd *authd, const char *request,
			   struct local_authd_answer *ret, struct reason *why)
{
	cleanup_fd int fd = connect_to(authd->directory);

	if (fd < 0)
		return reason_errno(why, fd, "wazuh-authd does not answer at %s", authd->path);
	return ask(fd, authd, request, ret, why);
}

/* ------------------------------------------------------------------ what can be asked */

int local_authd_find(struct local_authd *ret, const char *queue, struct reason *why)
{
	cleanup_fd int fd = connect_if_any(ret, queue, why);
	struct local_authd_answer answer;
	int r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	/* The manager itself, which is no agent. */
	r = ask(fd, ret, "{\"function\":\"get\",\"arguments\":{\"id\":\"000\"}}", &answer, why);
	return r < 0 ? r : 1;
}

static void format_force(char *ret, size_t size, const struct local_authd_force *force)
{
	(void)snprintf(ret, size,
		       ",\"force\":{\"enabled\":true,\"key_mismatch\":false,"
		       "\"disconnected_time\":{\"enabled\":%s,\"value\":%u},"
		       "\"after_registration_time\":%u}",
		       force->ask_disconnected ? "true" : "false", force->disconnected_time,
		       force->after_registration_time);
}

int local_authd_add(const struct local_authd *authd, const struct agent_key *agent,
		    const struct local_authd_force *force, struct local_authd_answer *ret,
		    struct reason *why)
{
	char request[1024], id[32] = "", rules[256] = "";

	if (agent->id[0])
		(void)snprintf(id, sizeof id, ",\"id\":\"%s\"", agent->id);
	if (force)
		format_force(rules, sizeof rules, force);
	(void)snprintf(request, sizeof request,
		       "{\"function\":\"add\",\"arguments\":{\"name\":\"%s\",\"ip\":\"%s\"%s%s}}",
		       agent->name, agent->ip, id, rules);
	return connect_and_ask(authd, request, ret, why);
}

int local_authd_remove(const struct local_authd *authd, const char *id, bool purge,
		       struct local_authd_answer *ret, struct reason *why)
{
	char request[128];

	(void)snprintf(request, sizeof request,
		       "{\"function\":\"remove\",\"arguments\":{\"id\":\"%s\",\"purge\":%s}}", id,
		       purge ? "true" : "false");
	return connect_and_ask(authd, request, ret, why);
}
