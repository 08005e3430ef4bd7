/* SPDX-License-Identifier: ISC */
#include "client/commands/token-facts.h"

#include "common/outcome.h"
#include "common/tls-context.h"

#include <errno.h>

int token_facts_find(struct token_facts *ret, const struct enrollment_token *token,
		     struct reason *why)
{
	struct token_facts facts = { .manager = token->manager,
				     .has_credential = token->has_credential };

	memcpy(facts.prefix, token->prefix, sizeof facts.prefix);
	memcpy(facts.id, token->id, sizeof facts.id);
	if (!token->ca)
		tls_pin_format(facts.pin, token->pin);
	else if (ca_bundle_read(&facts.ca, token->ca, strlen(token->ca)) < 0)
		return reason_errno(why, ENOMEM, "Cannot read the enrollment token's CA");
	*ret = facts;
	return 0;
}

static bool is_valid_now(X509 *certificate)
{
	return X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0 &&
	       X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

int token_facts_judge(const struct token_facts *facts, struct reason *why)
{
	size_t count = ca_bundle_count(&facts->ca), i = 0;
	char text[CA_TEXT_SIZE];

	if (facts->pin[0])
		return OUTCOME_OK;
	if (count == 0) {
		reason_set(why, "The CA in the enrollment token is not a certificate; "
				"create a new token with --embed-ca");
		return OUTCOME_MISCONFIGURED;
	}
	while (i < count && !is_valid_now(ca_bundle_at(&facts->ca, i)))
		i++;
	if (i < count)
		return OUTCOME_OK;
	ca_describe(ca_bundle_at(&facts->ca, 0), text);
	reason_set(why,
		   "The CA in the enrollment token is not valid today: %s; "
		   "create a new token, or correct this machine's clock",
		   text);
	return OUTCOME_UNTRUSTED;
}

void token_facts_clear(struct token_facts *facts)
{
	ca_bundle_clear(&facts->ca);
}
