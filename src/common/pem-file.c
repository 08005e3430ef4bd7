/* SPDX-License-Identifier: ISC */
#include "common/pem-file.h"

#include "common/cleanup.h"
#include "common/io.h"
#include "common/trusted-file.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <string.h>

static struct trusted_file wanted_file(const struct pem_subject *subject)
{
	return (struct trusted_file){
		.path = subject->path,
		.role = subject->role,
		.flags = O_RDONLY,
		.max = PEM_FILE_MAX,
		.may_be_link = true,
		.home = subject->home,
	};
}

static int read_file(struct pem_file *file, struct reason *why)
{
	const struct trusted_file wanted = wanted_file(&file->subject);

	return trusted_file_read(&wanted, &file->bytes, &file->length, NULL, why);
}

int pem_file_check(const struct pem_subject *subject, struct reason *why)
{
	const struct trusted_file wanted = wanted_file(subject);
	cleanup_fd int fd = trusted_file_open(&wanted, NULL, why);

	return fd < 0 ? fd : 0;
}

static int no_memory(const struct pem_subject *subject, struct reason *why)
{
	ERR_clear_error();
	return reason_errno(why, ENOMEM, "Cannot read the %s %s", subject->role, subject->path);
}

/* Pass the file on, for OpenSSL to read it. */
static int hand_over(struct pem_file *ret, struct pem_file *file, struct reason *why)
{
	size_t mark = io_mark_length(file->bytes, file->length);

	file->bio = BIO_new_mem_buf(file->bytes + mark, (int)(file->length - mark));
	if (!file->bio)
		return no_memory(&file->subject, why);
	*ret = *file;
	*file = (struct pem_file){ 0 };
	return 0;
}

int pem_file_open(struct pem_file *ret, const struct pem_subject *subject, struct reason *why)
{
	cleanup(pem_file_close) struct pem_file file = { .subject = *subject };
	int r = read_file(&file, why);

	return r < 0 ? r : hand_over(ret, &file, why);
}

int pem_file_take(struct pem_file *ret, const struct pem_subject *subject, const char *bytes,
		  size_t length, struct reason *why)
{
	cleanup(pem_file_close) struct pem_file file = {
		.subject = *subject,
		.bytes = malloc(length + 1),
		.length = length,
	};

	if (!file.bytes)
		return no_memory(subject, why);
	memcpy(file.bytes, bytes, length);
	file.bytes[length] = '\0';
	return hand_over(ret, &file, why);
}

int pem_file_refuse(const struct pem_file *file, struct reason *why)
{
	ERR_clear_error();
	pem_diagnose(&file->subject, file->bytes, file->length, why);
	return -EINVAL;
}

bool pem_file_has_more(const struct pem_file *file, size_t read)
{
	return pem_has_more(file->bytes, file->length, read);
}

void pem_file_close(struct pem_file *file)
{
	BIO_free_all(file->bio);
	if (file->bytes)
		explicit_bzero(file->bytes, file->length);
	free(file->bytes);
	*file = (struct pem_file){ 0 };
}
