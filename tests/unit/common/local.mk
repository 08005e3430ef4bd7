# Unit tests of src/common/.
unit_tests = \
	test-agent-address \
	test-agent-key \
	test-atomic-file \
	test-atomic-file-faults \
	test-authd-message-error \
	test-authd-message-reply \
	test-authd-message-request \
	test-base64 \
	test-ca-bundle \
	test-certificate-names \
	test-close-range \
	test-comma-list \
	test-command-line \
	test-deadline \
	test-directory \
	test-endpoint \
	test-enroll-jwt \
	test-escape \
	test-exported-key \
	test-hardening \
	test-packet \
	test-random-bytes \
	test-reason \
	test-pem-diagnosis \
	test-pem-file \
	test-pem-kind \
	test-io \
	test-library-memory \
	test-log \
	test-nearest \
	test-peer-text \
	test-setting-words \
	test-secret \
	test-terminal \
	test-text-index \
	test-secret-echo \
	test-sha256 \
	test-tls-context \
	test-tls-context-shortage \
	test-tls-record-limit \
	test-trusted-file \
	test-trusted-home \
	test-unescape \
	test-lock-holder \
	test-hex \
	test-ip-address \
	test-http-chunks \
	test-http-head \
	test-wiping
if WITH_API
unit_tests += test-json-read
endif

test_agent_address_SOURCES = tests/unit/common/test-agent-address.c
test_agent_address_LDADD = $(unit_libraries)
test_agent_key_SOURCES = tests/unit/common/test-agent-key.c
test_agent_key_LDADD = $(unit_libraries)
unit_atomic_file = $(unit_faults) tests/unit/common/atomic-file-fixture.c \
	tests/unit/common/atomic-file-fixture.h
test_atomic_file_SOURCES = tests/unit/common/test-atomic-file.c $(unit_atomic_file)
test_atomic_file_LDADD = $(unit_libraries)
test_atomic_file_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS) -Wl,--wrap=fgetxattr,--wrap=fsetxattr
test_atomic_file_faults_SOURCES = tests/unit/common/test-atomic-file-faults.c $(unit_atomic_file)
test_atomic_file_faults_LDADD = $(unit_libraries)
test_atomic_file_faults_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS)
test_authd_message_error_SOURCES = tests/unit/common/test-authd-message-error.c
test_authd_message_error_LDADD = $(unit_libraries)
test_authd_message_reply_SOURCES = tests/unit/common/test-authd-message-reply.c
test_authd_message_reply_LDADD = $(unit_libraries)
test_authd_message_request_SOURCES = tests/unit/common/test-authd-message-request.c
test_authd_message_request_LDADD = $(unit_libraries)
test_base64_SOURCES = tests/unit/common/test-base64.c
test_base64_LDADD = $(unit_libraries)
test_close_range_SOURCES = tests/unit/common/test-close-range.c
test_close_range_LDADD = $(unit_libraries)
test_random_bytes_SOURCES = tests/unit/common/test-random-bytes.c
test_random_bytes_LDADD = $(unit_libraries)
test_random_bytes_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getrandom
test_hex_SOURCES = tests/unit/common/test-hex.c
test_hex_LDADD = $(unit_libraries)
test_ip_address_SOURCES = tests/unit/common/test-ip-address.c
test_ip_address_LDADD = $(unit_libraries)
test_comma_list_SOURCES = tests/unit/common/test-comma-list.c
test_comma_list_LDADD = $(unit_libraries)
test_terminal_SOURCES = tests/unit/common/test-terminal.c
test_terminal_LDADD = $(unit_libraries)
test_text_index_SOURCES = tests/unit/common/test-text-index.c
test_text_index_LDADD = $(unit_libraries)
test_ca_bundle_SOURCES = tests/unit/common/test-ca-bundle.c
test_ca_bundle_LDADD = $(unit_libraries)
test_certificate_names_SOURCES = tests/unit/common/test-certificate-names.c
test_certificate_names_LDADD = $(unit_libraries)
test_command_line_SOURCES = tests/unit/common/test-command-line.c
test_command_line_LDADD = $(unit_libraries)
test_deadline_SOURCES = tests/unit/common/test-deadline.c
test_deadline_LDADD = $(unit_libraries)
test_directory_SOURCES = tests/unit/common/test-directory.c
test_directory_LDADD = $(unit_libraries)
test_endpoint_SOURCES = tests/unit/common/test-endpoint.c
test_endpoint_LDADD = $(unit_libraries)
test_enroll_jwt_SOURCES = tests/unit/common/test-enroll-jwt.c
test_enroll_jwt_LDADD = $(unit_libraries)
test_escape_SOURCES = tests/unit/common/test-escape.c
test_escape_LDADD = $(unit_libraries)
test_exported_key_SOURCES = tests/unit/common/test-exported-key.c
test_exported_key_LDADD = $(unit_libraries)
test_hardening_SOURCES = tests/unit/common/test-hardening.c
test_hardening_LDADD = $(unit_libraries)
if ZERO_INIT
test_hardening_CPPFLAGS = $(AM_CPPFLAGS) -DHAS_ZERO_INIT
endif
test_json_read_SOURCES = tests/unit/common/test-json-read.c \
	src/common/json-read.c src/common/json-read.h
test_json_read_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
test_json_read_LDADD = $(unit_libraries) $(JANSSON_LIBS)
test_json_read_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc
test_library_memory_SOURCES = tests/unit/common/test-library-memory.c
test_library_memory_LDADD = $(unit_libraries)
test_library_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc
test_packet_SOURCES = tests/unit/common/test-packet.c
test_packet_LDADD = $(unit_libraries)
test_reason_SOURCES = tests/unit/common/test-reason.c
test_reason_LDADD = $(unit_libraries)
test_pem_diagnosis_SOURCES = tests/unit/common/test-pem-diagnosis.c
test_pem_file_SOURCES = tests/unit/common/test-pem-file.c
test_pem_file_LDADD = $(unit_libraries)
test_pem_kind_SOURCES = tests/unit/common/test-pem-kind.c
test_pem_kind_LDADD = $(unit_libraries)
test_pem_diagnosis_LDADD = $(unit_libraries)
test_io_SOURCES = tests/unit/common/test-io.c $(unit_faults)
test_io_LDADD = $(unit_libraries)
test_io_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS) -Wl,--wrap=writev
test_log_SOURCES = tests/unit/common/test-log.c
test_log_LDADD = $(unit_libraries)
test_log_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=libsystemd,--wrap=service_name,--wrap=geteuid
test_nearest_SOURCES = tests/unit/common/test-nearest.c
test_nearest_LDADD = $(unit_libraries)
test_peer_text_SOURCES = tests/unit/common/test-peer-text.c
test_peer_text_LDADD = $(unit_libraries)
test_setting_words_SOURCES = tests/unit/common/test-setting-words.c
test_setting_words_LDADD = $(unit_libraries)
test_secret_echo_SOURCES = tests/unit/common/test-secret-echo.c
test_secret_echo_LDADD = $(unit_libraries)
test_secret_SOURCES = tests/unit/common/test-secret.c
test_secret_LDADD = $(unit_libraries)
test_tls_context_SOURCES = tests/unit/common/test-tls-context.c
test_tls_context_LDADD = $(unit_libraries)
test_tls_context_shortage_SOURCES = tests/unit/common/test-tls-context-shortage.c \
	tests/unit/leaks.c
test_tls_context_shortage_LDADD = libshortage.a $(unit_libraries)
test_tls_record_limit_SOURCES = tests/unit/common/test-tls-record-limit.c
test_tls_record_limit_LDADD = $(unit_libraries)
test_sha256_SOURCES = tests/unit/common/test-sha256.c
test_sha256_LDADD = $(unit_libraries)
test_unescape_SOURCES = tests/unit/common/test-unescape.c
test_unescape_LDADD = $(unit_libraries)
test_trusted_home_SOURCES = tests/unit/common/test-trusted-home.c
test_trusted_home_LDADD = $(unit_libraries)
test_trusted_file_SOURCES = tests/unit/common/test-trusted-file.c
test_trusted_file_LDADD = $(unit_libraries)
test_http_chunks_SOURCES = tests/unit/common/test-http-chunks.c
test_http_chunks_LDADD = $(unit_libraries)
test_http_head_SOURCES = tests/unit/common/test-http-head.c
test_http_head_LDADD = $(unit_libraries)
test_lock_holder_SOURCES = tests/unit/common/test-lock-holder.c
test_lock_holder_LDADD = $(unit_libraries)
test_wiping_SOURCES = tests/unit/common/test-wiping.c $(unit_residue)
test_wiping_LDADD = $(unit_libraries)
test_wiping_LDFLAGS = $(AM_LDFLAGS) $(RESIDUE_WRAPS)
