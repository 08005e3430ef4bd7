/* SPDX-License-Identifier: ISC */
#include "registrar/authd/answer.h"

#include <stdarg.h>
#include <stdio.h>

/* Add one record. */
__attribute__((format(printf, 3, 4))) static void add_record(struct answer *answer, int i,
							     const char *format, ...)
{
	size_t used = i == 0 ? 0 : answer->records[0];
	va_list arguments;

	va_start(arguments, format);
	answer->records[i] = (size_t)vsnprintf(answer->text + used, sizeof answer->text - used,
					       format, arguments);
	va_end(arguments);
}

void answer_key(struct answer *ret, enum dialect dialect, const struct agent_key *agent,
		const char *ip)
{
	*ret = (struct answer){ .close_notify = true };
	add_record(ret, 0, "OSSEC K:'%s %s %s %s'%s", agent->id, agent->name, ip, agent->key,
		   dialect == DIALECT_OSSEC ? "\n\n" : "");
}

/*
 * The lengths are those of the real managers: the first record of OSSEC, or the text of Wazuh, has
 * 2047 bytes at most.
 */
void answer_refusal(struct answer *ret, enum dialect dialect, const char *text)
{
	static const int most = REFUSAL_SIZE - 1 - (int)(sizeof("ERROR: ") - 1);

	*ret = (struct answer){ .close_notify = dialect == DIALECT_WAZUH };
	if (dialect == DIALECT_WAZUH) {
		add_record(ret, 0, "ERROR: %.*s. Unable to add agent", most, text);
		return;
	}
	add_record(ret, 0, "ERROR: %.*s\n\n", most, text);
	if (ret->records[0] > REFUSAL_SIZE - 1)
		ret->records[0] = REFUSAL_SIZE - 1;
	add_record(ret, 1, "ERROR: Unable to add agent.\n\n");
}

void answer_fault(struct answer *ret, enum dialect dialect, enum authd_request_fault fault)
{
	if (dialect == DIALECT_OSSEC && !authd_request_has_fields(fault))
		*ret = (struct answer){ .close_notify = false };
	else
		answer_refusal(ret, dialect, authd_request_fault_text(fault));
}
