/* SPDX-License-Identifier: ISC */
#include "client/config/config.h"

#include "client/config/types.h"
#include "common/cleanup.h"
#include "common/escape.h"
#include "common/io.h"
#include "common/nearest.h"
#include "common/setting-words.h"

#include <ctype.h>
#include <ini.h>
#include <string.h>
#include <sys/stat.h>

#define KEY_NAME_SIZE 64 /* "KEY in [SECTION]" */

/* clang-format off */
#define ROW(section, name, type, default_text) \
	{ #section, #name, default_text, &config_##type, offsetof(struct config, section.name) }
/* clang-format on */

const struct config_key config_keys[] = {
	ROW(manager, address, address_list, ""),
	ROW(manager, port, port, ""),
	ROW(manager, method, method, "authd"),
	ROW(manager, prefix, prefix, ""),
	ROW(manager, proxy, proxy, ""),
	ROW(manager, connect_timeout, duration, "10 s"),
	ROW(manager, attempt_timeout, duration, "30 s"),
	ROW(manager, probe, bool, "no"),
	ROW(manager, probe_port, port, ""),
	ROW(tls, ca_file, ca_path, ""),
	ROW(tls, pin, pin_list, ""),
	ROW(tls, verify_name, text, ""),
	ROW(tls, certificate_file, path, ""),
	ROW(tls, private_key_file, secret_path, ""),
	ROW(tls, min_version, tls_version, "1.2"),
	ROW(tls, ciphers, text, ""),
	ROW(tls, ciphersuites, text, ""),
	ROW(tls, verify, bool, "yes"),
	ROW(agent, name, agent_name, CONFIG_DEFAULT_NAME),
	ROW(agent, placeholder_names, pattern_list, ""),
	ROW(agent, ip, agent_ip, ""),
	ROW(agent, groups, group_list, ""),
	ROW(agent, on_missing_group, on_missing_group, "fail"),
	ROW(agent, version, text, ""),
	ROW(agent, inherit, bool, "yes"),
	ROW(agent, directory, path, "/var/ossec"),
	ROW(agent, keys_file, path, ""),
	ROW(agent, keys_in_place, bool, "no"),
	ROW(agent, group, text, ""),
	ROW(agent, unit, text, ""),
	ROW(agent, set_manager, set_manager, "no"),
	ROW(agent, manager_address, address_list, ""),
	ROW(agent, own_enrollment, own_enrollment, "keep"),
	ROW(auth, password_file, secret_path, ""),
	ROW(auth, proxy_password_file, secret_path, ""),
	ROW(auth, api_user, user, ""),
	ROW(auth, api_password_file, secret_path, ""),
	ROW(auth, token_file, secret_path, ""),
	ROW(auth, key_file, secret_path, ""),
	ROW(auth, forget_secret, bool, "no"),
	ROW(retry, splay, duration, "0 s"),
	ROW(retry, initial, duration, "1 s"),
	ROW(retry, max, duration, "5 min"),
	ROW(retry, budget, duration, "90 s"),
	ROW(identity, on_clone, on_clone, "register"),
	ROW(identity, on_duplicate, on_duplicate, "wait"),
	ROW(identity, settle, duration, "0 s"),
	{ 0 },
};

_Static_assert(sizeof config_keys / sizeof config_keys[0] <= CONFIG_KEYS_MAX + 1,
	       "CONFIG_KEYS_MAX is too small");

static void *target_of(struct config *config, const struct config_key *key)
{
	return (char *)config + key->offset;
}

static struct string_list *origins_of(struct config *config, const struct config_key *key)
{
	return &config->origins[key - config_keys];
}

/*
 * For `expected`, see parse() in types.h; it is written only if the default is not valid. Without
 * memory for the default the value before stays, so that none is ever missing.
 */
static int reset(struct config *config, const struct config_key *key, const char **expected)
{
	string_list_clear(origins_of(config, key));
	config->inherited &= ~(UINT64_C(1) << (key - config_keys));
	if (key->type->is_list || *key->default_text == '\0')
		key->type->clear(target_of(config, key));
	if (*key->default_text == '\0')
		return 0;
	return key->type->parse(target_of(config, key), key->default_text, key->type, expected);
}

int config_init(struct config *config)
{
	const char *expected;

	*config = (struct config){ 0 };
	for (const struct config_key *key = config_keys; key->section; key++) {
		if (reset(config, key, &expected) < 0) {
			config_clear(config);
			return -ENOMEM;
		}
	}
	return 0;
}

void config_clear(struct config *config)
{
	for (const struct config_key *key = config_keys; key->section; key++) {
		string_list_clear(origins_of(config, key));
		key->type->clear(target_of(config, key));
	}
	free(config->agents_file.problem);
	free(config->agents_file.ca_path);
	free(config->agents_file.ca_origin);
}

/* ------------------------------------------------------------------ unknown names */

/*
 * The valid key whose name is most like NAME, of several that in the section most like SECTION;
 * null: none is like it.
 */
static const struct config_key *nearest_key(const char *section, const char *name)
{
	const struct config_key *found = NULL;
	size_t least = SIZE_MAX;

	for (const struct config_key *key = config_keys; key->section; key++) {
		struct nearest names = NEAREST_TO(name);
		size_t sections = nearest_distance(section, key->section), sum;

		nearest_offer(&names, key->name);
		if (!names.found)
			continue;
		sum = 4 * names.distance + (sections == SIZE_MAX ? KEY_NAME_SIZE : sections);
		if (sum < least) {
			least = sum;
			found = key;
		}
	}
	return found;
}

static int unknown_key(const char *section, const char *name, const char *origin,
		       struct reason *why)
{
	const struct config_key *nearest = nearest_key(section, name);
	char shown[128], shown_section[128], hint[160] = "";

	escape_string(shown, sizeof shown, name);
	escape_string(shown_section, sizeof shown_section, section);
	if (nearest && strcmp(section, nearest->section) == 0)
		(void)snprintf(hint, sizeof hint, "; did you mean %s?", nearest->name);
	else if (nearest)
		(void)snprintf(hint, sizeof hint, "; did you mean %s in [%s]?", nearest->name,
			       nearest->section);
	if (*section == '\0')
		reason_set(why, "%s: key '%s' appears before any section%s", origin, shown, hint);
	else
		reason_set(why, "%s: unknown key '%s' in [%s]%s", origin, shown, shown_section,
			   hint);
	return -EINVAL;
}

/* ------------------------------------------------------------------ setting one key */

static const struct config_key *find_key(const char *section, const char *name)
{
	for (const struct config_key *key = config_keys; key->section; key++)
		if (strcmp(key->section, section) == 0 && strcmp(key->name, name) == 0)
			return key;
	return NULL;
}

/* A value may have added several items to a list. */
static int note_origin(struct config *config, const struct config_key *key, const char *origin)
{
	const struct string_list *value = target_of(config, key);
	struct string_list *origins = origins_of(config, key);
	size_t count = key->type->is_list ? value->count : 1;
	int r = 0;

	if (!key->type->is_list)
		string_list_clear(origins);
	while (r == 0 && origins->count < count)
		r = string_list_add(origins, origin, strlen(origin));
	return r;
}

const char *config_origin(const struct config *config, const struct config_key *key, size_t item)
{
	const struct string_list *origins = &config->origins[key - config_keys];

	return item < origins->count ? origins->items[item] : NULL;
}

const struct config_key *config_key_at(const struct config *config, const void *value)
{
	const struct config_key *key = config_keys;

	while (key->section && (const char *)config + key->offset != value)
		key++;
	return key;
}

bool config_is_set(const struct config *config, const void *value)
{
	return config_origin(config, config_key_at(config, value), 0) != NULL;
}

const char *config_home(const struct config *config, const void *value)
{
	size_t row = (size_t)(config_key_at(config, value) - config_keys);

	return config->inherited & (UINT64_C(1) << row) ? config->agent.directory : NULL;
}

int config_set_inherited(struct config *config, const struct config_key *key, const char *value,
			 const char *origin, struct reason *why)
{
	int r = config_set(config, key->section, key->name, value, origin, why);

	if (r == 0)
		config->inherited |= UINT64_C(1) << (key - config_keys);
	return r;
}

int config_set(struct config *config, const char *section, const char *name, const char *value,
	       const char *origin, struct reason *why)
{
	const struct config_key *key = find_key(section, name);
	const char *expected;
	char shown[256], full_name[KEY_NAME_SIZE];
	int r;

	if (!key)
		return unknown_key(section, name, origin, why);
	if (key->offset == offsetof(struct config, retry.budget))
		config->budget_is_set = *value != '\0';
	if (*value == '\0')
		r = reset(config, key, &expected);
	else
		r = key->type->parse(target_of(config, key), value, key->type, &expected);
	if (r == 0 && *value != '\0')
		config->inherited &= ~(UINT64_C(1) << (key - config_keys));
	if (r == 0 && *value != '\0')
		r = note_origin(config, key, origin);
	if (r == -ENOMEM)
		return reason_errno(why, r, "%s: cannot set %s in [%s]", origin, name, section);
	if (r == 0)
		return 0;
	(void)snprintf(full_name, sizeof full_name, "%s in [%s]", name, section);
	if (key->type->may_hold_secrets)
		reason_set(why, "%s: the value for %s is not valid: expected %s", origin,
			   setting_words(full_name), expected);
	else
		reason_set(why, "%s: '%s' is not a valid value for %s: expected %s", origin,
			   escape_string(shown, sizeof shown, value), setting_words(full_name),
			   expected);
	return -EINVAL;
}

int config_assign(struct config *config, const char *assignment, const char *origin,
		  struct reason *why)
{
	cleanup_free char *section = strdup(assignment);
	char *equals = section ? strchr(section, '=') : NULL;
	char *dot = section ? strchr(section, '.') : NULL;

	if (!section)
		return reason_errno(why, ENOMEM, "%s: cannot take a setting", origin);
	if (!equals || !dot || dot > equals) {
		char shown[128];

		if (equals) /* behind it may be a password */
			*equals = '\0';
		reason_set(why, "%s: '%s%s' is not SECTION.KEY=VALUE", origin,
			   escape_string(shown, sizeof shown, section), equals ? "=..." : "");
		return -EINVAL;
	}
	*dot = *equals = '\0';
	return config_set(config, section, dot + 1, equals + 1, origin, why);
}

/* ------------------------------------------------------------------ reading a file */

/*
 * inih calls the reader once per line and the handler directly after it, so the reader knows the
 * line of the handler.
 */
struct ini_source {
	FILE *file;
	const char *path;
	unsigned int line;
	struct config *config;
	struct reason *why;
	int error;       /* the first one; reading continues, so that all are told at once */
	bool is_skipped; /* the section is not known, and so none of its keys is */
};

static void fail_line(struct ini_source *source, const char *problem)
{
	reason_add(source->why, "%s:%u: %s", source->path, source->line, problem);
	if (source->error == 0)
		source->error = -EINVAL;
}

/*
 * inih reports a section only with its first key; one without keys may be a misspelt name as well.
 */
static void check_section(struct ini_source *source, const char *line)
{
	size_t length = strcspn(line + 1, "]");
	const char *behind = line + length + 2; /* if there is a ] */
	char section[64], shown[128], hint[NEAREST_HINT_SIZE] = "", problem[256];
	struct nearest nearest = NEAREST_TO(section);

	if (line[1 + length] != ']') {
		source->is_skipped = true;
		fail_line(source, "expected [SECTION], and there is no ]");
		return;
	}
	(void)snprintf(section, sizeof section, "%.*s", (int)length, line + 1);
	for (const struct config_key *key = config_keys; key->section; key++)
		nearest_offer(&nearest, key->section);
	behind += strspn(behind, " \t");
	source->is_skipped = !nearest.found || strcmp(nearest.found, section) != 0;
	if (!source->is_skipped) {
		if (*behind && *behind != ';' && *behind != '#')
			fail_line(source, "unexpected text after ]; put it on a line of its own");
		return;
	}
	if (nearest.found)
		(void)snprintf(hint, sizeof hint, "; did you mean [%s]?", nearest.found);
	(void)snprintf(problem, sizeof problem, "unknown section [%s]%s",
		       escape_string(shown, sizeof shown, section), hint);
	fail_line(source, problem);
}

/* Would inih read less of it than there is? Then that is an error. */
static bool is_cut(struct ini_source *source, const char *line, ssize_t length, size_t skipped,
		   int size)
{
	char problem[128];

	if (strlen(line) != (size_t)length) {
		fail_line(source, "the line contains a NUL byte");
		return true;
	}
	if (length - (ssize_t)skipped < size)
		return false;
	(void)snprintf(problem, sizeof problem,
		       "the line is longer than %d bytes and would be truncated; "
		       "split or shorten it",
		       size - 1);
	fail_line(source, problem);
	return true;
}

/*
 * inih goes on behind a malformed line, but tells only the first one, and that at the end. As
 * there, a semicolon behind a blank begins a comment.
 */
static bool is_assignment(const char *line)
{
	bool was_blank = false;

	for (; *line && *line != '=' && *line != ':'; line++) {
		if (was_blank && *line == ';')
			return false;
		was_blank = isspace((unsigned char)*line);
	}
	return *line != '\0';
}

static bool is_malformed(struct ini_source *source, const char *line)
{
	if (*line == '\0' || strchr(";#[", *line) || is_assignment(line))
		return false;
	fail_line(source, "expected [SECTION], KEY = VALUE or a comment");
	return true;
}

/*
 * Detect what inih ignores: it truncates lines that exceed its buffer (`size`, 200 in most
 * distributions), and stops at a NUL byte. Leading blanks are dropped, because inih treats an
 * indented line as a continuation of the previous value.
 */
static char *read_line(char *buffer, int size, void *stream)
{
	struct ini_source *source = stream;
	cleanup_free char *line = NULL;
	size_t allocated = 0, skipped;
	ssize_t length = getline(&line, &allocated, source->file);
	bool is_section, is_bad = false;

	if (length < 0) {
		/* glibc 2.36 does not set the file's error where there is no memory */
		if (!feof(source->file) && source->error == 0)
			source->error = reason_errno(source->why, errno, "Cannot read %s",
						     source->path);
		return NULL;
	}
	source->line++;
	while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
		line[--length] = '\0';
	skipped = source->line == 1 ? io_mark_length(line, (size_t)length) : 0;
	skipped += strspn(line + skipped, " \t");

	is_section = line[skipped] == '[';
	is_bad = is_cut(source, line, length, skipped, size);
	if (!is_bad && is_section)
		check_section(source, line + skipped);
	is_bad = is_bad || is_malformed(source, line + skipped) || source->is_skipped;
	(void)snprintf(buffer, (size_t)size, "%s", is_bad ? "" : line + skipped);
	return buffer;
}

static int take_value(void *user, const char *section, const char *name, const char *value)
{
	struct ini_source *source = user;
	struct reason why = { 0 };
	char origin[512];
	int r;

	(void)snprintf(origin, sizeof origin, "%s:%u", source->path, source->line);
	r = config_set(source->config, section, name, value, origin, &why);
	if (r < 0)
		reason_add(source->why, "%s", why.text);
	if (source->error == 0)
		source->error = r;
	return 1;
}

int config_read(struct config *config, FILE *file, const char *path, struct reason *why)
{
	struct reason said = { 0 };
	struct ini_source source = { .file = file, .path = path, .config = config, .why = &said };
	struct stat status;
	int bad_line = ini_parse_stream(read_line, &source, take_value, &source);

	if (fstat(fileno(file), &status) == 0 && status.st_mtime > config->changed_at)
		config->changed_at = status.st_mtime;
	if (bad_line > 0 && source.error == 0) { /* in case it knows a kind that we do not */
		reason_set(&said, "%s:%d: the line cannot be read", path, bad_line);
		source.error = -EINVAL;
	}
	if (bad_line < 0 && source.error == 0)
		source.error = reason_errno(&said, ENOMEM, "Cannot read %s", path);
	if (source.error < 0 && why)
		*why = said;
	return source.error;
}

int config_read_file(struct config *config, const char *path, struct reason *why)
{
	cleanup_file FILE *file = io_open(path);

	if (!file)
		return reason_errno(why, errno, "Cannot read the configuration file %s", path);
	return config_read(config, file, path, why);
}
