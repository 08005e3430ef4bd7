/* SPDX-License-Identifier: ISC */
/*
 * What front and keeper say to each other when the registry is another process, as packets
 * (common/packet.h). Pure.
 *
 *	HELLO     front   u32 version; the first packet
 *	WELCOME   keeper  u32 version; the answer to it
 *	REGISTER  front   u64 patience in microseconds (0: until it is withdrawn), u8 way,
 *	                  16 bytes address (IPv4 as ::ffff:0:0/96), u16 port, text name,
 *	                  optional version, groups, address, hash of the key; by the API also:
 *	                  text user, optional id, key, u8 force, u8 disconnected, u32 and u32
 *	                  seconds
 *	WITHDRAW  front   no field: the number is that of the request
 *	ANSWER    keeper  u8 outcome, u8 fault; accepted: text id, name, address, key, address
 *	                  for the client; otherwise: text refusal
 *
 * Requests have numbers that rise, by which they are withdrawn and answered. Nothing that is
 * decoded here has been checked but for its form: the keeper believes none of it.
 */
#pragma once

#include "common/must-check.h"
#include "common/packet.h"
#include "registrar/registry/registry.h"

#define REGISTRY_WIRE_VERSION 1
#define REGISTRY_PACKET_MAX PACKET_STREAM_MOST

enum registry_packet {
	REGISTRY_PACKET_HELLO = 1,
	REGISTRY_PACKET_WELCOME,
	REGISTRY_PACKET_REGISTER,
	REGISTRY_PACKET_WITHDRAW,
	REGISTRY_PACKET_ANSWER,
};

/*
 * The packets, written into a buffer of REGISTRY_PACKET_MAX bytes; a registration and an answer can
 * hold keys: wipe it. They return the length; 0: it does not fit, or has a NUL in a text.
 */
size_t registry_wire_hello(void *buffer, enum registry_packet type) must_check;
size_t registry_wire_register(void *buffer, uint64_t number, uint64_t patience,
			      const struct agent_registration *registration) must_check;
size_t registry_wire_withdraw(void *buffer, uint64_t number) must_check;
size_t registry_wire_answer(void *buffer, uint64_t number,
			    const struct registry_answer *answer) must_check;

/* Is this the version that we speak? Both a HELLO and a WELCOME. */
bool registry_wire_is_our_version(const void *packet,
				  const struct packet_header *header) must_check;

/*
 * Read a REGISTER into a registration, to be released with agent_registration_free(). Returns 0;
 * -EBADMSG: it is none; or -ENOMEM.
 */
int registry_wire_read_registration(struct agent_registration **ret, uint64_t *ret_patience,
				    const void *packet,
				    const struct packet_header *header) must_check;

/* Has the packet no field, as a WITHDRAW? */
bool registry_wire_is_empty(const struct packet_header *header) must_check;

/*
 * Read an ANSWER into the outcome and the decision, which is to be wiped. Returns 0, or -EBADMSG:
 * it is none.
 */
int registry_wire_read_answer(enum registry_outcome *ret_outcome,
			      struct registration_decision *ret_decision, const void *packet,
			      const struct packet_header *header) must_check;
