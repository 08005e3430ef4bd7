/* SPDX-License-Identifier: ISC */
#include "common/pem-diagnosis.h"

#include "common/cleanup.h"
#include "common/pem-kind.h"
#include "common/setting-words.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"

struct text {
	const char *bytes;
	size_t length;
};

/* A sentence in the making. Static texts; null: nothing. */
struct finding {
	const char *noun;   /* "a certificate" */
	const char *form;   /* " whose line breaks are lost" */
	bool is_wanted;     /* nothing but the form is wrong */
	const char *before; /* the command that converts it, in front of the path ... */
	const char *after;  /* ... and behind it */
	const char *advice; /* instead of a command */
};

/* ------------------------------------------------------------------ finding things in bytes */

static const char *find(struct text text, const char *what)
{
	return memmem(text.bytes, text.length, what, strlen(what));
}

static bool begins_with(struct text text, const void *what, size_t length)
{
	return text.length >= length && memcmp(text.bytes, what, length) == 0;
}

/* What follows `at`, which points into the text or to its end. */
static struct text from(struct text text, const char *at)
{
	return (struct text){ at, text.length - (size_t)(at - text.bytes) };
}

static struct text skip_blanks(struct text text)
{
	while (text.length > 0 && isspace((unsigned char)*text.bytes))
		text = from(text, text.bytes + 1);
	return text;
}

/* ------------------------------------------------------------------ kinds */

/* Does a file of this kind hold what is wanted, so that a command can get it out? */
static bool holds_wanted(enum pem_kind kind, enum pem_content wanted)
{
	if (wanted == PEM_PRIVATE_KEY)
		return kind == PEM_KIND_PRIVATE_KEY || kind == PEM_KIND_ENCRYPTED_KEY ||
		       kind == PEM_KIND_PKCS12;
	return kind == PEM_KIND_CERTIFICATE || kind == PEM_KIND_TRUSTED_CERTIFICATE ||
	       kind == PEM_KIND_PKCS7 || kind == PEM_KIND_PKCS12;
}

/* ------------------------------------------------------------------ DER and base64 */

/* A file that is DER. */
static struct finding der_finding(enum pem_kind kind, enum pem_content wanted)
{
	struct finding finding = { .noun = pem_kind_noun(kind),
				   .form = " in DER form",
				   .is_wanted = holds_wanted(kind, wanted),
				   .after = " -out NEW" };

	if (!finding.is_wanted)
		return finding;
	switch (kind) {
	case PEM_KIND_PKCS7:
		finding.before = "openssl pkcs7 -inform DER -print_certs -in ";
		break;
	case PEM_KIND_PKCS12:
		finding.form = "";
		finding.before = "openssl pkcs12 -in ";
		finding.after = wanted == PEM_CERTIFICATE ? " -nokeys -out NEW"
							  : " -nocerts -nodes -out NEW";
		break;
	case PEM_KIND_CERTIFICATE:
		finding.before = "openssl x509 -inform DER -in ";
		break;
	default:
		finding.before = "openssl pkey -inform DER -in ";
	}
	return finding;
}

/* The text without what is no base64, decoded; null when other characters are in it. */
static unsigned char *decode_base64(struct text text, struct text *ret)
{
	unsigned char *packed = malloc(text.length + 4), *decoded = malloc(text.length + 4);
	size_t used = 0;
	int length = -1;

	for (size_t i = 0; packed && i < text.length; i++) {
		unsigned char byte = (unsigned char)text.bytes[i];

		if (isspace(byte))
			continue;
		if (!isalnum(byte) && !strchr("+/=", byte)) {
			used = 0;
			break;
		}
		packed[used++] = byte;
	}
	while (packed && used % 4 != 0)
		packed[used++] = '=';
	if (decoded && used > 0 && used <= INT32_MAX)
		length = EVP_DecodeBlock(decoded, packed, (int)used);
	free(packed);
	if (length < 0) {
		free(decoded);
		return NULL;
	}
	*ret = (struct text){ (const char *)decoded, (size_t)length };
	return decoded;
}

/* The end of the command for decoded DER data of a kind. */
static const char *after_decoding(enum pem_kind kind, enum pem_content wanted)
{
	if (kind == PEM_KIND_PKCS7)
		return " | openssl pkcs7 -inform DER -print_certs -out NEW";
	if (kind == PEM_KIND_PKCS12)
		return wanted == PEM_CERTIFICATE ? " | openssl pkcs12 -nokeys -out NEW"
						 : " | openssl pkcs12 -nocerts -nodes -out NEW";
	return wanted == PEM_CERTIFICATE ? " | openssl x509 -inform DER -out NEW"
					 : " | openssl pkey -inform DER -out NEW";
}

static bool base64_finding(struct text text, enum pem_content wanted, struct finding *ret)
{
	struct text data = { 0 };
	cleanup_free unsigned char *decoded = decode_base64(text, &data);
	enum pem_kind kind;

	if (!decoded)
		return false;
	if (find(data, BEGIN)) {
		*ret = (struct finding){ .noun = "the base64 form of a PEM file",
					 .is_wanted = true,
					 .before = "base64 -di ",
					 .after = " > NEW" };
		return true;
	}
	kind = pem_kind_of_der(data.bytes, data.length);
	if (kind == PEM_KIND_UNKNOWN)
		return false;
	*ret = (struct finding){ .noun = pem_kind_noun(kind),
				 .form = " in base64, without its BEGIN and END lines",
				 .is_wanted = holds_wanted(kind, wanted) };
	if (ret->is_wanted) {
		ret->before = "base64 -di ";
		ret->after = after_decoding(kind, wanted);
	}
	return true;
}

/* ------------------------------------------------------------------ PEM blocks */

struct block {
	enum pem_kind kind;
	const char *begin;  /* its BEGIN line */
	const char *end;    /* its END line; null: there is none */
	struct text body;   /* between them */
	struct text behind; /* from the body on, to the end of the file */
};

/* The next block in `text`. */
static bool next_block(struct text text, struct block *ret)
{
	const char *begin = find(text, BEGIN), *label, *label_end;

	if (!begin)
		return false;
	label = begin + strlen(BEGIN);
	label_end = find(from(text, label), DASHES);
	if (!label_end)
		return false;
	ret->begin = begin;
	ret->kind = pem_kind_of_label(label, (size_t)(label_end - label));
	ret->behind = from(text, label_end + strlen(DASHES));
	ret->end = find(ret->behind, END);
	ret->body = (struct text){ ret->behind.bytes,
				   ret->end ? (size_t)(ret->end - ret->behind.bytes)
					    : ret->behind.length };
	return true;
}

/* Is there nothing but blanks between `at` and the beginning of its line? */
static bool is_indented(struct text file, const char *at)
{
	while (at > file.bytes && (at[-1] == ' ' || at[-1] == '\t'))
		at--;
	return at == file.bytes || at[-1] == '\n' || at[-1] == '\r';
}

/* What precedes a BEGIN or END line in it, or behind it, that OpenSSL does not take. */
static bool line_finding(struct text file, const char *at, struct finding *ret)
{
	char before = at > file.bytes ? at[-1] : '\n';

	if (before == '\n')
		return false;
	if ((before == ' ' || before == '\t') && is_indented(file, at)) {
		ret->form = " that is indented";
		ret->before = "sed 's/^[[:space:]]*//' ";
	} else if (before == '-') {
		ret->form = " that is followed by another one without a line break";
		ret->before = "sed 's/----------/-----\\n-----/' ";
	} else if (before == '"' || before == '\'') {
		ret->form = " in quotes";
		ret->before = "sed \"s/[\\\"']//g\" ";
	} else if (before == '\r') {
		ret->form = " whose lines end in carriage returns alone";
		ret->before = "tr '\\r' '\\n' < ";
	} else if (before == '\xbf') {
		ret->form = " behind a byte order mark";
		ret->before = "LC_ALL=C sed 's/\\xef\\xbb\\xbf//' ";
	} else {
		ret->form = " with text in front of the hyphens of its BEGIN or END line";
		ret->advice = "remove that, from the other lines as well";
	}
	return true;
}

/* The line breaks of a block: none, or written as text. */
static bool break_finding(const struct block *block, struct finding *ret)
{
	const char *newline = memchr(block->body.bytes, '\n', block->body.length);
	struct text rest = block->body;

	if (begins_with(block->behind, "\\n", 2) || begins_with(block->behind, "\\r\\n", 4)) {
		ret->form = " whose line breaks are written as \\n";
		ret->before = "sed 's/\\\\r//g; s/\\\\n/\\n/g; s/\"//g' ";
		return true;
	}
	if (!newline && memchr(rest.bytes, '\r', rest.length)) {
		ret->form = " whose lines end in carriage returns alone";
		ret->before = "tr '\\r' '\\n' < ";
		return true;
	}
	while (rest.length > 0 && strchr(" \t\r", *rest.bytes) && *rest.bytes != '\0')
		rest = from(rest, rest.bytes + 1);
	if (rest.length > 0 && *rest.bytes == '\n' &&
	    (!block->end || isspace((unsigned char)block->end[-1])))
		return false;
	ret->form = " whose line breaks are lost";
	ret->before = "sed 's/-----[A-Z0-9 ]*-----/\\n&\\n/g' ";
	/* what was in good form has empty lines now, which OpenSSL does not take */
	ret->after = " | sed '/^ *$/d' > NEW";
	return true;
}

/* What is wrong with the form of a block; false: nothing. */
static bool form_finding(struct text file, const struct block *block, struct finding *ret)
{
	*ret = (struct finding){ .noun = pem_kind_noun(block->kind), .after = " > NEW" };
	if (break_finding(block, ret) || line_finding(file, block->begin, ret))
		return true;
	if (!block->end) {
		ret->form = " that is cut off: its END line is missing";
		ret->advice = "copy the file again";
		return true;
	}
	return line_finding(file, block->end, ret);
}

/* A block in good form of a kind that is wanted, which OpenSSL could not read all the same. */
static struct finding damage_finding(const struct block *block)
{
	struct text data = { 0 };
	cleanup_free unsigned char *decoded = decode_base64(block->body, &data);
	struct finding finding = { .is_wanted = true, .advice = "copy the file again" };

	finding.noun = block->kind == PEM_KIND_CERTIFICATE ? "a damaged certificate"
							   : "a damaged private key";
	if (decoded && block->kind == PEM_KIND_CERTIFICATE &&
	    pem_kind_of_der(data.bytes, data.length) == PEM_KIND_PKCS7) {
		finding.noun = "a PKCS #7 bundle under the name of a certificate";
		finding.before = "sed 's/ CERTIFICATE-/ PKCS7-/' ";
		finding.after = " | openssl pkcs7 -print_certs -out NEW";
	}
	return finding;
}

/* A block in good form of a kind that is not wanted. */
static struct finding kind_finding(enum pem_kind kind, enum pem_content wanted)
{
	struct finding finding = { .noun = pem_kind_noun(kind), .after = " -out NEW" };

	if (kind == PEM_KIND_TRUSTED_CERTIFICATE && wanted == PEM_CERTIFICATE) {
		finding.is_wanted = true;
		finding.before = "openssl x509 -in ";
	} else if (kind == PEM_KIND_PKCS7 && wanted == PEM_CERTIFICATE) {
		finding.is_wanted = true;
		finding.before = "openssl pkcs7 -print_certs -in ";
	} else if (kind == PEM_KIND_REQUEST && wanted == PEM_CERTIFICATE) {
		finding.advice = "have a CA sign it, and use the certificate that the CA issues";
	} else if (kind == PEM_KIND_OPENSSH_KEY && wanted == PEM_PRIVATE_KEY) {
		finding.advice = "convert a copy of it with: ssh-keygen -p -m PKCS8 -f COPY";
	}
	return finding;
}

static bool is_readable(enum pem_kind kind, enum pem_content wanted)
{
	return wanted == PEM_CERTIFICATE
		       ? kind == PEM_KIND_CERTIFICATE
		       : kind == PEM_KIND_PRIVATE_KEY || kind == PEM_KIND_ENCRYPTED_KEY;
}

static bool pem_finding(struct text file, enum pem_content wanted, struct finding *ret)
{
	struct block block, first = { 0 }, readable = { 0 };
	struct text rest = file;

	while (next_block(rest, &block)) {
		if (form_finding(file, &block, ret)) {
			ret->is_wanted = holds_wanted(block.kind, wanted);
			return true;
		}
		if (!first.begin)
			first = block;
		if (is_readable(block.kind, wanted))
			readable = block;
		rest = from(block.behind, block.end);
	}
	if (!first.begin)
		return false;
	*ret = readable.begin ? damage_finding(&readable) : kind_finding(first.kind, wanted);
	return true;
}

/* ------------------------------------------------------------------ everything else */

static bool encoding_finding(struct text text, struct finding *ret)
{
	*ret = (struct finding){ .noun = "text in UTF-16", .is_wanted = true, .after = " > NEW" };
	if (begins_with(text, "\xff\xfe", 2) || begins_with(text, "\xfe\xff", 2))
		ret->before = "iconv -f UTF-16 -t UTF-8 ";
	else if (begins_with(text, "-\0-\0", 4))
		ret->before = "iconv -f UTF-16LE -t UTF-8 ";
	else if (begins_with(text, "\0-\0-", 4))
		ret->before = "iconv -f UTF-16BE -t UTF-8 ";
	return ret->before;
}

static bool magic_finding(struct text text, struct finding *ret)
{
	static const struct {
		const char *magic;
		size_t length;
		const char *noun, *advice;
	} rows[] = {
		{ "<", 1, "HTML or XML",
		  "a web server may have sent an error page; download the file again" },
		{ "{", 1, "JSON", "extract the PEM text, for example with: jq -r .NAME" },
		{ "sha256//", 8, "a pin", "set pin in [tls] to it instead" },
		{ "ssh-", 4, "an OpenSSH public key", NULL },
		{ "---- BEGIN SSH2", 15, "an SSH public key", NULL },
		{ "PuTTY-User-Key-File", 19, "a PuTTY key", NULL },
		{ "\xfe\xed\xfe\xed", 4, "a Java keystore",
		  "export from it with: keytool -exportcert -rfc" },
		{ "PK\x03\x04", 4, "a ZIP archive", "unpack it" },
		{ "\x1f\x8b", 2, "gzip data", "unpack it" },
	};

	text = skip_blanks(text);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (begins_with(text, rows[i].magic, rows[i].length)) {
			*ret = (struct finding){ .noun = rows[i].noun };
			if (rows[i].advice)
				ret->advice = setting_words(rows[i].advice);
			return true;
		}
	return false;
}

static bool dashes_finding(struct text text, enum pem_content wanted, struct finding *ret)
{
	const char *word = wanted == PEM_CERTIFICATE ? "CERTIFICATE" : "PRIVATE KEY";

	*ret = (struct finding){
		.noun = wanted == PEM_CERTIFICATE ? "a certificate" : "a private key",
		.form = " whose BEGIN and END lines do not have five hyphens on each side",
		.is_wanted = true,
		.advice = "correct these lines",
	};
	return find(text, "BEGIN ") && find(text, word);
}

static struct finding look(struct text text, enum pem_content wanted)
{
	struct finding finding;
	enum pem_kind kind = pem_kind_of_der(text.bytes, text.length);

	if (kind != PEM_KIND_UNKNOWN)
		return der_finding(kind, wanted);
	if (encoding_finding(text, &finding) || magic_finding(text, &finding) ||
	    pem_finding(text, wanted, &finding) || dashes_finding(text, wanted, &finding) ||
	    base64_finding(text, wanted, &finding))
		return finding;
	return (struct finding){ .noun = "no PEM data", .is_wanted = true };
}

void pem_diagnose(const struct pem_subject *subject, const void *bytes, size_t length,
		  struct reason *why)
{
	const char *label = subject->wanted == PEM_CERTIFICATE ? "CERTIFICATE" : "PRIVATE KEY";
	const char *wanted = subject->wanted == PEM_CERTIFICATE ? ", not a certificate"
								: ", not a private key";
	struct text text = { bytes, length };
	struct finding finding;

	if (skip_blanks(text).length == 0) {
		reason_set(why,
			   "The %s %s is empty; it must contain PEM text "
			   "that begins with -----BEGIN %s-----",
			   subject->role, subject->path, label);
		return;
	}
	finding = look(text, subject->wanted);
	if (finding.is_wanted)
		wanted = "";
	if (finding.before)
		reason_set(why, "The %s %s contains %s%s%s; convert it with: %s%s%s", subject->role,
			   subject->path, finding.noun, finding.form ?: "", wanted, finding.before,
			   subject->path, finding.after ?: "");
	else if (finding.advice)
		reason_set(why, "The %s %s contains %s%s%s; %s", subject->role, subject->path,
			   finding.noun, finding.form ?: "", wanted, finding.advice);
	else
		reason_set(why,
			   "The %s %s contains %s%s%s; it must contain PEM text "
			   "that begins with -----BEGIN %s-----",
			   subject->role, subject->path, finding.noun, finding.form ?: "", wanted,
			   label);
}

bool pem_has_more(const void *bytes, size_t length, size_t read)
{
	struct text rest = { bytes, length };
	struct block block;
	size_t count = 0;

	while (next_block(rest, &block)) {
		count += block.kind == PEM_KIND_CERTIFICATE;
		rest = block.end ? from(block.behind, block.end) : block.behind;
	}
	return count > read;
}
