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
	bool only_form;              /* when checking: not yet the values */
	struct api_problem *problem; /* when checking: what is wrong */
	unsigned int mentioned;      /* fields, as bits */
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

/* What a part of the expression says. */
enum truth {
	SAYS_NOTHING, /* as at Wazuh's managers, a condition with "all" is none */
	IS_FALSE,     /* or there is a problem */
	IS_TRUE,
};

static enum truth truth_of(bool holds)
{
	return holds ? IS_TRUE : IS_FALSE;
}

static enum truth decide(const struct parser *parser, const struct api_condition *condition)
{
	struct api_value value;

	if (!parser->owner)
		return truth_of(parser->only_form ||
				api_condition_check(condition, parser->problem));
	if (condition->comparison != API_COMPARE_LITERAL && condition->length == strlen("all") &&
	    memcmp(condition->value, "all", strlen("all")) == 0)
		return SAYS_NOTHING;
	value = parser->fields->value(parser->owner, condition->field);
	return truth_of(api_condition_holds(condition, &value, parser->now));
}

static enum truth read_condition(struct parser *parser)
{
	const char *name = parser->at;
	size_t length = field_length(name);
	struct api_condition condition = { .field = 0 };
	bool exists = parser->fields->find(&condition, name, length);

	parser->at += length;
	if (length == 0 || !strchr(OPERATORS, *parser->at) || *parser->at == '\0')
		return truth_of(refuse(parser));
	if (!exists)
		return truth_of(parser->problem &&
				api_problem_code(parser->problem, API_QUERY_FIELD,
						 "Available fields: %s. Field: %.*s",
						 parser->fields->names, (int)length, name));
	parser->mentioned |= 1u << condition.field;
	if (!read_operator(parser, &condition.operator))
		return IS_FALSE;
	condition.value = parser->at;
	condition.length = value_length(parser->at);
	parser->at += condition.length;
	return condition.length == 0 ? truth_of(refuse(parser)) : decide(parser, &condition);
}

/* ------------------------------------------------------------------ several */

static enum truth read_alternatives(struct parser *parser);

static enum truth read_operand(struct parser *parser)
{
	enum truth truth;

	if (*parser->at != '(')
		return read_condition(parser);
	if (++parser->depth > DEPTH_MAX)
		return truth_of(refuse(parser));
	parser->at++;
	truth = read_alternatives(parser);
	if (is_broken(parser))
		return IS_FALSE;
	if (*parser->at != ')')
		return truth_of(refuse(parser));
	parser->at++;
	parser->depth--;
	return truth;
}

/* Parts with one operator between them, of which a part that is `decisive` decides. */
static enum truth join(enum truth a, enum truth b, enum truth decisive)
{
	if (a == SAYS_NOTHING || b == SAYS_NOTHING)
		return a == SAYS_NOTHING ? b : a;
	return a == decisive ? a : b;
}

static enum truth read_conjunction(struct parser *parser)
{
	enum truth truth = read_operand(parser);

	while (!is_broken(parser) && *parser->at == ';') {
		parser->at++;
		truth = join(truth, read_operand(parser), IS_FALSE);
	}
	return truth;
}

static enum truth read_alternatives(struct parser *parser)
{
	enum truth truth = read_conjunction(parser);

	while (!is_broken(parser) && *parser->at == ',') {
		parser->at++;
		truth = join(truth, read_conjunction(parser), IS_TRUE);
	}
	return truth;
}

static bool check(const char *q, const struct api_field_set *fields, bool only_form,
		  struct api_problem *problem)
{
	struct parser parser = {
		.whole = q, .at = q, .fields = fields, .only_form = only_form, .problem = problem
	};

	(void)read_alternatives(&parser);
	if (!is_broken(&parser) && *parser.at != '\0')
		(void)refuse(&parser);
	return !is_broken(&parser);
}

bool api_expression_check(const char *q, const struct api_field_set *fields,
			  struct api_problem *problem)
{
	*problem = (struct api_problem){ .status = 0 };
	/* Wazuh reads all of it before it looks at a value. */
	return q[0] == '\0' ||
	       (check(q, fields, true, problem) && check(q, fields, false, problem));
}

bool api_expression_holds(const char *q, const struct api_field_set *fields, void *owner,
			  time_t now)
{
	struct parser parser = {
		.whole = q, .at = q, .fields = fields, .owner = owner, .now = now
	};

	return q[0] == '\0' || read_alternatives(&parser) != IS_FALSE;
}

unsigned int api_expression_fields(const char *q, const struct api_field_set *fields)
{
	struct api_problem problem = { 0 };
	struct parser parser = {
		.whole = q, .at = q, .fields = fields, .only_form = true, .problem = &problem
	};

	if (q[0] != '\0')
		(void)read_alternatives(&parser);
	return parser.mentioned;
}
