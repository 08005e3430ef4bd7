# The fuzz targets of the registrar.
registrar_fuzz_libraries = libregistrar.a libcommon.a $(OPENSSL_LIBS)
registrar_fuzz_tests = test-fuzz-address test-fuzz-connection test-fuzz-history \
	test-fuzz-registry-wire test-fuzz-request-buffer test-fuzz-roster test-fuzz-version
check_PROGRAMS += $(registrar_fuzz_tests)
TESTS += $(registrar_fuzz_tests)

test_fuzz_address_SOURCES = tests/fuzz/fuzz-address.c $(fuzz_replay)
test_fuzz_address_LDADD = $(registrar_fuzz_libraries)
test_fuzz_connection_SOURCES = tests/fuzz/fuzz-connection.c $(fuzz_replay)
test_fuzz_connection_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_fuzz_connection_LDADD = $(registrar_fuzz_libraries) $(EVENT_LIBS)
test_fuzz_history_SOURCES = tests/fuzz/fuzz-history.c $(fuzz_replay) $(fuzz_directory)
test_fuzz_history_LDADD = $(registrar_fuzz_libraries)
test_fuzz_registry_wire_SOURCES = tests/fuzz/fuzz-registry-wire.c $(fuzz_replay)
test_fuzz_registry_wire_LDADD = $(registrar_fuzz_libraries)
test_fuzz_request_buffer_SOURCES = tests/fuzz/fuzz-request-buffer.c $(fuzz_replay)
test_fuzz_request_buffer_LDADD = $(registrar_fuzz_libraries)
test_fuzz_roster_SOURCES = tests/fuzz/fuzz-roster.c $(fuzz_replay) $(fuzz_directory)
test_fuzz_roster_LDADD = $(registrar_fuzz_libraries)
test_fuzz_version_SOURCES = tests/fuzz/fuzz-version.c $(fuzz_replay)
test_fuzz_version_LDADD = $(registrar_fuzz_libraries)

if ENABLE_FUZZERS
noinst_PROGRAMS += fuzz-address fuzz-connection fuzz-history fuzz-registry-wire \
	fuzz-request-buffer fuzz-roster fuzz-version
noinst_LIBRARIES += libfuzzedregistrar.a
libfuzzedregistrar_a_SOURCES = $(libregistrar_a_SOURCES)
libfuzzedregistrar_a_CFLAGS = $(libregistrar_a_CFLAGS) -fsanitize=fuzzer-no-link
registrar_fuzzed_libraries = libfuzzedregistrar.a $(fuzzed_libraries) $(EVENT_LIBS) $(JANSSON_LIBS)

fuzz_address_SOURCES = tests/fuzz/fuzz-address.c tests/fuzz/fuzz.h
fuzz_address_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_address_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_address_LDADD = $(registrar_fuzzed_libraries)
fuzz_connection_SOURCES = tests/fuzz/fuzz-connection.c tests/fuzz/fuzz.h
fuzz_connection_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS) -fsanitize=fuzzer
fuzz_connection_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_connection_LDADD = $(registrar_fuzzed_libraries)
fuzz_history_SOURCES = tests/fuzz/fuzz-history.c tests/fuzz/fuzz.h $(fuzz_directory)
fuzz_history_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_history_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_history_LDADD = $(registrar_fuzzed_libraries)
fuzz_registry_wire_SOURCES = tests/fuzz/fuzz-registry-wire.c tests/fuzz/fuzz.h
fuzz_registry_wire_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_registry_wire_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_registry_wire_LDADD = $(registrar_fuzzed_libraries)
fuzz_request_buffer_SOURCES = tests/fuzz/fuzz-request-buffer.c tests/fuzz/fuzz.h
fuzz_request_buffer_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_request_buffer_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_request_buffer_LDADD = $(registrar_fuzzed_libraries)
fuzz_roster_SOURCES = tests/fuzz/fuzz-roster.c tests/fuzz/fuzz.h $(fuzz_directory)
fuzz_roster_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_roster_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_roster_LDADD = $(registrar_fuzzed_libraries)
fuzz_version_SOURCES = tests/fuzz/fuzz-version.c tests/fuzz/fuzz.h
fuzz_version_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_version_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_version_LDADD = $(registrar_fuzzed_libraries)
endif

# Those of its API.
if WITH_API
api_fuzz_tests = test-fuzz-api-call test-fuzz-bearer test-fuzz-token
check_PROGRAMS += $(api_fuzz_tests)
TESTS += $(api_fuzz_tests)
if ENABLE_FUZZERS
noinst_PROGRAMS += fuzz-api-call fuzz-bearer fuzz-token
endif
endif
test_fuzz_api_call_SOURCES = tests/fuzz/fuzz-api-call.c $(fuzz_replay)
test_fuzz_api_call_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
test_fuzz_api_call_LDADD = $(registrar_fuzz_libraries) $(JANSSON_LIBS)
test_fuzz_bearer_SOURCES = tests/fuzz/fuzz-bearer.c $(fuzz_replay)
test_fuzz_bearer_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
test_fuzz_bearer_LDADD = $(registrar_fuzz_libraries) $(JANSSON_LIBS)
test_fuzz_token_SOURCES = tests/fuzz/fuzz-token.c $(fuzz_replay)
test_fuzz_token_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
test_fuzz_token_LDADD = $(registrar_fuzz_libraries) $(JANSSON_LIBS)
if ENABLE_FUZZERS
fuzz_api_call_SOURCES = tests/fuzz/fuzz-api-call.c tests/fuzz/fuzz.h
fuzz_api_call_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -fsanitize=fuzzer
fuzz_api_call_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_api_call_LDADD = $(registrar_fuzzed_libraries)
fuzz_bearer_SOURCES = tests/fuzz/fuzz-bearer.c tests/fuzz/fuzz.h
fuzz_bearer_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -fsanitize=fuzzer
fuzz_bearer_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_bearer_LDADD = $(registrar_fuzzed_libraries)
fuzz_token_SOURCES = tests/fuzz/fuzz-token.c tests/fuzz/fuzz.h
fuzz_token_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -fsanitize=fuzzer
fuzz_token_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_token_LDADD = $(registrar_fuzzed_libraries)
endif
