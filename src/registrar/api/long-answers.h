/* SPDX-License-Identifier: ISC */
/*
 * Long answers: one is kept as a whole from its first agent until its last byte has been sent,
 * which takes some 200 bytes for each agent. So there are only some at a time; further calls
 * wait for a place, in the order in which they came.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/net/turns.h"

#include <stdbool.h>
#include <stddef.h>

#define LONG_ANSWERS_MAX 4 /* at a time */

struct long_answer;

struct long_answers {
	struct turns *turns;
	size_t count; /* that have a place */
	struct long_answer *first, **end;
};

/* Part of a call; zero: it has no place, and does not wait for one. */
struct long_answer {
	bool has_place;
	struct turn turn; /* when there is a place */
	struct long_answers *waits_in;
	struct long_answer *next, **previous;
};

/* None yet. `turns` outlives them. */
void long_answers_begin(struct long_answers *answers, struct turns *turns);

/*
 * True: the answer has a place, from now on or already. False: it waits, and `run` is called when
 * it has one, never from within a function of this file.
 */
bool long_answer_begin(struct long_answers *answers, struct long_answer *answer,
		       void (*run)(void *owner), void *owner) must_check;

/* The answer needs no place any more, or waits no longer. Allowed more than once. */
void long_answer_leave(struct long_answers *answers, struct long_answer *answer);

/*
 * Somebody else keeps the place, if there is one, and gives it back with
 * long_answers_take_back(). Returns whether there is one.
 */
bool long_answer_hand_over(struct long_answer *answer) must_check;

/* Take back a place that was handed over. The argument is a struct long_answers. */
void long_answers_take_back(void *answers);
