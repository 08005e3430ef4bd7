/* SPDX-License-Identifier: ISC */
/*
 * One conversation of the methods in the module: whatever the manager answers to whichever request,
 * in whatever pieces, and however it ends, there is an outcome with a reason that shows no secret,
 * or a key that an agent can use, with a CA that is the expected one. The first two bytes say what
 * is asked for, then the pin of a token follows, or the text of a CA up to a NUL, if it has one,
 * and the script of the manager (fake-manager.h). A call may fail meanwhile (faults.h).
 */
#include "fake-manager.h"
#include "faults.h"
#include "fuzz.h"

#include "client/methods/https/https-methods.h"
#include "client/methods/module.h"
#include "common/library-memory.h"
#include "common/tls-pin.h"

#define PASSWORD "Tr0ub4dor&3"
#define KEY "48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db"
#define SECRET "9c702559e2943120fc74e2baad93bbcb8662fa61af2416cf07235660e0fba15a"

extern const struct https_module agent_register_https;

/* How the manager is known. */
enum trust {
	TRUST_ANYBODY,
	TRUST_TOKEN_PIN,
	TRUST_TOKEN_CA,
	TRUST_CA_FILE,
	TRUST_PIN,
	TRUST_COUNT,
};

static struct {
	struct deadline deadline;
	struct attempt attempt;
	struct tls_trust trust;
	struct enrollment_token token;
	char *ca; /* of the token, or in a file */
} run;

static char many_groups[20000];

/* ------------------------------------------------------------------ what is asked for */

/* Of the key that the machine has. */
static const char *own_key_hash(void)
{
	static const struct agent_key key = { "001", "web-01", "any", KEY };
	static char hash[AGENT_KEY_HASH_SIZE];

	if (!hash[0])
		HOLDS(agent_key_hash(hash, &key) == 0);
	return hash;
}

static void use_trust(enum trust how)
{
	static char pin[TLS_PIN_SIZE], *only = pin;
	static const struct string_list pins = { &only, 1 };

	tls_pin_format(pin, run.token.pin);
	run.trust.verify = how != TRUST_ANYBODY;
	run.trust.ca_file = how == TRUST_CA_FILE ? "/etc/ca.pem" : NULL;
	run.trust.pins = how == TRUST_PIN ? &pins : NULL;
	run.token.ca = how == TRUST_TOKEN_CA ? run.ca : NULL;
	if (how == TRUST_CA_FILE) {
		run.attempt.enroll.ca = run.ca;
		run.attempt.enroll.ca_length = strlen(run.ca);
	}
}

static void compose(const uint8_t how[2], enum trust trust)
{
	static const struct endpoint manager = { "m.example.org", 55000 };
	static const struct reenroll_secret secret = { "001", SECRET };

	run.deadline = deadline_in(30 * USEC_PER_SEC, NULL);
	run.attempt = (struct attempt){
		.manager = &manager,
		.agent = { .name = how[1] & 64 ? "w\xff" : "web-01", .key_hash = own_key_hash() },
		.connection = { .trust = &run.trust, .context = SSL_CTX_new(TLS_client_method()) },
		.password = how[1] & 1 ? PASSWORD : NULL,
		.enroll = { .token = &run.token, .prefix = how[1] & 8 ? "wazuh-manager" : "" },
		.deadline = &run.deadline,
	};
	HOLDS(run.attempt.connection.context);
	memset(many_groups, 'g', sizeof many_groups - 1);
	run.attempt.agent.groups = how[1] & 128 ? many_groups
				   : how[1] & 2 ? "web,no-such,db"
						: NULL;
	run.attempt.agent.ip = how[1] & 4 ? "10.0.0.0/8" : NULL;
	run.attempt.enroll.secret = how[1] & 16 ? &secret : NULL;
	run.token.has_credential = how[1] & 32;
	memcpy(run.token.id, "AAECAwQFBgcICQoLDA0ODw", sizeof run.token.id);
	use_trust(trust);
	/* the API */
	run.attempt.api.user = "admin";
	run.attempt.api.replace = how[1] & 8;
	run.attempt.api.fallback_group = how[1] & 16 ? "default" : NULL;
	run.attempt.api.lost_for = how[1] & 32 ? 60 * USEC_PER_SEC : 0;
}

/* Returns how many bytes of the input are a pin or a CA. */
static size_t read_trust(const uint8_t *data, size_t size, enum trust how)
{
	const uint8_t *end = memchr(data, '\0', size);
	size_t length = 0;

	memset(&run.token, 0, sizeof run.token);
	if (how == TRUST_TOKEN_PIN && size >= sizeof run.token.pin) {
		length = sizeof run.token.pin;
		memcpy(run.token.pin, data, length);
	}
	if (how == TRUST_TOKEN_CA || how == TRUST_CA_FILE)
		length = end ? (size_t)(end - data) + 1 : size;
	run.ca = strndup((const char *)data, how == TRUST_TOKEN_PIN ? 0 : length);
	HOLDS(run.ca);
	return length;
}

/* ------------------------------------------------------------------ what comes of it */

static void check_registration(const struct method *method, int r, const struct agent_key *key,
			       const struct attempt_report *report)
{
	HOLDS((r == OUTCOME_REGISTERED) == (key->id[0] != '\0'));
	HOLDS(r == OUTCOME_REGISTERED || !report->anchor);
	if (r != OUTCOME_REGISTERED)
		return;
	HOLDS(!method->keeps_name || strcmp(key->name, run.attempt.agent.name) == 0);
	HOLDS(!method->check_anchor || method->check_anchor(&run.attempt, report->anchor) == 0);
}

static void talk(unsigned int task)
{
	const struct method *method = task % 4 < 2 ? &method_api : &method_enroll;
	struct attempt_report report = { 0 };
	struct agent_key key = { "" };
	bool removed = false;
	int r;

	fuzz_faults_begin();
	if (task % 4 == 0)
		r = method->deregister(&run.attempt, "001", &removed, &report);
	else if (task % 4 == 3)
		r = method->fetch_ca(&run.attempt, &report);
	else
		r = method->run(&run.attempt, &key, &report);
	fuzz_faults_end();
	fake_manager_end();
	if (task % 4 == 1 || task % 4 == 2)
		check_registration(method, r, &key, &report);
	HOLDS(!removed || r == OUTCOME_OK);
	fake_manager_check(r, &key, removed, &report, run.attempt.password);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_started;
	enum trust trust;
	size_t begin;

	size = fuzz_faults_read(data, size);
	if (size < 2)
		return 0;
	library_memory_forget();
	if (!is_started)
		HOLDS(agent_register_https.start() == 0);
	is_started = true;
	/* the API is asked with a password, and has no tokens */
	trust = data[0] % 4 < 2 ? TRUST_ANYBODY : data[0] / 4 % TRUST_COUNT;
	begin = 2 + read_trust(data + 2, size - 2, trust);
	compose(data, trust);
	if (data[0] % 4 < 2)
		run.attempt.password = PASSWORD;
	fake_manager_begin(data + begin, size - begin, data[0] / 32);
	talk(data[0] % 4);
	SSL_CTX_free(run.attempt.connection.context);
	free(run.ca);
	return 0;
}
