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

/* A user of the API. */
void wire_put_user(struct packet_writer *writer, const struct registry_user *user);
void wire_get_user(struct packet_reader *reader, struct registry_user *ret);

/* The bearer of an enrollment. */
void wire_put_bearer(struct packet_writer *writer, const struct enroll_bearer *bearer);
void wire_get_bearer(struct packet_reader *reader, struct enroll_bearer *ret);

/*
 * Keep a copy of what was read, from malloc(), if all was; what was read is wiped. Returns as the
 * `get` of a request.
 */
int wire_keep(const struct packet_reader *reader, void *request, size_t size,
	      const void **ret) must_check;

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

/* ------------------------------------------------------------------ session-wire.c */

void wire_put_login_request(struct packet_writer *writer, const struct login_request *request);
int wire_get_login_request(struct packet_reader *reader, const void **ret) must_check;
void wire_put_login_answer(struct packet_writer *writer, const struct login_answer *answer);
void wire_get_login_answer(struct packet_reader *reader, struct login_answer *ret);

int wire_get_session_request(struct packet_reader *reader, const void **ret) must_check;
void wire_put_session_answer(struct packet_writer *writer, const struct session_answer *answer);
void wire_get_session_answer(struct packet_reader *reader, struct session_answer *ret);

void wire_put_bearer_request(struct packet_writer *writer, const struct bearer_request *request);
int wire_get_bearer_request(struct packet_reader *reader, const void **ret) must_check;
void wire_put_bearer_answer(struct packet_writer *writer, const struct bearer_answer *answer);
void wire_get_bearer_answer(struct packet_reader *reader, struct bearer_answer *ret);

/* An agent asks for a secret by its bearer. */
void wire_put_secret_answer(struct packet_writer *writer, const struct secret_answer *answer);
void wire_get_secret_answer(struct packet_reader *reader, struct secret_answer *ret);

/* ------------------------------------------------------------------ material-wire.c */

void wire_put_material_answer(struct packet_writer *writer, const struct material_answer *answer);
void wire_get_material_answer(struct packet_reader *reader, struct material_answer *ret);

/* ------------------------------------------------------------------ removal-wire.c */

/* How many bytes of a request so many agents take at most. */
size_t wire_removal_most(size_t agents);
void wire_put_removal_request(struct packet_writer *writer, const struct removal_request *request);
int wire_get_removal_request(struct packet_reader *reader, const void **ret) must_check;
void wire_put_removal_answer(struct packet_writer *writer, const struct removal_answer *answer);
void wire_get_removal_answer(struct packet_reader *reader, struct removal_answer *ret);

/* ------------------------------------------------------------------ token-wire.c */

void wire_put_token_make_request(struct packet_writer *writer,
				 const struct token_make_request *request);
int wire_get_token_make_request(struct packet_reader *reader, const void **ret) must_check;
void wire_put_token_make_answer(struct packet_writer *writer,
				const struct token_make_answer *answer);
void wire_get_token_make_answer(struct packet_reader *reader, struct token_make_answer *ret);

void wire_put_tokens_request(struct packet_writer *writer, const struct tokens_request *request);
int wire_get_tokens_request(struct packet_reader *reader, const void **ret) must_check;
void wire_put_tokens_page(struct packet_writer *writer, const struct tokens_page *page);
void wire_get_tokens_page(struct packet_reader *reader, struct tokens_page *ret);

void wire_put_token_end_request(struct packet_writer *writer,
				const struct token_end_request *request);
int wire_get_token_end_request(struct packet_reader *reader, const void **ret) must_check;
void wire_put_token_end_answer(struct packet_writer *writer, const struct token_end_answer *answer);
void wire_get_token_end_answer(struct packet_reader *reader, struct token_end_answer *ret);

/* ------------------------------------------------------------------ listing-wire.c */

void wire_put_agents_request(struct packet_writer *writer, const struct agents_request *request);
int wire_get_agents_request(struct packet_reader *reader, const void **ret) must_check;
void wire_put_agents_page(struct packet_writer *writer, const struct agents_page *page);
void wire_get_agents_page(struct packet_reader *reader, struct agents_page *ret);

void wire_put_groups_request(struct packet_writer *writer, const struct groups_request *request);
int wire_get_groups_request(struct packet_reader *reader, const void **ret) must_check;
void wire_put_groups_page(struct packet_writer *writer, const struct groups_page *page);
void wire_get_groups_page(struct packet_reader *reader, struct groups_page *ret);
