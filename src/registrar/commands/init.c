/* SPDX-License-Identifier: ISC */
#include "registrar/commands/init.h"

#include "common/cleanup.h"
#include "common/escape.h"
#include "common/must-check.h"
#include "common/pem-file.h"
#include "common/random-bytes.h"
#include "common/terminal.h"
#include "common/tls-pin.h"
#include "registrar/commands/init-files.h"
#include "registrar/commands/own-ca.h"
#include "registrar/net/certificate.h"

#include <limits.h>
#include <netdb.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>

#define DIRECTORY_MODE 0750
#define PASSWORD_MODE 0640
#define PASSWORD_LENGTH 32

DEFINE_RELEASE(pkey, EVP_PKEY *, EVP_PKEY_free)
DEFINE_RELEASE(addresses, struct addrinfo *, freeaddrinfo)

static int make_directory(const char *path, struct reason *why)
{
	if (mkdir(path, DIRECTORY_MODE) == 0) {
		terminal_print_sentence(terminal_stdout(), "Made the directory %s", path);
		return 0;
	}
	return errno == EEXIST ? 0 : reason_errno(why, errno, "Cannot make the directory %s", path);
}

/* ------------------------------------------------------------------ key and certificate */

/* The key that exists, or a new one. */
static int have_key(EVP_PKEY **ret, const char *path, struct reason *why)
{
	cleanup(release_pkey) EVP_PKEY *key = NULL;
	int r;

	if (!init_is_missing(path))
		return init_read_key(ret, path, why);
	key = certificate_make_key();
	if (!key) {
		reason_set(why, "OpenSSL cannot make a key");
		return -EIO;
	}
	r = init_write_key(path, key, why);
	if (r < 0)
		return r;
	terminal_print_sentence(terminal_stdout(), "Made the private key %s", path);
	*ret = take_pointer(key);
	return 0;
}

static int write_certificate(const char *path, X509 *certificate, X509 *ca,
			     const struct certificate_names *names, struct reason *why)
{
	X509 *const chain[] = { certificate, ca };
	char text[TERMINAL_TEXT_SIZE] = "";
	size_t length = 0;
	int r = init_write_certificates(path, chain, 2, why);

	if (r < 0)
		return r;
	for (size_t i = 0; i < names->count && length < sizeof text; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, " %s",
					   names->names[i]);
	terminal_print_sentence(terminal_stdout(),
				"Made the certificate %s, valid for %d days, for%s", path,
				CERTIFICATE_DAYS, text);
	return 0;
}

/* What cannot be in a certificate is left out: nobody has asked for it. */
static void add_own_name(struct certificate_names *names, const char *name)
{
	ignore_result(certificate_names_add(names, name));
}

/* This machine's names, and those that the administrator adds. `host` and `fqdn` keep the texts. */
static int collect_names(struct certificate_names *names, const struct init_settings *settings,
			 char *host, char **fqdn, struct reason *why)
{
	cleanup(release_addresses) struct addrinfo *found = NULL;
	const struct addrinfo hints = { .ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM };

	if (gethostname(host, HOST_NAME_MAX) < 0 || certificate_names_add(names, host) < 0)
		add_own_name(names, strcpy(host, "localhost"));
	if (getaddrinfo(host, NULL, &hints, &found) == 0 && found->ai_canonname) {
		*fqdn = strdup(found->ai_canonname);
		if (*fqdn)
			add_own_name(names, *fqdn);
	}
	add_own_name(names, "localhost");
	add_own_name(names, "127.0.0.1");
	add_own_name(names, "::1");
	for (size_t i = 0; i < settings->name_count; i++)
		if (certificate_names_add(names, settings->names[i]) < 0) {
			reason_set(why,
				   "--name %s is neither a host name nor an address, "
				   "or one too many",
				   settings->names[i]);
			return -EINVAL;
		}
	return 0;
}

static int make_certificate(const struct init_settings *settings, struct reason *why)
{
	cleanup(release_pkey) EVP_PKEY *key = NULL;
	cleanup(release_x509) X509 *certificate = NULL;
	cleanup_free char *fqdn = NULL;
	char host[HOST_NAME_MAX + 1] = "";
	struct certificate_names names = { .count = 0 };
	cleanup(own_ca_close) struct own_ca ca = { .newest = NULL };
	int r = collect_names(&names, settings, host, &fqdn, why);

	if (r >= 0)
		r = own_ca_read(&ca, settings->ca_file, why);
	if (r >= 0)
		r = own_ca_read_key(&ca, why);
	if (r >= 0)
		r = have_key(&key, settings->private_key_file, why);
	if (r >= 0)
		r = certificate_make(&certificate, key, &names, ca.newest ? &ca.issuer : NULL, why);
	if (r < 0)
		return r;
	return write_certificate(settings->certificate_file, certificate, ca.newest, &names, why);
}

static int print_pin(const char *path, struct reason *why)
{
	const struct pem_subject subject = { "certificate file", path, PEM_CERTIFICATE };
	cleanup(pem_file_close) struct pem_file file = { 0 };
	cleanup(release_x509) X509 *certificate = NULL;
	char pin[TLS_PIN_SIZE];
	int r = pem_file_open(&file, &subject, why);

	if (r < 0)
		return r;
	certificate = PEM_read_bio_X509(file.bio, NULL, NULL, NULL);
	if (!certificate || tls_certificate_pin(certificate, pin) < 0) {
		reason_set(why, "The certificate in %s cannot be read", path);
		return -EINVAL;
	}
	printf("For agent-register.conf on the agents, section [tls]:\npin = %s\n", pin);
	return 0;
}

static int init_certificate(const struct init_settings *settings, struct reason *why)
{
	int r = 0;

	if (init_is_missing(settings->certificate_file)) {
		r = make_certificate(settings, why);
	} else if (init_is_missing(settings->private_key_file)) {
		reason_set(why,
			   "The certificate %s exists, but its private key %s does not; "
			   "supply the key, or remove the certificate to have both made",
			   settings->certificate_file, settings->private_key_file);
		r = -ENOENT;
	}
	return r < 0 ? r : print_pin(settings->certificate_file, why);
}

/* ------------------------------------------------------------------ password */

static int init_password(const char *path, gid_t group, struct reason *why)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char bytes[PASSWORD_LENGTH];
	char line[PASSWORD_LENGTH + 1];
	int r;

	if (!init_is_missing(path))
		return 0;
	r = random_bytes(bytes, sizeof bytes);
	if (r < 0)
		return reason_errno(why, r, "Cannot get random numbers");
	for (size_t i = 0; i < sizeof bytes; i++)
		line[i] = letters[bytes[i] % 64];
	line[PASSWORD_LENGTH] = '\n';
	r = init_write_file(path, PASSWORD_MODE, group, line, sizeof line, why);
	explicit_bzero(bytes, sizeof bytes);
	explicit_bzero(line, sizeof line);
	if (r >= 0)
		terminal_print_sentence(terminal_stdout(),
					"Made the password file %s: what is in it goes to the "
					"agents",
					path);
	return r < 0 ? r : 0;
}

/* ------------------------------------------------------------------ all of it */

int init_missing(const struct init_settings *settings, struct reason *why)
{
	cleanup_free char *etc = NULL;
	cleanup_fd int lock = -1;
	struct stat status;
	int r;

	if (asprintf(&etc, "%s/etc", settings->directory) < 0) {
		etc = NULL;
		return reason_errno(why, ENOMEM, "Cannot use %s", settings->directory);
	}
	r = make_directory(settings->directory, why);
	if (r >= 0)
		r = make_directory(etc, why);
	if (r < 0)
		return r;

	/* Two at once would make two of everything. */
	lock = init_lock(settings->ca_file, why);
	if (lock < 0)
		return lock;
	if (fstat(lock, &status) < 0)
		return reason_errno(why, errno, "Cannot use the directory %s", etc);
	r = init_certificate(settings, why);
	if (r >= 0 && settings->password_file)
		r = init_password(settings->password_file,
				  settings->group == (gid_t)-1 ? status.st_gid : settings->group,
				  why);
	(void)fflush(stdout);
	return r;
}

const char *init_call(char ret[static INIT_CALL_SIZE], const char *directory)
{
	char shown[INIT_CALL_SIZE - sizeof "agent-registrar -D  init"];
	bool is_default = strcmp(directory, INIT_DEFAULT_DIRECTORY) == 0;

	(void)snprintf(ret, INIT_CALL_SIZE, "agent-registrar%s%s init", is_default ? "" : " -D ",
		       is_default ? "" : escape_string(shown, sizeof shown, directory));
	return ret;
}
