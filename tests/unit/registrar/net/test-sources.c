/* SPDX-License-Identifier: ISC */
/* Whose connection is closed when there is no room: that of the source with the most. */
#include "tests/unit/support.h"

#include "registrar/net/sources.h"

#define MEMBERS 300

static uint64_t now;

static bool any(void *owner, const struct source_member *member)
{
	(void)owner;
	assert_int_not_equal(member->idle_since, 0);
	return true;
}

static bool only_this(void *owner, const struct source_member *member)
{
	return member == owner;
}

static struct source_member *chosen(const struct sources *sources)
{
	return sources_choose(sources, any, NULL);
}

static struct client_network network_of(unsigned int number)
{
	char address[32];

	(void)snprintf(address, sizeof address, "192.0.%u.%u", number / 256, number % 256);
	return client_network_of(address);
}

static void add(struct sources *sources, struct source_member *member, unsigned int number)
{
	struct client_network network = network_of(number);

	assert_int_equal(sources_add(sources, member, &network, ++now), 0);
}

static void test_greediest_gives_way(void **state)
{
	struct sources *sources = sources_new();
	struct source_member one[3] = { 0 }, other[2] = { 0 };

	(void)state;
	assert_non_null(sources);
	assert_null(chosen(sources));
	add(sources, &one[0], 1);
	add(sources, &other[0], 2);
	assert_ptr_equal(chosen(sources), &one[0]); /* the older of equals */
	add(sources, &other[1], 2);
	assert_ptr_equal(chosen(sources), &other[0]);
	add(sources, &one[1], 1);
	add(sources, &one[2], 1);
	assert_ptr_equal(chosen(sources), &one[0]);
	sources_remove(sources, &one[0]);
	assert_ptr_equal(chosen(sources), &other[0]);
	sources_remove(sources, &one[0]); /* without effect */
	for (int i = 1; i < 3; i++)
		sources_remove(sources, &one[i]);
	for (int i = 0; i < 2; i++)
		sources_remove(sources, &other[i]);
	assert_null(chosen(sources));
	sources_free(sources);
}

static void test_busy_ones_stay(void **state)
{
	struct sources *sources = sources_new();
	struct source_member members[3] = { 0 }, single = { 0 };
	struct client_network network = network_of(1);

	(void)state;
	for (int i = 0; i < 3; i++)
		add(sources, &members[i], 1);
	add(sources, &single, 2);
	sources_set_idle(sources, &members[0], 0);
	sources_set_idle(sources, &members[0], 0);
	assert_ptr_equal(chosen(sources), &members[1]);
	assert_ptr_equal(sources_choose_of(sources, &network, any, NULL), &members[1]);
	assert_int_equal(sources_count(sources, &network), 3);
	for (int i = 1; i < 3; i++)
		sources_set_idle(sources, &members[i], 0);
	assert_ptr_equal(chosen(sources), &single);
	assert_null(sources_choose_of(sources, &network, any, NULL));
	/* Idle again, it is the youngest. */
	sources_set_idle(sources, &members[2], ++now);
	sources_set_idle(sources, &members[0], ++now);
	assert_ptr_equal(chosen(sources), &members[2]);
	sources_set_idle(sources, &single, 0);
	for (int i = 0; i < 3; i++)
		sources_remove(sources, &members[i]);
	assert_int_equal(sources_count(sources, &network), 0);
	assert_null(sources_choose_of(sources, &network, any, NULL));
	sources_remove(sources, &single);
	sources_free(sources);
}

static void test_exempt_ones_are_sources_of_their_own(void **state)
{
	struct sources *sources = sources_new();
	struct source_member exempt[3] = { 0 }, others[2] = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(sources_add(sources, &exempt[i], NULL, ++now), 0);
	for (int i = 0; i < 2; i++)
		add(sources, &others[i], 1);
	assert_ptr_equal(chosen(sources), &others[0]);
	sources_remove(sources, &others[0]);
	assert_ptr_equal(chosen(sources), &exempt[0]);
	sources_remove(sources, &others[1]);
	for (int i = 0; i < 3; i++)
		sources_remove(sources, &exempt[i]);
	sources_free(sources);
}

/* Where none of the greediest may be closed, one of another is, if that has many, too. */
static void test_choice(void **state)
{
	struct sources *sources = sources_new();
	struct source_member many[4] = { 0 }, few[2] = { 0 };
	struct client_network network = network_of(2);

	(void)state;
	add(sources, &few[0], 1);
	for (int i = 0; i < 4; i++)
		add(sources, &many[i], 2);
	add(sources, &few[1], 1);
	assert_ptr_equal(sources_choose(sources, only_this, &many[2]), &many[2]);
	assert_ptr_equal(sources_choose(sources, only_this, &few[0]), &few[0]);
	assert_ptr_equal(sources_choose(sources, only_this, &few[1]), &few[1]);
	assert_null(sources_choose(sources, only_this, NULL));
	/* Who has less than half as many is spared. */
	sources_set_idle(sources, &few[0], 0);
	assert_null(sources_choose(sources, only_this, &few[1]));
	assert_null(sources_choose_of(sources, &network, only_this, &few[0]));
	assert_ptr_equal(sources_choose_of(sources, &network, only_this, &many[3]), &many[3]);
	/* It has got somewhere: now it is the last to be closed. */
	sources_set_idle(sources, &many[0], ++now);
	assert_ptr_equal(chosen(sources), &many[1]);
	for (int i = 0; i < 4; i++)
		sources_remove(sources, &many[i]);
	for (int i = 0; i < 2; i++)
		sources_remove(sources, &few[i]);
	sources_free(sources);
}

/* Beside a plain model: random comings, goings and work of many sources. */
static void test_many(void **state)
{
	static struct source_member members[MEMBERS];
	static unsigned int source_of[MEMBERS];
	struct sources *sources = sources_new();
	unsigned int random = 1;

	(void)state;
	for (int step = 0; step < 20000; step++) {
		unsigned int i = (random = random * 1103515245 + 12345) / 65536 % MEMBERS;
		size_t idle[20] = { 0 }, most = 0;
		struct source_member *member;

		if (!members[i].source)
			add(sources, &members[i], source_of[i] = random / 256 % 20);
		else if (random / 1024 % 3 == 0)
			sources_remove(sources, &members[i]);
		else
			sources_set_idle(sources, &members[i], members[i].idle_since ? 0 : ++now);
		for (int j = 0; j < MEMBERS; j++)
			if (members[j].source && members[j].idle_since &&
			    ++idle[source_of[j]] > most)
				most = idle[source_of[j]];
		member = chosen(sources);
		assert_int_equal(member ? idle[source_of[member - members]] : 0, most);
	}
	for (int i = 0; i < MEMBERS; i++)
		sources_remove(sources, &members[i]);
	sources_free(sources);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_greediest_gives_way),
		cmocka_unit_test(test_busy_ones_stay),
		cmocka_unit_test(test_exempt_ones_are_sources_of_their_own),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
