/* SPDX-License-Identifier: ISC */
/*
 * One conversation of the method authd: whatever the manager says, however it ends, there is an
 * outcome with a reason that shows no password, or a key that an agent can use. The first byte says
 * what is asked for and of what kind the connection is; the script of the manager follows
 * (fake-manager.h). A call may fail meanwhile (faults.h).
 */
#include "fake-manager.h"
#include "faults.h"
#include "fuzz.h"

#include "client/methods/methods.h"

#define PASSWORD "Tr0ub4dor&3"

static char many_groups[20000];

static struct attempt compose(uint8_t how, const struct endpoint *manager,
			      const struct deadline *deadline)
{
	struct attempt attempt = {
		.manager = manager,
		.agent = { .name = how & 64 ? "web'01" : "web-01" },
		.password = how & 16 ? PASSWORD : NULL,
		.deadline = deadline,
	};

	memset(many_groups, 'g', sizeof many_groups - 1);
	if (how & 32)
		attempt.agent.groups = how & 128 ? many_groups : "web,db";
	return attempt;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct endpoint manager = { "m.example.org", 1515 };
	const struct deadline deadline = deadline_in(30 * USEC_PER_SEC, NULL);
	struct attempt_report report = { 0 };
	struct agent_key key = { "" };
	struct attempt attempt;
	int r;

	size = fuzz_faults_read(data, size);
	if (size < 1)
		return 0;
	attempt = compose(data[0], &manager, &deadline);
	fake_manager_begin(data + 1, size - 1, data[0] % 16);
	fuzz_faults_begin();
	r = method_authd.run(&attempt, &key, &report);
	fuzz_faults_end();
	fake_manager_end();
	HOLDS((r == OUTCOME_REGISTERED) == (key.id[0] != '\0'));
	HOLDS(r == OUTCOME_REGISTERED || (r < OUTCOME_MAX_ && r >= -4095));
	fake_manager_check(r, &key, false, &report, attempt.password);
	return 0;
}
