/* SPDX-License-Identifier: ISC */
/* Packets on their way from one end to the other. */
#pragma once

#include "common/must-check.h"
#include "registrar/registry/registry-wire.h"

/* The packet that was passed on last. */
extern unsigned char wire_packet[REGISTRY_PACKET_MAX];

/* A user who asks: at 192.0.2.1 port 40000, with the token "token". */
extern const struct registry_user wire_admin;

/* The header of the packet, of which there have to be so many bytes. */
struct packet_header wire_find(size_t length);

/* What is read of a request at the other end; to be freed. */
const void *wire_pass_request(const struct registry_request *request, uint64_t patience) must_check;

/* What reading the packet as a request returns; of the request nothing is kept. */
int wire_read_request(size_t length) must_check;

/* What reading an answer at the other end returns. */
int wire_pass_answer(struct registry_answer *read, const struct registry_answer *sent) must_check;

/* Is it wire_admin? */
void wire_assert_user(const struct registry_user *user);
