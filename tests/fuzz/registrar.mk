# The fuzz targets of the registrar.
registrar_fuzz_libraries = libregistrar.a libcommon.a $(OPENSSL_LIBS)
registrar_fuzz_tests = test-fuzz-address test-fuzz-registry-wire test-fuzz-roster
check_PROGRAMS += $(registrar_fuzz_tests)
TESTS += $(registrar_fuzz_tests)

test_fuzz_address_SOURCES = tests/fuzz/fuzz-address.c $(fuzz_replay)
test_fuzz_address_LDADD = $(registrar_fuzz_libraries)
test_fuzz_registry_wire_SOURCES = tests/fuzz/fuzz-registry-wire.c $(fuzz_replay)
test_fuzz_registry_wire_LDADD = $(registrar_fuzz_libraries)
test_fuzz_roster_SOURCES = tests/fuzz/fuzz-roster.c $(fuzz_replay)
test_fuzz_roster_LDADD = $(registrar_fuzz_libraries)

if ENABLE_FUZZERS
noinst_PROGRAMS += fuzz-address fuzz-registry-wire fuzz-roster
noinst_LIBRARIES += libfuzzedregistrar.a
libfuzzedregistrar_a_SOURCES = $(libregistrar_a_SOURCES)
libfuzzedregistrar_a_CFLAGS = $(libregistrar_a_CFLAGS) -fsanitize=fuzzer-no-link
registrar_fuzzed_libraries = libfuzzedregistrar.a $(fuzzed_libraries) $(EVENT_LIBS) $(JANSSON_LIBS)

fuzz_address_SOURCES = tests/fuzz/fuzz-address.c tests/fuzz/fuzz.h
fuzz_address_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_address_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_address_LDADD = $(registrar_fuzzed_libraries)
fuzz_registry_wire_SOURCES = tests/fuzz/fuzz-registry-wire.c tests/fuzz/fuzz.h
fuzz_registry_wire_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_registry_wire_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_registry_wire_LDADD = $(registrar_fuzzed_libraries)
fuzz_roster_SOURCES = tests/fuzz/fuzz-roster.c tests/fuzz/fuzz.h
fuzz_roster_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_roster_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_roster_LDADD = $(registrar_fuzzed_libraries)
endif

# Those of its API.
if WITH_API
check_PROGRAMS += test-fuzz-api-call
TESTS += test-fuzz-api-call
if ENABLE_FUZZERS
noinst_PROGRAMS += fuzz-api-call
endif
endif
test_fuzz_api_call_SOURCES = tests/fuzz/fuzz-api-call.c $(fuzz_replay)
test_fuzz_api_call_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
test_fuzz_api_call_LDADD = $(registrar_fuzz_libraries) $(JANSSON_LIBS)
if ENABLE_FUZZERS
fuzz_api_call_SOURCES = tests/fuzz/fuzz-api-call.c tests/fuzz/fuzz.h
fuzz_api_call_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -fsanitize=fuzzer
fuzz_api_call_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_api_call_LDADD = $(registrar_fuzzed_libraries)
endif
