/* SPDX-License-Identifier: ISC */
#include "registrar/commands/init-files.h"

#include "common/atomic-file.h"
#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/lock-holder.h"
#include "common/pem-file.h"
#include "common/tls-context.h"

#include <errno.h>
#include <openssl/pem.h>
#include <unistd.h>

#define KEY_MODE 0600
#define CERTIFICATE_MODE 0644
#define LOCK_PATIENCE (10 * USEC_PER_SEC)

int init_lock(const char *ca_file, struct reason *why)
{
	return lock_directory_of(ca_file, "CA file", LOCK_PATIENCE, why);
}

bool init_is_missing(const char *path)
{
	return access(path, F_OK) < 0 && errno == ENOENT;
}

int init_write_file(const char *path, mode_t mode, gid_t group, const void *data, size_t length,
		    struct reason *why)
{
	cleanup(atomic_file_discard) struct atomic_file file = ATOMIC_FILE_NULL;
	int r = atomic_file_stage(&file, path, mode, group, length, why);

	return r < 0 ? r : atomic_file_commit(&file, data, length, NULL, why);
}

/* Write what OpenSSL put into a memory BIO. */
static int write_bio(const char *path, mode_t mode, BIO *bio, struct reason *why)
{
	char *data;
	long length = BIO_get_mem_data(bio, &data);

	return init_write_file(path, mode, (gid_t)-1, data, (size_t)length, why);
}

int init_write_key(const char *path, EVP_PKEY *key, struct reason *why)
{
	cleanup(release_bio) BIO *bio = BIO_new(BIO_s_secmem());

	if (!bio || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
		reason_set(why, "OpenSSL cannot write the private key");
		return -EIO;
	}
	return write_bio(path, KEY_MODE, bio, why);
}

int init_read_key(EVP_PKEY **ret, const char *path, struct reason *why)
{
	const struct pem_subject subject = { "private key file", path, PEM_PRIVATE_KEY };
	cleanup(pem_file_close) struct pem_file file = { 0 };
	EVP_PKEY *key;
	int r = pem_file_open(&file, &subject, why);

	if (r < 0)
		return r;
	key = PEM_read_bio_PrivateKey(file.bio, NULL, NULL, (void *)"");
	if (!key) {
		reason_set(why,
			   "The private key in %s cannot be read; "
			   "correct it, or remove it to have a new one made",
			   path);
		return -EINVAL;
	}
	*ret = key;
	return 0;
}

int init_write_certificates(const char *path, X509 *const *certificates, size_t count,
			    struct reason *why)
{
	cleanup(release_bio) BIO *bio = BIO_new(BIO_s_mem());

	for (size_t i = 0; i < count; i++)
		if (!bio || (certificates[i] && PEM_write_bio_X509(bio, certificates[i]) != 1)) {
			reason_set(why, "OpenSSL cannot write the certificate");
			return -EIO;
		}
	return write_bio(path, CERTIFICATE_MODE, bio, why);
}
