/* SPDX-License-Identifier: ISC */
/*
 * raw-handshakes CERTIFICATE KEY: the least that answers an agent, one after the other: handshake,
 * whatever line comes, a fixed answer. Prints its port, and serves until it is ended.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static const char answer[] = "OSSEC K:'001 agent-1 any "
			     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'";

static int listen_anywhere(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 4096) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return -1;
	printf("%d\n", ntohs(address.sin_port));
	(void)fflush(stdout);
	return fd;
}

static void serve(SSL_CTX *context, int fd)
{
	const int on = 1;
	char line[4096];
	SSL *tls = SSL_new(context);

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	SSL_set_fd(tls, fd);
	if (SSL_accept(tls) == 1 && SSL_read(tls, line, sizeof line) > 0 &&
	    SSL_write(tls, answer, sizeof answer - 1) > 0)
		(void)SSL_shutdown(tls);
	SSL_free(tls);
	close(fd);
}

int main(int count, char **arguments)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	int listener = count == 3 ? listen_anywhere() : -1;

	(void)signal(SIGPIPE, SIG_IGN);
	if (listener < 0 || SSL_CTX_use_certificate_chain_file(context, arguments[1]) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, arguments[2], SSL_FILETYPE_PEM) != 1)
		return 1;
	/* As the registrar: an agent connects once. */
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(context, 0);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0)
			serve(context, fd);
	}
}
