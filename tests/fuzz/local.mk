# The fuzz targets. With --enable-fuzzers (clang) each becomes a libFuzzer program; everywhere each
# is fed its corpus.
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/make-corpus.py

fuzz_targets = \
	fuzz-agent-key \
	fuzz-config \
	fuzz-exported-key \
	fuzz-keystore \
	fuzz-proxy \
	fuzz-reply \
	fuzz-request
fuzz_libraries = libclient.a libcommon.a $(SYSTEMD_LIBS) $(INIH_LIBS) $(OPENSSL_LIBS)
fuzz_replay = tests/fuzz/replay.c tests/fuzz/fuzz.h

fuzz_tests = \
	test-fuzz-agent-key \
	test-fuzz-config \
	test-fuzz-exported-key \
	test-fuzz-keystore \
	test-fuzz-proxy \
	test-fuzz-reply \
	test-fuzz-request
check_PROGRAMS += $(fuzz_tests)
TESTS += $(fuzz_tests)

test_fuzz_agent_key_SOURCES = tests/fuzz/fuzz-agent-key.c $(fuzz_replay)
test_fuzz_agent_key_LDADD = $(fuzz_libraries)
test_fuzz_config_SOURCES = tests/fuzz/fuzz-config.c $(fuzz_replay)
test_fuzz_config_LDADD = $(fuzz_libraries)
test_fuzz_exported_key_SOURCES = tests/fuzz/fuzz-exported-key.c $(fuzz_replay)
test_fuzz_exported_key_LDADD = $(fuzz_libraries)
test_fuzz_keystore_SOURCES = tests/fuzz/fuzz-keystore.c $(fuzz_replay)
test_fuzz_keystore_LDADD = $(fuzz_libraries)
test_fuzz_proxy_SOURCES = tests/fuzz/fuzz-proxy.c $(fuzz_replay)
test_fuzz_proxy_LDADD = $(fuzz_libraries)
test_fuzz_reply_SOURCES = tests/fuzz/fuzz-reply.c $(fuzz_replay)
test_fuzz_reply_LDADD = $(fuzz_libraries)
test_fuzz_request_SOURCES = tests/fuzz/fuzz-request.c $(fuzz_replay)
test_fuzz_request_LDADD = $(fuzz_libraries)

# The pure parts of the methods in the module.
if WITH_API
fuzz_targets += fuzz-api-reply fuzz-enroll
check_PROGRAMS += test-fuzz-api-reply test-fuzz-enroll
TESTS += test-fuzz-api-reply test-fuzz-enroll
endif
test_fuzz_api_reply_SOURCES = tests/fuzz/fuzz-api-reply.c $(fuzz_replay)
test_fuzz_api_reply_LDADD = libmodule.a $(fuzz_libraries) $(JANSSON_LIBS)
test_fuzz_enroll_SOURCES = tests/fuzz/fuzz-enroll.c $(fuzz_replay)
test_fuzz_enroll_LDADD = libmodule.a $(fuzz_libraries) $(JANSSON_LIBS)

if ENABLE_FUZZERS
noinst_PROGRAMS += $(fuzz_targets)

# The fuzzed code, compiled again so that libFuzzer sees which branches an input takes.
noinst_LIBRARIES += libfuzzed.a
libfuzzed_a_SOURCES = $(libcommon_a_SOURCES) \
	src/client/agent-files/keystore.c \
	src/client/agent-files/reenroll-secret.c \
	src/client/config/config.c \
	src/client/config/types.c \
	src/client/net/endpoint.c \
	src/client/net/proxy.c
libfuzzed_a_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer-no-link
fuzzed_libraries = libfuzzed.a $(SYSTEMD_LIBS) $(INIH_LIBS) $(OPENSSL_LIBS)

fuzz_agent_key_SOURCES = tests/fuzz/fuzz-agent-key.c tests/fuzz/fuzz.h
fuzz_agent_key_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_agent_key_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_agent_key_LDADD = $(fuzzed_libraries)
fuzz_config_SOURCES = tests/fuzz/fuzz-config.c tests/fuzz/fuzz.h
fuzz_config_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_config_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_config_LDADD = $(fuzzed_libraries)
fuzz_exported_key_SOURCES = tests/fuzz/fuzz-exported-key.c tests/fuzz/fuzz.h
fuzz_exported_key_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_exported_key_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_exported_key_LDADD = $(fuzzed_libraries)
fuzz_api_reply_SOURCES = tests/fuzz/fuzz-api-reply.c tests/fuzz/fuzz.h $(libmodule_a_SOURCES)
fuzz_api_reply_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -fsanitize=fuzzer
fuzz_api_reply_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_api_reply_LDADD = $(fuzzed_libraries) $(JANSSON_LIBS)
fuzz_enroll_SOURCES = tests/fuzz/fuzz-enroll.c tests/fuzz/fuzz.h $(libmodule_a_SOURCES)
fuzz_enroll_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -fsanitize=fuzzer
fuzz_enroll_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_enroll_LDADD = $(fuzzed_libraries) $(JANSSON_LIBS)
fuzz_keystore_SOURCES = tests/fuzz/fuzz-keystore.c tests/fuzz/fuzz.h
fuzz_keystore_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_keystore_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_keystore_LDADD = $(fuzzed_libraries)
fuzz_proxy_SOURCES = tests/fuzz/fuzz-proxy.c tests/fuzz/fuzz.h
fuzz_proxy_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_proxy_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_proxy_LDADD = $(fuzzed_libraries)
fuzz_reply_SOURCES = tests/fuzz/fuzz-reply.c tests/fuzz/fuzz.h
fuzz_reply_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_reply_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_reply_LDADD = $(fuzzed_libraries)
fuzz_request_SOURCES = tests/fuzz/fuzz-request.c tests/fuzz/fuzz.h
fuzz_request_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_request_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_request_LDADD = $(fuzzed_libraries)
endif
