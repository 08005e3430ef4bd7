# Unit tests of src/registrar/. The file tests go through fault.c like those of atomic-file.
unit_tests += \
	test-acceptor \
	test-agent-files \
	test-answer \
	test-connection \
	test-enrollment \
	test-records \
	test-registrar-address \
	test-request-buffer \
	test-roster \
	test-rules \
	test-transactions
if WITH_API
unit_tests += \
	test-api-access \
	test-api-request \
	test-bearer
endif

registrar_libraries = libtest.a libregistrar.a libcommon.a $(CMOCKA_LIBS) $(OPENSSL_LIBS) \
	$(JANSSON_LIBS) $(EVENT_LIBS)

test_api_access_SOURCES = tests/unit/registrar/api/test-api-access.c
test_api_access_LDADD = $(registrar_libraries)
test_api_request_SOURCES = tests/unit/registrar/api/test-api-request.c
test_api_request_LDADD = $(registrar_libraries)
test_answer_SOURCES = tests/unit/registrar/authd/test-answer.c
test_answer_LDADD = $(registrar_libraries)
test_rules_SOURCES = tests/unit/registrar/enrollment/test-rules.c
test_rules_LDADD = $(registrar_libraries)
test_enrollment_SOURCES = tests/unit/registrar/enrollment/test-enrollment.c
test_enrollment_LDADD = $(registrar_libraries)
test_records_SOURCES = tests/unit/registrar/enrollment/test-records.c
test_records_LDADD = $(registrar_libraries)
test_registrar_address_SOURCES = tests/unit/registrar/enrollment/test-registrar-address.c
test_registrar_address_LDADD = $(registrar_libraries)
test_agent_files_SOURCES = tests/unit/registrar/agents/test-agent-files.c
test_agent_files_LDADD = $(registrar_libraries)
test_request_buffer_SOURCES = tests/unit/registrar/authd/test-request-buffer.c
test_request_buffer_LDADD = $(registrar_libraries)
test_roster_SOURCES = tests/unit/registrar/agents/test-roster.c $(unit_faults)
test_roster_LDADD = $(registrar_libraries)
test_roster_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS) -Wl,--wrap=fdatasync
test_transactions_SOURCES = tests/unit/registrar/enrollment/test-transactions.c
test_transactions_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_transactions_LDADD = $(registrar_libraries)
test_transactions_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=fdatasync
test_acceptor_SOURCES = tests/unit/registrar/net/test-acceptor.c
test_acceptor_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_acceptor_LDADD = $(registrar_libraries) $(SYSTEMD_LIBS)
test_connection_SOURCES = tests/unit/registrar/authd/test-connection.c
test_connection_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
test_connection_LDADD = $(registrar_libraries)
test_bearer_SOURCES = tests/unit/registrar/api/test-bearer.c
test_bearer_LDADD = $(registrar_libraries)
