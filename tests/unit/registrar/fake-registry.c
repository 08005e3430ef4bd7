/* SPDX-License-Identifier: ISC */
#include "tests/unit/registrar/fake-registry.h"

#include "tests/unit/support.h"

#include <errno.h>

static int submit(struct registry *registry, struct registry_request *request)
{
	struct fake_registry *fake = (struct fake_registry *)registry;

	if (fake->refuses)
		return -ENOMEM;
	assert_true(fake->asked < FAKE_REQUESTS_MAX);
	request->pending = &fake->requests[fake->asked];
	fake->requests[fake->asked++] = request;
	return 0;
}

static void withdraw(struct registry *registry, struct registry_request *request)
{
	struct fake_registry *fake = (struct fake_registry *)registry;
	struct registry_request **place = request->pending;

	assert_ptr_equal(*place, request);
	*place = NULL;
	fake->withdrawn++;
}

void fake_registry_init(struct fake_registry *fake)
{
	static const struct registry_operations operations = {
		.submit = submit,
		.withdraw = withdraw,
	};

	*fake = (struct fake_registry){ .registry = { .operations = &operations } };
}

void fake_registry_answer(struct fake_registry *fake, size_t n,
			  const struct registry_answer *answer)
{
	struct registry_request *request = fake->requests[n];
	struct registry_answer given = *answer;

	assert_true(n < fake->asked);
	assert_non_null(request);
	fake->requests[n] = NULL;
	registry_answer(request, &given);
}

void fake_registry_grant(struct fake_registry *fake, size_t n)
{
	const struct registry_answer answer = {
		.outcome = REGISTRY_DECIDED,
		.type = REGISTRY_REGISTER,
		.decision = { .fault = REGISTRATION_OK,
			      .agent = { "001", "web-01", "any", "key" },
			      .shown_ip = "any" },
	};

	fake_registry_answer(fake, n, &answer);
}

void fake_registry_refuse_all(struct fake_registry *fake)
{
	struct registry_answer answer = {
		.outcome = REGISTRY_DECIDED,
		.type = REGISTRY_REGISTER,
		.decision = { .fault = REGISTRATION_NAME },
	};

	memset(answer.decision.refusal, 'x', sizeof answer.decision.refusal - 1);
	for (size_t i = 0; i < fake->asked; i++)
		if (fake->requests[i])
			fake_registry_answer(fake, i, &answer);
}
