/* SPDX-License-Identifier: ISC */
#include "registrar/authd/over-tls.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#define RECORDS_AT_ONCE 16

static enum request_buffer_state read_record(struct request_buffer *buffer, struct tls_server *tls,
					     enum tls_step *ret)
{
	enum request_buffer_state state = REQUEST_BUFFER_MORE;
	char bytes[4096];
	size_t length = 0;

	*ret = tls_server_read(tls, bytes, sizeof bytes, &length);
	if (*ret == TLS_STEP_DONE)
		state = request_buffer_feed(buffer, bytes, length);
	explicit_bzero(bytes, length);
	return state;
}

enum request_buffer_state request_read(struct request_buffer *buffer, struct tls_server *tls,
				       enum tls_step *ret)
{
	enum request_buffer_state state = REQUEST_BUFFER_MORE;

	*ret = TLS_STEP_DONE;
	for (int i = 0; i < RECORDS_AT_ONCE && state == REQUEST_BUFFER_MORE; i++) {
		state = read_record(buffer, tls, ret);
		if (*ret != TLS_STEP_DONE)
			break;
	}
	return state;
}

void request_acknowledge(int fd)
{
	const int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

enum tls_step answer_write(const struct answer *answer, struct tls_server *tls)
{
	enum tls_step step = TLS_STEP_DONE;
	size_t begin = 0;

	for (int i = 0; i < 2 && answer->records[i] > 0 && step == TLS_STEP_DONE; i++) {
		step = tls_server_write(tls, answer->text + begin, answer->records[i]);
		begin += answer->records[i];
	}
	if (step == TLS_STEP_DONE && answer->close_notify)
		tls_server_write_end(tls);
	return step;
}
