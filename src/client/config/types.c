/* SPDX-License-Identifier: ISC */
#include "client/config/types.h"

#include "client/config/duration.h"
#include "client/config/name-template.h"
#include "client/net/proxy.h"
#include "common/agent-key.h"
#include "common/base64.h"
#include "common/cleanup.h"
#include "common/endpoint.h"
#include "common/nearest.h"
#include "common/tls-context.h"
#include "common/tls-pin.h"
#include "common/word-list.h"

#include <errno.h>
#include <string.h>

/* Set the description of a valid value. Returns -EINVAL. */
static int invalid(const char **ret_expected, const char *expected)
{
	*ret_expected = expected;
	return -EINVAL;
}

/* Like invalid(), and the description also names the word most like `text`, if there is one. */
static int invalid_word(const char **ret_expected, const char *expected, const char *text,
			const char *const *words)
{
	static _Thread_local char described[192];
	const char *nearest = nearest_of(text, words);

	if (!nearest)
		return invalid(ret_expected, expected);
	(void)snprintf(described, sizeof described, "%s; did you mean %s?", expected, nearest);
	return invalid(ret_expected, described);
}

/* ------------------------------------------------------------------ plain values */

static void clear_string(void *target)
{
	free(*(char **)target);
	*(char **)target = NULL;
}

static int store_string(void *target, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	clear_string(target);
	*(char **)target = copy;
	return 0;
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

/*
 * Could it be in a configuration file, where blanks around a value are not part of it, and a
 * semicolon at its beginning or behind a blank begins a comment? Options and the agent's file have
 * no such rules, but what `config` prints is to be read again.
 */
static bool is_text(const char *text)
{
	size_t length = strlen(text);

	if (!is_printable(text) || text[0] == ' ' || (length > 0 && text[length - 1] == ' '))
		return false;
	return text[0] != ';' && !strstr(text, " ;");
}

static int parse_text(void *target, const char *text, const struct config_type *type,
		      const char **ret_expected)
{
	(void)type;
	return is_text(text) ? store_string(target, text)
			     : invalid(ret_expected, "printable text, without a semicolon behind a "
						     "blank");
}

static int parse_path(void *target, const char *text, const struct config_type *type,
		      const char **ret_expected)
{
	(void)type;
	return text[0] == '/' && is_text(text) ? store_string(target, text)
					       : invalid(ret_expected, "an absolute path");
}

/* People write the secret itself there. */
static int parse_secret_path(void *target, const char *text, const struct config_type *type,
			     const char **ret_expected)
{
	int r = parse_path(target, text, type, ret_expected);

	return r == -EINVAL
		       ? invalid(ret_expected, "the absolute path of a file, not what is in it")
		       : r;
}

static int parse_ca_path(void *target, const char *text, const struct config_type *type,
			 const char **ret_expected)
{
	int r = strcmp(text, CONFIG_INHERIT) == 0 ? store_string(target, text)
						  : parse_path(target, text, type, ret_expected);

	return r == -EINVAL ? invalid(ret_expected, "an absolute path, or " CONFIG_INHERIT) : r;
}

static int parse_prefix(void *target, const char *text, const struct config_type *type,
			const char **ret_expected)
{
	char scratch[ENDPOINT_PREFIX_SIZE];

	(void)type;
	if (endpoint_prefix_parse(scratch, text) < 0)
		return invalid(ret_expected,
			       "a path such as wazuh-manager, of letters, digits and . _ - ~ /");
	return store_string(target, text);
}

static void clear_port(void *target)
{
	*(uint16_t *)target = 0;
}

static int parse_port(void *target, const char *text, const struct config_type *type,
		      const char **ret_expected)
{
	size_t digits = strspn(text, "0123456789");
	long port = digits > 0 && digits <= 5 && text[digits] == '\0' ? strtol(text, NULL, 10) : 0;

	(void)type;
	if (port < 1 || port > 65535)
		return invalid(ret_expected, "a port from 1 to 65535");
	*(uint16_t *)target = (uint16_t)port;
	return 0;
}

static void clear_bool(void *target)
{
	*(bool *)target = false;
}

static int parse_bool(void *target, const char *text, const struct config_type *type,
		      const char **ret_expected)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off",
					     "on", "0",   "1",     NULL };

	(void)type;
	for (size_t i = 0; words[i]; i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*(bool *)target = i % 2;
			return 0;
		}
	}
	return invalid_word(ret_expected, "yes or no", text, words);
}

static void clear_choice(void *target)
{
	*(int *)target = 0;
}

static int parse_choice(void *target, const char *text, const struct config_type *type,
			const char **ret_expected)
{
	static _Thread_local char valid[128];

	for (int i = 0; type->choices[i]; i++) {
		if (strcmp(text, type->choices[i]) == 0) {
			*(int *)target = i;
			return 0;
		}
	}
	return invalid_word(ret_expected, word_list_text(valid, sizeof valid, type->choices), text,
			    type->choices);
}

/* ------------------------------------------------------------------ durations */

static void clear_duration(void *target)
{
	*(uint64_t *)target = 0;
}

static int parse_duration(void *target, const char *text, const struct config_type *type,
			  const char **ret_expected)
{
	(void)type;
	return duration_parse(target, text) < 0
		       ? invalid(ret_expected, "a duration such as 90, 90 s, 5 min, 1h 30min")
		       : 0;
}

/* ------------------------------------------------------------------ lists */

static void clear_list(void *target)
{
	string_list_clear(target);
}

static int append(void *target, const char *text, size_t length)
{
	return string_list_add(target, text, length);
}

static int parse_address(void *target, const char *text, const struct config_type *type,
			 const char **ret_expected)
{
	struct endpoint scratch;

	(void)type;
	if (endpoint_parse(&scratch, text, 1) < 0)
		return invalid(ret_expected, "host, host:port, an IP address, or [IPv6]:port; "
					     "one manager per line");
	return append(target, text, strlen(text));
}

static int parse_proxy(void *target, const char *text, const struct config_type *type,
		       const char **ret_expected)
{
	struct proxy scratch;

	(void)type;
	switch (is_text(text) ? proxy_parse(&scratch, text) : -EINVAL) {
	case 0:
		return store_string(target, text);
	case -EPERM:
		return invalid(ret_expected, "an address without a password: "
					     "set http://USER@HOST:PORT here "
					     "and proxy_password_file = FILE in [auth]");
	default:
		return invalid(ret_expected,
			       "the address of an HTTP proxy: [http://][USER@]HOST[:PORT]");
	}
}

/* In the format of tls_pin_format(). */
static int parse_pin(void *target, const char *text, const struct config_type *type,
		     const char **ret_expected)
{
	static const char prefix[] = "sha256//";
	unsigned char digest[TLS_PIN_DIGEST_SIZE];
	const char *base64 = text + strlen(prefix);

	(void)type;
	if (strncmp(text, prefix, strlen(prefix)) != 0 ||
	    base64_decode(digest, sizeof digest, BASE64_PADDED, base64, strlen(base64)) !=
		    sizeof digest)
		return invalid(ret_expected, "sha256// and 44 characters of base64, "
					     "as agent-register pin HOST prints it");
	return append(target, text, strlen(text));
}

/* Items separated by commas: all of them, or none. */
static int parse_items(void *target, const char *text, const char **ret_expected,
		       bool (*is_valid)(const char *item, size_t length), const char *expected)
{
	for (const char *item = text;; item++) {
		size_t length = strcspn(item, ",");

		if (!is_valid(item, length))
			return invalid(ret_expected, expected);
		item += length;
		if (*item == '\0')
			break;
	}
	for (const char *item = text;; item++) {
		size_t length = strcspn(item, ",");
		int r = append(target, item, length);

		if (r < 0)
			return r;
		item += length;
		if (*item == '\0')
			return 0;
	}
}

static int parse_groups(void *target, const char *text, const struct config_type *type,
			const char **ret_expected)
{
	(void)type;
	return parse_items(target, text, ret_expected, agent_group_is_valid,
			   "group names of A-Z a-z 0-9 . _ - separated by commas");
}

static bool is_host_name_pattern(const char *text, size_t length)
{
	static const char characters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-*?";

	return length > 0 && strspn(text, characters) >= length &&
	       strspn(text, "*.") < length; /* something has to be a name */
}

static int parse_patterns(void *target, const char *text, const struct config_type *type,
			  const char **ret_expected)
{
	(void)type;
	return parse_items(target, text, ret_expected, is_host_name_pattern,
			   "host names of A-Z a-z 0-9 . _ - with * and ? "
			   "as wildcards, separated by commas");
}

/* ------------------------------------------------------------------ the agent */

/* "%%" cannot be in a name, which is said when it is expanded. */
static bool is_text_of_name(const struct name_piece *piece)
{
	bool is_percent = piece->kind == NAME_TEXT && piece->text[0] == '%';

	for (size_t i = 0; piece->kind == NAME_TEXT && !is_percent && i < piece->length; i++)
		if (!agent_name_is_valid((char[]){ piece->text[i], 'x' }, 2))
			return false;
	return true;
}

/*
 * The expanded name is checked later (identity.h); this checks only what no expansion can correct.
 */
static int parse_agent_name(void *target, const char *text, const struct config_type *type,
			    const char **ret_expected)
{
	static const char valid[] = "2 to 127 characters of A-Z a-z 0-9 . _ -, not beginning "
				    "with a dot, with the specifiers %H %l %f %a %m %b %i %% "
				    "and %{file:/PATH}";
	const char *at = text;
	struct name_piece piece;

	(void)type;
	if (text[0] == '.' || !is_text(text))
		return invalid(ret_expected, valid);
	while (name_template_next(&at, &piece))
		if (piece.kind == NAME_INVALID || !is_text_of_name(&piece))
			return invalid(ret_expected, valid);
	return store_string(target, text);
}

static int parse_agent_ip(void *target, const char *text, const struct config_type *type,
			  const char **ret_expected)
{
	(void)type;
	if (strcmp(text, "src") != 0 && !agent_ip_is_valid(text, strlen(text)))
		return invalid(ret_expected,
			       "any, src, an IP address, or a network such as 10.0.0.0/8");
	return store_string(target, text);
}

static int parse_tls_version(void *target, const char *text, const struct config_type *type,
			     const char **ret_expected)
{
	(void)type;
	return tls_version_parse(text) < 0 ? invalid(ret_expected, "1.0, 1.1, 1.2 or 1.3")
					   : store_string(target, text);
}

/* ------------------------------------------------------------------ values as text */

static const char *text_of_string(const void *target, size_t item, const struct config_type *type,
				  char buffer[static CONFIG_TEXT_SIZE])
{
	(void)item, (void)type, (void)buffer;
	return *(char *const *)target;
}

static const char *text_of_port(const void *target, size_t item, const struct config_type *type,
				char buffer[static CONFIG_TEXT_SIZE])
{
	unsigned int port = *(const uint16_t *)target;

	(void)item, (void)type;
	(void)snprintf(buffer, CONFIG_TEXT_SIZE, "%u", port);
	return port ? buffer : NULL;
}

static const char *text_of_bool(const void *target, size_t item, const struct config_type *type,
				char buffer[static CONFIG_TEXT_SIZE])
{
	(void)item, (void)type, (void)buffer;
	return *(const bool *)target ? "yes" : "no";
}

static const char *text_of_choice(const void *target, size_t item, const struct config_type *type,
				  char buffer[static CONFIG_TEXT_SIZE])
{
	(void)item, (void)buffer;
	return type->choices[*(const int *)target];
}

static const char *text_of_duration(const void *target, size_t item, const struct config_type *type,
				    char buffer[static CONFIG_TEXT_SIZE])
{
	(void)item, (void)type;
	return duration_text(*(const uint64_t *)target, buffer);
}

static const char *text_of_item(const void *target, size_t item, const struct config_type *type,
				char buffer[static CONFIG_TEXT_SIZE])
{
	const struct string_list *list = target;

	(void)type, (void)buffer;
	return item < list->count ? list->items[item] : NULL;
}

/* ------------------------------------------------------------------ the types */

const char *const config_methods[] = { "authd", "api", "enroll", "import", NULL };
static const char *const missing_group_policies[] = { "fail", "default", NULL };
static const char *const clone_policies[] = { "register", "keep", "refuse", NULL };
static const char *const duplicate_policies[] = { "wait", "suffix", "replace", "fail", NULL };
static const char *const set_manager_words[] = { "no", "yes", "force", NULL };
static const char *const own_enrollment_words[] = { "keep", "off", "same", NULL };

const struct config_type config_text = { parse_text, clear_string, text_of_string };
const struct config_type config_user = { parse_text, clear_string, text_of_string,
					 .may_hold_secrets = true };
const struct config_type config_path = { parse_path, clear_string, text_of_string };
const struct config_type config_secret_path = { parse_secret_path, clear_string, text_of_string,
						.may_hold_secrets = true };
const struct config_type config_ca_path = { parse_ca_path, clear_string, text_of_string };
const struct config_type config_prefix = { parse_prefix, clear_string, text_of_string };
const struct config_type config_port = { parse_port, clear_port, text_of_port };
const struct config_type config_bool = { parse_bool, clear_bool, text_of_bool };
const struct config_type config_duration = { parse_duration, clear_duration, text_of_duration };
const struct config_type config_proxy = { parse_proxy, clear_string, text_of_string,
					  .may_hold_secrets = true };
const struct config_type config_tls_version = { parse_tls_version, clear_string, text_of_string };
const struct config_type config_address_list = { parse_address, clear_list, text_of_item,
						 .is_list = true };
const struct config_type config_pin_list = { parse_pin, clear_list, text_of_item, .is_list = true };
const struct config_type config_group_list = { parse_groups, clear_list, text_of_item,
					       .is_list = true };
const struct config_type config_pattern_list = { parse_patterns, clear_list, text_of_item,
						 .is_list = true };
const struct config_type config_agent_name = { parse_agent_name, clear_string, text_of_string };
const struct config_type config_agent_ip = { parse_agent_ip, clear_string, text_of_string };
const struct config_type config_method = { parse_choice, clear_choice, text_of_choice,
					   .choices = config_methods };
const struct config_type config_on_missing_group = { parse_choice, clear_choice, text_of_choice,
						     .choices = missing_group_policies };
const struct config_type config_on_clone = { parse_choice, clear_choice, text_of_choice,
					     .choices = clone_policies };
const struct config_type config_on_duplicate = { parse_choice, clear_choice, text_of_choice,
						 .choices = duplicate_policies };
const struct config_type config_set_manager = { parse_choice, clear_choice, text_of_choice,
						.choices = set_manager_words };
const struct config_type config_own_enrollment = { parse_choice, clear_choice, text_of_choice,
						   .choices = own_enrollment_words };
