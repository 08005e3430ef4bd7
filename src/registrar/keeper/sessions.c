/* SPDX-License-Identifier: ISC */
#include "registrar/keeper/sessions.h"

#include "common/library-memory.h"
#include "common/log.h"
#include "registrar/keeper/password-worker.h"
#include "registrar/keeper/token.h"
#include "registrar/keeper/users.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

_Static_assert(API_USER_NAME_MAX == REGISTRY_USER_MAX, "names of users fit");
_Static_assert(API_TOKEN_SIZE == REGISTRY_TOKEN_SIZE, "tokens fit");

struct sessions {
	struct api_users users;
	bool users_are_bad; /* and that was logged */
	struct api_token_key key;
	struct password_worker *worker;
	struct peer_log *log;
	struct login_try *tries;
};

struct login_try {
	struct sessions *sessions;
	const struct login_request *login; /* null: it was withdrawn */
	char user[REGISTRY_USER_MAX + 1];  /* empty: there is no user of that name */
	struct api_password tried;         /* the hash that the password was to fit */
	login_tried *done;
	void *owner;
	struct login_try *next, **previous;
};

/* ------------------------------------------------------------------ users */

/* Read the users again if need be. False: that cannot be done, which is logged once. */
static bool refresh_users(struct sessions *sessions)
{
	struct api_users *users = &sessions->users;
	struct reason why;
	int r = api_users_refresh(users, &why);

	if (r < 0 && !sessions->users_are_bad)
		log_error("%s; until that is fixed, the API cannot be used", why.text);
	else if (r > 0 && api_users_are_exposed(users))
		log_warning("The users file %s is world-readable; run: chmod 0600 %s", users->path,
			    users->path);
	sessions->users_are_bad = r < 0;
	return r >= 0;
}

/* ------------------------------------------------------------------ logging in */

static struct login_try *add_try(struct sessions *sessions)
{
	struct login_try *try = calloc(1, sizeof *try);

	if (!try)
		return NULL;
	try->sessions = sessions;
	try->next = sessions->tries;
	try->previous = &sessions->tries;
	if (try->next)
		try->next->previous = &try->next;
	sessions->tries = try;
	return try;
}

static void free_try(struct login_try *try)
{
	*try->previous = try->next;
	if (try->next)
		try->next->previous = try->previous;
	explicit_bzero(try, sizeof *try);
	free(try);
}

static void accept_login(const struct login_try *try, const struct api_user *user,
			 struct login_answer *ret)
{
	const char *client = try->login->client.text;

	if (api_token_make(ret->token, &try->sessions->key, user, time(NULL)) < 0) {
		log_error("A token cannot be made (client %s)", client);
		return;
	}
	log_info("User %s of the API logged in from %s", user->name, client);
	ret->fault = LOGIN_OK;
}

/* What was sent as a name is not logged, because it can be a password. */
static void refuse_login(const struct login_try *try, const struct api_user *user,
			 struct login_answer *ret)
{
	const struct peer *client = &try->login->client;

	if (peer_log_may(try->sessions->log, client->address, PEER_WRONG_PASSWORD))
		log_notice("Refused a login to the API from %s: wrong user or password",
			   client->text);
	ret->fault = LOGIN_WRONG;
	ret->is_user = user != NULL;
}

static void decide(const struct login_try *try, int fits, struct login_answer *ret)
{
	struct sessions *sessions = try->sessions;
	/* A user that was removed or got another password meanwhile is refused with the old one. */
	const struct api_user *user = refresh_users(sessions)
					      ? api_users_find(&sessions->users, try->user)
					      : NULL;

	if (fits > 0 && user && api_password_is_same(&user->password, &try->tried))
		accept_login(try, user, ret);
	else if (fits == -EBUSY)
		ret->fault = LOGIN_TOO_MANY;
	else if (fits < 0)
		log_error("A password cannot be checked: %s (client %s)", strerror(-fits),
			  try->login->client.text);
	else
		refuse_login(try, user, ret);
}

static void on_tried(void *argument, int fits)
{
	struct login_try *try = argument;
	struct login_answer answer = { .fault = LOGIN_INTERNAL };
	login_tried *done = try->done;
	void *owner = try->owner;
	bool is_withdrawn = !try->login;

	if (!is_withdrawn)
		decide(try, fits, &answer);
	free_try(try);
	if (!is_withdrawn)
		done(owner, &answer);
	explicit_bzero(&answer, sizeof answer);
}

/* The hash to try: a user's, or one that costs as much time and that nothing fits. */
static void choose_hash(struct login_try *try, const char *name)
{
	const struct api_users *users = &try->sessions->users;
	const struct api_user *user = api_users_find(users, name);

	/* Made in any case, so that a name that exists takes as long as one that does not. */
	api_password_decoy(&try->tried, users->count > 0 ? &users->users[0].password : NULL);
	if (!user)
		return;
	try->tried = user->password;
	memcpy(try->user, user->name, sizeof try->user);
}

int sessions_log_in(struct sessions *sessions, const struct login_request *login, login_tried *done,
		    void *owner, struct login_try **ret)
{
	const struct password_source source = {
		.network = client_network_of(login->client.address),
		.failures = login->failures,
	};
	const unsigned long shortages = library_memory_shortages();
	struct login_try *try;

	if (!refresh_users(sessions))
		return -EIO;
	try = add_try(sessions);
	if (!try)
		return -ENOMEM;
	try->login = login;
	try->done = done;
	try->owner = owner;
	choose_hash(try, login->user);
	if (!password_worker_try(sessions->worker, &source, &try->tried, login->password, on_tried,
				 try)) {
		free_try(try);
		return library_memory_shortages() == shortages ? -EBUSY : -ENOMEM;
	}
	*ret = try;
	return 0;
}

void login_try_withdraw(struct login_try *try)
{
	try->login = NULL;
}

/* ------------------------------------------------------------------ sessions */

const char *sessions_find_user(struct sessions *sessions, const char *token)
{
	const struct api_user *user = NULL;

	if (refresh_users(sessions))
		user = api_token_check(&sessions->key, &sessions->users, token, time(NULL));
	return user ? user->name : NULL;
}

const char *sessions_log_out(struct sessions *sessions, const struct registry_user *user)
{
	const char *name = sessions_find_user(sessions, user->token);

	if (!name)
		return NULL;
	api_users_end_tokens(&sessions->users, name);
	log_info("User %s of the API logged out from %s", name, user->client.text);
	return name;
}

/* ------------------------------------------------------------------ the whole */

static int set_up(struct sessions *sessions, struct event_base *base, struct reason *why)
{
	int r = api_users_refresh(&sessions->users, why);

	if (r < 0)
		return -EINVAL;
	if (sessions->users.count == 0)
		log_warning("The API has no users in %s; create one with: "
			    "agent-registrar user NAME",
			    sessions->users.path);
	r = password_worker_new(&sessions->worker, base);
	if (r < 0)
		return reason_errno(why, r, "Cannot begin the thread that tries passwords");
	if (api_token_key_make(&sessions->key) < 0)
		return reason_errno(why, ENOMEM, "Cannot set up the API");
	return 0;
}

int sessions_new(struct sessions **ret, const struct sessions_settings *settings,
		 struct reason *why)
{
	struct sessions *sessions = calloc(1, sizeof *sessions);
	int r;

	if (!sessions)
		return reason_errno(why, ENOMEM, "Cannot set up the API");
	sessions->users.path = settings->users_file;
	sessions->log = settings->log;
	r = set_up(sessions, settings->base, why);
	if (r < 0)
		sessions_free(sessions);
	else
		*ret = sessions;
	return r;
}

void sessions_free(struct sessions *sessions)
{
	if (!sessions)
		return;
	password_worker_free(sessions->worker);
	while (sessions->tries)
		free_try(sessions->tries);
	api_users_clear(&sessions->users);
	explicit_bzero(&sessions->key, sizeof sessions->key);
	free(sessions);
}
