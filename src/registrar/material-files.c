/* SPDX-License-Identifier: ISC */
#include "registrar/material-files.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "common/pem-file.h"

#include <errno.h>
#include <string.h>

static int no_memory(struct reason *why)
{
	return reason_errno(why, ENOMEM, "Cannot keep the certificate and its key");
}

/* A null path is no file. */
static int read_file(struct material_file *ret, const struct pem_subject *subject,
		     struct reason *why)
{
	cleanup(pem_file_close) struct pem_file file = { 0 };
	int r;

	if (!subject->path)
		return 0;
	r = pem_file_open(&file, subject, why);
	if (r < 0)
		return r;
	if (file.length > MATERIAL_FILE_MAX) {
		reason_set(why, "The %s %s has more than %zu bytes", subject->role, subject->path,
			   MATERIAL_FILE_MAX);
		return -EFBIG;
	}
	ret->path = strdup(subject->path);
	if (!ret->path)
		return no_memory(why);
	ret->length = file.length;
	ret->bytes = take_pointer(file.bytes);
	return 0;
}

/* Until the CA is changed for the first time, there is none. */
static int read_if_there(struct material_file *ret, const struct pem_subject *subject,
			 struct reason *why)
{
	int r = read_file(ret, subject, why);

	return r == -ENOENT ? 0 : r;
}

static int read_tls(struct material *material, const struct options *options, struct reason *why)
{
	const struct pem_subject client_ca = { "CA file", options->tls.client_ca_file,
					       PEM_CERTIFICATE };
	const struct pem_subject certificate = { "certificate file", options->tls.certificate_file,
						 PEM_CERTIFICATE };
	const struct pem_subject private_key = { "private key file", options->tls.private_key_file,
						 PEM_PRIVATE_KEY };
	const struct pem_subject authorities = { "CA file", options->paths.ca_file,
						 PEM_CERTIFICATE };
	int r = read_file(&material->client_ca, &client_ca, why);

	if (r >= 0)
		r = read_if_there(&material->authorities, &authorities, why);
	if (r >= 0)
		r = read_file(&material->certificate, &certificate, why);
	if (r >= 0)
		r = read_file(&material->private_key, &private_key, why);
	if (r < 0 || !options->tls.ciphers)
		return r;
	material->ciphers = strdup(options->tls.ciphers);
	return material->ciphers ? 0 : no_memory(why);
}

static int read_password(struct secret *ret, const struct options *options, struct reason *why)
{
	struct reason cause;
	int r;

	if (options->password.is_unused)
		return 0;
	r = secret_read_first_line(ret, "password", options->password.file, &cause);
	if (r < 0) {
		reason_set(why,
			   options->service.called
				   ? "%s; create it with 'agent-registrar -D DIRECTORY init'"
				   : "%s; set it with -P, create it with --init, "
				     "or require none with -n",
			   cause.text);
		return r;
	}
	return 0;
}

void material_warn(const struct options *options)
{
	if (options->password.is_unused)
		log_warning("No password is required%s: any client "
			    "that can connect%s can register agents",
			    options->service.called ? "" : " (-n)",
			    options->tls.client_ca_file ? " with a client certificate" : "");
	else if (secret_file_is_exposed(options->password.file))
		log_warning("The password file %s is world-readable; run: chmod 0600 %s",
			    options->password.file, options->password.file);
}

int material_read(struct material *ret, const struct options *options, struct reason *why)
{
	cleanup(material_wipe) struct material material = { .ciphers = NULL };
	int r = read_tls(&material, options, why);

	if (r >= 0)
		r = read_password(&material.password, options, why);
	if (r < 0)
		return r;
	*ret = material;
	material = (struct material){ .ciphers = NULL };
	return 0;
}
