/* SPDX-License-Identifier: ISC */
/* Requests on their way to another process: those that wait, and those that were sent. */
#pragma once

#include "registrar/registry/registry.h"

/* One of them, from malloc(). */
struct remote_request {
	struct registry_request *request;
	uint64_t number; /* 0: not sent yet */
	struct remote_request *next, **previous;
};

/* In the order in which they were made. */
struct remote_requests {
	struct remote_request *first, **end;
};

void remote_requests_begin(struct remote_requests *list);

void remote_requests_add(struct remote_requests *list, struct remote_request *request);

void remote_requests_remove(struct remote_requests *list, struct remote_request *request);

/* The first whose time is up. Null: none. */
struct remote_request *remote_requests_find_over(const struct remote_requests *list);

/* The first that should have been answered by now. Null: none. */
struct remote_request *remote_requests_find_overdue(const struct remote_requests *list);

/* Null: none has the number. */
struct remote_request *remote_requests_find(const struct remote_requests *list, uint64_t number);

/* Answer that nothing was decided, and free it; it is in no list. */
void remote_request_fail(struct remote_request *request, enum registry_outcome outcome);
