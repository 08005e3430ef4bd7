# The unit tests: one cmocka program per module, in the folder of the module. This file also defines
# how tests that print TAP are run.
AM_TESTS_ENVIRONMENT = TEST_DATA='$(abs_top_srcdir)/tests/data' CMOCKA_MESSAGE_OUTPUT=TAP; \
	export TEST_DATA CMOCKA_MESSAGE_OUTPUT;
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_COMPILER = $(top_srcdir)/tests/unit/run
EXTRA_DIST += tests/unit/run
if HAVE_CMOCKA
check_LIBRARIES += libtest.a
libtest_a_SOURCES = tests/unit/capture.c tests/unit/capture.h \
	tests/unit/certificates.c tests/unit/certificates.h \
	tests/unit/log-lines.c tests/unit/log-lines.h \
	tests/unit/notify-socket.c tests/unit/notify-socket.h \
	tests/unit/support.c tests/unit/support.h

if WITH_CLIENT
client_library = libclient.a
endif
unit_libraries = libtest.a $(client_library) libcommon.a $(CMOCKA_LIBS) $(SYSTEMD_LIBS) \
	$(INIH_LIBS) $(OPENSSL_LIBS)

# With these, the system calls of the code under test go through tests/unit/fault.c.
FAULT_WRAPS = -Wl,--wrap=write,--wrap=fsync,--wrap=fdatasync,--wrap=fallocate \
	-Wl,--wrap=fchmod,--wrap=fchown,--wrap=unlinkat,--wrap=linkat,--wrap=renameat \
	-Wl,--wrap=read,--wrap=send,--wrap=recv,--wrap=__read_chk,--wrap=__recv_chk
unit_faults = tests/unit/fault.c tests/unit/fault.h

# For tests in which memory runs out. What is in it comes before the functions of a sanitizer.
check_LIBRARIES += libshortage.a
libshortage_a_SOURCES = tests/unit/shortage.c tests/unit/shortage.h
libshortage_a_CFLAGS = -Wall -Wextra -fno-builtin -fno-sanitize=all

# With this, what the code under test frees goes through tests/unit/residue.c.
RESIDUE_WRAPS = -Wl,--wrap=free
unit_residue = tests/unit/residue.c tests/unit/residue.h

include tests/unit/common/local.mk
if WITH_CLIENT
include tests/unit/client/local.mk
endif
if WITH_REGISTRAR
include tests/unit/registrar/local.mk
endif

check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif
