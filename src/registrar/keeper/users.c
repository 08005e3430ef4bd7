/* SPDX-License-Identifier: ISC */
#include "registrar/keeper/users.h"

#include "common/atomic-file.h"
#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/lock-holder.h"
#include "common/trusted-file.h"

#include <fcntl.h>
#include <string.h>

#define NEW_FILE_MODE 0640
#define LOCK_PATIENCE (10 * USEC_PER_SEC)

bool api_user_name_is_valid(const char *name, size_t length)
{
	if (length < API_USER_NAME_MIN || length > API_USER_NAME_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!((name[i] >= 'A' && name[i] <= 'Z') || (name[i] >= 'a' && name[i] <= 'z') ||
		      (name[i] >= '0' && name[i] <= '9') ||
		      (name[i] != '\0' && strchr("._-", name[i]))))
			return false;
	return true;
}

/* ------------------------------------------------------------------ lines */

/* Walk through the lines of a text: false at its end. */
struct user_line {
	const char *text;
	size_t length; /* without the newline */
	const char *next, *end;
};

static bool next_line(struct user_line *line)
{
	const char *newline;

	if (line->next >= line->end)
		return false;
	newline = memchr(line->next, '\n', (size_t)(line->end - line->next));
	line->text = line->next;
	line->length = (size_t)((newline ?: line->end) - line->text);
	line->next = newline ? newline + 1 : line->end;
	return true;
}

static bool is_comment(const struct user_line *line)
{
	return strspn(line->text, " \t\r") >= line->length || line->text[0] == '#';
}

static bool read_user(struct api_user *ret, const struct user_line *line)
{
	const char *colon = memchr(line->text, ':', line->length);
	size_t length = colon ? (size_t)(colon - line->text) : 0;

	if (!colon || !api_user_name_is_valid(line->text, length) ||
	    api_password_parse(&ret->password, colon + 1, line->length - length - 1) < 0)
		return false;
	memcpy(ret->name, line->text, length);
	ret->name[length] = '\0';
	return true;
}

static int read_users(struct api_users *users, const char *text, size_t length, struct reason *why)
{
	struct user_line line = { .next = text, .end = text + length };
	size_t room = 0;

	for (size_t number = 1; next_line(&line); number++) {
		struct api_user user;

		if (is_comment(&line))
			continue;
		if (!read_user(&user, &line)) {
			reason_set(why,
				   "Line %zu of %s is not a user of the API: expected "
				   "NAME:$scrypt$..., as 'agent-registrar user NAME' writes it",
				   number, users->path);
			return -EINVAL;
		}
		if (api_users_find(users, user.name)) {
			reason_set(why, "Line %zu of %s: duplicate user %s", number, users->path,
				   user.name);
			return -EINVAL;
		}
		if (users->count == room) {
			struct api_user *grown = reallocarray(users->users, room = 2 * room + 4,
							      sizeof user);

			if (!grown)
				return reason_errno(why, ENOMEM, "Cannot read %s", users->path);
			users->users = grown;
		}
		users->users[users->count++] = user;
	}
	return 0;
}

/* ------------------------------------------------------------------ the file */

static struct trusted_file users_file(const char *path)
{
	return (struct trusted_file){
		.path = path,
		.role = "users file",
		.flags = O_RDONLY,
		.max = TRUSTED_FILE_MIB,
	};
}

static void forget(struct api_users *users)
{
	free(users->users);
	users->users = NULL;
	users->count = 0;
}

/* Who was there before keeps the tokens; who is new cannot have any that are good. */
static void settle_epochs(struct api_users *users, const struct api_users *before)
{
	for (size_t i = 0; i < users->count; i++) {
		const struct api_user *known = api_users_find(before, users->users[i].name);

		users->users[i].epoch = known ? known->epoch : ++users->epochs;
	}
}

/* Read the file anew, in place of what was read before. */
static int read_again(struct api_users *users, const struct api_users *before, struct reason *why)
{
	cleanup_free char *text = NULL;
	struct trusted_file wanted = users_file(users->path);
	struct stat status;
	size_t length;
	int r;

	wanted.may_be_link = true;
	r = trusted_file_read(&wanted, &text, &length, &status, why);
	if (r == -ENOENT)
		return 1;
	if (r >= 0)
		r = read_users(users, text, length, why);
	if (r < 0) {
		forget(users);
		return r;
	}
	settle_epochs(users, before);
	users->known = status;
	return 1;
}

int api_users_refresh(struct api_users *users, struct reason *why)
{
	struct api_users before = *users;
	struct stat status;
	int r;

	if (stat(users->path, &status) == 0 && users->known.st_ino != 0 &&
	    trusted_file_is_same(&status, &users->known))
		return 0;
	*users = (struct api_users){ .path = before.path, .epochs = before.epochs };
	r = read_again(users, &before, why);
	forget(&before);
	return r;
}

const struct api_user *api_users_find(const struct api_users *users, const char *name)
{
	for (size_t i = 0; i < users->count; i++)
		if (strcmp(users->users[i].name, name) == 0)
			return &users->users[i];
	return NULL;
}

void api_users_end_tokens(struct api_users *users, const char *name)
{
	for (size_t i = 0; i < users->count; i++)
		if (strcmp(users->users[i].name, name) == 0)
			users->users[i].epoch = ++users->epochs;
}

bool api_users_are_exposed(const struct api_users *users)
{
	return users->known.st_mode & S_IROTH;
}

void api_users_clear(struct api_users *users)
{
	forget(users);
	users->known = (struct stat){ 0 };
}

int api_users_check(const char *path, struct reason *why)
{
	cleanup(api_users_clear) struct api_users users = { .path = path };
	int r = api_users_refresh(&users, why);

	return r < 0 ? r : (int)users.count;
}

/* ------------------------------------------------------------------ changing it */

/* A text that is put together piece by piece. */
struct content {
	char *text;
	size_t length;
};

static void add(struct content *content, const char *text, size_t length)
{
	memcpy(content->text + content->length, text, length);
	content->length += length;
}

static bool line_names(const struct user_line *line, const char *name)
{
	size_t length = strlen(name);

	return line->length > length && memcmp(line->text, name, length) == 0 &&
	       line->text[length] == ':';
}

/* Everything but the lines of this user; whether there was one. */
static bool copy_others(struct content *content, const char *old, size_t length, const char *name)
{
	struct user_line line = { .next = old, .end = old + length };
	bool found = false;

	while (next_line(&line)) {
		if (line_names(&line, name)) {
			found = true;
			continue;
		}
		add(content, line.text, line.length);
		add(content, "\n", 1);
	}
	return found;
}

static int replace(const char *path, mode_t mode, gid_t group, const struct content *content,
		   struct reason *why)
{
	cleanup(atomic_file_discard) struct atomic_file file = ATOMIC_FILE_NULL;
	int r = atomic_file_stage(&file, path, mode, group, content->length, why);

	return r < 0 ? r : atomic_file_commit(&file, content->text, content->length, NULL, why);
}

int api_users_store(const char *path, gid_t group, const char *name,
		    const struct api_password *password, struct reason *why)
{
	struct stat status = { .st_mode = NEW_FILE_MODE, .st_gid = group };
	char line[API_USER_NAME_MAX + 1 + API_HASH_TEXT_SIZE], hash[API_HASH_TEXT_SIZE];
	cleanup_free char *old = NULL, *text = NULL;
	cleanup_fd int lock = lock_directory_of(path, "users file", LOCK_PATIENCE, why);
	const struct trusted_file wanted = users_file(path);
	struct content content = { 0 };
	size_t length = 0;
	bool found;
	int r;

	if (lock < 0)
		return lock;
	r = trusted_file_read(&wanted, &old, &length, &status, why);
	if (r < 0 && r != -ENOENT)
		return r;
	content.text = text = malloc(length + sizeof line + 2);
	if (!text)
		return reason_errno(why, ENOMEM, "Cannot write the users file %s", path);
	found = length > 0 && copy_others(&content, old, length, name);
	if (!found && !password)
		return 0;
	if (password) {
		api_password_format(hash, password);
		add(&content, line, (size_t)snprintf(line, sizeof line, "%s:%s\n", name, hash));
	}
	r = replace(path, status.st_mode & 0777, status.st_gid, &content, why);
	return r < 0 ? r : found;
}
