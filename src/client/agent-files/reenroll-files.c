/* SPDX-License-Identifier: ISC */
#include "client/agent-files/reenroll-files.h"

#include "common/cleanup.h"
#include "common/io.h"
#include "common/tls-context.h"

#include <fcntl.h>
#include <libgen.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MODE 0640
#define DIRECTORY_MODE 01770 /* the agent replaces its CA itself later on, but must not touch what is root's */
#define ANCHOR_ROOM ((size_t)64 * 1024) /* bytes; what an enrollment token may embed */
#define ANCHOR_ASIDE "root-ca.pem.old"

/* ------------------------------------------------------------------ opening and closing */

int companions_open(struct companions *companions, const char *keys_path, const char *directory, struct reason *why)
{
	cleanup_free char *copy = strdup(keys_path);

	*companions = COMPANIONS_NULL;
	companions->secret_directory = copy ? strdup(dirname(copy)) : NULL;
	if (!companions->secret_directory ||
	    asprintf(&companions->secret_path, "%s/reenroll.secret", companions->secret_directory) < 0)
		companions->secret_path = NULL;
	if (asprintf(&companions->anchor_directory, "%s/etc/certs", directory) < 0)
		companions->anchor_directory = NULL;
	if (asprintf(&companions->anchor_path, "%s/etc/certs/root-ca.pem", directory) < 0)
		companions->anchor_path = NULL;
	if (companions->secret_path && companions->anchor_directory && companions->anchor_path)
		return 0;
	companions_close(companions);
	return reason_errno(why, ENOMEM, "Cannot prepare the paths beside the key file");
}

void companions_release(struct companions *companions)
{
	atomic_file_discard(&companions->secret);
	atomic_file_discard(&companions->anchor);
	if (companions->made_directory)
		(void)rmdir(companions->anchor_directory); /* unless something is in it by now */
	companions->made_directory = false;
}

void companions_close(struct companions *companions)
{
	companions_release(companions);
	free(companions->secret_directory);
	free(companions->secret_path);
	free(companions->anchor_directory);
	free(companions->anchor_path);
	*companions = COMPANIONS_NULL;
}

/* ------------------------------------------------------------------ reading */

/* Read a regular file that is no link, of at most `size` bytes; -ENOENT without a reason when there is none. */
static ssize_t read_regular(const char *path, void *buffer, size_t size, struct reason *why)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat status;
	ssize_t length;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 && errno == ELOOP) {
		reason_set(why, "%s is a symbolic link, which root does not follow; remove it", path);
		return -ELOOP;
	}
	if (fd < 0 || fstat(fd, &status) < 0)
		return reason_errno(why, errno, "Cannot read %s", path);
	if (!S_ISREG(status.st_mode)) {
		reason_set(why, "%s is not a regular file", path);
		return -EINVAL;
	}
	length = io_read(fd, buffer, size);
	return length < 0 ? reason_errno(why, (int)length, "Cannot read %s", path) : length;
}

int companions_read_secret(const struct companions *companions, struct agent_secret *ret, struct reason *why)
{
	char line[AGENT_SECRET_LINE_SIZE + 1]; /* room for a carriage return, and to notice that there is more */
	ssize_t length = read_regular(companions->secret_path, line, sizeof line, why);
	int r = 0;

	if (length < 0)
		return length == -ENOENT ? 0 : (int)length;
	if (agent_secret_parse(ret, line, (size_t)length) == 0)
		r = 1;
	else
		reason_set(why, "%s is not \"ID SECRET\", with a secret of 64 lower-case hexadecimal digits; not used",
			   companions->secret_path);
	explicit_bzero(line, sizeof line);
	return r;
}

/* ------------------------------------------------------------------ staging */

static int make_directory(struct companions *companions, gid_t group, struct reason *why)
{
	const char *path = companions->anchor_directory;
	cleanup_fd int fd = -1;

	if (mkdir(path, 0700) < 0)
		return errno == EEXIST ? 0 : reason_errno(why, errno, "Cannot make the directory %s", path);
	companions->made_directory = true;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || (group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) < 0) || fchmod(fd, DIRECTORY_MODE) < 0)
		return reason_errno(why, errno, "Cannot give the new directory %s to the agent's group", path);
	return 0;
}

/* The agent's user may write where the directory is, and root must not go where a link of his points. */
static int check_directory(const struct companions *companions, struct reason *why)
{
	const char *path = companions->anchor_directory;
	struct stat opened, named;

	if (fstat(companions->anchor.directory, &opened) < 0 || lstat(path, &named) < 0)
		return reason_errno(why, errno, "Cannot look at the directory %s", path);
	if (opened.st_dev == named.st_dev && opened.st_ino == named.st_ino)
		return 0;
	reason_set(why, "%s is a symbolic link, which root does not follow; put a directory in its place", path);
	return -ELOOP;
}

int companions_stage(struct companions *companions, gid_t group, struct reason *why)
{
	int r = make_directory(companions, group, why);

	if (r >= 0)
		r = atomic_file_stage(&companions->anchor, companions->anchor_path, FILE_MODE, group, ANCHOR_ROOM, why);
	if (r >= 0)
		r = check_directory(companions, why);
	if (r >= 0)
		r = atomic_file_stage(&companions->secret, companions->secret_path, FILE_MODE, group, AGENT_SECRET_LINE_SIZE,
				      why);
	return r;
}

/* ------------------------------------------------------------------ the CA */

static X509_STORE *certificates_in(const char *pem, size_t length)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)length);
	X509_STORE *store = bio ? X509_STORE_new() : NULL;
	X509 *certificate;

	while (store && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		(void)X509_STORE_add_cert(store, certificate);
		X509_free(certificate);
	}
	ERR_clear_error(); /* the end of the text is one */
	BIO_free(bio);
	return store;
}

/* Is each certificate of the one store in the other? */
static bool holds_all(X509_STORE *store, X509_STORE *wanted)
{
	const STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(wanted);
	int missing = 0;

	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		const STACK_OF(X509_OBJECT) *held = X509_STORE_get0_objects(store);
		const X509 *certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
		int j = 0;

		while (j < sk_X509_OBJECT_num(held) &&
		       X509_cmp(certificate, X509_OBJECT_get0_X509(sk_X509_OBJECT_value(held, j))) != 0)
			j++;
		missing += j == sk_X509_OBJECT_num(held);
	}
	return missing == 0;
}

static bool is_there_already(const struct companions *companions, const char *pem)
{
	cleanup_free char *text = malloc(COMPANIONS_ANCHOR_MAX);
	ssize_t length = text ? read_regular(companions->anchor_path, text, COMPANIONS_ANCHOR_MAX, NULL) : -ENOMEM;
	X509_STORE *held, *wanted;
	bool holds;

	if (length < 0)
		return false;
	held = certificates_in(text, (size_t)length);
	wanted = certificates_in(pem, strlen(pem));
	holds = held && wanted && holds_all(held, wanted);
	X509_STORE_free(held);
	X509_STORE_free(wanted);
	return holds;
}

int companions_commit_anchor(struct companions *companions, const char *pem, struct reason *why)
{
	int r;

	if (is_there_already(companions, pem)) {
		atomic_file_discard(&companions->anchor);
		return 0;
	}
	companions->made_directory = false;
	r = atomic_file_commit(&companions->anchor, pem, strlen(pem), ANCHOR_ASIDE, why);
	companions->has_new_anchor = r == 0;
	return r;
}

/* ------------------------------------------------------------------ going back */

/* DIRECTORY/NAMEENDING */
static char *path_in(const char *directory, const char *name, const char *ending)
{
	char *path;

	return asprintf(&path, "%s/%s%s", directory, name, ending) < 0 ? NULL : path;
}

static void put_back(const char *kept, const char *path)
{
	if (kept && rename(kept, path) < 0)
		(void)unlink(path); /* there was none */
}

void companions_restore(struct companions *companions, const char *aside)
{
	cleanup_free char *anchor = path_in(companions->anchor_directory, ANCHOR_ASIDE, "");
	cleanup_free char *secret = path_in(companions->secret_directory, "reenroll.secret.", aside);

	if (companions->has_new_anchor)
		put_back(anchor, companions->anchor_path);
	if (companions->has_new_secret)
		put_back(secret, companions->secret_path);
	companions->has_new_anchor = companions->has_new_secret = false;
}

/* ------------------------------------------------------------------ the secret */

int companions_commit_secret(struct companions *companions, const struct agent_secret *secret, const char *aside,
			     struct reason *why)
{
	char line[AGENT_SECRET_LINE_SIZE], aside_name[64];
	size_t length = agent_secret_format(line, secret);
	int r;

	(void)snprintf(aside_name, sizeof aside_name, "reenroll.secret.%s", aside);
	r = atomic_file_commit(&companions->secret, line, length, aside_name, why);
	explicit_bzero(line, sizeof line);
	companions->has_new_secret = r == 0;
	return r;
}

int companions_retire_secret(const struct companions *companions, const char *id, const char *aside,
			     struct reason *why)
{
	cleanup(agent_secret_wipe) struct agent_secret secret = { 0 };
	cleanup_free char *kept = path_in(companions->secret_directory, "reenroll.secret.", aside);

	if (id && companions_read_secret(companions, &secret, NULL) == 1 && strcmp(secret.id, id) == 0)
		return 0;
	if (!kept)
		return reason_errno(why, ENOMEM, "Cannot put %s aside", companions->secret_path);
	if (rename(companions->secret_path, kept) < 0 && errno != ENOENT)
		return reason_errno(why, errno, "The key is stored, but %s, which is another agent's, cannot be put aside",
				    companions->secret_path);
	return 0;
}

int companions_forget(const struct companions *companions, struct reason *why)
{
	static const char *const names[] = { "reenroll.secret", ".reenroll.secret.new", "reenroll.secret.old",
					     "reenroll.secret.clone", "reenroll.secret.torn" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		cleanup_free char *path = path_in(companions->secret_directory, names[i], "");

		if (!path)
			return reason_errno(why, ENOMEM, "Cannot remove %s", companions->secret_path);
		if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
			return reason_errno(why, errno, "Cannot remove %s", path);
	}
	return 0;
}
