/* SPDX-License-Identifier: ISC */
#include "registrar/api/expression.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 32
#define OPERATORS "!<>=~"

struct parser {
	const char *whole, *at;
	int depth;
	const struct api_field_set *fields;
	void *owner;                 /* whom to decide about; null: only check */
	time_t now;                  /* for that */
	struct api_problem *problem; /* when checking: what is wrong */
};

static bool is_broken(const struct parser *parser)
{
	return parser->problem && parser->problem->status != 0;
}

static bool refuse(struct parser *parser)
{
	return parser->problem &&
	       api_problem_code(parser->problem, API_QUERY_FORMAT, "%s", parser->whole);
}

/* ------------------------------------------------------------------ one condition */

static size_t field_length(const char *text)
{
	size_t n = 0;

	while (isalnum((unsigned char)text[n]) || text[n] == '_' || text[n] == '.')
		n++;
	return n;
}

static size_t value_length(const char *text)
{
	size_t n = 0;

	while (text[n] && (isalnum((unsigned char)text[n]) || (unsigned char)text[n] >= 0x80 ||
			   strchr("_[] -.:?\\/'\"=@%<>{}$", text[n])))
		n++;
	return n;
}

static bool read_operator(struct parser *parser, char *ret)
{
	size_t n = strspn(parser->at, OPERATORS);
	const char *at = parser->at;

	n = n > 2 ? 2 : n;
	parser->at += n;
	if (n == 1 && *at != '!')
		*ret = *at;
	else if (n == 2 && at[0] == '!' && at[1] == '=')
		*ret = '!';
	else if (n > 0)
		return parser->problem &&
		       api_problem_code(parser->problem, API_QUERY_OPERATOR,
					"Valid operators: =, !=, <, >, ~. Used operator: %.*s",
					(int)n, at);
	else
		return refuse(parser);
	return true;
}

/* False: the condition does not hold, or there is a problem. */
static bool read_condition(struct parser *parser)
{
	const char *name = parser->at;
	size_t length = field_length(name);
	struct api_condition condition = { .field = 0 };
	bool exists = parser->fields->find(&condition, name, length);
	struct api_value value;

	parser->at += length;
	if (length == 0 || !strchr(OPERATORS, *parser->at) || *parser->at == '\0')
		return refuse(parser);
	if (!exists)
		return parser->problem &&
		       api_problem_code(parser->problem, API_QUERY_FIELD,
					"Available fields: %s. Field: %.*s", parser->fields->names,
					(int)length, name);
	if (!read_operator(parser, &condition.operator))
		return false;
	condition.value = parser->at;
	condition.length = value_length(parser->at);
	parser->at += condition.length;
	if (condition.length == 0)
		return refuse(parser);
	if (!parser->owner)
		return api_condition_check(&condition, parser->problem);
	/* As at Wazuh's managers, "all" is no condition. */
	if (condition.length == 3 && memcmp(condition.value, "all", 3) == 0)
		return true;
	value = parser->fields->value(parser->owner, condition.field);
	return api_condition_holds(&condition, &value, parser->now);
}

/* ------------------------------------------------------------------ several */

static bool read_alternatives(struct parser *parser);

static bool read_operand(struct parser *parser)
{
	bool holds;

	if (*parser->at != '(')
		return read_condition(parser);
	if (++parser->depth > DEPTH_MAX)
		return refuse(parser);
	parser->at++;
	holds = read_alternatives(parser);
	if (is_broken(parser))
		return false;
	if (*parser->at != ')')
		return refuse(parser);
	parser->at++;
	parser->depth--;
	return holds;
}

static bool read_conjunction(struct parser *parser)
{
	bool holds = read_operand(parser);

	while (!is_broken(parser) && *parser->at == ';') {
		bool next;

		parser->at++;
		next = read_operand(parser);
		holds = holds && next;
	}
	return holds;
}

static bool read_alternatives(struct parser *parser)
{
	bool holds = read_conjunction(parser);

	while (!is_broken(parser) && *parser->at == ',') {
		bool next;

		parser->at++;
		next = read_conjunction(parser);
		holds = holds || next;
	}
	return holds;
}

bool api_expression_check(const char *q, const struct api_field_set *fields,
			  struct api_problem *problem)
{
	struct parser parser = { .whole = q, .at = q, .fields = fields, .problem = problem };

	*problem = (struct api_problem){ .status = 0 };
	if (q[0] == '\0')
		return true;
	(void)read_alternatives(&parser);
	if (!is_broken(&parser) && *parser.at != '\0')
		(void)refuse(&parser);
	return !is_broken(&parser);
}

bool api_expression_holds(const char *q, const struct api_field_set *fields, void *owner,
			  time_t now)
{
	struct parser parser = {
		.whole = q, .at = q, .fields = fields, .owner = owner, .now = now
	};

	return q[0] == '\0' || read_alternatives(&parser);
}
