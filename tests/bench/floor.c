/* SPDX-License-Identifier: ISC */
/*
 * The floor: the least that gets a key. No verification, no checks, nothing stored.
 * tests/bench/README.md says why.
 */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **arguments)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)atoi(arguments[1])) };
	char request[300], reply[300];
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);
	int fd = socket(AF_INET, SOCK_STREAM, 0), n;

	if (count != 3 || inet_pton(AF_INET, "127.0.0.1", &address.sin_addr) != 1)
		return 64;
	n = snprintf(request, sizeof request, "OSSEC A:'%s'\n", arguments[2]);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
	    SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1 || SSL_write(ssl, request, n) != n)
		return 1;
	n = SSL_read(ssl, reply, sizeof reply);
	SSL_free(ssl);
	SSL_CTX_free(context);
	return n > 9 && memcmp(reply, "OSSEC K:'", 9) == 0 ? 0 : 1;
}
