/* SPDX-License-Identifier: ISC */
/*
 * The sessions of the API's users: the users file (users.h), the thread that tries passwords
 * (password-worker.h) and the key of the tokens (token.h), which exists nowhere else.
 *
 * A session ends with its token, with a logout or another password of its user, and with the
 * process. Who logs in or out is logged here.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/net/peer-log.h"
#include "registrar/registry/user-session.h"

#include <event2/event.h>

struct sessions;

/* What is pointed to outlives the sessions. */
struct sessions_settings {
	struct event_base *base;
	const char *users_file;
	struct peer_log *log; /* refused logins are logged as it allows */
};

/*
 * Read the users and start the thread. Returns 0, or a negative errno with `why` set: -EINVAL for a
 * users file that cannot be used.
 */
int sessions_new(struct sessions **ret, const struct sessions_settings *settings,
		 struct reason *why) must_check;

/* Ends the thread, and forgets the logins that are still being tried. Null is allowed. */
void sessions_free(struct sessions *sessions);

/* A login that is being tried. */
struct login_try;

/*
 * Called from the event loop. The answer is valid during the call and wiped then; LOGIN_INTERNAL
 * has been logged. The try is gone.
 */
typedef void login_tried(void *owner, const struct login_answer *answer);

/*
 * Try a login, which outlives the try, and call `done` later. Returns 0; -EBUSY: too many are to be
 * tried; -ENOMEM; or -EIO, which has been logged: it cannot be tried.
 */
int sessions_log_in(struct sessions *sessions, const struct login_request *login, login_tried *done,
		    void *owner, struct login_try **ret) must_check;

/* Nobody waits for it any more: `done` is not called, and the login may be freed. */
void login_try_withdraw(struct login_try *try);

/*
 * The user whose session this is, valid until the next call about any session. Null: it is none, or
 * none any more, or the users cannot be read, which is logged once.
 */
const char *sessions_find_user(struct sessions *sessions, const char *token) must_check;

/*
 * End all sessions of the user whose session this is, as Wazuh does, not only this one. Returns the
 * user, valid as before; null: it is no session.
 */
const char *sessions_log_out(struct sessions *sessions,
			     const struct registry_user *user) must_check;
