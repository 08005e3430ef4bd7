# The registrar's unit tests. Its file tests go through fault.c like those of atomic-file.
if HAVE_CMOCKA
registrar_tests = \
	test-registrar-session \
	test-roster
check_PROGRAMS += $(registrar_tests)
TESTS += $(registrar_tests)

registrar_libraries = libtest.a libregistrar.a libcommon.a $(CMOCKA_LIBS) $(OPENSSL_LIBS)

test_registrar_session_SOURCES = tests/unit/test-registrar-session.c
test_registrar_session_LDADD = $(registrar_libraries)
test_roster_SOURCES = tests/unit/test-roster.c $(unit_faults)
test_roster_LDADD = $(registrar_libraries)
test_roster_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS) -Wl,--wrap=fdatasync
endif
