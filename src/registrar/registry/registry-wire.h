/* SPDX-License-Identifier: ISC */
/*
 * What front and keeper say to each other when the registry is another process, as packets
 * (common/packet.h). Pure.
 *
 *	HELLO     front   u32 version; the first packet
 *	WELCOME   keeper  u32 version; the answer to it
 *	REQUEST   front   u64 patience in microseconds (0: until it is withdrawn), u8 type, and
 *	                  what is asked for
 *	WITHDRAW  front   no field: the number is that of the request
 *	ANSWER    keeper  u8 type, u8 outcome, and what was decided
 *	NEWS      keeper  u8 news; nobody has asked, so the number is 0; closing also: text why it
 *	                  will not come back, or empty
 *	REPORT    front   u8 asked for by a ping, u8 serving, u8 signal, u64 registered, u64
 *	                  refused, u64 connections, u64 reloads; the number is 0
 *
 *	client    16 bytes address (IPv4 as ::ffff:0:0/96), u16 port
 *	user      client, text token
 *	bearer    text id of the key, u64 seconds, 16 bytes nonce, 32 bytes MAC
 *	agent     text id, name, address, key
 *
 *	type           request                             answer
 *	registration   u8 way, client, text name,          u8 fault; accepted: agent, text address
 *	               optional version, groups, address,  for the client; otherwise text refusal
 *	               hash of the key; by authd also: u8
 *	               fault of its form; enrolling also:
 *	               bearer; by the API also: text
 *	               token, optional id, key, u8
 *	               force, u8 disconnected, u32 and
 *	               u32 seconds
 *	key            user, text id                       u8 fault; without one: agent
 *	joining        user, text id, group, u8 alone      u8 fault
 *	login          client, u32 failures, text user,    u8 fault; without one: text token;
 *	               password                            wrong: u8 whether there is the user
 *	session        user                                text name of the user, or empty
 *	logout         user                                the same
 *	bearer         client, bearer                      u8 fault
 *	material       no field                            u8 fault; without one: certificate,
 *	                                                   key, CA of the clients: each u8 0, or
 *	                                                   u8 1 and text path, content; optional
 *	                                                   ciphers, password, u8 dialect
 *	removal        user, u8 purge, u32 count of        u8 fault, u32 count of agents, a bit
 *	               agents, of each: text id, name      for each
 *	agents         user, u8 wanted, u64 from, u16      u8 fault, u64 next, u32 count of
 *	               count of ids, text id               rows, of each: text id, name,
 *	                                                   address, u8 seen, u64 when, u8
 *	                                                   added, u64 when, optional groups
 *	groups         user, text hash, text after         u8 fault, u8 whether there are more,
 *	                                                   u32 count of rows, of each: text
 *	                                                   name, u32 count of agents, text sum,
 *	                                                   sum
 *	secret         client, bearer                      u8 fault; without one: text secret;
 *	                                                   denied: u8 fault of the bearer
 *	making a       user, text address, u16 port, u8    u8 fault; without one: text token,
 *	token          whether there is a prefix, text     id, u64 expiry, text address, u8
 *	               prefix, u32 seconds, u32 uses,      whether there is a pin, 32 bytes pin
 *	               text description, u8 CA, u8 no
 *	               credential
 *	tokens         user, u32 from                      u8 fault, u32 how many there are, u32
 *	                                                   count of rows, of each: text id,
 *	                                                   address, description, u64 creation,
 *	                                                   expiry, u32 uses, limit, u8 revoked
 *	ending tokens  user, u8 how, u16 count of ids,     u8 fault, u32 count of ids, text id
 *	               text id
 *
 * Requests have numbers that rise, by which they are withdrawn and answered. Nothing that is
 * decoded here has been checked but for its form: the keeper believes none of it.
 */
#pragma once

#include "common/must-check.h"
#include "common/packet.h"
#include "common/reason.h"
#include "registrar/registry/front-report.h"
#include "registrar/registry/registry.h"

#define REGISTRY_WIRE_VERSION 1
#define REGISTRY_PACKET_MAX PACKET_STREAM_MOST /* of all but long ones: see below */
#define REGISTRY_ANSWER_MAX ((size_t)4 << 20)  /* of an answer with material */
#define REGISTRY_REQUEST_TYPED (PACKET_HEADER_SIZE + sizeof(uint64_t) + sizeof(uint8_t))

enum registry_packet {
	REGISTRY_PACKET_HELLO = 1,
	REGISTRY_PACKET_WELCOME,
	REGISTRY_PACKET_REQUEST,
	REGISTRY_PACKET_WITHDRAW,
	REGISTRY_PACKET_ANSWER,
	REGISTRY_PACKET_NEWS,
	REGISTRY_PACKET_REPORT,
};

/*
 * The packets, written into a buffer of REGISTRY_PACKET_MAX bytes; requests and answers can hold
 * keys: wipe it. They return the length; 0: it does not fit, or has a NUL in a text.
 */
size_t registry_wire_hello(void *buffer, enum registry_packet type) must_check;
size_t registry_wire_request(void *buffer, uint64_t number, uint64_t patience,
			     const struct registry_request *request) must_check;
size_t registry_wire_withdraw(void *buffer, uint64_t number) must_check;
size_t registry_wire_answer(void *buffer, uint64_t number,
			    const struct registry_answer *answer) must_check;

/* `why` it will not come back, of a keeper that is closing; null: it may. */
size_t registry_wire_news(void *buffer, enum registry_news news, const char *why) must_check;
size_t registry_wire_report(void *buffer, const struct front_report *report) must_check;

/*
 * Removals and answers with material can be longer. They are written into memory of their own,
 * which registry_wire_free() wipes and frees. A request returns the length; 0: as above, or out of
 * memory. An answer returns 0; -EMSGSIZE: as above; or -ENOMEM.
 */
size_t registry_wire_long_request(void **ret, uint64_t number, uint64_t patience,
				  const struct registry_request *request) must_check;
int registry_wire_long_answer(void **ret, size_t *ret_length, uint64_t number,
			      const struct registry_answer *answer) must_check;
void registry_wire_free(void *packet, size_t length);

/* How long a request can be at most where there are so many agents. */
size_t registry_wire_request_most(size_t agents);

/* Is this the version that we speak? Both a HELLO and a WELCOME. */
bool registry_wire_is_our_version(const void *packet,
				  const struct packet_header *header) must_check;

/*
 * Read a REQUEST: its type and what it has, to be released with registry_request_clear(). Returns
 * 0; -EBADMSG: it is none; or -ENOMEM: registry_wire_request_type() knows its type.
 */
int registry_wire_read_request(enum registry_type *ret_type, const void **ret_content,
			       uint64_t *ret_patience, const void *packet,
			       const struct packet_header *header) must_check;

/*
 * The type of a REQUEST of which at least the first REGISTRY_REQUEST_TYPED bytes are there. Returns
 * 0, or -EBADMSG: there is no such type.
 */
int registry_wire_request_type(enum registry_type *ret, const void *packet,
			       const struct packet_header *header) must_check;

/* Has the packet no field, as a WITHDRAW? */
bool registry_wire_is_empty(const struct packet_header *header) must_check;

/*
 * Read an ANSWER, to be released with registry_answer_clear(). Returns 0; -EBADMSG: it is none; or
 * -ENOMEM.
 */
int registry_wire_read_answer(struct registry_answer *ret, const void *packet,
			      const struct packet_header *header) must_check;

/* Read NEWS; an empty `ret_why` is none. Returns 0, or -EBADMSG: there are none of that kind. */
int registry_wire_read_news(enum registry_news *ret, struct reason *ret_why, const void *packet,
			    const struct packet_header *header) must_check;

/* Read a REPORT. Returns 0, or -EBADMSG: it is none. */
int registry_wire_read_report(struct front_report *ret, const void *packet,
			      const struct packet_header *header) must_check;
