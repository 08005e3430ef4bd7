/* SPDX-License-Identifier: ISC */
#include "registrar/commands/token.h"

#include "common/cleanup.h"
#include "common/escape.h"
#include "common/io.h"
#include "common/json-text.h"
#include "common/log.h"
#include "common/terminal.h"
#include "common/usage.h"
#include "registrar/agents/enroll-tokens.h"
#include "registrar/commands/admin.h"
#include "registrar/enrollment/token-make.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

enum action { CREATE, LIST, SHOW, REVOKE, PURGE, ACTIONS };

const char *const token_actions[] = {
	[CREATE] = "create", [LIST] = "list",   [SHOW] = "show",
	[REVOKE] = "revoke", [PURGE] = "purge", NULL,
};

/* ------------------------------------------------------------------ what belongs together */

/* An option of another action; null: there is none. */
static const char *misplaced_option(const struct options *options, enum action action)
{
	const struct token_options *token = &options->token;
	const struct token_wish *wish = &token->wish;
	const struct {
		const char *name;
		bool is_given;
		unsigned int actions;
	} rows[] = {
		{ "address", wish->address, 1u << CREATE },
		{ "port", wish->port, 1u << CREATE },
		{ "prefix", wish->prefix, 1u << CREATE },
		{ "ttl", wish->ttl, 1u << CREATE },
		{ "max-uses", wish->most, 1u << CREATE },
		{ "description", wish->description, 1u << CREATE },
		{ "embed-ca", wish->embeds_ca, 1u << CREATE },
		{ "no-credential", wish->has_no_credential, 1u << CREATE },
		{ "all", token->all, 1u << PURGE },
		{ "force", token->force, 1u << PURGE },
		{ "json", options->admin.json, 1u << CREATE | 1u << LIST | 1u << SHOW },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].is_given && !(rows[i].actions & 1u << action))
			return rows[i].name;
	return NULL;
}

static int check_arguments(enum action action, int count)
{
	if (action == SHOW && count != 1)
		return usage_error("token show takes the ID of one token");
	if (action == REVOKE && count == 0)
		return usage_error("token revoke takes the IDs of tokens");
	if (action != SHOW && action != REVOKE && count > 0)
		return usage_error("token %s takes no ID", token_actions[action]);
	return 0;
}

static int check_create(const struct token_wish *wish)
{
	switch (token_wish_check(wish)) {
	case TOKEN_ADDRESS:
		return usage_error("token create needs --address: this manager, as agents "
				   "reach it");
	case TOKEN_NOT_KEPT:
		return usage_error("a token with --no-credential is not kept: nothing limits or "
				   "describes it");
	case TOKEN_DESCRIPTION:
		return usage_error("--description has at most %d characters, of printable ASCII",
				   ENROLL_TOKEN_DESCRIPTION_MAX);
	case TOKEN_TTL:
		return usage_error("--ttl is at most %ud", ENROLL_TOKEN_DAYS_MAX);
	default:
		return 0;
	}
}

static int check(const struct options *options, enum action action)
{
	const char *misplaced = misplaced_option(options, action);
	int r = misplaced ? usage_error("option --%s does not belong to token %s", misplaced,
					token_actions[action])
			  : check_arguments(action, options->line.argument_count - 1);

	if (r == 0 && action == CREATE)
		r = check_create(&options->token.wish);
	if (r == 0 && action == PURGE && options->token.all != options->token.force)
		r = usage_error(options->token.all
					? "token purge --all removes tokens that can be used: say "
					  "--force as well"
					: "--force needs --all");
	return r;
}

/* ------------------------------------------------------------------ showing */

static const char *time_text(char ret[static 32], uint64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm parts;

	if (seconds > INT64_MAX || !gmtime_r(&time, &parts) ||
	    strftime(ret, 32, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		(void)snprintf(ret, 32, "%" PRIu64, seconds);
	return ret;
}

static const char *state_text(const struct enroll_token *token)
{
	return enroll_token_state_text(enroll_token_state(token, (uint64_t)time(NULL)));
}

/* The host and port, and the prefix. */
static void split_address(const struct enroll_token *token, char address[static ENDPOINT_TEXT_SIZE],
			  char prefix[static ENDPOINT_PREFIX_SIZE])
{
	struct endpoint manager;

	address[0] = prefix[0] = '\0';
	if (enrollment_address_parse(&manager, prefix, token->address) == 0)
		endpoint_text(&manager, address);
}

static void print_members(const struct enroll_token *token)
{
	char address[ENDPOINT_TEXT_SIZE], prefix[ENDPOINT_PREFIX_SIZE], created[32], expires[32];
	const struct {
		const char *name, *text;
	} rows[] = {
		{ "id", token->id },
		{ "address", address },
		{ "prefix", prefix },
		{ "created", time_text(created, token->created) },
		{ "expires", time_text(expires, token->expires) },
		{ "state", state_text(token) },
		{ "description", token->description },
	};

	split_address(token, address, prefix);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		print_json_member(rows[i].name, rows[i].text);
		putchar(',');
	}
	printf("\"uses\":%" PRIu32 ",\"max_uses\":", token->uses);
	printf(token->most > 0 ? "%" PRIu32 : "null", token->most);
}

static const char *uses_text(char ret[static 32], const struct enroll_token *token)
{
	(void)snprintf(ret, 32, token->most > 0 ? "%" PRIu32 "/%" PRIu32 : "%" PRIu32, token->uses,
		       token->most);
	return ret;
}

static void print_line(const struct enroll_token *token)
{
	char expires[32], uses[32];

	printf("%s %s %s %s %s%s%s\n", token->id, state_text(token), uses_text(uses, token),
	       time_text(expires, token->expires), token->address, token->description[0] ? " " : "",
	       token->description);
}

/* On a terminal: where it leads and what it is for has a line of its own. */
static void print_columns(const struct enroll_tokens *tokens)
{
	const struct terminal *terminal = terminal_stdout();
	char header[128], expires[32], uses[32];
	int wide = 4;

	for (size_t i = 0; i < tokens->count; i++) {
		int length = (int)strlen(uses_text(uses, &tokens->tokens[i]));

		wide = length > wide ? length : wide;
	}
	(void)snprintf(header, sizeof header, "%-*s  STATE    %-*s  EXPIRES", ENROLLMENT_ID_LENGTH,
		       "ID", wide, "USES");
	terminal_print_heading(terminal, header);
	for (size_t i = 0; i < tokens->count; i++) {
		const struct enroll_token *token = &tokens->tokens[i];

		printf("%-*s  %-7s  %-*s  %s\n", ENROLLMENT_ID_LENGTH, token->id, state_text(token),
		       wide, uses_text(uses, token), time_text(expires, token->expires));
		terminal_print_row(terminal, TERMINAL_NO_MARK, "", 1, "%s%s%s", token->address,
				   token->description[0] ? ": " : "", token->description);
	}
}

#define print_fact(label, text) \
	terminal_print_row(terminal_stdout(), TERMINAL_NO_MARK, label, 12, "%s", text)

static void print_all(const struct enroll_token *token)
{
	char address[ENDPOINT_TEXT_SIZE], prefix[ENDPOINT_PREFIX_SIZE], created[32], expires[32],
		uses[32];

	split_address(token, address, prefix);
	print_fact("id:", token->id);
	print_fact("address:", address);
	print_fact("prefix:", prefix);
	print_fact("created:", time_text(created, token->created));
	print_fact("expires:", time_text(expires, token->expires));
	print_fact("uses:", uses_text(uses, token));
	print_fact("state:", state_text(token));
	print_fact("description:", token->description);
}

/* ------------------------------------------------------------------ what is read */

static int fail_store(int error, const struct reason *why)
{
	return error == -E2BIG ? admin_fail(EX_DATAERR, why) : admin_fail_file(error, why);
}

static void print_json(const struct enroll_tokens *tokens)
{
	printf("{\"tokens\":[");
	for (size_t i = 0; i < tokens->count; i++) {
		printf("%s\n{", i > 0 ? "," : "");
		print_members(&tokens->tokens[i]);
		putchar('}');
	}
	printf("]}\n");
}

static int list(const struct enroll_tokens *tokens, bool as_json)
{
	admin_end_with_reader();
	if (as_json)
		print_json(tokens);
	else if (terminal_stdout()->width > 0 && tokens->count > 0)
		print_columns(tokens);
	else
		for (size_t i = 0; i < tokens->count; i++)
			print_line(&tokens->tokens[i]);
	return admin_finish_output();
}

static struct enroll_token *find(const struct enroll_tokens *tokens, const char *id, int *status)
{
	struct enroll_token *token = enroll_tokens_find(tokens, id);
	struct reason why;
	char shown[64];

	if (!token) {
		reason_set(&why, "There is no enrollment token %s",
			   escape_string(shown, sizeof shown, id));
		*status = admin_fail(EX_DATAERR, &why);
	}
	return token;
}

static int show(struct enroll_tokens *tokens, const struct options *options)
{
	int status = 0;
	const struct enroll_token *token = find(tokens, options->line.arguments[1], &status);

	if (!token)
		return status;
	admin_end_with_reader();
	if (options->admin.json) {
		putchar('{');
		print_members(token);
		printf("}\n");
	} else {
		print_all(token);
	}
	return admin_finish_output();
}

/* ------------------------------------------------------------------ what is changed */

static int store(struct enroll_tokens *tokens, const struct options *options)
{
	struct reason why;
	int r = enroll_tokens_store(tokens, options->group, &why);

	return r < 0 ? fail_store(r, &why) : 0;
}

static int revoke_tokens(struct enroll_tokens *tokens, const struct options *options)
{
	int status = 0;

	for (int i = 1; i < options->line.argument_count; i++) {
		struct enroll_token *token = find(tokens, options->line.arguments[i], &status);

		if (token)
			enroll_tokens_revoke(tokens, token);
	}
	return status != 0 ? status : store(tokens, options);
}

static int purge(struct enroll_tokens *tokens, const struct options *options)
{
	size_t removed = enroll_tokens_purge(tokens, options->token.all, (uint64_t)time(NULL));
	int status = store(tokens, options);

	if (status == 0)
		printf("Removed %zu enrollment tokens\n", removed);
	return status != 0 ? status : admin_finish_output();
}

/* ------------------------------------------------------------------ creating */

static int print_text(const char *text, size_t length)
{
	struct reason why;
	int r = io_write(STDOUT_FILENO, text, length);

	if (r >= 0)
		return 0;
	(void)reason_errno(&why, r, "Cannot write to standard output");
	return admin_fail(EX_IOERR, &why);
}

/* Unbuffered where the secret is: no copy of it stays behind. */
static int print_token(const struct enrollment_token *token, const struct enroll_token *kept,
		       bool as_json)
{
	char *text;
	int r = enrollment_token_format(&text, token), status;
	struct reason why;

	if (r < 0) {
		(void)reason_errno(&why, r, "Cannot write the enrollment token");
		return admin_fail(r == -EMSGSIZE ? EX_DATAERR : EX_OSERR, &why);
	}
	if (as_json) {
		putchar('{');
		if (kept) {
			print_members(kept);
			putchar(',');
		}
		printf("\"token\":\"");
	}
	status = admin_finish_output();
	if (status == 0)
		status = print_text(text, strlen(text));
	if (status == 0)
		status = as_json ? print_text("\"}\n", 3) : print_text("\n", 1);
	explicit_bzero(text, strlen(text));
	free(text);
	return status;
}

/* It is kept before anybody sees it. */
static int create(struct enroll_tokens *tokens, const struct options *options)
{
	cleanup(enrollment_token_wipe) struct enrollment_token token = { .ca = NULL };
	const struct token_wish *wish = &options->token.wish;
	const struct token_files files = { .certificate = options->tls.certificate_file,
					   .bundle = options->paths.ca_file };
	struct enroll_token kept;
	size_t removed;
	enum token_fault fault;
	struct reason why;
	char expires[32];
	int r = token_make(&token, wish, &files, &fault, &why), status;

	if (r < 0)
		return r == -EINVAL ? admin_fail(EX_DATAERR, &why) : admin_fail_file(r, &why);
	if (!token.has_credential)
		return print_token(&token, NULL, options->admin.json);
	token_describe(&kept, &token, wish, (uint64_t)time(NULL));
	removed = enroll_tokens_make_room(tokens, kept.created);
	r = enroll_tokens_add(tokens, &kept, &why);
	status = r < 0 ? fail_store(r, &why) : store(tokens, options);
	if (status == 0 && removed > 0)
		log_info("Removed %zu enrollment tokens that could not be used any more, to make "
			 "room",
			 removed);
	if (status == 0)
		status = print_token(&token, &kept, options->admin.json);
	if (status == 0)
		log_info("Created the enrollment token %s, which can be used until %s", kept.id,
			 time_text(expires, kept.expires));
	explicit_bzero(&kept, sizeof kept);
	return status;
}

/* ------------------------------------------------------------------ the command */

static int run(enum action action, struct enroll_tokens *tokens, const struct options *options)
{
	switch (action) {
	case CREATE:
		return create(tokens, options);
	case LIST:
		return list(tokens, options->admin.json);
	case SHOW:
		return show(tokens, options);
	case REVOKE:
		return revoke_tokens(tokens, options);
	case PURGE:
		return purge(tokens, options);
	case ACTIONS:
		break;
	}
	return EX_SOFTWARE;
}

int token_command(struct program *program)
{
	const struct options *options = program->options;
	cleanup(enroll_tokens_clear) struct enroll_tokens tokens = {
		.path = options->paths.tokens_file,
	};
	enum action action = CREATE;
	cleanup_fd int lock = -1;
	struct reason why;
	int r = 0;

	if (usage_check_choice("ACTION", token_actions, options->line.arguments[0]) < 0)
		return EX_USAGE;
	while (strcmp(token_actions[action], options->line.arguments[0]) != 0)
		action++;
	if (check(options, action) < 0)
		return EX_USAGE;
	if (action != LIST && action != SHOW)
		r = lock = enroll_tokens_lock(tokens.path, &why);
	if (r >= 0)
		r = enroll_tokens_refresh(&tokens, &why);
	return r < 0 ? admin_fail_file(r, &why) : run(action, &tokens, options);
}
