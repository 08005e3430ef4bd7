dist_noinst_SCRIPTS += tests/analyze tests/demo tests/on-debian tests/run-suites tests/run-tests \
	tests/check-descriptors tests/check-documents tests/check-format tests/check-includes

check_LIBRARIES =

# The pure parts of the methods api and enroll, which are in the module.
if WITH_CLIENT
if WITH_API
check_LIBRARIES += libmodule.a
libmodule_a_SOURCES = \
	src/client/methods/https/api-reply.c src/client/methods/https/api-reply.h \
	src/client/methods/https/enroll-answer.c src/client/methods/https/enroll-answer.h \
	src/client/methods/https/enroll-token.c src/client/methods/enroll-token.h \
	src/common/json-read.c src/common/json-read.h
libmodule_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
endif
endif

include tests/unit/local.mk
include tests/fuzz/local.mk
include tests/bench/local.mk
if WITH_CLIENT
include tests/fuzz/client.mk
endif
if WITH_REGISTRAR
include tests/fuzz/registrar.mk
endif

# The pytest suites are folders here. The suites boot and guides require root and systemd-nspawn, so
# "make check" does not run them; "./run test" does. The qemu suite takes minutes; "./run test qemu"
# runs it.
if WITH_CLIENT
PYTEST_SUITES = integration
else
PYTEST_SUITES =
endif
PYTEST_RESULTS =
EXTRA_DIST += tests/boot tests/data tests/documents tests/guides tests/integration tests/packages \
	tests/pytest.ini tests/qemu tests/support tests/cppcheck-suppressions

# Two of them, so that with -k a line that is too long does not keep the suites from running.
check-local: check-source check-pytest
check-source: all
	@$(top_srcdir)/tests/check-descriptors $(top_srcdir)
	@if $(PYTHON3) -c '' 2>/dev/null; then \
		$(PYTHON3) $(top_srcdir)/tests/check-documents $(top_srcdir) $(top_builddir); \
	else echo "SKIP: $(PYTHON3) is not installed: documents not checked"; fi
	@$(top_srcdir)/tests/check-format $(top_srcdir)
	@$(top_srcdir)/tests/check-includes $(top_srcdir) $(top_builddir)
check-pytest: all $(check_PROGRAMS)
	@PYTHON3='$(PYTHON3)' PYTEST_RESULTS='$(PYTEST_RESULTS)' \
		SUITES=$(if $(findstring command,$(origin PYTEST_SUITES)),required) \
		$(top_srcdir)/tests/run-suites $(top_builddir) $(PYTEST_SUITES) -- $(PYTEST_FLAGS)

# All that "make check" runs, built only.
check-programs: all $(check_PROGRAMS)

# The pytest suites without the unit tests: nothing but what they start is built for them.
check-suites:
	@$(MAKE) check-local check_PROGRAMS='$(suite_programs)'
check-suites-programs: all $(suite_programs)
.PHONY: check-source check-pytest check-programs check-suites check-suites-programs

# What the preprocessor needs for any of the parts, one a line, for tests/analyze. Without what a
# hardened build includes before each file: analyzers know memcpy(), not what FORTIFY makes of it.
analyzer-flags:
	@printf '%s\n' $(DEFS) $(AM_CPPFLAGS) $(CPPFLAGS) $(OPENSSL_CFLAGS) $(SYSTEMD_CFLAGS) \
		$(INIH_CFLAGS) $(EVENT_CFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS) | \
		$(SED) -e '/^-include$$/{N;d;}' -e '/FORTIFY/d'

# The warnings of a build, one a line, also for tests/analyze.
analyzer-warnings:
	@printf '%s\n' $(PROJECT_CFLAGS) | $(SED) -n '/^-W/p'
.PHONY: analyzer-flags analyzer-warnings

# What the pytest suites start beside the programs.
suite_programs = kill-at-syscall fail-at-call.so
check_PROGRAMS += $(suite_programs)

# Kills a process at a given system call, for tests/integration/test_client_kill.py.
kill_at_syscall_SOURCES = tests/integration/kill-at-syscall.c

# Makes calls of the programs fail, for tests/integration/fail_at_call.py. It has the functions of
# the C library for its own: nothing may check or replace them.
fail_at_call_so_SOURCES = tests/integration/fail-at-call.c tests/integration/fail-at-call.h \
	tests/integration/failing-files.c tests/integration/failing-network.c
fail_at_call_so_CPPFLAGS = -D_GNU_SOURCE -I$(top_srcdir)
fail_at_call_so_CFLAGS = -Wall -Wextra -fPIC -fno-builtin -fno-sanitize=all
fail_at_call_so_LDFLAGS = -shared

# Whole folders are distributed, but not what a build leaves in them.
dist-hook:
	find $(distdir)/tests -name '*.o' -exec rm -f {} +
	find $(distdir)/tests \( -name .deps -o -name .dirstamp -o -name __pycache__ \) -prune \
		-exec rm -rf {} +
