/* SPDX-License-Identifier: ISC */
#include "registrar/api/parameters.h"

#include "registrar/api/repr.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SHOWN_SIZE 1024

const struct api_parameter_rule api_common_parameters[] = {
	API_COMMON_PARAMETERS,
	{ .name = NULL },
};

/* ------------------------------------------------------------------ formats */

static bool has_only(const char *text, const char *others)
{
	if (*text == '\0')
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr(others, *text))
			return false;
	return true;
}

/* The letters of any language count, which is more than can be checked here. */
static bool has_only_letters_and(const char *text, const char *others)
{
	if (*text == '\0')
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && (unsigned char)*text < 0x80 &&
		    !strchr(others, *text))
			return false;
	return true;
}

bool api_is_names(const char *text)
{
	return has_only(text, "_-.%");
}

static bool is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

static bool is_group(const char *text)
{
	return strcmp(text, ".") != 0 && strcmp(text, "..") != 0 && strcmp(text, "all") != 0 &&
	       has_only(text, ".-_");
}

static bool fits(enum api_parameter_kind kind, const char *text)
{
	switch (kind) {
	case API_PARAMETER_NAMES:
		return api_is_names(text);
	case API_PARAMETER_ALPHANUMERIC:
		return has_only_letters_and(text, "_,-.+ \t\n\r\v\f:");
	case API_PARAMETER_NUMBERS:
		return is_number(text);
	case API_PARAMETER_NUMBERS_OR_ALL:
		return is_number(text) || strcmp(text, "all") == 0;
	case API_PARAMETER_GROUP:
		return is_group(text);
	case API_PARAMETER_TIMEFRAME:
		return api_timeframe_parse(text) >= 0;
	case API_PARAMETER_SEARCH:
		return *text && text[strcspn(text, ";|&^*>")] == '\0';
	case API_PARAMETER_SORT:
		return has_only_letters_and(text, "_-, \t\n\r\v\f+.");
	default:
		return true;
	}
}

static const char *format_name(enum api_parameter_kind kind)
{
	static const char *const names[] = {
		[API_PARAMETER_NAMES] = "names",
		[API_PARAMETER_ALPHANUMERIC] = "alphanumeric",
		[API_PARAMETER_NUMBERS] = "numbers",
		[API_PARAMETER_NUMBERS_OR_ALL] = "numbers_or_all",
		[API_PARAMETER_GROUP] = "group_names",
		[API_PARAMETER_TIMEFRAME] = "timeframe",
		[API_PARAMETER_SEARCH] = "search",
		[API_PARAMETER_SORT] = "sort",
	};

	return names[kind];
}

/* ------------------------------------------------------------------ one value */

/* A value that is looked at: which of a list, or a negative number. */
struct value {
	const struct api_parameter_rule *rule;
	const char *text;
	int index;
	char shown[SHOWN_SIZE];
};

/* "VALUE WHAT. Failed validating 'KEYWORD' in schema: ...", and returns false. */
static bool refuse(struct value *value, const char *what, const char *keyword,
		   struct api_problem *problem)
{
	char place[32] = "";

	if (value->index >= 0)
		(void)snprintf(place, sizeof place, "[%d]", value->index);
	return api_problem_set(problem, 400, "Bad Request",
			       "%s %s. Failed validating '%s' in schema%s: %s. On instance%s: %s",
			       value->shown, what, keyword, value->index >= 0 ? "['items']" : "",
			       value->rule->schema, place, value->shown);
}

static bool is_among(const char *const *words, const char *text)
{
	for (; *words; words++)
		if (strcmp(*words, text) == 0)
			return true;
	return false;
}

static bool check_word(struct value *value, struct api_problem *problem)
{
	char what[160] = "is not one of [";
	const char *const *words = value->rule->words;

	if (is_among(words, value->text))
		return true;
	for (; *words; words++)
		(void)snprintf(what + strlen(what), sizeof what - strlen(what), "'%s'%s", *words,
			       words[1] ? ", " : "]");
	return refuse(value, what, "enum", problem);
}

/* As Wazuh shows a number: without blanks, "+" and zeros in front, and however large it is. */
static void show_number(struct value *value)
{
	const char *digits = value->text + strcspn(value->text, "0123456789");
	bool is_negative = memchr(value->text, '-', (size_t)(digits - value->text));

	digits += strspn(digits, "0");
	(void)snprintf(value->shown, sizeof value->shown, "%s%.*s",
		       !isdigit((unsigned char)*digits) ? "0"
		       : is_negative                    ? "-"
							: "",
		       (int)strspn(digits, "0123456789"), digits);
}

static bool check_number(struct value *value, struct api_problem *problem)
{
	const struct api_parameter_rule *rule = value->rule;
	char what[64];
	long number;

	if (api_integer_parse(value->text, &number) < 0)
		return refuse(value, "is not of type 'integer'", "type", problem);
	show_number(value);
	(void)snprintf(what, sizeof what, "is less than the minimum of %ld", rule->least);
	if (number < rule->least)
		return refuse(value, what, "minimum", problem);
	(void)snprintf(what, sizeof what, "is greater than the maximum of %ld", rule->most);
	return number <= rule->most || refuse(value, what, "maximum", problem);
}

static bool check_text(struct value *value, struct api_problem *problem)
{
	const struct api_parameter_rule *rule = value->rule;
	char what[64];

	if (strlen(value->text) < rule->shortest)
		return refuse(value, "is too short", "minLength", problem);
	(void)snprintf(what, sizeof what, "is not a '%s'", format_name(rule->kind) ?: "");
	if (!fits(rule->kind, value->text))
		return refuse(value, what, "format", problem);
	return rule->longest == 0 || strlen(value->text) <= rule->longest ||
	       refuse(value, "is too long", "maxLength", problem);
}

static bool check_value(const struct api_parameter_rule *rule, const char *text, int index,
			struct api_problem *problem)
{
	struct value value = { .rule = rule, .text = text, .index = index };

	api_repr_text(value.shown, sizeof value.shown, text, strlen(text));
	switch (rule->kind) {
	case API_PARAMETER_BOOLEAN:
		return api_boolean_parse(text) >= 0 ||
		       refuse(&value, "is not of type 'boolean'", "type", problem);
	case API_PARAMETER_NUMBER:
		return check_number(&value, problem);
	case API_PARAMETER_WORD:
		return check_word(&value, problem);
	default:
		return check_text(&value, problem);
	}
}

static bool check_list(const struct api_parameter_rule *rule, char *text,
		       struct api_problem *problem)
{
	for (int index = 0; text; index++) {
		char *comma = strchr(text, ',');
		bool good;

		if (comma)
			*comma = '\0';
		good = check_value(rule, text, index, problem);
		if (comma)
			*comma = ',';
		if (!good)
			return false;
		text = comma ? comma + 1 : NULL;
	}
	return true;
}

/* ------------------------------------------------------------------ all of them */

static bool has_rule(const struct api_parameter_rule *rules, const char *name)
{
	for (; rules->name; rules++)
		if (strcmp(rules->name, name) == 0)
			return true;
	return false;
}

/* Has an earlier one the name of this parameter? */
static bool is_repeated(const struct api_query *query, size_t number)
{
	for (size_t i = 0; i < number; i++)
		if (strcmp(query->parameters[i].name, query->parameters[number].name) == 0)
			return true;
	return false;
}

/* Are there parameters that no rule is for? */
static bool check_names(const struct api_query *query, const struct api_parameter_rule *rules,
			struct api_problem *problem)
{
	char shown[SHOWN_SIZE], others[SHOWN_SIZE] = "";

	for (size_t i = 0; i < query->count; i++) {
		const char *name = query->parameters[i].name;
		size_t used = strlen(others), length;

		if (has_rule(rules, name) || is_repeated(query, i))
			continue;
		/* without the quotation marks */
		length = strlen(api_repr_text(shown, sizeof shown, name, strlen(name)));
		(void)snprintf(others + used, sizeof others - used, "%s%.*s", used > 0 ? ", " : "",
			       length > 2 ? (int)length - 2 : 0, shown + 1);
	}
	return !others[0] || api_problem_set(problem, 400, "Bad Request",
					     "Extra query parameter(s) %s not in spec", others);
}

/* Values of these are words, and Wazuh takes them in capitals, too. */
static void lower(const char *name, char *value)
{
	if (strcmp(name, "status") != 0 && strcmp(name, "hash") != 0)
		return;
	for (; *value; value++)
		*value = (char)tolower((unsigned char)*value);
}

bool api_parameters_check(struct api_query *query, const struct api_parameter_rule *rules,
			  struct api_problem *problem)
{
	if (!check_names(query, rules, problem))
		return false;
	for (; rules->name; rules++) {
		char *value = rules->is_list ? api_query_join(query, rules->name)
					     : api_query_find(query, rules->name);

		if (!value && rules->required)
			return api_problem_set(problem, 400, "Bad Request",
					       "Missing query parameter '%s'", rules->name);
		if (!value)
			continue;
		lower(rules->name, value);
		if (rules->is_list ? !check_list(rules, value, problem)
				   : !check_value(rules, value, -1, problem))
			return false;
	}
	return true;
}

bool api_path_check(const struct api_path *path, const char *pattern,
		    const struct api_parameter_rule *rules, struct api_problem *problem)
{
	for (size_t i = 0; rules && rules->name && i < path->count; i++) {
		size_t length = strcspn(++pattern, "/");
		bool is_parameter = length == 2 && memcmp(pattern, "{}", 2) == 0;

		pattern += length;
		if (is_parameter && !check_value(rules++, path->segments[i], -1, problem))
			return false;
	}
	return true;
}
