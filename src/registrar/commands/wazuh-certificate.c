/* SPDX-License-Identifier: ISC */
#include "registrar/commands/wazuh-certificate.h"

#include "common/atomic-file.h"
#include "common/cleanup.h"
#include "registrar/net/certificate.h"

#include <openssl/pem.h>
#include <string.h>

#define DAYS_MAX 36500
#define BITS_MAX 16384

DEFINE_RELEASE(pkey, EVP_PKEY *, EVP_PKEY_free)

static int refuse(struct reason *why, const char *text)
{
	reason_set(why, "%s", text);
	return -EINVAL;
}

/* 0: it is no number, or none that is possible. */
static unsigned int read_number(const char *text, unsigned int most)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long number = strtoul(text, NULL, 10);

	return digits > 0 && text[digits] == '\0' && number <= most ? (unsigned int)number : 0;
}

static int check(const struct wazuh_certificate *wanted, struct reason *why)
{
	if (!wanted->days)
		return refuse(why, "Certificate expiration time not defined.");
	if (!wanted->bits)
		return refuse(why, "Certificate key size not defined.");
	if (!wanted->key_path)
		return refuse(why, "Key path not defined.");
	if (!wanted->certificate_path)
		return refuse(why, "Certificate path not defined.");
	if (!wanted->subject)
		return refuse(why, "Certificate subject not defined.");
	if (read_number(wanted->days, DAYS_MAX) == 0)
		return refuse(why, "-C needs a number of days from 1 to 36500");
	return read_number(wanted->bits, BITS_MAX) == 0
		       ? refuse(why, "-B needs a number of bits up to 16384")
		       : 0;
}

static int write_file(const char *path, mode_t mode, BIO *content, struct reason *why)
{
	cleanup(atomic_file_discard) struct atomic_file file = ATOMIC_FILE_NULL;
	char *data;
	size_t length = (size_t)BIO_get_mem_data(content, &data);
	int r = atomic_file_stage(&file, path, mode, (gid_t)-1, length, why);

	if (r >= 0)
		r = atomic_file_commit(&file, data, length, NULL, why);
	return r < 0 ? r : 0;
}

int wazuh_certificate_make(const struct wazuh_certificate *wanted, struct reason *why)
{
	cleanup(release_bio) BIO *key_text = BIO_new(BIO_s_secmem());
	cleanup(release_bio) BIO *certificate_text = BIO_new(BIO_s_mem());
	cleanup(release_pkey) EVP_PKEY *key = NULL;
	cleanup(release_x509) X509 *certificate = NULL;
	int r = check(wanted, why);

	if (r < 0)
		return r;
	key = certificate_make_rsa_key(read_number(wanted->bits, BITS_MAX));
	if (!key)
		return refuse(why, "Cannot generate key to sign the certificate.");
	r = certificate_make_ca(&certificate, key, wanted->subject,
				read_number(wanted->days, DAYS_MAX), why);
	if (r < 0)
		return r;
	if (PEM_write_bio_PrivateKey(key_text, key, NULL, NULL, 0, NULL, NULL) != 1 ||
	    PEM_write_bio_X509(certificate_text, certificate) != 1)
		return refuse(why, "Cannot dump private key.");
	r = write_file(wanted->key_path, 0600, key_text, why);
	return r < 0 ? r : write_file(wanted->certificate_path, 0644, certificate_text, why);
}
