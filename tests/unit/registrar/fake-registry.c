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

static void answer(struct fake_registry *fake, size_t n,
		   const struct registration_decision *decision)
{
	const struct registry_answer answer = { REGISTRY_DECIDED, decision };
	struct registry_request *request = fake->requests[n];

	assert_true(n < fake->asked);
	assert_non_null(request);
	fake->requests[n] = NULL;
	registry_answer(request, &answer);
}

void fake_registry_grant(struct fake_registry *fake, size_t n)
{
	const struct registration_decision decision = {
		.fault = REGISTRATION_OK,
		.agent = { "001", "web-01", "any", "key" },
		.shown_ip = "any",
	};

	answer(fake, n, &decision);
}

void fake_registry_refuse_all(struct fake_registry *fake)
{
	struct registration_decision decision = { .fault = REGISTRATION_NAME };

	memset(decision.refusal, 'x', sizeof decision.refusal - 1);
	for (size_t i = 0; i < fake->asked; i++)
		if (fake->requests[i])
			answer(fake, i, &decision);
}
