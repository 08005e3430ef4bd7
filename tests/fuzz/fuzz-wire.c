/* SPDX-License-Identifier: ISC */
/*
 * Whatever the child sends, the parent takes a message that is valid, or none: and what it took is
 * what it would be if the parent had written it.
 */
#include "fuzz.h"

#include "client/conversation/wire.h"
#include "common/ip-address.h"

static struct wire_message message, again;

static size_t format(unsigned char *buffer)
{
	switch (message.kind) {
	case WIRE_STEP:
		return wire_format_step(buffer, message.step);
	case WIRE_ANCHOR:
		return wire_format_anchor(buffer, message.piece, message.length);
	case WIRE_RESULT:
		return wire_format_result(buffer, &message.result);
	case WIRE_FINDING:
		return wire_format_finding(buffer, &message.finding);
	case WIRE_OWN:
		return wire_format_own(buffer, &message.own);
	case WIRE_NAME:
		return wire_format_name(buffer, &message.name);
	default:
		return wire_format_go(buffer);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char bytes[WIRE_MAX];

	if (wire_parse(&message, data, size) < 0)
		return 0;
	HOLDS(size <= WIRE_MAX);
	HOLDS(format(bytes) == size && memcmp(bytes, data, size) == 0);
	HOLDS(wire_parse(&again, bytes, size) == 0 && again.kind == message.kind);
	if (message.kind == WIRE_RESULT) {
		HOLDS(message.result.outcome == OUTCOME_REGISTERED || !message.result.key.id[0]);
		HOLDS(!message.result.report.anchor);
	}
	if (message.kind == WIRE_OWN) {
		HOLDS(!message.own.fqdn[0] || own_fqdn_is_valid(message.own.fqdn));
		HOLDS(!message.own.address[0] || ip_address_is_valid(message.own.address));
	}
	wire_result_wipe(&message.result);
	wire_result_wipe(&again.result);
	return 0;
}
