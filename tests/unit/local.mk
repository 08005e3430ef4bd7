# The unit tests: one program a module, in cmocka. This file also says how any test of ours that prints TAP is run.
AM_TESTS_ENVIRONMENT = TEST_DATA='$(abs_top_srcdir)/tests/data' CMOCKA_MESSAGE_OUTPUT=TAP; \
	export TEST_DATA CMOCKA_MESSAGE_OUTPUT;
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
if HAVE_CMOCKA
unit_tests = \
	test-agent-auth-voice \
	test-agent-key \
	test-agent-secret \
	test-atomic-file \
	test-authd-error \
	test-authd-reply \
	test-authd-request \
	test-base64 \
	test-companions \
	test-config-check \
	test-config-file \
	test-config-key \
	test-config-layers \
	test-config-shipped \
	test-config-value \
	test-deadline \
	test-endpoint \
	test-enroll-jwt \
	test-exported-key \
	test-identity \
	test-installation \
	test-keystore \
	test-options \
	test-policy \
	test-proxy \
	test-retry \
	test-secret \
	test-state \
	test-text \
	test-tls-context \
	test-tls-names \
	test-tls-verify
if WITH_API
unit_tests += test-api-reply test-enroll-answer test-enroll-token
endif
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)

check_LIBRARIES += libtest.a
libtest_a_SOURCES = tests/unit/certificates.c tests/unit/certificates.h tests/unit/support.c tests/unit/support.h

unit_libraries = libtest.a libregister.a libcommon.a $(CMOCKA_LIBS) $(SYSTEMD_LIBS) $(INIH_LIBS) $(OPENSSL_LIBS)

# Calls of the code under test go through tests/unit/fault.c where these are linked in.
FAULT_WRAPS = -Wl,--wrap=write,--wrap=fsync,--wrap=fchmod,--wrap=fchown,--wrap=fallocate \
	-Wl,--wrap=unlinkat,--wrap=linkat,--wrap=renameat
unit_faults = tests/unit/fault.c tests/unit/fault.h

test_agent_auth_voice_SOURCES = tests/unit/test-agent-auth-voice.c
test_agent_auth_voice_LDADD = $(unit_libraries)
test_agent_key_SOURCES = tests/unit/test-agent-key.c
test_agent_key_LDADD = $(unit_libraries)
test_agent_secret_SOURCES = tests/unit/test-agent-secret.c
test_agent_secret_LDADD = $(unit_libraries)
test_atomic_file_SOURCES = tests/unit/test-atomic-file.c $(unit_faults)
test_atomic_file_LDADD = $(unit_libraries)
test_atomic_file_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS)
test_authd_error_SOURCES = tests/unit/test-authd-error.c
test_authd_error_LDADD = $(unit_libraries)
test_authd_reply_SOURCES = tests/unit/test-authd-reply.c
test_authd_reply_LDADD = $(unit_libraries)
test_authd_request_SOURCES = tests/unit/test-authd-request.c
test_authd_request_LDADD = $(unit_libraries)
test_base64_SOURCES = tests/unit/test-base64.c
test_base64_LDADD = $(unit_libraries)
test_companions_SOURCES = tests/unit/test-companions.c
test_companions_LDADD = $(unit_libraries)
test_config_check_SOURCES = tests/unit/test-config-check.c
test_config_check_LDADD = $(unit_libraries)
test_config_file_SOURCES = tests/unit/test-config-file.c
test_config_file_LDADD = $(unit_libraries)
test_config_key_SOURCES = tests/unit/test-config-key.c
test_config_key_LDADD = $(unit_libraries)
test_config_layers_SOURCES = tests/unit/test-config-layers.c
test_config_layers_LDADD = $(unit_libraries)
test_config_shipped_SOURCES = tests/unit/test-config-shipped.c
test_config_shipped_LDADD = $(unit_libraries)
test_config_value_SOURCES = tests/unit/test-config-value.c
test_config_value_LDADD = $(unit_libraries)
test_deadline_SOURCES = tests/unit/test-deadline.c
test_deadline_LDADD = $(unit_libraries)
test_endpoint_SOURCES = tests/unit/test-endpoint.c
test_endpoint_LDADD = $(unit_libraries)
test_exported_key_SOURCES = tests/unit/test-exported-key.c
test_exported_key_LDADD = $(unit_libraries)
test_api_reply_SOURCES = tests/unit/test-api-reply.c
test_api_reply_LDADD = libmodule.a $(unit_libraries) $(JANSSON_LIBS)
test_enroll_answer_SOURCES = tests/unit/test-enroll-answer.c
test_enroll_answer_LDADD = libmodule.a $(unit_libraries) $(JANSSON_LIBS)
test_enroll_jwt_SOURCES = tests/unit/test-enroll-jwt.c
test_enroll_jwt_LDADD = $(unit_libraries)
test_enroll_token_SOURCES = tests/unit/test-enroll-token.c
test_enroll_token_LDADD = libmodule.a $(unit_libraries) $(JANSSON_LIBS)
test_identity_SOURCES = tests/unit/test-identity.c
test_identity_LDADD = $(unit_libraries)
test_identity_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=gethostname,--wrap=fopen
test_installation_SOURCES = tests/unit/test-installation.c
test_installation_LDADD = $(unit_libraries)
test_installation_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=fopen
test_keystore_SOURCES = tests/unit/test-keystore.c $(unit_faults)
test_keystore_LDADD = $(unit_libraries)
test_keystore_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS) -Wl,--wrap=ioctl
test_options_SOURCES = tests/unit/test-options.c
test_options_LDADD = $(unit_libraries)
test_policy_SOURCES = tests/unit/test-policy.c
test_policy_LDADD = $(unit_libraries)
test_proxy_SOURCES = tests/unit/test-proxy.c
test_proxy_LDADD = $(unit_libraries)
test_retry_SOURCES = tests/unit/test-retry.c
test_retry_LDADD = $(unit_libraries)
test_secret_SOURCES = tests/unit/test-secret.c
test_secret_LDADD = $(unit_libraries)
test_state_SOURCES = tests/unit/test-state.c
test_state_LDADD = $(unit_libraries)
test_text_SOURCES = tests/unit/test-text.c
test_text_LDADD = $(unit_libraries)
test_tls_context_SOURCES = tests/unit/test-tls-context.c
test_tls_context_LDADD = $(unit_libraries)
test_tls_names_SOURCES = tests/unit/test-tls-names.c
test_tls_names_LDADD = $(unit_libraries)
test_tls_verify_SOURCES = tests/unit/test-tls-verify.c
test_tls_verify_LDADD = $(unit_libraries)
endif
