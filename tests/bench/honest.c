/* SPDX-License-Identifier: ISC */
/*
 * honest PORT COUNT GAP PREFIX PASSWORD: register so many agents one after another, from 127.0.0.1,
 * GAP milliseconds apart. Prints a line for each: the milliseconds from the connection to the key,
 * or "failed" and why.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 40 /* seconds */

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static int open_connection(int port)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons((unsigned short)port),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct timeval patience = { .tv_sec = PATIENCE };
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
		return fd;
	close(fd);
	return -1;
}

/* What went wrong; null: it has a key. */
static const char *ask(SSL *tls, const char *prefix, int number, const char *password)
{
	static char reply[4096];
	char line[4096];
	int length = snprintf(line, sizeof line, "OSSEC PASS: %s OSSEC A:'%s%d'\n", password,
			      prefix, number);

	if (SSL_connect(tls) != 1)
		return "no handshake";
	if (SSL_write(tls, line, length) != length)
		return "not sent";
	length = SSL_read(tls, reply, sizeof reply - 1);
	if (length <= 0)
		return "no reply";
	reply[length] = '\0';
	return strncmp(reply, "OSSEC K:'", 9) == 0 ? NULL : reply;
}

int main(int count, char **arguments)
{
	const struct timespec gap = { .tv_nsec = count > 5 ? atol(arguments[3]) * 1000000 : 0 };
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (count < 6)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < atoi(arguments[2]); i++) {
		double begin = now();
		int fd = open_connection(atoi(arguments[1]));
		SSL *tls = SSL_new(context);
		const char *fault = "no connection";

		SSL_set_fd(tls, fd);
		if (fd >= 0)
			fault = ask(tls, arguments[4], i, arguments[5]);
		if (fault)
			printf("failed %.1f %s\n", now() - begin, fault);
		else
			printf("%.1f\n", now() - begin);
		(void)fflush(stdout);
		SSL_free(tls);
		if (fd >= 0)
			close(fd);
		(void)nanosleep(&gap, NULL);
	}
	return 0;
}
