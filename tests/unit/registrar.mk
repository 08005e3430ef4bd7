# The registrar's unit tests. Its file tests go through fault.c like those of atomic-file.
if HAVE_CMOCKA
registrar_tests = \
	test-agent-files \
	test-enrollment \
	test-registrar-address \
	test-registrar-session \
	test-roster
if WITH_API
registrar_tests += \
	test-api-access \
	test-api-request
endif
check_PROGRAMS += $(registrar_tests)
TESTS += $(registrar_tests)

registrar_libraries = libtest.a libregistrar.a libcommon.a $(CMOCKA_LIBS) $(OPENSSL_LIBS) $(JANSSON_LIBS) \
	$(EVENT_LIBS)

test_api_access_SOURCES = tests/unit/test-api-access.c
test_api_access_LDADD = $(registrar_libraries)
test_api_request_SOURCES = tests/unit/test-api-request.c
test_api_request_LDADD = $(registrar_libraries)
test_enrollment_SOURCES = tests/unit/test-enrollment.c
test_enrollment_LDADD = $(registrar_libraries)
test_registrar_address_SOURCES = tests/unit/test-registrar-address.c
test_registrar_address_LDADD = $(registrar_libraries)
test_agent_files_SOURCES = tests/unit/test-agent-files.c
test_agent_files_LDADD = $(registrar_libraries)
test_registrar_session_SOURCES = tests/unit/test-registrar-session.c
test_registrar_session_LDADD = $(registrar_libraries)
test_roster_SOURCES = tests/unit/test-roster.c $(unit_faults)
test_roster_LDADD = $(registrar_libraries)
test_roster_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS) -Wl,--wrap=fdatasync
endif
