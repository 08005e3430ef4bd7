/* SPDX-License-Identifier: ISC */
#include "client/registration/groups.h"

#include "client/registration/report.h"
#include "client/system/message-ids.h"

#include <string.h>

#define FALLBACK "default" /* the group that every manager of Wazuh has */

const char *groups_fallback(const struct config *config)
{
	return config->agent.on_missing_group == MISSING_GROUP_DEFAULT ? FALLBACK : NULL;
}

/* ------------------------------------------------------------------ the list that is requested */

static int join(const struct string_list *groups, char **ret)
{
	size_t length;
	char *text = NULL;
	FILE *stream = open_memstream(&text, &length);

	if (!stream)
		return -ENOMEM;
	for (size_t i = 0; i < groups->count; i++)
		(void)fprintf(stream, "%s%s", i ? "," : "", groups->items[i]);
	if (fclose(stream) != 0) {
		free(text);
		return -ENOMEM;
	}
	free(*ret);
	*ret = text;
	return 0;
}

int groups_choose(struct registration *run, struct reason *why)
{
	const struct string_list *groups = &run->config->agent.groups;
	int r = groups->count > 0 ? join(groups, &run->request.groups) : 0;

	run->request.missing_groups[0] = '\0';
	return r < 0 ? reason_errno(why, r, "Cannot list the groups") : 0;
}

/* ------------------------------------------------------------------ a group that is missing */

/* "Invalid group: NAME", and what else a manager says behind it. */
static bool names_group(const char *message, const char *group)
{
	static const char before[] = "Invalid group: ";
	const char *name = message + strlen(before), *after = name + strlen(group);

	return strncmp(message, before, strlen(before)) == 0 &&
	       strncmp(name, group, strlen(group)) == 0 &&
	       (*after == '\0' || strncmp(after, ". Unable", strlen(". Unable")) == 0);
}

static bool has_item(const struct string_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

static int add_once(struct string_list *list, const char *text)
{
	return has_item(list, text) ? 0 : string_list_add(list, text, strlen(text));
}

static int split(const char *text, struct string_list *ret)
{
	int r = 0;

	for (; text && *text && r == 0; text += *text == ',') {
		size_t length = strcspn(text, ",");

		r = string_list_add(ret, text, length);
		text += length;
	}
	return r;
}

/* The list with the fallback for `missing` (null: for all), which is added to `gone`. */
static int replace(const struct string_list *groups, const char *missing, struct string_list *ret,
		   struct string_list *gone)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < groups->count; i++) {
		const char *group = groups->items[i];
		bool goes = strcmp(group, FALLBACK) != 0 &&
			    (!missing || strcmp(group, missing) == 0);

		r = add_once(ret, goes ? FALLBACK : group);
		if (r == 0 && goes)
			r = add_once(gone, group);
	}
	return r;
}

int groups_without(const struct config *config, const char *missing, char **ret, struct reason *why)
{
	cleanup(string_list_clear) struct string_list gone = { 0 }, kept = { 0 };
	const struct string_list *groups = &config->agent.groups;
	const char *fallback = groups_fallback(config);
	int r = split(missing, &gone);

	for (size_t i = 0; r == 0 && i < groups->count; i++) {
		const char *group = has_item(&gone, groups->items[i]) ? fallback : groups->items[i];

		r = group ? add_once(&kept, group) : 0;
	}
	if (r == 0 && kept.count > 0)
		r = join(&kept, ret);
	return r < 0 ? reason_errno(why, r, "Cannot list the groups") : 0;
}

void groups_note_missing(struct registration *run, const char *names)
{
	char *missing = run->request.missing_groups;
	size_t used = strlen(missing);

	if (*names)
		(void)snprintf(missing + used, sizeof run->request.missing_groups - used, "%s%s",
			       used ? "," : "", names);
}

static void warn(struct registration *run, const char *names, bool several)
{
	log_event(LOG_WARNING, MESSAGE_MISSING_GROUP, report_fields(run, NULL, OUTCOME_REFUSED),
		  several ? "%s does not have all of the groups %s; requesting the group " FALLBACK
			    " instead (on_missing_group = " FALLBACK ")"
			  : "%s has no group %s; requesting the group " FALLBACK
			    " instead (on_missing_group = " FALLBACK ")",
		  run->request.manager_text, names);
}

static int fall_back(struct registration *run, const struct string_list *groups,
		     const char *missing)
{
	cleanup(string_list_clear) struct string_list next = { 0 }, gone = { 0 };
	cleanup_free char *names = NULL;
	int r = replace(groups, missing, &next, &gone);

	if (r == 0 && gone.count == 0)
		return -ENOENT;
	if (r == 0)
		r = join(&gone, &names);
	if (r == 0)
		r = join(&next, &run->request.groups);
	if (r != 0)
		return r;
	warn(run, names, gone.count > 1);
	groups_note_missing(run, names);
	return 0;
}

bool groups_fall_back(struct registration *run, const struct reason *why)
{
	cleanup(string_list_clear) struct string_list groups = { 0 };
	char message[REASON_MESSAGE_SIZE];
	const char *missing = NULL;

	if (!groups_fallback(run->config) || split(run->request.groups, &groups) < 0)
		return false;
	reason_manager_message(why, message);
	for (size_t i = 0; i < groups.count; i++)
		if (names_group(message, groups.items[i]))
			missing = groups.items[i];
	return fall_back(run, &groups, missing) == 0;
}
