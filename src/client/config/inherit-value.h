/* SPDX-License-Identifier: ISC */
/* Taking single values over from the agent's file, for inherit.c and inherit-manager.c. */
#pragma once

#include "client/agent-files/agent-settings.h"
#include "client/config/config.h"
#include "common/must-check.h"

/* What is being taken over. */
struct inheritance {
	struct config *config;
	const struct agent_settings *settings;
	struct reason *why; /* of a negative errno */
};

#define INHERIT_ORIGIN_SIZE 512

/* "PATH:LINE", of the agent's file. Returns `ret`. */
const char *inherit_origin(const struct inheritance *in, size_t line,
			   char ret[static INHERIT_ORIGIN_SIZE]);

/*
 * Keep the problem for config_check(), unless there is one already. `is_needed`: nothing can be
 * registered because of it. Returns 0, or -ENOMEM with the reason set.
 */
int inherit_note_problem(struct inheritance *in, bool is_needed,
			 const struct reason *problem) must_check;

/*
 * The same for a value: "PATH:LINE: 'VALUE' in <ELEMENT> WRONG: correct it there, or set REMEDY".
 * Null: it may be a secret, and is not shown.
 */
int inherit_note_value(struct inheritance *in, size_t line, const char *element, const char *value,
		       const char *wrong, const char *remedy) must_check;

/*
 * Set the key at `target`, which is in the configuration, to a value that is in `element` of the
 * agent's file. That it is not valid is a problem to be kept. Returns 0, or a negative errno with
 * the reason set.
 */
int inherit_value(struct inheritance *in, const void *target, const char *value, size_t line,
		  const char *element) must_check;

/* A setting of the agent's file; null where it says nothing, or nothing but an empty element. */
const struct agent_setting *inherit_find(const struct inheritance *in, enum agent_setting_key key);

/* inherit_value() with a setting, if there is one. */
int inherit_setting(struct inheritance *in, const void *target,
		    enum agent_setting_key key) must_check;

/* The same with one that is a path. */
int inherit_path_setting(struct inheritance *in, const void *target,
			 enum agent_setting_key key) must_check;

/*
 * A path of the agent's file, which is relative to the agent's directory. To be freed; null: out of
 * memory, with the reason set.
 */
char *inherit_path(const struct inheritance *in, const char *text) must_check;
