# The fuzz targets of the client.
client_fuzz_targets = \
	fuzz-chain \
	fuzz-config \
	fuzz-conversation \
	fuzz-keystore \
	fuzz-method-authd \
	fuzz-ossec-conf \
	fuzz-proxy \
	fuzz-reenroll-secret \
	fuzz-state \
	fuzz-tunnel \
	fuzz-wire
client_fuzz_libraries = libclient.a $(fuzz_libraries) $(INIH_LIBS)
fuzz_manager = tests/fuzz/clock.c tests/fuzz/clock.h tests/fuzz/fake-manager.c \
	tests/fuzz/fake-manager.h $(fuzz_faults)
client_fuzz_tests = \
	test-fuzz-chain \
	test-fuzz-config \
	test-fuzz-conversation \
	test-fuzz-keystore \
	test-fuzz-method-authd \
	test-fuzz-ossec-conf \
	test-fuzz-proxy \
	test-fuzz-reenroll-secret \
	test-fuzz-state \
	test-fuzz-tunnel \
	test-fuzz-wire
check_PROGRAMS += $(client_fuzz_tests)
TESTS += $(client_fuzz_tests)

test_fuzz_chain_SOURCES = tests/fuzz/fuzz-chain.c $(fuzz_replay)
test_fuzz_chain_LDADD = $(client_fuzz_libraries)
test_fuzz_config_SOURCES = tests/fuzz/fuzz-config.c $(fuzz_replay) $(fuzz_directory)
test_fuzz_config_LDADD = $(client_fuzz_libraries)
test_fuzz_conversation_SOURCES = tests/fuzz/fuzz-conversation.c $(fuzz_replay) \
	$(fuzz_directory) tests/fuzz/clock.c tests/fuzz/clock.h
test_fuzz_conversation_LDADD = $(client_fuzz_libraries)
test_fuzz_keystore_SOURCES = tests/fuzz/fuzz-keystore.c $(fuzz_replay) $(fuzz_directory)
test_fuzz_keystore_LDADD = $(client_fuzz_libraries)
test_fuzz_ossec_conf_SOURCES = tests/fuzz/fuzz-ossec-conf.c $(fuzz_replay)
test_fuzz_ossec_conf_LDADD = $(client_fuzz_libraries)
test_fuzz_method_authd_SOURCES = tests/fuzz/fuzz-method-authd.c $(fuzz_replay) $(fuzz_manager)
test_fuzz_method_authd_LDFLAGS = $(AM_LDFLAGS) $(fuzz_fault_wraps)
test_fuzz_method_authd_LDADD = $(client_fuzz_libraries)
test_fuzz_proxy_SOURCES = tests/fuzz/fuzz-proxy.c $(fuzz_replay)
test_fuzz_proxy_LDADD = $(client_fuzz_libraries)
test_fuzz_reenroll_secret_SOURCES = tests/fuzz/fuzz-reenroll-secret.c $(fuzz_replay)
test_fuzz_reenroll_secret_LDADD = $(client_fuzz_libraries)
test_fuzz_state_SOURCES = tests/fuzz/fuzz-state.c $(fuzz_replay) $(fuzz_directory)
test_fuzz_state_LDADD = $(client_fuzz_libraries)
test_fuzz_tunnel_SOURCES = tests/fuzz/fuzz-tunnel.c $(fuzz_replay) tests/fuzz/clock.c \
	tests/fuzz/clock.h $(fuzz_faults)
test_fuzz_tunnel_LDFLAGS = $(AM_LDFLAGS) $(fuzz_fault_wraps)
test_fuzz_tunnel_LDADD = $(client_fuzz_libraries)
test_fuzz_wire_SOURCES = tests/fuzz/fuzz-wire.c $(fuzz_replay)
test_fuzz_wire_LDADD = $(client_fuzz_libraries)

# The methods in the module, and their pure parts.
if WITH_API
client_fuzz_targets += fuzz-api-reply fuzz-enroll fuzz-methods-https
check_PROGRAMS += test-fuzz-api-reply test-fuzz-enroll test-fuzz-methods-https
TESTS += test-fuzz-api-reply test-fuzz-enroll test-fuzz-methods-https
endif
test_fuzz_api_reply_SOURCES = tests/fuzz/fuzz-api-reply.c $(fuzz_replay)
test_fuzz_api_reply_LDADD = libmodule.a $(client_fuzz_libraries) $(JANSSON_LIBS)
test_fuzz_enroll_SOURCES = tests/fuzz/fuzz-enroll.c $(fuzz_replay)
test_fuzz_enroll_LDADD = libmodule.a $(client_fuzz_libraries) $(JANSSON_LIBS)
test_fuzz_methods_https_SOURCES = tests/fuzz/fuzz-methods-https.c $(fuzz_replay) $(fuzz_manager) \
	$(fuzz_openssl_faults) $(agent_register_https_so_SOURCES)
test_fuzz_methods_https_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS)
test_fuzz_methods_https_LDFLAGS = $(AM_LDFLAGS) $(fuzz_fault_wraps) $(fuzz_openssl_fault_wraps)
test_fuzz_methods_https_LDADD = $(client_fuzz_libraries) $(CURL_LIBS) $(JANSSON_LIBS)

if ENABLE_FUZZERS
noinst_PROGRAMS += $(client_fuzz_targets)
noinst_LIBRARIES += libfuzzedclient.a
libfuzzedclient_a_SOURCES = $(libclient_a_SOURCES)
libfuzzedclient_a_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer-no-link
client_fuzzed_libraries = libfuzzedclient.a $(fuzzed_libraries) $(INIH_LIBS)

fuzz_chain_SOURCES = tests/fuzz/fuzz-chain.c tests/fuzz/fuzz.h
fuzz_chain_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_chain_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_chain_LDADD = $(client_fuzzed_libraries)
fuzz_config_SOURCES = tests/fuzz/fuzz-config.c tests/fuzz/fuzz.h $(fuzz_directory)
fuzz_config_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_config_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_config_LDADD = $(client_fuzzed_libraries)
fuzz_conversation_SOURCES = tests/fuzz/fuzz-conversation.c tests/fuzz/fuzz.h $(fuzz_directory) \
	tests/fuzz/clock.c tests/fuzz/clock.h
fuzz_conversation_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_conversation_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_conversation_LDADD = $(client_fuzzed_libraries)
fuzz_keystore_SOURCES = tests/fuzz/fuzz-keystore.c tests/fuzz/fuzz.h $(fuzz_directory)
fuzz_keystore_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_keystore_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_keystore_LDADD = $(client_fuzzed_libraries)
fuzz_ossec_conf_SOURCES = tests/fuzz/fuzz-ossec-conf.c tests/fuzz/fuzz.h
fuzz_ossec_conf_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_ossec_conf_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_ossec_conf_LDADD = $(client_fuzzed_libraries)
fuzz_method_authd_SOURCES = tests/fuzz/fuzz-method-authd.c tests/fuzz/fuzz.h $(fuzz_manager)
fuzz_method_authd_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_method_authd_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer $(fuzz_fault_wraps)
fuzz_method_authd_LDADD = $(client_fuzzed_libraries)
fuzz_proxy_SOURCES = tests/fuzz/fuzz-proxy.c tests/fuzz/fuzz.h
fuzz_proxy_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_proxy_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_proxy_LDADD = $(client_fuzzed_libraries)
fuzz_reenroll_secret_SOURCES = tests/fuzz/fuzz-reenroll-secret.c tests/fuzz/fuzz.h
fuzz_reenroll_secret_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_reenroll_secret_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_reenroll_secret_LDADD = $(client_fuzzed_libraries)
fuzz_state_SOURCES = tests/fuzz/fuzz-state.c tests/fuzz/fuzz.h $(fuzz_directory)
fuzz_state_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_state_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_state_LDADD = $(client_fuzzed_libraries)
fuzz_tunnel_SOURCES = tests/fuzz/fuzz-tunnel.c tests/fuzz/fuzz.h tests/fuzz/clock.c \
	tests/fuzz/clock.h $(fuzz_faults)
fuzz_tunnel_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_tunnel_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer $(fuzz_fault_wraps)
fuzz_tunnel_LDADD = $(client_fuzzed_libraries)
fuzz_wire_SOURCES = tests/fuzz/fuzz-wire.c tests/fuzz/fuzz.h
fuzz_wire_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_wire_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_wire_LDADD = $(client_fuzzed_libraries)
fuzz_api_reply_SOURCES = tests/fuzz/fuzz-api-reply.c tests/fuzz/fuzz.h $(libmodule_a_SOURCES)
fuzz_api_reply_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -fsanitize=fuzzer
fuzz_api_reply_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_api_reply_LDADD = $(client_fuzzed_libraries) $(JANSSON_LIBS)
fuzz_enroll_SOURCES = tests/fuzz/fuzz-enroll.c tests/fuzz/fuzz.h $(libmodule_a_SOURCES)
fuzz_enroll_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -fsanitize=fuzzer
fuzz_enroll_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_enroll_LDADD = $(client_fuzzed_libraries) $(JANSSON_LIBS)
fuzz_methods_https_SOURCES = tests/fuzz/fuzz-methods-https.c tests/fuzz/fuzz.h $(fuzz_manager) \
	$(fuzz_openssl_faults) $(agent_register_https_so_SOURCES)
fuzz_methods_https_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS) -fsanitize=fuzzer
fuzz_methods_https_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer $(fuzz_fault_wraps) \
	$(fuzz_openssl_fault_wraps)
fuzz_methods_https_LDADD = $(client_fuzzed_libraries) $(CURL_LIBS) $(JANSSON_LIBS)
endif
