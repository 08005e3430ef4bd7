/* SPDX-License-Identifier: ISC */
#include "common/tls-context.h"

#include "common/library-memory.h"
#include "common/pem-file.h"
#include "common/tls-record-limit.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

/* OpenSSL's reasons that a peer can cause, with texts that do not require OpenSSL's own table. */
static const struct {
	int reason;
	const char *text;
} error_texts[] = {
	{ SSL_R_UNSUPPORTED_PROTOCOL, "unsupported TLS version" },
	{ SSL_R_WRONG_SSL_VERSION, "wrong TLS version" },
	{ SSL_R_WRONG_VERSION_NUMBER, "not a TLS record" },
	{ SSL_R_HTTP_REQUEST, "plain HTTP" },
	{ SSL_R_RECORD_TOO_SMALL, "record too small" },
	{ SSL_R_PACKET_LENGTH_TOO_LONG, "record too long" },
	{ SSL_R_NO_PROTOCOLS_AVAILABLE, "no TLS version left to offer" },
	{ SSL_R_DH_KEY_TOO_SMALL, "the DH key is too small" },
	{ SSL_R_EE_KEY_TOO_SMALL, "the certificate's key is too small" },
	{ SSL_R_CA_KEY_TOO_SMALL, "the CA's key is too small" },
	{ SSL_R_CA_MD_TOO_WEAK, "the certificate's signature is too weak" },
	{ SSL_R_WRONG_SIGNATURE_TYPE, "wrong signature type" },
	{ SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED, "no secure renegotiation" },
	{ SSL_R_BAD_SIGNATURE, "bad signature" },
	{ SSL_R_NO_CIPHERS_AVAILABLE, "no ciphers left to offer" },
	{ SSL_R_CERTIFICATE_VERIFY_FAILED, "certificate verify failed" },
	{ SSL_R_UNEXPECTED_EOF_WHILE_READING, "unexpected end" },
	{ SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "alert: protocol version" },
	{ SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, "alert: handshake failure" },
	{ SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY, "alert: insufficient security" },
	{ SSL_R_TLSV1_ALERT_UNKNOWN_CA, "alert: unknown CA" },
	{ SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "alert: bad certificate" },
	{ SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, "alert: unsupported certificate" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, "alert: certificate revoked" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "alert: certificate expired" },
	{ SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "alert: certificate unknown" },
	{ SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, "alert: certificate required" },
	{ SSL_R_TLSV1_ALERT_ACCESS_DENIED, "alert: access denied" },
	{ SSL_R_TLSV1_ALERT_DECRYPT_ERROR, "alert: decrypt error" },
	{ SSL_R_TLSV1_ALERT_DECODE_ERROR, "alert: decode error" },
	{ SSL_R_TLSV1_ALERT_INTERNAL_ERROR, "alert: internal error" },
	{ SSL_R_TLSV1_UNRECOGNIZED_NAME, "alert: unrecognized name" },
	{ SSL_R_SSLV3_ALERT_UNEXPECTED_MESSAGE, "alert: unexpected message" },
	{ SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER, "alert: illegal parameter" },
};

static const char *known_error_text(unsigned long error)
{
	for (size_t i = 0;
	     ERR_GET_LIB(error) == ERR_LIB_SSL && i < sizeof error_texts / sizeof error_texts[0];
	     i++)
		if (ERR_GET_REASON(error) == error_texts[i].reason)
			return error_texts[i].text;
	return NULL;
}

const char *tls_error_text(char *buffer, size_t size)
{
	unsigned long error = ERR_get_error();
	const char *text = known_error_text(error) ?: ERR_reason_error_string(error);

	ERR_clear_error();
	if (library_memory_was_short())
		return "out of memory";
	if (error == 0)
		return "unknown error";
	if (text)
		return text;
	(void)snprintf(buffer, size, "OpenSSL error %08lX (see: openssl errstr %08lX)", error,
		       error);
	return buffer;
}

int tls_version_parse(const char *text)
{
	static const struct {
		const char *text;
		int version;
	} versions[] = {
		{ "1.0", TLS1_VERSION },   { "1", TLS1_VERSION },     { "1.1", TLS1_1_VERSION },
		{ "1.2", TLS1_2_VERSION }, { "1.3", TLS1_3_VERSION },
	};

	if (strncasecmp(text, "TLSv", 4) == 0)
		text += 4;
	for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
		if (strcmp(text, versions[i].text) == 0)
			return versions[i].version;
	return -EINVAL;
}

/* ------------------------------------------------------------------ reading PEM files */

static int open_pem(struct pem_file *ret, const struct pem_subject *subject,
		    const struct tls_content *content, struct reason *why)
{
	return content->bytes ? pem_file_take(ret, subject, content->bytes, content->length, why)
			      : pem_file_open(ret, subject, why);
}

/* Called for the passphrase of an encrypted key: there is nobody to ask. */
static int no_passphrase(char *buffer, int size, int writing, void *encrypted)
{
	(void)buffer, (void)size, (void)writing;
	*(bool *)encrypted = true;
	return -1;
}

void tls_describe_time(const ASN1_TIME *time, char *buffer, size_t size)
{
	struct tm broken_down;

	if (ASN1_TIME_to_tm(time, &broken_down) != 1 ||
	    strftime(buffer, size, "%F %T UTC", &broken_down) == 0)
		(void)snprintf(buffer, size, "an unreadable date");
}

static bool is_past(const ASN1_TIME *time)
{
	return X509_cmp_current_time(time) < 0;
}

/* ------------------------------------------------------------------ the pieces of a context */

static int set_versions(SSL_CTX *context, const struct tls_settings *settings, struct reason *why)
{
	int lowest = settings->min_version ? tls_version_parse(settings->min_version)
					   : TLS1_2_VERSION;
	int highest = settings->max_version ? tls_version_parse(settings->max_version) : 0;

	if (lowest < 0 || highest < 0) {
		reason_set(why, "TLS version '%s' is unknown; use 1.0, 1.1, 1.2 or 1.3",
			   lowest < 0 ? settings->min_version : settings->max_version);
		return -EINVAL;
	}
	if (SSL_CTX_set_min_proto_version(context, lowest) != 1 ||
	    SSL_CTX_set_max_proto_version(context, highest) != 1) {
		reason_set(why, "This OpenSSL supports no TLS version between '%s' and '%s'",
			   settings->min_version ?: "1.2", settings->max_version ?: "the newest");
		return -EINVAL;
	}
	return 0;
}

/*
 * Clients choose the group of the key exchange, and a server computes with it before it knows them:
 * curves take it a millisecond or some, the finite fields that OpenSSL would take too up to 160.
 */
static int set_groups(SSL_CTX *context, struct reason *why)
{
	static const char *const lists[] = {
		"X25519MLKEM768:X25519:P-256:X448:P-521:P-384", /* OpenSSL 3.5 */
		"X25519:P-256:X448:P-521:P-384",
		"P-256:P-521:P-384", /* where only what FIPS 140-2 knows is there */
	};

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		if (SSL_CTX_set1_groups_list(context, lists[i]) != 1)
			continue;
		ERR_clear_error();
		return 0;
	}
	ERR_clear_error();
	reason_set(why, "This OpenSSL supports none of the groups '%s'", lists[2]);
	return -EINVAL;
}

/* Anonymous ciphers need no certificate, and null ciphers do not encrypt. */
static int set_cipher_list(SSL_CTX *context, const char *list)
{
	cleanup_free char *strong = NULL;

	if (asprintf(&strong, "%s:!aNULL:!eNULL", list) < 0) {
		strong = NULL;
		return -ENOMEM;
	}
	return SSL_CTX_set_cipher_list(context, strong) == 1 ? 0 : -EINVAL;
}

/* OpenSSL 3.4 and later have ciphers of TLS 1.3 that do not encrypt. */
static bool all_encrypt(SSL_CTX *context)
{
	const STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(context);

	for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++)
		if (SSL_CIPHER_get_bits(sk_SSL_CIPHER_value(ciphers, i), NULL) == 0)
			return false;
	return true;
}

static int set_ciphers(SSL_CTX *context, const struct tls_settings *settings, struct reason *why)
{
	if (settings->ciphers && set_cipher_list(context, settings->ciphers) < 0) {
		ERR_clear_error();
		reason_set(why,
			   "OpenSSL supports none of the ciphers '%s' "
			   "(see: openssl ciphers; anonymous and null ciphers are never used)",
			   settings->ciphers);
		return -EINVAL;
	}
	if (settings->ciphersuites &&
	    (SSL_CTX_set_ciphersuites(context, settings->ciphersuites) != 1 ||
	     !all_encrypt(context))) {
		ERR_clear_error();
		reason_set(why,
			   "OpenSSL supports none of the TLS 1.3 ciphersuites '%s', "
			   "or one of them does not encrypt",
			   settings->ciphersuites);
		return -EINVAL;
	}
	return 0;
}

/* ------------------------------------------------------------------ how strong certificates are */

/* The level plus one, in the context's extra data as a number in the place of the pointer. */
static int level_index = -1;

static int remember_level(SSL_CTX *context, int level)
{
	if (level_index < 0)
		level_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return level_index >= 0 && SSL_CTX_set_ex_data(context, level_index,
						       (void *)((uintptr_t)level + 1)) == 1
		       ? 0
		       : -ENOMEM;
}

int tls_context_certificate_level(const SSL_CTX *context)
{
	uintptr_t stored = level_index < 0 ? 0
					   : (uintptr_t)SSL_CTX_get_ex_data(context, level_index);

	return stored > 0 ? (int)stored - 1 : SSL_CTX_get_security_level(context);
}

/*
 * An old version of TLS needs the security level 0, but does not mean weak certificates: these are
 * held to the level of the list of ciphers, or to OpenSSL's default.
 */
static int set_levels(SSL_CTX *context, struct reason *why)
{
	if (remember_level(context, SSL_CTX_get_security_level(context)) < 0)
		return reason_errno(why, ENOMEM, "Cannot initialize TLS");
	if (SSL_CTX_get_min_proto_version(context) < TLS1_2_VERSION)
		SSL_CTX_set_security_level(context, 0);
	return 0;
}

/* Add the CA file's certificates; `*ret_usable` is how many have not expired. */
static int add_authorities(struct pem_file *file, X509_STORE *store, int *ret_usable, char *latest,
			   size_t size, struct reason *why)
{
	size_t read = 0;

	for (*ret_usable = 0;; read++) {
		cleanup(release_x509)
			X509 *certificate = PEM_read_bio_X509(file->bio, NULL, NULL, NULL);

		if (!certificate)
			break;
		if (X509_STORE_add_cert(store, certificate) != 1) {
			char text[256];

			reason_set(why,
				   "The CA file %s contains a certificate that is not usable: %s",
				   file->subject.path, tls_error_text(text, sizeof text));
			return -EINVAL;
		}
		if (is_past(X509_get0_notAfter(certificate)))
			tls_describe_time(X509_get0_notAfter(certificate), latest, size);
		else
			(*ret_usable)++;
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE ||
	    pem_file_has_more(file, read))
		return pem_file_refuse(file, why);
	ERR_clear_error();
	return 0;
}

/* The CA file may hold several certificates; one that has not expired makes it usable. */
static int set_ca(SSL_CTX *context, const struct tls_settings *settings, struct reason *why)
{
	const char *path = settings->ca_file;
	const struct pem_subject subject = { "CA file", path, PEM_CERTIFICATE, settings->ca_home };
	cleanup(pem_file_close) struct pem_file file = { 0 };
	char latest[64] = "";
	int usable, r;

	r = open_pem(&file, &subject, &settings->ca, why);
	if (r >= 0)
		r = add_authorities(&file, SSL_CTX_get_cert_store(context), &usable, latest,
				    sizeof latest, why);
	if (r < 0)
		return r;
	if (usable == 0 && latest[0] == '\0')
		return pem_file_refuse(&file, why);
	if (usable == 0) {
		reason_set(why,
			   "The CA certificate in %s expired on %s; "
			   "install the current one, or correct the clock",
			   path, latest);
		return -EINVAL;
	}
	return 0;
}

/*
 * The certificate, and behind it in the file those that lead to its CA; `*ret_read` is how many
 * these are.
 */
static bool use_chain(SSL_CTX *context, X509 *first, BIO *bio, size_t *ret_read)
{
	if (SSL_CTX_use_certificate(context, first) != 1 || SSL_CTX_clear_chain_certs(context) != 1)
		return false;
	for (*ret_read = 1;; (*ret_read)++) {
		cleanup(release_x509) X509 *next = PEM_read_bio_X509(bio, NULL, NULL, NULL);

		if (!next)
			break;
		if (SSL_CTX_add1_chain_cert(context, next) != 1)
			return false;
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return false;
	ERR_clear_error();
	return true;
}

static int set_certificate(SSL_CTX *context, const struct tls_settings *settings,
			   struct reason *why)
{
	const char *path = settings->certificate_file;
	const struct pem_subject subject = { "certificate file", path, PEM_CERTIFICATE,
					     settings->own_home };
	cleanup(pem_file_close) struct pem_file file = { 0 };
	cleanup(release_x509) X509 *first = NULL;
	size_t read = 0;
	char end[64];
	int r;

	r = open_pem(&file, &subject, &settings->certificate, why);
	if (r < 0)
		return r;
	first = PEM_read_bio_X509_AUX(file.bio, NULL, NULL, NULL);
	if (!first)
		return pem_file_refuse(&file, why);
	if (is_past(X509_get0_notAfter(first))) {
		tls_describe_time(X509_get0_notAfter(first), end, sizeof end);
		reason_set(why,
			   "The certificate in %s expired on %s; "
			   "install a current one, or correct the clock",
			   path, end);
		return -EINVAL;
	}
	if (!use_chain(context, first, file.bio, &read)) {
		char text[256];

		reason_set(why,
			   "The certificate in %s is not usable: %s; "
			   "if it is too weak for OpenSSL's security level, "
			   "reissue it, or lower the level in the ciphers (DEFAULT@SECLEVEL=1)",
			   path, tls_error_text(text, sizeof text));
		return -EINVAL;
	}
	return pem_file_has_more(&file, read) ? pem_file_refuse(&file, why) : 0;
}

static int set_private_key(SSL_CTX *context, const struct tls_settings *settings,
			   struct reason *why)
{
	const char *path = settings->private_key_file;
	const struct pem_subject subject = { "private key file", path, PEM_PRIVATE_KEY,
					     settings->own_home };
	cleanup(pem_file_close) struct pem_file file = { 0 };
	EVP_PKEY *key;
	bool encrypted = false;
	int r;

	r = open_pem(&file, &subject, &settings->private_key, why);
	if (r < 0)
		return r;
	key = PEM_read_bio_PrivateKey(file.bio, NULL, no_passphrase, &encrypted);
	if (!key && encrypted) {
		ERR_clear_error();
		reason_set(why,
			   "The private key in %s is encrypted; "
			   "decrypt it with: openssl pkey -in %s -out NEW",
			   path, path);
		return -EINVAL;
	}
	if (!key)
		return pem_file_refuse(&file, why);

	r = SSL_CTX_use_PrivateKey(context, key);
	EVP_PKEY_free(key);
	if (r != 1 || SSL_CTX_check_private_key(context) != 1) {
		ERR_clear_error();
		reason_set(why, "The private key in %s does not belong to the certificate in %s",
			   path, settings->certificate_file);
		return -EINVAL;
	}
	return 0;
}

static int set_own_certificate(SSL_CTX *context, const struct tls_settings *settings,
			       struct reason *why)
{
	int r;

	if (!settings->certificate_file && !settings->private_key_file)
		return 0;
	if (!settings->certificate_file || !settings->private_key_file) {
		reason_set(why,
			   "A certificate and its private key must be set together: %s is not set",
			   settings->certificate_file ? "the private key file"
						      : "the certificate file");
		return -EINVAL;
	}
	r = set_certificate(context, settings, why);
	return r < 0 ? r : set_private_key(context, settings, why);
}

static int set_up(SSL_CTX *context, const struct tls_settings *settings, struct reason *why)
{
	int r = set_versions(context, settings, why);

	if (r >= 0 && tls_record_limit_set(context) < 0)
		r = reason_errno(why, ENOMEM, "Cannot initialize TLS");
	(void)SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);
	/* A CA file may contain an intermediate CA only. */
	if (!settings->server)
		(void)X509_STORE_set_flags(SSL_CTX_get_cert_store(context),
					   X509_V_FLAG_PARTIAL_CHAIN);
	if (r >= 0 && settings->server)
		r = set_groups(context, why);
	if (r >= 0)
		r = set_ciphers(context, settings, why);
	if (r >= 0)
		r = set_levels(context, why);
	if (r >= 0 && settings->ca_file)
		r = set_ca(context, settings, why);
	return r < 0 ? r : set_own_certificate(context, settings, why);
}

/*
 * A client that makes only one connection saves 5 % of its time by not loading all error texts.
 */
static void begin_openssl(bool is_server)
{
	const uint64_t client = OPENSSL_INIT_NO_LOAD_SSL_STRINGS |
				OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT;

	if (is_server)
		library_memory_forget();
	else
		(void)OPENSSL_init_ssl(client, NULL);
}

/* Returns -ENOMEM or -EIO with `why` set. */
static int describe_failure(struct reason *why)
{
	char text[256];

	if (ERR_peek_error() == 0)
		return reason_errno(why, ENOMEM, "Cannot initialize OpenSSL");
	reason_set(why, "Cannot initialize OpenSSL, perhaps for lack of memory: %s",
		   tls_error_text(text, sizeof text));
	return -EIO;
}

int tls_context_new(SSL_CTX **ret, const struct tls_settings *settings, struct reason *why)
{
	const unsigned long shortages = library_memory_shortages();
	cleanup(release_ssl_ctx) SSL_CTX *context = NULL;
	int r;

	begin_openssl(settings->server);
	context = SSL_CTX_new(settings->server ? TLS_server_method() : TLS_client_method());
	r = context ? set_up(context, settings, why) : describe_failure(why);
	/* A context is without the algorithms that there was no memory for, and handshakes fail. */
	if (library_memory_shortages() != shortages || (r < 0 && library_memory_was_short())) {
		ERR_clear_error();
		return reason_errno(why, ENOMEM, "Cannot set up TLS");
	}
	if (r >= 0)
		*ret = take_pointer(context);
	return r < 0 ? r : 0;
}
