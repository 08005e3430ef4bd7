/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "registrar/enrollment/enrollment.h"

#define KEY "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
/* the API's documentation has it */
#define LETTERS "1abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi64"

static const char before[] = "001 web 10.0.0.7 " KEY "\n002 !gone any " KEY "\n003 bad nowhere " KEY
			     "\n";

static struct roster *begin_with(const char *directory, const char *content)
{
	struct roster *roster;
	struct reason why;

	write_text(path_in(directory, "client.keys"), content);
	assert_int_equal(roster_open(&roster, directory, (gid_t)-1, NULL, &why), 0);
	assert_int_equal(roster_begin(roster, &why), 0);
	return roster;
}

static void end(struct roster *roster)
{
	roster_cancel(roster);
	roster_close(roster);
}

/* Of each line of the file the first two words, a blank after each. */
static void check_ids_and_names(const char *path, const char *expected)
{
	FILE *file = fopen(path, "re");
	char found[256] = "", id[16], name[160];

	assert_non_null(file);
	while (fscanf(file, "%15s %159s %*[^\n]", id, name) == 2)
		(void)snprintf(found + strlen(found), sizeof found - strlen(found), "%s %s ", id,
			       name);
	(void)fclose(file);
	assert_string_equal(found, expected);
}

static struct authd_field field(const char *text)
{
	return (struct authd_field){ text, text ? strlen(text) : 0 };
}

/* ------------------------------------------------------------------ one fault for each refusal */

static void test_faults(void **state)
{
	static const struct {
		const char *name, *ip, *id, *key, *groups, *version;
		enum registration_fault fault;
		const char *text;
	} rows[] = {
		{ "new", NULL, NULL, NULL, NULL, NULL, REGISTRATION_OK, "" },
		{ "new", "10.0.0.8", "7", KEY, NULL, "v4.14.0", REGISTRATION_OK, "" },
		{ "new", NULL, NULL, LETTERS, NULL, NULL, REGISTRATION_OK, "" },
		{ "x", NULL, NULL, NULL, NULL, NULL, REGISTRATION_NAME, "Invalid agent name: x" },
		{ "manager", NULL, NULL, NULL, NULL, NULL, REGISTRATION_NAME,
		  "Invalid agent name: manager" },
		{ "web", NULL, NULL, NULL, NULL, NULL, REGISTRATION_NAME_TAKEN,
		  "Duplicate agent name: web" },
		{ "bad", NULL, NULL, NULL, NULL, NULL, REGISTRATION_NAME_TAKEN,
		  "Duplicate agent name: bad" },
		{ "new", NULL, NULL, NULL, NULL, "v4.15.0", REGISTRATION_VERSION,
		  "Agent version must be lower or equal to manager version" },
		{ "new", NULL, NULL, NULL, "a b", NULL, REGISTRATION_GROUPS,
		  "Invalid group name: a b... characters '\\/:*?\"<>|,' are prohibited" },
		{ "new", NULL, NULL, NULL, "a", NULL, REGISTRATION_GROUP_ABSENT,
		  "Invalid group: a" },
		{ "new", NULL, NULL, NULL, "default", NULL, REGISTRATION_OK, "" },
		{ "new", "x", NULL, NULL, NULL, NULL, REGISTRATION_IP, "Invalid IP: x" },
		{ "new", "10.0.0.7", NULL, NULL, NULL, NULL, REGISTRATION_IP_TAKEN,
		  "Duplicate IP: 10.0.0.7" },
		{ "new", NULL, "0", NULL, NULL, NULL, REGISTRATION_ID, "Invalid agent ID: 0" },
		{ "new", NULL, "1x", NULL, NULL, NULL, REGISTRATION_ID, "Invalid agent ID: 1x" },
		{ "new", NULL, "1", NULL, NULL, NULL, REGISTRATION_ID_TAKEN, "Duplicate ID: 1" },
		{ "new", NULL, "002", NULL, NULL, NULL, REGISTRATION_ID_TAKEN,
		  "Duplicate ID: 002" },
		{ "web", "10.0.0.7", "001", NULL, NULL, NULL, REGISTRATION_ID_TAKEN,
		  "Duplicate ID: 001" },
		{ "new", NULL, "003", NULL, NULL, NULL, REGISTRATION_ID_TAKEN,
		  "Duplicate ID: 003" },
		{ "new", NULL, NULL, "5a5a", NULL, NULL, REGISTRATION_KEY,
		  "Invalid agent key: it is not 64 letters and digits" },
		{ "new", NULL, NULL, KEY "5a", NULL, NULL, REGISTRATION_KEY,
		  "Invalid agent key: it is not 64 letters and digits" },
	};
	const struct enrollment_policy policy = {
		.dialect = DIALECT_WAZUH,
		.on_duplicate = ON_DUPLICATE_REFUSE,
		.groups = { .directory = *state, .usual = "default" },
		.own_name = "manager",
		.manager_version = "v4.14.5",
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct roster *roster = begin_with(*state, before);
		const struct enrollment_request request = {
			.fields = { .name = field(rows[i].name),
				    .ip = field(rows[i].ip),
				    .groups = field(rows[i].groups),
				    .version = field(rows[i].version) },
			.id = field(rows[i].id),
			.key = field(rows[i].key),
		};
		struct enrollment enrollment;

		enrollment_decide(&enrollment, roster, &policy, &request);
		check_row(rows[i].text, enrollment.fault == rows[i].fault);
		check_row(rows[i].text, enrollment.accepted == (rows[i].fault == REGISTRATION_OK));
		check_row(rows[i].text, strcmp(enrollment.refusal, rows[i].text) == 0);
		if (rows[i].id && enrollment.accepted)
			assert_string_equal(enrollment.agent.id, "007");
		if (rows[i].key && enrollment.accepted)
			assert_string_equal(enrollment.agent.key, rows[i].key);
		end(roster);
		assert_file(path_in(*state, "client.keys"), before);
	}
}

/* ------------------------------------------------------------------ ids */

static void test_chosen_ids(void **state)
{
	static const struct {
		enum dialect dialect;
		bool next_id;
		const char *expected;
	} rows[] = {
		{ DIALECT_OSSEC, false, "1024" },
		{ DIALECT_OSSEC, true, "004" },
		{ DIALECT_WAZUH, false, "004" },
		{ DIALECT_WAZUH, true, "004" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct roster *roster = begin_with(*state, before);
		const struct enrollment_policy policy = { .dialect = rows[i].dialect };
		const struct enrollment_request request = { .fields.name = field("new"),
							    .next_id = rows[i].next_id };
		struct enrollment enrollment;

		enrollment_decide(&enrollment, roster, &policy, &request);
		assert_true(enrollment.accepted);
		assert_string_equal(enrollment.agent.id, rows[i].expected);
		end(roster);
	}
}

/* ------------------------------------------------------------------ whose address */

static void test_addresses(void **state)
{
	static const struct {
		const char *label;
		enum dialect dialect;
		enum on_duplicate on_duplicate;
		bool use_source;
		const char *asked, *peer, *ip; /* null ip: refused */
	} rows[] = {
		{ "nothing said", DIALECT_OSSEC, ON_DUPLICATE_RENAME, false, NULL, "10.0.0.1",
		  "any" },
		{ "source by policy", DIALECT_OSSEC, ON_DUPLICATE_RENAME, true, NULL, "10.0.0.1",
		  "10.0.0.1" },
		{ "source by request", DIALECT_WAZUH, ON_DUPLICATE_REFUSE, false, "src", "10.0.0.1",
		  "10.0.0.1" },
		{ "any against the policy", DIALECT_WAZUH, ON_DUPLICATE_REFUSE, true, "any",
		  "10.0.0.1", "any" },
		{ "source without a client", DIALECT_WAZUH, ON_DUPLICATE_REFUSE, true, NULL, NULL,
		  "any" },
		{ "src without a client", DIALECT_WAZUH, ON_DUPLICATE_REFUSE, false, "src", NULL,
		  NULL },
		{ "the holder's address, OSSEC", DIALECT_OSSEC, ON_DUPLICATE_RENAME, false, NULL,
		  "10.0.0.7", NULL },
		{ "the same, replacing", DIALECT_OSSEC, ON_DUPLICATE_REPLACE, false, NULL,
		  "10.0.0.7", "any" },
		{ "the same, any asked for", DIALECT_OSSEC, ON_DUPLICATE_RENAME, false, "any",
		  "10.0.0.7", "any" },
		{ "the same, Wazuh", DIALECT_WAZUH, ON_DUPLICATE_REFUSE, false, NULL, "10.0.0.7",
		  "any" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct roster *roster = begin_with(*state, before);
		const struct enrollment_policy policy = {
			.dialect = rows[i].dialect,
			.on_duplicate = rows[i].on_duplicate,
			.use_source_address = rows[i].use_source,
		};
		const struct enrollment_request request = {
			.fields = { .name = field("new"), .ip = field(rows[i].asked) },
			.peer = rows[i].peer,
		};
		struct enrollment enrollment;

		enrollment_decide(&enrollment, roster, &policy, &request);
		check_row(rows[i].label, enrollment.accepted == (rows[i].ip != NULL));
		if (rows[i].ip)
			check_row(rows[i].label, strcmp(enrollment.agent.ip, rows[i].ip) == 0);
		end(roster);
	}
}

/* ------------------------------------------------------------------ who has to go */

static const char three[] = "001 web 10.0.0.7 " KEY "\n002 db 10.0.0.8 " KEY "\n003 mail any " KEY
			    "\n004 !gone any " KEY "\n005 bad nowhere " KEY "\n";

static void test_replaced(void **state)
{
	static const struct {
		const char *name, *ip, *id;
		enum registration_fault fault;
		const char *replaced; /* in their order, a blank each */
		const char *after;
	} rows[] = {
		/* What goes leaves its id. */
		{ "mail", "10.0.0.8", NULL, REGISTRATION_OK, "002 003 ",
		  "001 web 002 !db 003 !mail 004 !gone 005 bad 006 mail " },
		{ "web", "10.0.0.7", "9", REGISTRATION_OK, "001 ",
		  "001 !web 002 db 003 mail 004 !gone 005 bad 009 web " },
		/* An id is nobody else's, whatever is allowed, and then the others stay as well. */
		{ "new", NULL, "001", REGISTRATION_ID_TAKEN, "",
		  "001 web 002 db 003 mail 004 !gone 005 bad " },
		{ "mail", "10.0.0.8", "1", REGISTRATION_ID_TAKEN, "",
		  "001 web 002 db 003 mail 004 !gone 005 bad " },
		{ "web", "10.0.0.8", "004", REGISTRATION_ID_TAKEN, "",
		  "001 web 002 db 003 mail 004 !gone 005 bad " },
		{ "web", "10.0.0.8", "005", REGISTRATION_ID_TAKEN, "",
		  "001 web 002 db 003 mail 004 !gone 005 bad " },
		/* So is the line of no agent. */
		{ "bad", "10.0.0.8", NULL, REGISTRATION_NAME_TAKEN, "",
		  "001 web 002 db 003 mail 004 !gone 005 bad " },
	};
	const struct enrollment_policy policy = {
		.dialect = DIALECT_WAZUH,
		.on_duplicate = ON_DUPLICATE_FORCE,
		/* damaged lines and removed agents do not count; who is replaced makes room */
		.max_agents = 4,
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct roster *roster = begin_with(*state, three);
		const struct enrollment_request request = {
			.fields = { .name = field(rows[i].name), .ip = field(rows[i].ip) },
			.id = field(rows[i].id),
		};
		struct enrollment enrollment;
		char replaced[64] = "";
		struct reason why;

		enrollment_decide(&enrollment, roster, &policy, &request);
		assert_int_equal(roster_commit(roster, &why), 0);
		check_row(rows[i].after, enrollment.fault == rows[i].fault);
		for (size_t j = 0; j < ENROLLMENT_REPLACED_MAX && enrollment.replaced[j][0]; j++)
			(void)snprintf(replaced + strlen(replaced),
				       sizeof replaced - strlen(replaced), "%s ",
				       enrollment.replaced[j]);
		assert_string_equal(replaced, rows[i].replaced);
		check_ids_and_names(path_in(*state, "client.keys"), rows[i].after);
		roster_close(roster);
	}
}

/* ------------------------------------------------------------------ storing */

static void test_revoked(void **state)
{
	struct roster *roster = begin_with(*state, before);
	const struct enrollment_policy policy = { .dialect = DIALECT_WAZUH };
	const struct enrollment_request request = { .fields.name = field("new") };
	struct enrollment enrollment;
	struct reason why = { "No disk" };

	enrollment_decide(&enrollment, roster, &policy, &request);
	assert_true(enrollment.accepted);
	memset(enrollment.secret, 'a', sizeof enrollment.secret - 1);
	enrollment_revoke(&enrollment, &why);
	assert_false(enrollment.accepted);
	assert_int_equal(enrollment.fault, REGISTRATION_INTERNAL);
	assert_string_equal(enrollment.refusal, "Internal manager error adding agent: new");
	assert_string_equal(enrollment.why.text, "No disk");
	assert_string_equal(enrollment.agent.key, "");
	for (size_t i = 0; i < sizeof enrollment.secret; i++)
		assert_int_equal(enrollment.secret[i], 0);
	end(roster);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_faults, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_chosen_ids, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_addresses, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_replaced, setup_directory, teardown_directory),
		cmocka_unit_test_setup_teardown(test_revoked, setup_directory, teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
