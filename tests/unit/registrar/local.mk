# Unit tests of src/registrar/. The file tests go through fault.c like those of atomic-file.
unit_tests += \
	test-acceptor \
	test-admission \
	test-handshake-limit \
	test-network-list \
	test-offences \
	test-peer-log \
	test-priority \
	test-sources \
	test-turns \
	test-address \
	test-api-password \
	test-api-token \
	test-api-users \
	test-enroll-tokens \
	test-agent-version \
	test-answer \
	test-connection \
	test-enrollment \
	test-file-registry \
	test-groups \
	test-history \
	test-import-line \
	test-keeper-registry \
	test-keeper-limits \
	test-keeper-server \
	test-listings \
	test-long-removal \
	test-listing-wire \
	test-packet-stream \
	test-password-worker \
	test-records \
	test-registrar-options \
	test-agent-registration \
	test-registry-wire \
	test-remote-limits \
	test-remote-registry \
	test-request-buffer \
	test-roster \
	test-roster-moved \
	test-roster-write \
	test-rules \
	test-session-wire \
	test-token-wire \
	test-sessions \
	test-agent-secrets \
	test-stamps \
	test-transactions \
	test-front-acceptor \
	test-keys-watch \
	test-reading \
	test-watchdog
if WITH_API
unit_tests += \
	test-api-body \
	test-api-connection \
	test-api-filter \
	test-api-json-fault \
	test-api-repr \
	test-api-limits \
	test-api-listing \
	test-long-answers \
	test-api-parameters \
	test-api-request \
	test-bearer \
	test-registrar-shortage
endif

registrar_libraries = libtest.a libregistrar.a libcommon.a $(CMOCKA_LIBS) $(OPENSSL_LIBS) \
	$(JANSSON_LIBS) $(EVENT_LIBS)
wire_fixture = tests/unit/registrar/registry/wire-fixture.c \
	tests/unit/registrar/registry/wire-fixture.h
fake_registry = tests/unit/registrar/fake-registry.c tests/unit/registrar/fake-registry.h

test_registrar_shortage_SOURCES = tests/unit/registrar/test-registrar-shortage.c tests/unit/leaks.c
test_registrar_shortage_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_registrar_shortage_LDADD = libshortage.a $(registrar_libraries) $(SYSTEMD_LIBS)
test_front_acceptor_SOURCES = tests/unit/registrar/test-front-acceptor.c $(front_fixture)
test_front_acceptor_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_front_acceptor_LDADD = $(registrar_libraries) $(SYSTEMD_LIBS)
test_front_acceptor_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=event_add
test_keys_watch_SOURCES = tests/unit/registrar/test-keys-watch.c
test_keys_watch_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_keys_watch_LDADD = $(registrar_libraries) $(SYSTEMD_LIBS)
test_keys_watch_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=event_add
test_reading_SOURCES = tests/unit/registrar/test-reading.c \
	tests/unit/roster.c tests/unit/roster.h
test_reading_LDADD = $(registrar_libraries) $(SYSTEMD_LIBS)
test_reading_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=monotonic_usec
test_watchdog_SOURCES = tests/unit/registrar/test-watchdog.c
test_watchdog_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_watchdog_LDADD = $(registrar_libraries) $(SYSTEMD_LIBS)
test_groups_SOURCES = tests/unit/registrar/agents/test-groups.c
test_groups_LDADD = $(registrar_libraries)
test_history_SOURCES = tests/unit/registrar/agents/test-history.c
test_history_LDADD = $(registrar_libraries)
test_roster_write_SOURCES = tests/unit/registrar/agents/test-roster-write.c $(unit_faults) \
	tests/unit/roster.c tests/unit/roster.h
test_roster_write_LDADD = $(registrar_libraries)
test_roster_write_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS)
test_roster_moved_SOURCES = tests/unit/registrar/agents/test-roster-moved.c \
	tests/unit/roster.c tests/unit/roster.h
test_roster_moved_LDADD = libshortage.a $(registrar_libraries)
test_roster_moved_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=fsync,--wrap=fdatasync
test_roster_SOURCES = tests/unit/registrar/agents/test-roster.c \
	tests/unit/roster.c tests/unit/roster.h
test_roster_LDADD = $(registrar_libraries)
test_agent_secrets_SOURCES = tests/unit/registrar/agents/test-agent-secrets.c $(unit_faults) \
	tests/unit/roster.c tests/unit/roster.h
test_agent_secrets_LDADD = $(registrar_libraries)
test_agent_secrets_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS)
test_stamps_SOURCES = tests/unit/registrar/agents/test-stamps.c
test_stamps_LDADD = $(registrar_libraries)

test_api_body_SOURCES = tests/unit/registrar/api/test-api-body.c
test_api_body_LDADD = $(registrar_libraries)
test_api_connection_SOURCES = tests/unit/registrar/api/test-api-connection.c
test_api_connection_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_api_connection_LDADD = $(registrar_libraries)
test_api_filter_SOURCES = tests/unit/registrar/api/test-api-filter.c
test_api_filter_LDADD = $(registrar_libraries)
test_api_json_fault_SOURCES = tests/unit/registrar/api/test-api-json-fault.c
test_api_json_fault_LDADD = $(registrar_libraries)
test_api_repr_SOURCES = tests/unit/registrar/api/test-api-repr.c
test_api_repr_LDADD = $(registrar_libraries)
test_api_limits_SOURCES = tests/unit/registrar/api/test-api-limits.c
test_api_limits_LDADD = $(registrar_libraries)
test_long_answers_SOURCES = tests/unit/registrar/api/test-long-answers.c
test_long_answers_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_long_answers_LDADD = $(registrar_libraries)
test_api_listing_SOURCES = tests/unit/registrar/api/test-api-listing.c
test_api_listing_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_api_listing_LDADD = $(registrar_libraries)
test_api_parameters_SOURCES = tests/unit/registrar/api/test-api-parameters.c
test_api_parameters_LDADD = $(registrar_libraries)
test_api_request_SOURCES = tests/unit/registrar/api/test-api-request.c
test_api_request_LDADD = $(registrar_libraries)
test_bearer_SOURCES = tests/unit/registrar/api/test-bearer.c
test_bearer_LDADD = libshortage.a $(registrar_libraries)

test_answer_SOURCES = tests/unit/registrar/authd/test-answer.c
test_answer_LDADD = $(registrar_libraries)
test_connection_SOURCES = tests/unit/registrar/authd/test-connection.c \
	tests/unit/registrar/authd/connection-fixture.c \
	tests/unit/registrar/authd/connection-fixture.h
test_connection_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_connection_LDADD = $(registrar_libraries)
test_request_buffer_SOURCES = tests/unit/registrar/authd/test-request-buffer.c
test_request_buffer_LDADD = $(registrar_libraries)

test_import_line_SOURCES = tests/unit/registrar/commands/test-import-line.c
test_import_line_LDADD = $(registrar_libraries)
test_registrar_options_SOURCES = tests/unit/registrar/commands/test-registrar-options.c
test_registrar_options_LDADD = $(registrar_libraries)

test_address_SOURCES = tests/unit/registrar/enrollment/test-address.c
test_address_LDADD = $(registrar_libraries)
test_agent_version_SOURCES = tests/unit/registrar/enrollment/test-agent-version.c
test_agent_version_LDADD = $(registrar_libraries)
test_enrollment_SOURCES = tests/unit/registrar/enrollment/test-enrollment.c
test_enrollment_LDADD = $(registrar_libraries)
test_records_SOURCES = tests/unit/registrar/enrollment/test-records.c
test_records_LDADD = $(registrar_libraries)
test_rules_SOURCES = tests/unit/registrar/enrollment/test-rules.c
test_rules_LDADD = $(registrar_libraries)
test_transactions_SOURCES = tests/unit/registrar/enrollment/test-transactions.c $(unit_faults)
test_transactions_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_transactions_LDADD = $(registrar_libraries)
test_transactions_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS)

test_api_password_SOURCES = tests/unit/registrar/keeper/test-api-password.c
test_api_password_LDADD = $(registrar_libraries)
test_password_worker_SOURCES = tests/unit/registrar/keeper/test-password-worker.c
test_password_worker_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_password_worker_LDADD = $(registrar_libraries)
test_password_worker_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=api_password_check
test_api_token_SOURCES = tests/unit/registrar/keeper/test-api-token.c
test_api_token_LDADD = $(registrar_libraries)
test_enroll_tokens_SOURCES = tests/unit/registrar/agents/test-enroll-tokens.c
test_enroll_tokens_LDADD = $(registrar_libraries)
test_api_users_SOURCES = tests/unit/registrar/keeper/test-api-users.c
test_api_users_LDADD = $(registrar_libraries)
test_file_registry_SOURCES = tests/unit/registrar/keeper/test-file-registry.c $(unit_faults)
test_file_registry_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_file_registry_LDADD = $(registrar_libraries) $(SYSTEMD_LIBS)
test_file_registry_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS)
test_keeper_registry_SOURCES = tests/unit/registrar/keeper/test-keeper-registry.c $(fake_registry)
test_keeper_registry_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_keeper_registry_LDADD = $(registrar_libraries) $(SYSTEMD_LIBS)
test_long_removal_SOURCES = tests/unit/registrar/keeper/test-long-removal.c $(unit_faults)
test_long_removal_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_long_removal_LDADD = $(registrar_libraries) $(SYSTEMD_LIBS)
test_long_removal_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS) -Wl,--wrap=monotonic_usec
test_listings_SOURCES = tests/unit/registrar/keeper/test-listings.c $(unit_faults)
test_listings_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_listings_LDADD = $(registrar_libraries) $(SYSTEMD_LIBS)
test_listings_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS)
front_fixture = tests/unit/registrar/keeper/front-fixture.c \
	tests/unit/registrar/keeper/front-fixture.h $(fake_registry)
test_keeper_limits_SOURCES = tests/unit/registrar/keeper/test-keeper-limits.c $(front_fixture)
test_keeper_limits_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_keeper_limits_LDADD = $(registrar_libraries) $(SYSTEMD_LIBS)
test_keeper_server_SOURCES = tests/unit/registrar/keeper/test-keeper-server.c $(front_fixture)
test_keeper_server_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_keeper_server_LDADD = libshortage.a $(registrar_libraries) $(SYSTEMD_LIBS)
test_sessions_SOURCES = tests/unit/registrar/keeper/test-sessions.c
test_sessions_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_sessions_LDADD = $(registrar_libraries) $(SYSTEMD_LIBS)

test_packet_stream_SOURCES = tests/unit/registrar/registry/test-packet-stream.c
test_packet_stream_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_packet_stream_LDADD = libshortage.a $(registrar_libraries)
keeper_fixture = tests/unit/registrar/registry/keeper-fixture.c \
	tests/unit/registrar/registry/keeper-fixture.h $(fake_registry)
test_remote_limits_SOURCES = tests/unit/registrar/registry/test-remote-limits.c $(keeper_fixture)
test_remote_limits_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_remote_limits_LDADD = $(registrar_libraries) $(SYSTEMD_LIBS)
test_remote_registry_SOURCES = tests/unit/registrar/registry/test-remote-registry.c \
	$(keeper_fixture)
test_remote_registry_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_remote_registry_LDADD = $(registrar_libraries) $(SYSTEMD_LIBS)
test_agent_registration_SOURCES = tests/unit/registrar/registry/test-agent-registration.c
test_agent_registration_LDADD = $(registrar_libraries)
test_registry_wire_SOURCES = tests/unit/registrar/registry/test-registry-wire.c $(wire_fixture)
test_registry_wire_LDADD = $(registrar_libraries)
test_listing_wire_SOURCES = tests/unit/registrar/registry/test-listing-wire.c $(wire_fixture)
test_listing_wire_LDADD = $(registrar_libraries)

test_token_wire_SOURCES = tests/unit/registrar/registry/test-token-wire.c $(wire_fixture)
test_token_wire_LDADD = $(registrar_libraries)

test_session_wire_SOURCES = tests/unit/registrar/registry/test-session-wire.c $(wire_fixture)
test_session_wire_LDADD = $(registrar_libraries)

test_acceptor_SOURCES = tests/unit/registrar/net/test-acceptor.c
test_acceptor_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_acceptor_LDADD = $(registrar_libraries) $(SYSTEMD_LIBS)
test_admission_SOURCES = tests/unit/registrar/net/test-admission.c
test_admission_LDADD = $(registrar_libraries)
test_handshake_limit_SOURCES = tests/unit/registrar/net/test-handshake-limit.c
test_handshake_limit_LDADD = $(registrar_libraries)
test_network_list_SOURCES = tests/unit/registrar/net/test-network-list.c
test_network_list_LDADD = $(registrar_libraries)
test_offences_SOURCES = tests/unit/registrar/net/test-offences.c
test_offences_LDADD = $(registrar_libraries)
test_peer_log_SOURCES = tests/unit/registrar/net/test-peer-log.c
test_peer_log_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_peer_log_LDADD = $(registrar_libraries)
test_priority_SOURCES = tests/unit/registrar/net/test-priority.c
test_priority_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_priority_LDADD = $(registrar_libraries)
test_sources_SOURCES = tests/unit/registrar/net/test-sources.c
test_sources_LDADD = $(registrar_libraries)
test_turns_SOURCES = tests/unit/registrar/net/test-turns.c
test_turns_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_turns_LDADD = $(registrar_libraries)
