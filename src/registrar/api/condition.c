/* SPDX-License-Identifier: ISC */
#include "registrar/api/condition.h"

#include "common/cleanup.h"
#include "registrar/api/request.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SHOWN_SIZE 256
#define NUMERIC "0123456789+-.eE "

/* ------------------------------------------------------------------ values */

int api_value_compare(const struct api_value *a, const struct api_value *b)
{
	if (a->kind != b->kind)
		return (int)a->kind - (int)b->kind;
	if (a->kind == API_VALUE_TEXT)
		return strcmp(a->text, b->text);
	return (a->number > b->number) - (a->number < b->number);
}

/* ------------------------------------------------------------------ LIKE */

bool api_text_is_like(const char *text, const char *pattern)
{
	const char *resume = NULL, *tried = NULL;

	while (*text) {
		if (*pattern == '%') {
			resume = ++pattern;
			tried = text;
		} else if (*pattern == '_' ||
			   tolower((unsigned char)*pattern) == tolower((unsigned char)*text)) {
			pattern++;
			text++;
		} else if (resume) {
			pattern = resume;
			text = ++tried;
		} else {
			return false;
		}
	}
	while (*pattern == '%')
		pattern++;
	return *pattern == '\0';
}

/* Quotation marks stand for any character, as Wazuh keeps them out of its SQL. Are there any? */
static bool soften(char *text)
{
	bool found = false;

	for (; *text; text++) {
		if (*text != '\'' && *text != '"')
			continue;
		*text = '_';
		found = true;
	}
	return found;
}

bool api_text_has(const char *text, const char *part)
{
	cleanup_free char *pattern = NULL;

	if (asprintf(&pattern, "%%%s%%", part) < 0) {
		pattern = NULL;
		return false;
	}
	(void)soften(pattern);
	return api_text_is_like(text, pattern);
}

/* ------------------------------------------------------------------ times */

/* "2026-11-27", "2026-11-27 12:34:56", "2026-11-27T12:34:56Z": of UTC. */
static bool read_date(const char *text, long long *ret)
{
	struct tm when = { 0 };
	char separator = ' ';
	int n = sscanf(text, "%4d-%2d-%2d%c%2d:%2d:%2d", &when.tm_year, &when.tm_mon, &when.tm_mday,
		       &separator, &when.tm_hour, &when.tm_min, &when.tm_sec);

	if ((n != 3 && n != 7) || (separator != ' ' && separator != 'T'))
		return false;
	when.tm_year -= 1900;
	when.tm_mon--;
	*ret = timegm(&when);
	return true;
}

/*
 * "3600", "90s", and also "1d12h", which a filter for ages is not: `\d+[dhms]` at the beginning,
 * and the sum of all such parts. Returns seconds, or -EINVAL.
 */
static long long read_age(const char *text)
{
	long long age = api_timeframe_parse(text), sum = 0;

	if (age >= 0)
		return age;
	while (*text) {
		size_t digits = strspn(text, "0123456789");
		char part[24];

		(void)snprintf(part, sizeof part, "%.*s", (int)digits + 1, text);
		age = digits > 0 && text[digits] ? api_timeframe_parse(part) : -EINVAL;
		if (age < 0)
			break;
		sum += age;
		text += digits + 1;
	}
	/* Digits without a unit behind the last part do not count. */
	return sum > 0 && text[strspn(text, "0123456789")] == '\0' ? sum : -EINVAL;
}

static bool compare_numbers(char operator, double a, double b)
{
	switch (operator) {
	case '<':
		return a < b;
	case '>':
		return a > b;
	case '!':
		return a < b || a > b;
	default:
		return a <= b && a >= b;
	}
}

/* "lastKeepAlive<1h" is "less than an hour ago", that is, after then. */
static bool time_holds(const struct api_condition *condition, long long value, time_t now)
{
	char text[SHOWN_SIZE];
	long long age, date;

	(void)snprintf(text, sizeof text, "%.*s", (int)condition->length, condition->value);
	age = read_age(text);

	if (age >= 0 && (condition->operator== '<' || condition->operator== '='))
		return value > now - age;
	if (age >= 0)
		return value < now - age;
	return read_date(text, &date) &&
	       compare_numbers(condition->operator,(double) value, (double)date);
}

/* ------------------------------------------------------------------ other values */

/* A text that is no number is greater than every number. */
static bool number_holds(char operator, long long value, const char *text)
{
	char digits[24], *end;
	double other = strtod(text, &end);

	(void)snprintf(digits, sizeof digits, "%lld", value);
	if (operator== '~')
		return api_text_is_like(digits, text);
	/* No other number of C's is one: not "0x10", "inf" or "nan". */
	if (end == text || end[strspn(end, " ")] != '\0' || text[strspn(text, NUMERIC)] != '\0')
		return operator== '<' || operator== '!';
	return compare_numbers(operator,(double) value, other);
}

static bool text_holds(char operator, const char * value, const char *text)
{
	switch (operator) {
	case '<':
		return strcasecmp(value, text) < 0;
	case '>':
		return strcasecmp(value, text) > 0;
	case '!':
		return strcasecmp(value, text) != 0;
	case '~':
		return api_text_is_like(value, text);
	default:
		return strcasecmp(value, text) == 0;
	}
}

static bool literal_holds(const struct api_condition *condition, const char *value)
{
	cleanup_free char *text = strndup(condition->value, condition->length);
	int order;

	if (!text)
		return false;
	order = strcmp(value, text);
	switch (condition->operator) {
	case '<':
		return order < 0;
	case '>':
		return order > 0;
	case '!':
		return order != 0;
	case '~':
		return strstr(value, text);
	default:
		return order == 0;
	}
}

/* Is the group among "a,b"? */
static bool groups_hold(char operator, const char * groups, const char *text)
{
	size_t length = strlen(text);
	bool found = false;

	if (operator== '~')
		return api_text_is_like(groups, text);
	while (!found) {
		size_t one = strcspn(groups, ",");

		found = one == length && strncasecmp(groups, text, one) == 0;
		if (groups[one] == '\0')
			break;
		groups += one + 1;
	}
	return found == (operator== '=');
}

/* ------------------------------------------------------------------ a condition */

bool api_condition_check(const struct api_condition *condition, struct api_problem *problem)
{
	char text[SHOWN_SIZE];
	long long date;

	(void)snprintf(text, sizeof text, "%.*s", (int)condition->length, condition->value);
	if (strcmp(text, "null") == 0 || strcmp(text, "all") == 0)
		return true;
	/* With a quotation mark it is compared like "~". */
	if (condition->comparison == API_COMPARE_LIST && strchr("<>", condition->operator) &&
	    !strpbrk(text, "'\""))
		return api_problem_code(problem, API_QUERY_OPERATOR,
					"Valid operators for 'group' field: =, !=, ~. "
					"Used operator: %c",
					condition->operator);
	if (condition->comparison != API_COMPARE_TIME || read_age(text) >= 0 ||
	    read_date(text, &date))
		return true;
	return api_problem_code(problem, API_QUERY_DATE, "%s", text);
}

/* The text to compare with: for "~" with a "%" on both sides. Null: out of memory. */
static char *copy_value(const struct api_condition *condition)
{
	const char *around = condition->operator== '~' ? "%" : "";
	char *copy;

	if (asprintf(&copy, "%s%.*s%s", around, (int)condition->length, condition->value, around) <
	    0)
		return NULL;
	return copy;
}

bool api_condition_holds(const struct api_condition *condition, const struct api_value *value,
			 time_t now)
{
	cleanup_free char *text = copy_value(condition);
	char operator= condition->operator;

	if (condition->comparison == API_COMPARE_LITERAL)
		return value->kind == API_VALUE_TEXT && literal_holds(condition, value->text);
	if (condition->length == 4 && memcmp(condition->value, "null", 4) == 0)
		return value->kind == API_VALUE_NULL;
	if (value->kind == API_VALUE_NULL || !text)
		return false;
	if (condition->comparison == API_COMPARE_TIME)
		return time_holds(condition, value->number, now);
	if (value->kind == API_VALUE_NUMBER)
		return number_holds(operator, value->number, text);
	if (soften(text) && operator!= '~')
		return api_text_is_like(value->text, text) == (operator!= '!');
	return condition->comparison == API_COMPARE_LIST ? groups_hold(operator, value->text, text)
							 : text_holds(operator, value->text, text);
}
