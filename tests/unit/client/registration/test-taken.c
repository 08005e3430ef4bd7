/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "client/registration/taken.h"
#include "client/system/identity.h"

#define KEY "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"

static const struct agent_key old_key = {
	.id = "007", .name = "web-01", .ip = "10.0.0.7", .key = KEY
};

/* What this machine has. */
enum situation { NEW, FORCED, CLONE, OTHER_NAME };

static const struct {
	const char *label, *method, *policy;
	enum situation situation;
	enum refusal_subject subject;
	const char *message;
	const char *word, *other_word; /* of the hint */
	bool suffix;                   /* is another name tried, if that is the policy? */
} rows[] = {
	{ "a name", "authd", "wait", NEW, REFUSED_NAME, "Duplicate agent name: web-01", "an hour",
	  "another name in [agent]", true },
	{ "unknown", "authd", "wait", NEW, REFUSED_OTHER, "Duplicate", "an hour",
	  "another name in [agent]", true },
	{ "own name", "authd", "wait", FORCED, REFUSED_NAME, "Duplicate agent name: web-01",
	  "key_mismatch", "-r 007", true },
	{ "own name, Wazuh 5", "enroll", "wait", FORCED, REFUSED_NAME, "Duplicate name", "(id 007)",
	  "move /var/ossec/etc/client.keys away", true },
	{ "own name, API", "api", "wait", FORCED, REFUSED_NAME, "Same name",
	  "replaces no agent by itself", "on_duplicate = replace", true },
	{ "API that replaces", "api", "replace", NEW, REFUSED_NAME, "Same name",
	  "no longer connected", "another name", true },
	{ "the original's name", "authd", "wait", CLONE, REFUSED_NAME,
	  "Duplicate agent name: web-01", "a copy of", "another name in [agent]", true },
	{ "the key of another name", "authd", "wait", OTHER_NAME, REFUSED_NAME,
	  "Duplicate agent name: web-01", "an hour", "another name in [agent]", true },
	{ "an address, OSSEC", "authd", "wait", NEW, REFUSED_ADDRESS, "Invalid IP address: 1024",
	  "-r 1024", "another name does not help", false },
	{ "an address, no ID", "authd", "wait", NEW, REFUSED_ADDRESS, "Invalid IP address: x",
	  "ip = any", "another name does not help", false },
	{ "an address, long ID", "authd", "wait", NEW, REFUSED_ADDRESS,
	  "Invalid IP address: 123456789012345", "ip = any", "another name does not help", false },
	{ "an address, Wazuh", "authd", "wait", NEW, REFUSED_ADDRESS, "Duplicate IP: 10.0.0.7",
	  "an hour", "another name does not help", false },
	{ "an address, API", "api", "wait", NEW, REFUSED_ADDRESS, "Same IP", "remove that agent",
	  "another name does not help", false },
	{ "own address", "authd", "wait", FORCED, REFUSED_ADDRESS, "Duplicate IP: 10.0.0.7",
	  "key_mismatch", "-r 007", false },
	{ "an ID", "authd", "wait", NEW, REFUSED_ID, "Duplicate ID", "client.keys", "ID", false },
};

/* Whatever ID this machine has, or none. */
int __wrap_identity_suffixed_name(char ret[static AGENT_NAME_MAX + 1], const char *name);
int __wrap_identity_suffixed_name(char ret[static AGENT_NAME_MAX + 1], const char *name)
{
	(void)snprintf(ret, AGENT_NAME_MAX + 1, "%s-0123456789", name);
	return 0;
}

static struct registration prepare(struct config *config, size_t i)
{
	static char path[] = "/var/ossec/etc/client.keys";
	struct registration run = { .config = config };

	assert_int_equal(config_init(config), 0);
	assert_int_equal(config_set(config, "manager", "method", rows[i].method, "test", NULL), 0);
	assert_int_equal(
		config_set(config, "identity", "on_duplicate", rows[i].policy, "test", NULL), 0);
	(void)strcpy(run.request.name, "web-01");
	run.files.store.path = path;
	if (rows[i].situation == NEW)
		return run;
	run.key.found = KEYSTORE_KEY;
	run.key.old = old_key;
	if (rows[i].situation == OTHER_NAME)
		(void)strcpy(run.key.old.name, "db-01");
	run.key.is_clone = rows[i].situation == CLONE;
	assert_int_equal(agent_key_hash(run.key.old_hash, &run.key.old), 0);
	return run;
}

static void test_what_helps(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config config;
		struct registration run = prepare(&config, i);
		struct reason why, lost;

		reason_set_manager_message(&why, "manager", rows[i].message, "", NULL);
		lost = why;
		taken_explain(&run, rows[i].subject, false, &why);
		check_row(rows[i].label, strstr(why.text, rows[i].word));
		check_row(rows[i].label, strstr(why.text, rows[i].other_word));
		check_row(rows[i].label, !strstr(why.text, "was lost"));
		taken_explain(&run, rows[i].subject, true, &lost);
		check_row(rows[i].label, strstr(lost.text, "was lost"));
		/* and there is room for it */
		check_row(rows[i].label, strlen(lost.text) < sizeof lost.text - 1);
		config_clear(&config);
	}
}

static void test_suffix(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config config;
		struct registration run = prepare(&config, i);
		struct reason why = { "" };

		check_row(rows[i].label, !taken_add_suffix(&run, rows[i].subject, &why));
		check_row(rows[i].label, strcmp(run.request.name, "web-01") == 0);
		assert_int_equal(
			config_set(&config, "identity", "on_duplicate", "suffix", "test", NULL), 0);
		check_row(rows[i].label,
			  taken_add_suffix(&run, rows[i].subject, &why) == rows[i].suffix);
		check_row(rows[i].label,
			  (strncmp(run.request.name, "web-01-", 7) == 0) == rows[i].suffix);
		/* once */
		check_row(rows[i].label,
			  !rows[i].suffix || !taken_add_suffix(&run, rows[i].subject, &why));
		config_clear(&config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_helps),
		cmocka_unit_test(test_suffix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
