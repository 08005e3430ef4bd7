/* SPDX-License-Identifier: ISC */
/*
 * The fields of requests and answers in packets, one part for each subject. registry-wire.h has
 * their form; only the parts and registry-wire.c include this.
 *
 * A `put` writes fields. A `get` of a request reads all the fields that are left, and returns 0;
 * -EBADMSG: it is none; or -ENOMEM; what it has read is from malloc(). A `get` of an answer leaves
 * failures in the reader.
 */
#pragma once

#include "common/must-check.h"
#include "common/packet.h"
#include "registrar/registry/registry.h"

/* A text that is there, whatever its length. */
void wire_put_text(struct packet_writer *writer, const char *text);

/* What the record of an agent has, with its key. */
void wire_put_agent(struct packet_writer *writer, const struct agent_key *agent);
void wire_get_agent(struct packet_reader *reader, struct agent_key *ret);

/* The client. */
void wire_put_peer(struct packet_writer *writer, const struct peer *peer);
void wire_get_peer(struct packet_reader *reader, struct peer *ret);

/* The name of a user, which goes into the log. False: no user has such a name. */
bool wire_get_user_name(struct packet_reader *reader,
			char ret[static REGISTRATION_USER_MAX + 1]) must_check;

/* ------------------------------------------------------------------ registration-wire.c */

void wire_put_registration(struct packet_writer *writer,
			   const struct agent_registration *registration);
int wire_get_registration(struct packet_reader *reader, const void **ret) must_check;
void wire_put_decision(struct packet_writer *writer, const struct registration_decision *decision);
void wire_get_decision(struct packet_reader *reader, struct registration_decision *ret);

/* ------------------------------------------------------------------ user-wire.c */

void wire_put_key_request(struct packet_writer *writer, const struct key_request *request);
int wire_get_key_request(struct packet_reader *reader, const void **ret) must_check;
void wire_put_key_answer(struct packet_writer *writer, const struct key_answer *answer);
void wire_get_key_answer(struct packet_reader *reader, struct key_answer *ret);

void wire_put_join_request(struct packet_writer *writer, const struct join_request *request);
int wire_get_join_request(struct packet_reader *reader, const void **ret) must_check;
void wire_put_join_answer(struct packet_writer *writer, const struct join_answer *answer);
void wire_get_join_answer(struct packet_reader *reader, struct join_answer *ret);
