/* SPDX-License-Identifier: ISC */
/*
 * What the API answers when it does not do what was asked: an HTTP status, a title, a detail, and
 * for most a code of Wazuh's with a remedy. Titles, details and codes are those of Wazuh 4.14.7
 * (framework/wazuh/core/exception.py, api/api/error_handler.py), because scripts look at them;
 * remedies are ours. Codes of enrollment tokens are those of 5.0.0
 * (framework/wazuh/core/enrollment_token.py): the API has its own for authd's 9022 to 9029.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum api_code {
	API_CODE_NONE = 0,
	API_INTERNAL = 1000,
	API_NO_JSON = 1018,
	API_SORT_FIELD = 1403,
	API_QUERY_FORMAT = 1407,
	API_QUERY_FIELD = 1408,
	API_QUERY_OPERATOR = 1409,
	API_TIMEFRAME = 1411, /* of an enrollment token */
	API_QUERY_DATE = 1412,
	API_NO_AGENT = 1701,
	API_IS_MANAGER = 1703,
	API_NAME_TAKEN = 1705,
	API_ADDRESS_TAKEN = 1706, /* or invalid */
	API_ID_TAKEN = 1708,
	API_NO_GROUP = 1710,
	API_GROUP_FORMAT = 1722,
	API_SELECT_FIELD = 1724,
	API_NOT_REGISTERED = 1725,
	API_NOT_ELIGIBLE = 1731,
	API_TOO_MANY_GROUPS = 1737,
	API_NAME_LONG = 1738,
	API_HAS_GROUP = 1751,
	API_NOT_DELETED = 1757,
	API_NO_TOKEN = 1767,      /* no such enrollment token */
	API_TOKEN_REFUSED = 1768, /* no enrollment token can be made */
	API_TOKENS_NOT_STORED = 1771,
	API_TIMEOUT = 3021,
	API_BLOCKED = 6000, /* too many failed logins */
	API_TOO_MANY_REQUESTS = 6001,
	API_CONTENT_TYPE = 6002,
	API_AUTHD_KEY = 9009,   /* authd could not make a key */
	API_AUTHD_LIMIT = 9013, /* the agent limit is reached */
};

#define API_DETAIL_SIZE 4096

/*
 * `detail` is UTF-8; bytes of the client's are in it as repr.h writes them, or escaped.
 * Zero-initialise: status 0 is no problem.
 */
struct api_problem {
	int status;
	const char *title;
	char detail[API_DETAIL_SIZE]; /* empty: none */
	enum api_code code;      /* API_CODE_NONE: a problem of HTTP, without code and remedy */
	const char *remediation; /* null: none */
};

/*
 * A problem without a code. `format` null: no detail. Returns false, for `return
 * api_problem_set(...)`.
 */
bool api_problem_set(struct api_problem *ret, int status, const char *title, const char *format,
		     ...) __attribute__((format(printf, 4, 5)));

/*
 * A problem with a code: its message, followed by ": " and what `format` says, if it is not null.
 * Returns false.
 */
bool api_problem_code(struct api_problem *ret, enum api_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The problems that HTTP knows itself: 404 and 405. Returns false. */
bool api_problem_http(struct api_problem *ret, int status);
