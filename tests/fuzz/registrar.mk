# The fuzz targets of the registrar.
registrar_fuzz_libraries = libregistrar.a libcommon.a $(OPENSSL_LIBS)
fuzz_log = tests/fuzz/watched-log.c tests/fuzz/watched-log.h
fuzz_clock = tests/fuzz/clock.c tests/fuzz/clock.h
fuzz_peer = $(fuzz_clock) tests/fuzz/tls-peer.c tests/fuzz/tls-peer.h $(fuzz_log)
fuzz_registry = tests/fuzz/any-registry.c tests/fuzz/any-registry.h

# For targets with libevent: its calls can fail as well.
fuzz_event_faults = tests/fuzz/faults-event.c tests/fuzz/faults-library.h
fuzz_event_fault_wraps = -Wl,--wrap=evbuffer_new,--wrap=evbuffer_add,--wrap=evbuffer_remove_buffer \
	-Wl,--wrap=evbuffer_add_reference,--wrap=evbuffer_add_cb,--wrap=event_new \
	-Wl,--wrap=event_add,--wrap=bufferevent_openssl_socket_new
registrar_fuzz_tests = test-fuzz-address test-fuzz-auth-block test-fuzz-connection \
	test-fuzz-enroll-tokens \
	test-fuzz-groups test-fuzz-history test-fuzz-keeper test-fuzz-local-authd \
	test-fuzz-packet-stream test-fuzz-registry-wire test-fuzz-request-buffer \
	test-fuzz-request-rules test-fuzz-roster test-fuzz-secrets test-fuzz-stamps \
	test-fuzz-users test-fuzz-version
check_PROGRAMS += $(registrar_fuzz_tests)
TESTS += $(registrar_fuzz_tests)

test_fuzz_address_SOURCES = tests/fuzz/fuzz-address.c $(fuzz_replay)
test_fuzz_address_LDADD = $(registrar_fuzz_libraries)
test_fuzz_auth_block_SOURCES = tests/fuzz/fuzz-auth-block.c $(fuzz_replay) $(fuzz_directory)
test_fuzz_auth_block_LDADD = $(registrar_fuzz_libraries)
test_fuzz_connection_SOURCES = tests/fuzz/fuzz-connection.c $(fuzz_replay) $(fuzz_peer) \
	$(fuzz_faults) $(fuzz_event_faults) $(fuzz_openssl_faults)
test_fuzz_connection_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_fuzz_connection_LDFLAGS = $(AM_LDFLAGS) $(fuzz_fault_wraps) $(fuzz_event_fault_wraps) \
	$(fuzz_openssl_fault_wraps)
test_fuzz_connection_LDADD = $(registrar_fuzz_libraries) $(EVENT_LIBS)
test_fuzz_enroll_tokens_SOURCES = tests/fuzz/fuzz-enroll-tokens.c $(fuzz_replay)
test_fuzz_enroll_tokens_LDADD = $(registrar_fuzz_libraries)
test_fuzz_groups_SOURCES = tests/fuzz/fuzz-groups.c $(fuzz_replay) $(fuzz_directory) $(fuzz_faults)
test_fuzz_groups_LDFLAGS = $(AM_LDFLAGS) $(fuzz_fault_wraps)
test_fuzz_groups_LDADD = $(registrar_fuzz_libraries)
test_fuzz_history_SOURCES = tests/fuzz/fuzz-history.c $(fuzz_replay) $(fuzz_directory) \
	$(fuzz_faults)
test_fuzz_history_LDFLAGS = $(AM_LDFLAGS) $(fuzz_fault_wraps)
test_fuzz_history_LDADD = $(registrar_fuzz_libraries)
test_fuzz_keeper_SOURCES = tests/fuzz/fuzz-keeper.c $(fuzz_replay) $(fuzz_registry) $(fuzz_log) \
	$(fuzz_clock) $(fuzz_faults) $(fuzz_event_faults)
test_fuzz_keeper_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_fuzz_keeper_LDFLAGS = $(AM_LDFLAGS) $(fuzz_fault_wraps) $(fuzz_event_fault_wraps)
test_fuzz_keeper_LDADD = $(registrar_fuzz_libraries) $(EVENT_LIBS)
test_fuzz_local_authd_SOURCES = tests/fuzz/fuzz-local-authd.c $(fuzz_replay) $(fuzz_directory) \
	$(fuzz_faults)
test_fuzz_local_authd_LDFLAGS = $(AM_LDFLAGS) $(fuzz_fault_wraps)
test_fuzz_local_authd_LDADD = $(registrar_fuzz_libraries)
test_fuzz_packet_stream_SOURCES = tests/fuzz/fuzz-packet-stream.c $(fuzz_replay) \
	$(fuzz_faults) $(fuzz_event_faults)
test_fuzz_packet_stream_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_fuzz_packet_stream_LDFLAGS = $(AM_LDFLAGS) $(fuzz_fault_wraps) $(fuzz_event_fault_wraps)
test_fuzz_packet_stream_LDADD = $(registrar_fuzz_libraries) $(EVENT_LIBS)
test_fuzz_registry_wire_SOURCES = tests/fuzz/fuzz-registry-wire.c $(fuzz_replay) $(fuzz_faults)
test_fuzz_registry_wire_LDFLAGS = $(AM_LDFLAGS) $(fuzz_fault_wraps)
test_fuzz_registry_wire_LDADD = $(registrar_fuzz_libraries)
test_fuzz_request_buffer_SOURCES = tests/fuzz/fuzz-request-buffer.c $(fuzz_replay)
test_fuzz_request_buffer_LDADD = $(registrar_fuzz_libraries)
test_fuzz_request_rules_SOURCES = tests/fuzz/fuzz-request-rules.c $(fuzz_replay)
test_fuzz_request_rules_LDADD = $(registrar_fuzz_libraries)
test_fuzz_roster_SOURCES = tests/fuzz/fuzz-roster.c $(fuzz_replay) $(fuzz_directory) $(fuzz_faults)
test_fuzz_roster_LDFLAGS = $(AM_LDFLAGS) $(fuzz_fault_wraps)
test_fuzz_roster_LDADD = $(registrar_fuzz_libraries)
test_fuzz_secrets_SOURCES = tests/fuzz/fuzz-secrets.c $(fuzz_replay) $(fuzz_directory)
test_fuzz_secrets_LDADD = $(registrar_fuzz_libraries)
test_fuzz_stamps_SOURCES = tests/fuzz/fuzz-stamps.c $(fuzz_replay) $(fuzz_directory)
test_fuzz_stamps_LDADD = $(registrar_fuzz_libraries)
test_fuzz_users_SOURCES = tests/fuzz/fuzz-users.c $(fuzz_replay) $(fuzz_directory) $(fuzz_faults)
test_fuzz_users_LDFLAGS = $(AM_LDFLAGS) $(fuzz_fault_wraps)
test_fuzz_users_LDADD = $(registrar_fuzz_libraries)
test_fuzz_version_SOURCES = tests/fuzz/fuzz-version.c $(fuzz_replay)
test_fuzz_version_LDADD = $(registrar_fuzz_libraries)

if ENABLE_FUZZERS
noinst_PROGRAMS += fuzz-address fuzz-auth-block fuzz-connection fuzz-enroll-tokens fuzz-groups \
	fuzz-history fuzz-keeper fuzz-local-authd fuzz-packet-stream fuzz-registry-wire \
	fuzz-request-buffer fuzz-request-rules fuzz-roster fuzz-secrets fuzz-stamps fuzz-users \
	fuzz-version
noinst_LIBRARIES += libfuzzedregistrar.a
libfuzzedregistrar_a_SOURCES = $(libregistrar_a_SOURCES)
libfuzzedregistrar_a_CFLAGS = $(libregistrar_a_CFLAGS) -fsanitize=fuzzer-no-link
registrar_fuzzed_libraries = libfuzzedregistrar.a $(fuzzed_libraries) $(EVENT_LIBS) $(JANSSON_LIBS)

fuzz_address_SOURCES = tests/fuzz/fuzz-address.c tests/fuzz/fuzz.h
fuzz_address_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_address_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_address_LDADD = $(registrar_fuzzed_libraries)
fuzz_auth_block_SOURCES = tests/fuzz/fuzz-auth-block.c tests/fuzz/fuzz.h $(fuzz_directory)
fuzz_auth_block_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_auth_block_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_auth_block_LDADD = $(registrar_fuzzed_libraries)
fuzz_connection_SOURCES = tests/fuzz/fuzz-connection.c tests/fuzz/fuzz.h $(fuzz_peer) \
	$(fuzz_faults) $(fuzz_event_faults) $(fuzz_openssl_faults)
fuzz_connection_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS) -fsanitize=fuzzer
fuzz_connection_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer $(fuzz_fault_wraps) \
	$(fuzz_event_fault_wraps) $(fuzz_openssl_fault_wraps)
fuzz_connection_LDADD = $(registrar_fuzzed_libraries)
fuzz_enroll_tokens_SOURCES = tests/fuzz/fuzz-enroll-tokens.c tests/fuzz/fuzz.h
fuzz_enroll_tokens_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_enroll_tokens_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_enroll_tokens_LDADD = $(registrar_fuzzed_libraries)
fuzz_groups_SOURCES = tests/fuzz/fuzz-groups.c tests/fuzz/fuzz.h $(fuzz_directory) $(fuzz_faults)
fuzz_groups_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_groups_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer $(fuzz_fault_wraps)
fuzz_groups_LDADD = $(registrar_fuzzed_libraries)
fuzz_history_SOURCES = tests/fuzz/fuzz-history.c tests/fuzz/fuzz.h $(fuzz_directory) $(fuzz_faults)
fuzz_history_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_history_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer $(fuzz_fault_wraps)
fuzz_history_LDADD = $(registrar_fuzzed_libraries)
fuzz_keeper_SOURCES = tests/fuzz/fuzz-keeper.c tests/fuzz/fuzz.h $(fuzz_registry) $(fuzz_log) \
	$(fuzz_clock) $(fuzz_faults) $(fuzz_event_faults)
fuzz_keeper_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS) -fsanitize=fuzzer
fuzz_keeper_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer $(fuzz_fault_wraps) \
	$(fuzz_event_fault_wraps)
fuzz_keeper_LDADD = $(registrar_fuzzed_libraries)
fuzz_local_authd_SOURCES = tests/fuzz/fuzz-local-authd.c tests/fuzz/fuzz.h $(fuzz_directory) \
	$(fuzz_faults)
fuzz_local_authd_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_local_authd_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer $(fuzz_fault_wraps)
fuzz_local_authd_LDADD = $(registrar_fuzzed_libraries)
fuzz_packet_stream_SOURCES = tests/fuzz/fuzz-packet-stream.c tests/fuzz/fuzz.h \
	$(fuzz_faults) $(fuzz_event_faults)
fuzz_packet_stream_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS) -fsanitize=fuzzer
fuzz_packet_stream_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer $(fuzz_fault_wraps) \
	$(fuzz_event_fault_wraps)
fuzz_packet_stream_LDADD = $(registrar_fuzzed_libraries)
fuzz_registry_wire_SOURCES = tests/fuzz/fuzz-registry-wire.c tests/fuzz/fuzz.h $(fuzz_faults)
fuzz_registry_wire_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_registry_wire_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer $(fuzz_fault_wraps)
fuzz_registry_wire_LDADD = $(registrar_fuzzed_libraries)
fuzz_request_buffer_SOURCES = tests/fuzz/fuzz-request-buffer.c tests/fuzz/fuzz.h
fuzz_request_buffer_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_request_buffer_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_request_buffer_LDADD = $(registrar_fuzzed_libraries)
fuzz_request_rules_SOURCES = tests/fuzz/fuzz-request-rules.c tests/fuzz/fuzz.h
fuzz_request_rules_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_request_rules_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_request_rules_LDADD = $(registrar_fuzzed_libraries)
fuzz_roster_SOURCES = tests/fuzz/fuzz-roster.c tests/fuzz/fuzz.h $(fuzz_directory) $(fuzz_faults)
fuzz_roster_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_roster_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer $(fuzz_fault_wraps)
fuzz_roster_LDADD = $(registrar_fuzzed_libraries)
fuzz_secrets_SOURCES = tests/fuzz/fuzz-secrets.c tests/fuzz/fuzz.h $(fuzz_directory)
fuzz_secrets_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_secrets_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_secrets_LDADD = $(registrar_fuzzed_libraries)
fuzz_stamps_SOURCES = tests/fuzz/fuzz-stamps.c tests/fuzz/fuzz.h $(fuzz_directory)
fuzz_stamps_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_stamps_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_stamps_LDADD = $(registrar_fuzzed_libraries)
fuzz_users_SOURCES = tests/fuzz/fuzz-users.c tests/fuzz/fuzz.h $(fuzz_directory) $(fuzz_faults)
fuzz_users_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_users_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer $(fuzz_fault_wraps)
fuzz_users_LDADD = $(registrar_fuzzed_libraries)
fuzz_version_SOURCES = tests/fuzz/fuzz-version.c tests/fuzz/fuzz.h
fuzz_version_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_version_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_version_LDADD = $(registrar_fuzzed_libraries)
endif

# Those of its API.
if WITH_API
api_fuzz_tests = test-fuzz-api test-fuzz-api-call test-fuzz-bearer test-fuzz-filter \
	test-fuzz-json-fault test-fuzz-token
check_PROGRAMS += $(api_fuzz_tests)
TESTS += $(api_fuzz_tests)
if ENABLE_FUZZERS
noinst_PROGRAMS += fuzz-api fuzz-api-call fuzz-bearer fuzz-filter fuzz-json-fault fuzz-token
endif
endif
test_fuzz_api_SOURCES = tests/fuzz/fuzz-api.c $(fuzz_replay) $(fuzz_peer) $(fuzz_registry) \
	$(fuzz_faults) $(fuzz_event_faults) $(fuzz_openssl_faults)
test_fuzz_api_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS) $(JANSSON_CFLAGS)
test_fuzz_api_LDFLAGS = $(AM_LDFLAGS) $(fuzz_fault_wraps) $(fuzz_event_fault_wraps) \
	$(fuzz_openssl_fault_wraps)
test_fuzz_api_LDADD = $(registrar_fuzz_libraries) $(EVENT_LIBS) $(JANSSON_LIBS)
test_fuzz_api_call_SOURCES = tests/fuzz/fuzz-api-call.c $(fuzz_replay)
test_fuzz_api_call_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
test_fuzz_api_call_LDADD = $(registrar_fuzz_libraries) $(JANSSON_LIBS)
test_fuzz_bearer_SOURCES = tests/fuzz/fuzz-bearer.c $(fuzz_replay) \
	$(fuzz_faults) $(fuzz_openssl_faults)
test_fuzz_bearer_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
test_fuzz_bearer_LDFLAGS = $(AM_LDFLAGS) $(fuzz_fault_wraps) $(fuzz_openssl_fault_wraps)
test_fuzz_bearer_LDADD = $(registrar_fuzz_libraries) $(JANSSON_LIBS)
test_fuzz_filter_SOURCES = tests/fuzz/fuzz-filter.c $(fuzz_replay)
test_fuzz_filter_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
test_fuzz_filter_LDADD = $(registrar_fuzz_libraries) $(JANSSON_LIBS)
test_fuzz_json_fault_SOURCES = tests/fuzz/fuzz-json-fault.c $(fuzz_replay)
test_fuzz_json_fault_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
test_fuzz_json_fault_LDADD = $(registrar_fuzz_libraries) $(JANSSON_LIBS)
test_fuzz_token_SOURCES = tests/fuzz/fuzz-token.c $(fuzz_replay)
test_fuzz_token_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
test_fuzz_token_LDADD = $(registrar_fuzz_libraries) $(JANSSON_LIBS)
if ENABLE_FUZZERS
fuzz_api_SOURCES = tests/fuzz/fuzz-api.c tests/fuzz/fuzz.h $(fuzz_peer) $(fuzz_registry) \
	$(fuzz_faults) $(fuzz_event_faults) $(fuzz_openssl_faults)
fuzz_api_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS) $(JANSSON_CFLAGS) -fsanitize=fuzzer
fuzz_api_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer $(fuzz_fault_wraps) \
	$(fuzz_event_fault_wraps) $(fuzz_openssl_fault_wraps)
fuzz_api_LDADD = $(registrar_fuzzed_libraries)
fuzz_api_call_SOURCES = tests/fuzz/fuzz-api-call.c tests/fuzz/fuzz.h
fuzz_api_call_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -fsanitize=fuzzer
fuzz_api_call_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_api_call_LDADD = $(registrar_fuzzed_libraries)
fuzz_bearer_SOURCES = tests/fuzz/fuzz-bearer.c tests/fuzz/fuzz.h \
	$(fuzz_faults) $(fuzz_openssl_faults)
fuzz_bearer_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -fsanitize=fuzzer
fuzz_bearer_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer $(fuzz_fault_wraps) \
	$(fuzz_openssl_fault_wraps)
fuzz_bearer_LDADD = $(registrar_fuzzed_libraries)
fuzz_filter_SOURCES = tests/fuzz/fuzz-filter.c tests/fuzz/fuzz.h
fuzz_filter_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -fsanitize=fuzzer
fuzz_filter_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_filter_LDADD = $(registrar_fuzzed_libraries)
fuzz_json_fault_SOURCES = tests/fuzz/fuzz-json-fault.c tests/fuzz/fuzz.h
fuzz_json_fault_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -fsanitize=fuzzer
fuzz_json_fault_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_json_fault_LDADD = $(registrar_fuzzed_libraries)
fuzz_token_SOURCES = tests/fuzz/fuzz-token.c tests/fuzz/fuzz.h
fuzz_token_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -fsanitize=fuzzer
fuzz_token_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_token_LDADD = $(registrar_fuzzed_libraries)
endif
