/* SPDX-License-Identifier: ISC */
/* Managers that are refused, or refuse: certificates, TLS versions, alerts, and what is no TLS. */
#include "tests/unit/support.h"

#include "tests/unit/certificates.h"
#include "tests/unit/tls-peer.h"

#include <unistd.h>

/* ------------------------------------------------------------------ refusals */

static void test_untrusted(void **state)
{
	struct peer peer = { .script = wait_for_end };
	struct tls_settings settings = { .ca_file = path_in(*state, "other.pem") };

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_UNTRUSTED);
	assert_said("was not issued by a CA in");
	assert_null(meeting.client);
	part(&peer);
}

/*
 * A manager that accepts old versions of TLS needs OpenSSL's level 0, but not for what it presents.
 */
static struct tls_settings trusting_old_versions(void *state)
{
	struct tls_settings settings = trusting(state);

	settings.min_version = "1.0";
	settings.ciphers = "DEFAULT@SECLEVEL=1";
	return settings;
}

static void test_weak_signature(void **state)
{
	static const struct certificate_plan plan = { .common_names = { "m.example.org" },
						      .is_weak = true };
	cleanup_x509 X509 *certificate = make_certificate(&plan, meeting.key, meeting.ca,
							  meeting.key);
	struct peer peer = { .script = wait_for_end, .certificate = certificate };
	struct tls_settings settings = trusting_old_versions(*state);

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_UNTRUSTED);
	assert_said("has a signature that is too weak");
	part(&peer);
}

/* The chain of a manager that is not verified is judged as that of one that is. */
static void test_chain_error(void **state)
{
	static const struct {
		struct certificate_plan plan;
		int error, without_dates;
	} rows[] = {
		{ { .common_names = { "m.example.org" } }, X509_V_OK, X509_V_OK },
		{ { .common_names = { "m.example.org" }, .purpose = "clientAuth" },
		  X509_V_ERR_INVALID_PURPOSE,
		  X509_V_ERR_INVALID_PURPOSE },
		{ { .common_names = { "m.example.org" }, .from = -7200, .until = -3600 },
		  X509_V_ERR_CERT_HAS_EXPIRED,
		  X509_V_OK },
		{ { .common_names = { "m.example.org" }, .is_weak = true },
		  X509_V_ERR_CA_MD_TOO_WEAK,
		  X509_V_ERR_CA_MD_TOO_WEAK },
	};

	meeting.is_unverified = true;
	for (size_t i = 0; i < COUNT(rows); i++) {
		cleanup_x509 X509 *certificate = make_certificate(&rows[i].plan, meeting.key,
								  meeting.ca, meeting.key);
		struct peer peer = { .script = answer_in_order, .certificate = certificate };
		struct tls_settings settings = trusting_old_versions(*state);
		int error, without_dates;

		assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_OK);
		error = tls_client_chain_error(meeting.client, meeting.context, "ca.pem", true,
					       NULL);
		without_dates = tls_client_chain_error(meeting.client, meeting.context, "ca.pem",
						       false, NULL);
		part(&peer);
		assert_int_equal(error, rows[i].error);
		assert_int_equal(without_dates, rows[i].without_dates);
	}
}

/* ------------------------------------------------------------------ no TLS, or another version */

static void say_no_tls(struct peer *peer)
{
	char hello[1024];

	(void)!read(peer->fd, hello, sizeof hello);
	(void)!write(peer->fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
	wait_for_end(peer);
}

static void test_no_tls(void **state)
{
	struct peer peer = { .script = say_no_tls, .before_handshake = true };
	struct tls_settings settings = trusting(*state);

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_PROTOCOL_ERROR);
	assert_said("does not speak TLS");
	part(&peer);
}

/* Binary, and longer than a record may be. */
static void say_too_much(struct peer *peer)
{
	char hello[1024];

	(void)!read(peer->fd, hello, sizeof hello);
	(void)!write(peer->fd, "\x16\x03\x03\xff\xff\x00\x00\x00", 8);
	wait_for_end(peer);
}

static void test_record_too_long(void **state)
{
	struct peer peer = { .script = say_too_much, .before_handshake = true };
	struct tls_settings settings = trusting(*state);

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_PROTOCOL_ERROR);
	assert_said("does not speak TLS");
	part(&peer);
}

static void test_no_version_in_common(void **state)
{
	struct peer peer = { .script = wait_for_end, .version = TLS1_2_VERSION };
	struct tls_settings settings = trusting(*state);

	settings.min_version = "1.3";
	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_UNTRUSTED);
	assert_said("no TLS version or cipher in common");
	part(&peer);
}

static void hang_up(struct peer *peer)
{
	char hello[1024];

	(void)!read(peer->fd, hello, sizeof hello);
}

static void test_hanging_up(void **state)
{
	struct peer peer = { .script = hang_up, .before_handshake = true };
	struct tls_settings settings = trusting(*state);

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_BUSY);
	assert_said("closed the connection during the TLS handshake");
	part(&peer);
}

/* What a manager's alert says, while it is still the handshake. */
static int alert; /* RFC 8446, 6.2 */

static void send_alert(struct peer *peer)
{
	const char record[] = { 21, 3, 3, 0, 2, 2, (char)alert };
	char hello[1024];

	(void)!read(peer->fd, hello, sizeof hello);
	(void)!write(peer->fd, record, sizeof record);
	wait_for_end(peer);
}

static void test_alerts(void **state)
{
	static const struct {
		int alert;
		const char *name;
		int outcome;
		const char *said;
	} alerts[] = {
		{ 40, "handshake_failure", OUTCOME_UNTRUSTED,
		  "no TLS version or cipher in common" },
		{ 70, "protocol_version", OUTCOME_UNTRUSTED, "no TLS version or cipher in common" },
		{ 71, "insufficient_security", OUTCOME_UNTRUSTED,
		  "no TLS version or cipher in common" },
		{ 42, "bad_certificate", OUTCOME_REFUSED, "rejected our client certificate" },
		{ 43, "unsupported_certificate", OUTCOME_REFUSED,
		  "rejected our client certificate" },
		{ 44, "certificate_revoked", OUTCOME_REFUSED, "rejected our client certificate" },
		{ 45, "certificate_expired", OUTCOME_REFUSED, "rejected our client certificate" },
		{ 46, "certificate_unknown", OUTCOME_REFUSED, "rejected our client certificate" },
		{ 48, "unknown_ca", OUTCOME_REFUSED, "rejected our client certificate" },
		{ 49, "access_denied", OUTCOME_REFUSED, "rejected our client certificate" },
		{ 51, "decrypt_error", OUTCOME_REFUSED, "rejected our client certificate" },
		{ 116, "certificate_required", OUTCOME_REFUSED, "rejected our client certificate" },
		{ 80, "internal_error", OUTCOME_UNTRUSTED, "failed: alert: internal error" },
		{ 112, "unrecognized_name", OUTCOME_UNTRUSTED,
		  "use a name in address that it knows" },
	};

	for (size_t i = 0; i < COUNT(alerts); i++) {
		struct peer peer = { .script = send_alert, .before_handshake = true };
		struct tls_settings settings = trusting(*state);

		alert = alerts[i].alert;
		check_row(alerts[i].name,
			  meet(&peer, &settings, PATIENCE, -1) == alerts[i].outcome);
		if (!strstr(meeting.why.text, alerts[i].said))
			fail_msg("row '%s': %s", alerts[i].name, meeting.why.text);
		part(&peer);
	}
}

/* ------------------------------------------------------------------ our certificate */

/* With TLS 1.2 the manager's alert ends the handshake; with 1.3 it comes when we read. */
static void test_missing_certificate_of_tls_1_2(void **state)
{
	struct peer peer = { .script = answer_in_order,
			     .version = TLS1_2_VERSION,
			     .demands_certificate = true };
	struct tls_settings settings = trusting(*state);

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_REFUSED);
	assert_said("requires a client certificate");
	part(&peer);
}

static void test_missing_certificate_of_tls_1_3(void **state)
{
	struct peer peer = { .script = answer_in_order,
			     .version = TLS1_3_VERSION,
			     .demands_certificate = true };
	struct tls_settings settings = trusting(*state);
	char answer[64];
	size_t length = 99;

	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_OK);
	assert_true(tls_client_lacks_certificate(meeting.client));
	assert_int_equal(receive(answer, &length, PATIENCE), OUTCOME_REFUSED);
	assert_int_equal(length, 99);
	assert_said("requires a client certificate");
	part(&peer);
}

static void test_own_certificate(void **state)
{
	struct peer peer = { .script = answer_in_order, .demands_certificate = true };
	struct tls_settings settings = trusting(*state);
	char answer[64];
	size_t length;

	settings.certificate_file = path_in(*state, "own.pem");
	settings.private_key_file = path_in(*state, "own.key");
	assert_int_equal(meet(&peer, &settings, PATIENCE, -1), OUTCOME_OK);
	assert_false(tls_client_lacks_certificate(meeting.client));
	assert_int_equal(send_request(), OUTCOME_OK);
	assert_int_equal(receive(answer, &length, PATIENCE), OUTCOME_OK);
	assert_int_equal(length, 10);
	part(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MEETING(test_untrusted),
		WITH_MEETING(test_no_tls),
		WITH_MEETING(test_no_version_in_common),
		WITH_MEETING(test_hanging_up),
		WITH_MEETING(test_record_too_long),
		WITH_MEETING(test_alerts),
		WITH_MEETING(test_chain_error),
		WITH_MEETING(test_weak_signature),
		WITH_MEETING(test_missing_certificate_of_tls_1_2),
		WITH_MEETING(test_missing_certificate_of_tls_1_3),
		WITH_MEETING(test_own_certificate),
	};

	return cmocka_run_group_tests(tests, setup_meetings, teardown_meetings);
}
