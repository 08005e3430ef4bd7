/* SPDX-License-Identifier: ISC */
#include "common/name-constraints.h"

#include "common/cleanup.h"
#include "common/ip-address.h"
#include "common/tls-context.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

DEFINE_RELEASE(general_names, GENERAL_NAMES *, GENERAL_NAMES_free)
DEFINE_RELEASE(constraints, NAME_CONSTRAINTS *, NAME_CONSTRAINTS_free)

static bool add_name(GENERAL_NAMES *names, const char *text)
{
	GENERAL_NAME *name = a2i_GENERAL_NAME(
		NULL, NULL, NULL, ip_address_is_valid(text) ? GEN_IPADD : GEN_DNS, text, 0);

	if (name && sk_GENERAL_NAME_push(names, name) > 0)
		return true;
	GENERAL_NAME_free(name);
	return false;
}

/* What OpenSSL compares with constraints: a certificate whose only name is this one. */
static X509 *certificate_for(const char *name)
{
	cleanup(release_general_names) GENERAL_NAMES *names = GENERAL_NAMES_new();
	cleanup(release_x509) X509 *certificate = X509_new();

	if (!names || !certificate || !add_name(names, name) ||
	    X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) != 1)
		return NULL;
	/* OpenSSL reads the extensions when it is first asked for what they say. */
	return X509_get_extension_flags(certificate) & EXFLAG_SET ? take_pointer(certificate)
								  : NULL;
}

/* Read the constraints of a CA; null: it has none. False: they cannot be read. */
static bool read_constraints(NAME_CONSTRAINTS **ret, const X509 *ca)
{
	int critical;

	*ret = X509_get_ext_d2i(ca, NID_name_constraints, &critical, NULL);
	return *ret || critical == -1;
}

static bool allows(const X509 *ca, X509 *certificate)
{
	cleanup(release_constraints) NAME_CONSTRAINTS *constraints = NULL;

	return read_constraints(&constraints, ca) &&
	       (!constraints || NAME_CONSTRAINTS_check(certificate, constraints) == X509_V_OK);
}

bool name_constraints_allow(const STACK_OF(X509) * chain, const char *name)
{
	cleanup(release_x509) X509 *certificate = NULL;

	if (sk_X509_num(chain) < 2)
		return true;
	certificate = certificate_for(name);
	ERR_clear_error();
	if (!certificate)
		return false;
	for (int i = 1; i < sk_X509_num(chain); i++)
		if (!allows(sk_X509_value(chain, i), certificate))
			return false;
	return true;
}

static bool has_addresses(const STACK_OF(GENERAL_SUBTREE) * trees)
{
	for (int i = 0; i < sk_GENERAL_SUBTREE_num(trees); i++)
		if (sk_GENERAL_SUBTREE_value(trees, i)->base->type == GEN_IPADD)
			return true;
	return false;
}

bool name_constraints_limit_addresses(const STACK_OF(X509) * chain)
{
	for (int i = 1; i < sk_X509_num(chain); i++) {
		cleanup(release_constraints) NAME_CONSTRAINTS *constraints = NULL;

		if (!read_constraints(&constraints, sk_X509_value(chain, i)))
			return true;
		if (constraints && (has_addresses(constraints->permittedSubtrees) ||
				    has_addresses(constraints->excludedSubtrees)))
			return true;
	}
	return false;
}
