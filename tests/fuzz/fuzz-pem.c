/* SPDX-License-Identifier: ISC */
/*
 * Whatever is in a file that should hold a certificate or a key, there is something to say of it,
 * which shows nothing of its content. The first byte says what was wanted. What a manager hands out
 * as its CA certificates is read as well: what is written of them is read as the same again.
 */
#include "fuzz.h"

#include "common/ca-bundle.h"
#include "common/cleanup.h"
#include "common/pem-diagnosis.h"
#include "common/pem-kind.h"

#include <openssl/err.h>

#define SHOWN_WITHIN 24 /* so much of a file is never by chance in a message */

/* Does the message hold a piece of the file? */
static bool shows(const char *message, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i + SHOWN_WITHIN <= size; i++)
		if (memmem(message, strlen(message), data + i, SHOWN_WITHIN))
			return true;
	return false;
}

static void check_diagnosis(enum pem_content wanted, const uint8_t *data, size_t size)
{
	static const char *const others[] = { "PRIVATE KEY", "CERTIFICATE", "openssl", "FILE" };
	const struct pem_subject subject = { "CA file", "FILE", wanted };
	struct reason why = { "" };
	bool speaks_of_commands = false;

	pem_diagnose(&subject, data, size, &why);
	HOLDS(why.text[0]);
	for (const char *at = why.text; *at; at++)
		HOLDS(*at >= ' ' && *at <= '~');
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		speaks_of_commands |= memmem(data, size, others[i], strlen(others[i])) != NULL;
	HOLDS(speaks_of_commands || size > 2000 || !shows(why.text, data, size));
}

static void check_bundle(const uint8_t *data, size_t size)
{
	cleanup(ca_bundle_clear) struct ca_bundle bundle = { 0 }, again = { 0 };
	cleanup_free char *text = NULL;
	char shown[CA_TEXT_SIZE];

	HOLDS(ca_bundle_read(&bundle, (const char *)data, size) == 0);
	text = ca_bundle_format(&bundle);
	HOLDS(text && ca_bundle_read(&again, text, strlen(text)) == 0);
	HOLDS(!again.is_damaged && again.generation == bundle.generation);
	HOLDS(ca_bundle_count(&again) == ca_bundle_count(&bundle));
	for (size_t i = 0; i < ca_bundle_count(&bundle); i++) {
		HOLDS(ca_bundle_has(&again, ca_bundle_at(&bundle, i)));
		ca_describe(ca_bundle_at(&bundle, i), shown);
		for (const char *at = shown; *at; at++)
			HOLDS(*at >= ' ' && *at <= '~');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	check_diagnosis(data[0] % 2 ? PEM_PRIVATE_KEY : PEM_CERTIFICATE, data + 1, size - 1);
	check_bundle(data + 1, size - 1);
	HOLDS(!pem_has_more(data + 1, size - 1, size));
	HOLDS(*pem_kind_noun(pem_kind_of_label((const char *)data + 1, size - 1)));
	HOLDS(*pem_kind_noun(pem_kind_of_der(data + 1, size - 1)));
	HOLDS(ERR_peek_error() == 0);
	return 0;
}
