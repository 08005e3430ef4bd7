/* SPDX-License-Identifier: ISC */
#include "registrar/api/long-answers.h"

void long_answers_begin(struct long_answers *answers, struct turns *turns)
{
	*answers = (struct long_answers){ .turns = turns };
	answers->end = &answers->first;
}

static void stop_waiting(struct long_answer *answer)
{
	if (!answer->waits_in)
		return;
	*answer->previous = answer->next;
	if (answer->next)
		answer->next->previous = answer->previous;
	else
		answer->waits_in->end = answer->previous;
	answer->waits_in = NULL;
}

static void take_place(struct long_answers *answers, struct long_answer *answer)
{
	answers->count++;
	answer->has_place = true;
}

void long_answers_take_back(void *argument)
{
	struct long_answers *answers = argument;
	struct long_answer *next = answers->first;

	answers->count--;
	if (!next)
		return;
	stop_waiting(next);
	take_place(answers, next);
	turn_wait(answers->turns, &next->turn);
}

bool long_answer_begin(struct long_answers *answers, struct long_answer *answer,
		       void (*run)(void *owner), void *owner)
{
	if (answer->has_place)
		return true;
	if (answers->count < LONG_ANSWERS_MAX) {
		take_place(answers, answer);
		return true;
	}
	*answer = (struct long_answer){
		.turn = { .run = run, .owner = owner },
		.waits_in = answers,
		.previous = answers->end,
	};
	*answers->end = answer;
	answers->end = &answer->next;
	return false;
}

bool long_answer_hand_over(struct long_answer *answer)
{
	bool has_place = answer->has_place;

	answer->has_place = false;
	return has_place;
}

void long_answer_leave(struct long_answers *answers, struct long_answer *answer)
{
	stop_waiting(answer);
	turn_cancel(&answer->turn);
	if (long_answer_hand_over(answer))
		long_answers_take_back(answers);
}
