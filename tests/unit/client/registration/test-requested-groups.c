/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "client/registration/groups.h"

static const struct row {
	const char *label;
	const char *configured; /* groups */
	const char *message;    /* of the manager */
	const char *next;       /* the groups of the next request; null: there is none */
	const char *missing;
} rows[] = {
	{ "the only one", "web", "Invalid group: web. Unable to add agent", "default", "web" },
	{ "of old managers", "web", "Invalid group: web", "default", "web" },
	{ "the first of two", "web,db", "Invalid group: web", "default,db", "web" },
	{ "the last of two", "web,db", "Invalid group: db", "web,default", "db" },
	{ "beside default", "default,web", "Invalid group: web", "default", "web" },
	{ "a prefix of another", "web,web.Unable", "Invalid group: web. Unable to add agent",
	  "default,web.Unable", "web" },
	{ "a dot at the end", "web.,web", "Invalid group: web.. Unable to add agent", "default,web",
	  "web." },
	{ "not named", "web,db", "Invalid Group(s) Name(s)", "default", "web,db" },
	{ "another one is named", "web,db", "Invalid group: x", "default", "web,db" },
	{ "default is missing", "default", "Invalid group: default", NULL, "" },
};

static struct registration prepare(struct config *config, const struct row *row, const char *policy)
{
	struct registration run = { .config = config };

	assert_int_equal(config_init(config), 0);
	assert_int_equal(config_set(config, "agent", "groups", row->configured, "test", NULL), 0);
	assert_int_equal(config_set(config, "agent", "on_missing_group", policy, "test", NULL), 0);
	(void)strcpy(run.request.manager_text, "manager:1515");
	assert_int_equal(groups_choose(&run, NULL), 0);
	check_row(row->label, strcmp(run.request.groups, row->configured) == 0);
	return run;
}

static void test_fallback(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config config;
		struct registration run = prepare(&config, &rows[i], "default");
		struct reason why;
		bool again;

		reason_set_manager_message(&why, "manager:1515", rows[i].message, "", NULL);
		again = groups_fall_back(&run, &why);
		check_row(rows[i].label, again == (rows[i].next != NULL));
		check_row(rows[i].label,
			  strcmp(run.request.groups, rows[i].next ?: rows[i].configured) == 0);
		check_row(rows[i].label, strcmp(run.request.missing_groups, rows[i].missing) == 0);
		/* the next manager is asked for what is configured */
		assert_int_equal(groups_choose(&run, NULL), 0);
		check_row(rows[i].label, strcmp(run.request.groups, rows[i].configured) == 0);
		check_row(rows[i].label, run.request.missing_groups[0] == '\0');
		free(run.request.groups);
		config_clear(&config);
	}
}

static void test_never_without_the_setting(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config config;
		struct registration run = prepare(&config, &rows[i], "fail");
		struct reason why;

		assert_null(groups_fallback(&config));
		reason_set_manager_message(&why, "manager:1515", rows[i].message, "", NULL);
		check_row(rows[i].label, !groups_fall_back(&run, &why));
		check_row(rows[i].label, strcmp(run.request.groups, rows[i].configured) == 0);
		free(run.request.groups);
		config_clear(&config);
	}
}

/* It ends, whatever the manager goes on to say. */
static void test_ends(void **state)
{
	static const struct row three = { "three", "a1,b2,c3", NULL, NULL, NULL };
	struct config config;
	struct registration run = prepare(&config, &three, "default");
	unsigned requests = 1;
	struct reason why;

	(void)state;
	reason_set_manager_message(&why, "manager:1515", "Invalid group: b2", "", NULL);
	while (groups_fall_back(&run, &why))
		requests++;
	assert_int_equal(requests, 3);
	assert_string_equal(run.request.groups, "default");
	assert_string_equal(run.request.missing_groups, "b2,a1,c3");
	free(run.request.groups);
	config_clear(&config);
}

/* What an agent that enrolls again is to ask for: what it was registered with. */
static void test_without_missing(void **state)
{
	static const struct {
		const char *configured, *policy, *missing, *left; /* null: no group */
	} rows_without[] = {
		{ "web,db", "fail", "", "web,db" },
		{ "web,db", "default", "web", "default,db" },
		{ "web,db", "default", "db,web", "default" },
		{ "web,db", "fail", "web", "db" }, /* method api registers without it */
		{ "web", "fail", "web", NULL },
		{ "web,webdb", "default", "webdb", "web,default" },
		{ "", "default", "web", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows_without); i++) {
		struct config config;
		char *left = NULL;

		assert_int_equal(config_init(&config), 0);
		assert_int_equal(config_set(&config, "agent", "groups", rows_without[i].configured,
					    "test", NULL),
				 0);
		assert_int_equal(config_set(&config, "agent", "on_missing_group",
					    rows_without[i].policy, "test", NULL),
				 0);
		assert_int_equal(groups_without(&config, rows_without[i].missing, &left, NULL), 0);
		if (rows_without[i].left)
			assert_string_equal(left, rows_without[i].left);
		else
			assert_null(left);
		free(left);
		config_clear(&config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fallback),
		cmocka_unit_test(test_never_without_the_setting),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_without_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
