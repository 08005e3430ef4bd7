/* SPDX-License-Identifier: ISC */
/*
 * What a sentence calls a setting. agent-register(8) has settings, which agent-register.conf(5)
 * explains; agent-auth(8), which is the same program under another name, has options. Whoever
 * composes a sentence that names a setting asks here for the words.
 */
#pragma once

/* A phrase that names a setting, and what this program says instead, which may be nothing. */
struct setting_words {
	const char *phrase, *instead;
};

/*
 * Say these words from now on. `table` ends with a row without a phrase and lives as long as the
 * process; null: the settings keep their own names, as at the start.
 */
void setting_words_use(const struct setting_words *table);

/*
 * The words for `phrase`: those of the table's row with exactly this phrase, or else the phrase
 * itself. Static, or the argument; never null.
 */
const char *setting_words(const char *phrase) __attribute__((nonnull, returns_nonnull, pure));
