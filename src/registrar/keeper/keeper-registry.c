/* SPDX-License-Identifier: ISC */
#include "registrar/keeper/keeper-registry.h"

#include "common/deadline.h"
#include "common/library-memory.h"
#include "common/log.h"
#include "registrar/keeper/bearer-check.h"
#include "registrar/net/plan-event.h"
#include "registrar/net/turns.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

/*
 * Material is read so often at most, on average, and so often at once: that takes some milliseconds
 * and can cause lines of the log, and whoever speaks with clients may ask for it without end.
 */
#define MATERIAL_EVERY USEC_PER_SEC
#define MATERIAL_AT_ONCE 8

TAILQ_HEAD(waiting_list, waiting);

struct keeper_registry {
	struct registry registry; /* first */
	struct keeper_registry_settings settings;
	struct secret password; /* for registrations; no text: none is demanded */
	struct waiting_list waiting, material;
	/*
	 * Timers for the two lists: they fire when the loop has come round, after the sockets. An
	 * event that is made active would be called before any of them is looked at again.
	 */
	struct event *later, *read;
	uint64_t read_at; /* the next time to read, if that was never done more often */
	uint64_t edition; /* of the material */
	unsigned char digest[EVP_MAX_MD_SIZE]; /* of what is in it */
};

/* A request that is answered here, and not by the registry of agents. */
struct waiting {
	struct keeper_registry *keeper;
	struct registry_request *request;
	struct login_try *try;     /* it is being tried */
	struct waiting_list *list; /* null: it is in none */
	bool is_unchecked;         /* whether whoever asks may, could not be seen, and is logged */
	TAILQ_ENTRY(waiting) entry;
};

/* ------------------------------------------------------------------ waiting */

static void list_add(struct waiting_list *list, struct waiting *waiting)
{
	TAILQ_INSERT_TAIL(list, waiting, entry);
	waiting->list = list;
}

static void list_remove(struct waiting *waiting)
{
	if (waiting->list)
		TAILQ_REMOVE(waiting->list, waiting, entry);
	waiting->list = NULL;
}

/* The end of it; it is in no list. The answer is wiped. */
static void finish(struct waiting *waiting, struct registry_answer *answer)
{
	struct registry_request *request = waiting->request;

	free(waiting);
	registry_answer(request, answer);
	registry_answer_clear(answer);
}

static void finish_without(struct waiting *waiting, enum registry_outcome outcome)
{
	struct registry_answer answer;

	registry_answer_fail(&answer, waiting->request, outcome);
	finish(waiting, &answer);
}

/* Whether whoever asks may could not be seen. */
static void finish_short(struct waiting *waiting)
{
	log_error("Out of memory: a request was not decided");
	finish_without(waiting, REGISTRY_NO_MEMORY);
}

static struct registry_answer decided(const struct waiting *waiting)
{
	return (struct registry_answer){ .outcome = REGISTRY_DECIDED,
					 .type = waiting->request->type };
}

/* ------------------------------------------------------------------ logging in */

static void on_tried(void *owner, const struct login_answer *login)
{
	struct waiting *waiting = owner;
	struct registry_answer answer = decided(waiting);

	if (login->fault == LOGIN_INTERNAL)
		answer.outcome = REGISTRY_FAILED;
	answer.login = *login;
	finish(waiting, &answer);
}

static void log_in(struct waiting *waiting)
{
	struct sessions *sessions = waiting->keeper->settings.sessions;
	struct registry_answer answer = decided(waiting);
	int r = sessions_log_in(sessions, waiting->request->login, on_tried, waiting,
				&waiting->try);

	if (r == 0)
		return;
	answer.login.fault = LOGIN_TOO_MANY;
	if (r == -EBUSY)
		finish(waiting, &answer);
	else if (r == -ENOMEM)
		finish_short(waiting);
	else
		finish_without(waiting, REGISTRY_FAILED);
}

/* ------------------------------------------------------------------ sessions */

/* Whose session it is; null: nobody's, unless there was no memory to see it. */
static void answer_user(struct waiting *waiting, const char *user, unsigned long shortages)
{
	struct registry_answer answer = decided(waiting);

	if (!user && library_memory_shortages() != shortages) {
		finish_short(waiting);
		return;
	}
	if (!user) {
		finish_without(waiting, REGISTRY_DENIED);
		return;
	}
	(void)snprintf(answer.session.user, sizeof answer.session.user, "%s", user);
	finish(waiting, &answer);
}

/* ------------------------------------------------------------------ bearers */

/* What keeps a bearer from being checked is logged. */
static enum bearer_fault check_bearer(const struct keeper_registry *keeper,
				      const struct peer *client, const struct enroll_bearer *bearer)
{
	const struct bearer_secrets secrets = { .password = keeper->password.text,
						.agents = keeper->settings.secrets,
						.tokens = keeper->settings.tokens };
	enum bearer_fault fault = BEARER_KEY_UNAVAILABLE;
	struct reason why;

	if (bearer_secrets_refresh(&secrets, bearer, &why) == 0) {
		fault = bearer_check(bearer, &secrets, (uint64_t)time(NULL));
		reason_set(&why, "Out of memory, or OpenSSL has failed");
	}
	if (fault == BEARER_KEY_UNAVAILABLE &&
	    peer_log_may(keeper->settings.log, client->address, PEER_FAILED))
		log_error("The bearer of %s was not checked: %s", client->text, why.text);
	return fault;
}

static void answer_bearer(struct waiting *waiting)
{
	const struct bearer_request *request = waiting->request->bearer;
	const struct peer *client = &request->client;
	struct registry_answer answer = decided(waiting);
	enum bearer_fault fault = check_bearer(waiting->keeper, client, &request->bearer);

	if (fault == BEARER_KEY_UNAVAILABLE) {
		finish_without(waiting, REGISTRY_NO_MEMORY);
		return;
	}
	if (fault != BEARER_OK &&
	    peer_log_may(waiting->keeper->settings.log, client->address, PEER_WRONG_PASSWORD))
		log_notice("Refused an enrollment from %s: %s", client->text,
			   bearer_fault_text(fault));
	answer.bearer.fault = fault;
	finish(waiting, &answer);
}

/* ------------------------------------------------------------------ material */

/* The end of a text or a file is where the next one cannot be taken for a part of it. */
static bool digest_bytes(EVP_MD_CTX *context, const void *bytes, size_t length)
{
	return EVP_DigestUpdate(context, &length, sizeof length) == 1 &&
	       EVP_DigestUpdate(context, bytes, length) == 1;
}

static bool digest_text(EVP_MD_CTX *context, const char *text)
{
	return digest_bytes(context, text ?: "", text ? strlen(text) + 1 : 0);
}

static bool digest_file(EVP_MD_CTX *context, const struct material_file *file)
{
	return digest_text(context, file->path) && digest_bytes(context, file->bytes, file->length);
}

/* False: out of memory. */
static bool make_digest(unsigned char ret[static EVP_MAX_MD_SIZE], const struct material *material)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_made = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
		       digest_file(context, &material->certificate) &&
		       digest_file(context, &material->private_key) &&
		       digest_file(context, &material->client_ca) &&
		       digest_file(context, &material->authorities) &&
		       digest_text(context, material->ciphers) &&
		       digest_text(context, material->password.text) &&
		       EVP_DigestFinal_ex(context, ret, NULL) == 1;

	EVP_MD_CTX_free(context);
	return is_made;
}

/* What it is from now on. 0 or -ENOMEM: then it stays as it is. */
static int adopt(struct keeper_registry *keeper, const struct material *material)
{
	unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };

	if (!make_digest(digest, material) ||
	    secret_set(&keeper->password, material->password.text) < 0)
		return -ENOMEM;
	if (keeper->edition == 0 || memcmp(digest, keeper->digest, sizeof digest) != 0)
		keeper->edition++;
	memcpy(keeper->digest, digest, sizeof digest);
	return 0;
}

/* 0 or a negative errno with `why` set. */
static int read_material(struct keeper_registry *keeper, struct material *ret, struct reason *why)
{
	const struct keeper_registry_settings *settings = &keeper->settings;
	int r = settings->read_material(settings->owner, ret, why);

	if (r < 0 || adopt(keeper, ret) == 0)
		return r;
	material_wipe(ret);
	return reason_errno(why, ENOMEM, "Cannot keep the password");
}

static void hand_out_material(struct waiting *waiting)
{
	struct registry_answer answer = decided(waiting);
	struct reason why;

	if (read_material(waiting->keeper, &answer.material.material, &why) == 0) {
		answer.material.edition = waiting->keeper->edition;
		finish(waiting, &answer);
		return;
	}
	log_error("Nothing was reloaded, and the old files stay in use: %s", why.text);
	finish_without(waiting, REGISTRY_FAILED);
}

static void plan_reading(struct keeper_registry *keeper)
{
	const uint64_t now = monotonic_usec(), early = (MATERIAL_AT_ONCE - 1) * MATERIAL_EVERY;
	uint64_t wait = keeper->read_at > now + early ? keeper->read_at - early - now : 0;
	const struct timeval time = { .tv_sec = (time_t)(wait / USEC_PER_SEC),
				      .tv_usec = (suseconds_t)(wait % USEC_PER_SEC) };

	if (!TAILQ_EMPTY(&keeper->material) && !evtimer_pending(keeper->read, NULL))
		plan_event(keeper->read, &time);
}

static void on_read(evutil_socket_t fd, short what, void *argument)
{
	struct keeper_registry *keeper = argument;
	struct waiting *waiting = TAILQ_FIRST(&keeper->material);
	uint64_t now = monotonic_usec();

	(void)fd, (void)what;
	if (!waiting)
		return;
	keeper->read_at = (keeper->read_at > now ? keeper->read_at : now) + MATERIAL_EVERY;
	list_remove(waiting);
	hand_out_material(waiting);
	plan_reading(keeper);
}

/* ------------------------------------------------------------------ those that wait */

static void carry_out(struct waiting *waiting)
{
	struct sessions *sessions = waiting->keeper->settings.sessions;
	const struct registry_request *request = waiting->request;
	const unsigned long shortages = library_memory_shortages();

	if (waiting->is_unchecked)
		finish_without(waiting, REGISTRY_NO_MEMORY);
	else if (request->type == REGISTRY_BEARER)
		answer_bearer(waiting);
	else if (!sessions)
		finish_without(waiting, REGISTRY_DENIED);
	else if (request->type == REGISTRY_LOGIN)
		log_in(waiting);
	else if (request->type == REGISTRY_SESSION)
		answer_user(waiting, sessions_find_user(sessions, request->session->token),
			    shortages);
	else if (request->type == REGISTRY_LOGOUT)
		answer_user(waiting, sessions_log_out(sessions, request->session), shortages);
	else
		finish_without(waiting, REGISTRY_DENIED);
}

static void plan_later(struct keeper_registry *keeper)
{
	static const struct timeval now = { .tv_sec = 0 };

	if (!TAILQ_EMPTY(&keeper->waiting) && !evtimer_pending(keeper->later, NULL))
		plan_event(keeper->later, &now);
}

/* As many as a turn has time for. */
static void on_later(evutil_socket_t fd, short what, void *argument)
{
	struct keeper_registry *keeper = argument;
	struct waiting *waiting;
	uint64_t end = turn_end();

	(void)fd, (void)what;
	while ((waiting = TAILQ_FIRST(&keeper->waiting))) {
		list_remove(waiting);
		carry_out(waiting);
		if (monotonic_usec() >= end)
			break;
	}
	plan_later(keeper);
}

static void wait_for_turn(struct waiting *waiting)
{
	struct keeper_registry *keeper = waiting->keeper;

	if (waiting->request->type == REGISTRY_MATERIAL) {
		list_add(&keeper->material, waiting);
		plan_reading(keeper);
	} else {
		list_add(&keeper->waiting, waiting);
		plan_later(keeper);
	}
}

/* ------------------------------------------------------------------ the registry */

static bool is_about_agents(enum registry_type type)
{
	switch (type) {
	case REGISTRY_REGISTER:
	case REGISTRY_KEY:
	case REGISTRY_JOIN:
	case REGISTRY_REMOVE:
	case REGISTRY_AGENTS:
	case REGISTRY_GROUPS:
	case REGISTRY_TOKEN_MAKE:
	case REGISTRY_TOKENS:
	case REGISTRY_TOKEN_END:
	case REGISTRY_SECRET: /* whose it is, is seen there */
		return true;
	case REGISTRY_LOGIN:
	case REGISTRY_SESSION:
	case REGISTRY_LOGOUT:
	case REGISTRY_BEARER:
	case REGISTRY_MATERIAL:
	case REGISTRY_TYPES:
		break;
	}
	return false;
}

enum permission {
	PERMISSION_DENIED,
	PERMISSION_GRANTED,
	PERMISSION_UNCHECKED, /* the manager's machine, which is logged */
};

/*
 * What has become of a token since it was looked at first, the transaction says, with the number
 * that authd has for it.
 */
static enum permission may_enroll(const struct keeper_registry *keeper,
				  const struct agent_registration *registration)
{
	switch (check_bearer(keeper, &registration->peer, &registration->bearer)) {
	case BEARER_OK:
	case BEARER_REVOKED_TOKEN:
	case BEARER_EXPIRED_TOKEN:
		return PERMISSION_GRANTED;
	case BEARER_KEY_UNAVAILABLE:
		return PERMISSION_UNCHECKED;
	case BEARER_INVALID_REQUEST:
	case BEARER_UNKNOWN_AGENT:
	case BEARER_UNKNOWN_TOKEN:
	case BEARER_INVALID_SIGNATURE:
	case BEARER_STALE:
		break;
	}
	return PERMISSION_DENIED;
}

/* May whoever asks ask for this? The request has the name of the user then. */
static enum permission find_permission(const struct keeper_registry *keeper,
				       struct registry_request *request)
{
	const char *token = registry_request_token(request), *user;

	if (!is_about_agents(request->type))
		return PERMISSION_DENIED;
	if (request->type == REGISTRY_REGISTER &&
	    request->registration->way == REGISTRATION_BY_ENROLL)
		return may_enroll(keeper, request->registration);
	if (!token)
		return PERMISSION_GRANTED;
	user = keeper->settings.sessions ? sessions_find_user(keeper->settings.sessions, token)
					 : NULL;
	if (user)
		(void)snprintf(request->user, sizeof request->user, "%s", user);
	return user ? PERMISSION_GRANTED : PERMISSION_DENIED;
}

static int submit(struct registry *registry, struct registry_request *request)
{
	struct keeper_registry *keeper = (struct keeper_registry *)registry;
	const unsigned long shortages = library_memory_shortages();
	enum permission permission = find_permission(keeper, request);
	struct waiting *waiting;

	if (permission == PERMISSION_GRANTED)
		return registry_submit(keeper->settings.agents, request);
	if (permission == PERMISSION_DENIED && library_memory_shortages() != shortages)
		return -ENOMEM; /* the proof may be right */
	waiting = calloc(1, sizeof *waiting);
	if (!waiting)
		return -ENOMEM;
	waiting->keeper = keeper;
	waiting->request = request;
	waiting->is_unchecked = permission == PERMISSION_UNCHECKED;
	request->pending = waiting;
	wait_for_turn(waiting);
	return 0;
}

static void withdraw(struct registry *registry, struct registry_request *request)
{
	struct waiting *waiting = request->pending;

	(void)registry;
	if (waiting->try)
		login_try_withdraw(waiting->try);
	list_remove(waiting);
	free(waiting);
}

static void free_registry(struct registry *registry)
{
	struct keeper_registry *keeper = (struct keeper_registry *)registry;

	if (keeper->later)
		event_free(keeper->later);
	if (keeper->read)
		event_free(keeper->read);
	secret_wipe(&keeper->password);
	free(keeper);
}

struct registry *keeper_registry_new(const struct keeper_registry_settings *settings)
{
	static const struct registry_operations operations = {
		.submit = submit,
		.withdraw = withdraw,
		.free = free_registry,
	};
	struct keeper_registry *keeper = calloc(1, sizeof *keeper);

	if (!keeper)
		return NULL;
	keeper->registry.operations = &operations;
	keeper->settings = *settings;
	TAILQ_INIT(&keeper->waiting);
	TAILQ_INIT(&keeper->material);
	keeper->later = evtimer_new(settings->base, on_later, keeper);
	keeper->read = evtimer_new(settings->base, on_read, keeper);
	if (keeper->later && keeper->read && secret_set(&keeper->password, settings->password) == 0)
		return &keeper->registry;
	free_registry(&keeper->registry);
	return NULL;
}
