/* SPDX-License-Identifier: ISC */
#include "common/pem-file.h"

#include "common/cleanup.h"
#include "common/io.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/stat.h>

static int read_all(struct pem_file *file, int fd, size_t size)
{
	ssize_t n;

	file->bytes = malloc(size + 1);
	if (!file->bytes)
		return -ENOMEM;
	n = io_read(fd, file->bytes, size);
	if (n < 0)
		return (int)n;
	file->length = (size_t)n;
	return 0;
}

static int read_file(struct pem_file *file, struct reason *why)
{
	const char *role = file->subject.role, *path = file->subject.path;
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	int r;

	if (fd < 0 || fstat(fd, &status) < 0)
		return reason_errno(why, errno, "Cannot read the %s %s", role, path);
	if (!S_ISREG(status.st_mode)) {
		reason_set(why, "The %s %s is not a regular file", role, path);
		return -EINVAL;
	}
	if (status.st_size > PEM_FILE_MAX) {
		reason_set(why, "The %s %s is larger than 16 MiB", role, path);
		return -EFBIG;
	}
	r = read_all(file, fd, (size_t)status.st_size);
	return r < 0 ? reason_errno(why, r, "Cannot read the %s %s", role, path) : 0;
}

int pem_file_open(struct pem_file *ret, const struct pem_subject *subject, struct reason *why)
{
	cleanup(pem_file_close) struct pem_file file = { .subject = *subject };
	int r = read_file(&file, why);
	size_t mark;

	if (r < 0)
		return r;
	mark = io_mark_length(file.bytes, file.length);
	file.bio = BIO_new_mem_buf(file.bytes + mark, (int)(file.length - mark));
	if (!file.bio) {
		ERR_clear_error();
		return reason_errno(why, ENOMEM, "Cannot read the %s %s", subject->role,
				    subject->path);
	}
	*ret = file;
	file = (struct pem_file){ 0 };
	return 0;
}

int pem_file_refuse(const struct pem_file *file, struct reason *why)
{
	ERR_clear_error();
	pem_diagnose(&file->subject, file->bytes, file->length, why);
	return -EINVAL;
}

void pem_file_close(struct pem_file *file)
{
	BIO_free_all(file->bio);
	if (file->bytes)
		explicit_bzero(file->bytes, file->length);
	free(file->bytes);
	*file = (struct pem_file){ 0 };
}
