# The fuzz targets. With --enable-fuzzers (clang) each becomes a libFuzzer program; everywhere each
# is fed its corpus.
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/make-corpus.py tests/fuzz/run tests/fuzz/seeds \
	tests/fuzz/README.md

fuzz_targets = \
	fuzz-agent-key \
	fuzz-base64 \
	fuzz-certificate \
	fuzz-exported-key \
	fuzz-http-head \
	fuzz-packet \
	fuzz-peer-text \
	fuzz-pem \
	fuzz-reply \
	fuzz-request
fuzz_libraries = libcommon.a $(SYSTEMD_LIBS) $(OPENSSL_LIBS)
fuzz_replay = tests/fuzz/replay.c tests/fuzz/fuzz.h
fuzz_directory = tests/fuzz/directory.c tests/fuzz/directory.h

# With these, the calls of the fuzzed code go through tests/fuzz/faults.c.
fuzz_faults = tests/fuzz/faults.c tests/fuzz/faults.h
fuzz_fault_wraps = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray \
	-Wl,--wrap=strdup,--wrap=strndup,--wrap=asprintf,--wrap=__asprintf_chk \
	-Wl,--wrap=open_memstream,--wrap=realpath \
	-Wl,--wrap=open,--wrap=openat,--wrap=fstat,--wrap=mkdir,--wrap=mkdirat,--wrap=fchown \
	-Wl,--wrap=fchmod,--wrap=fsync,--wrap=fdatasync,--wrap=ftruncate,--wrap=renameat \
	-Wl,--wrap=linkat,--wrap=unlinkat,--wrap=flock,--wrap=socket,--wrap=setsockopt \
	-Wl,--wrap=socketpair,--wrap=dup3 \
	-Wl,--wrap=connect,--wrap=poll,--wrap=getrandom,--wrap=sendmsg \
	-Wl,--wrap=read,--wrap=write,--wrap=pread,--wrap=recv,--wrap=send
fuzz_openssl_faults = tests/fuzz/faults-openssl.c tests/fuzz/faults-library.h
fuzz_openssl_fault_wraps = -Wl,--wrap=SSL_new,--wrap=SSL_set_ex_data,--wrap=BIO_new \
	-Wl,--wrap=EVP_KDF_fetch,--wrap=EVP_KDF_CTX_new,--wrap=HMAC

fuzz_tests = \
	test-fuzz-agent-key \
	test-fuzz-base64 \
	test-fuzz-certificate \
	test-fuzz-exported-key \
	test-fuzz-http-head \
	test-fuzz-packet \
	test-fuzz-peer-text \
	test-fuzz-pem \
	test-fuzz-reply \
	test-fuzz-request
check_PROGRAMS += $(fuzz_tests)
TESTS += $(fuzz_tests)

test_fuzz_agent_key_SOURCES = tests/fuzz/fuzz-agent-key.c $(fuzz_replay)
test_fuzz_agent_key_LDADD = $(fuzz_libraries)
test_fuzz_base64_SOURCES = tests/fuzz/fuzz-base64.c $(fuzz_replay)
test_fuzz_base64_LDADD = $(fuzz_libraries)
test_fuzz_certificate_SOURCES = tests/fuzz/fuzz-certificate.c $(fuzz_replay)
test_fuzz_certificate_LDADD = $(fuzz_libraries)
test_fuzz_exported_key_SOURCES = tests/fuzz/fuzz-exported-key.c $(fuzz_replay)
test_fuzz_exported_key_LDADD = $(fuzz_libraries)
test_fuzz_http_head_SOURCES = tests/fuzz/fuzz-http-head.c $(fuzz_replay)
test_fuzz_http_head_LDADD = $(fuzz_libraries)
test_fuzz_packet_SOURCES = tests/fuzz/fuzz-packet.c $(fuzz_replay)
test_fuzz_packet_LDADD = $(fuzz_libraries)
test_fuzz_peer_text_SOURCES = tests/fuzz/fuzz-peer-text.c $(fuzz_replay)
test_fuzz_peer_text_LDADD = $(fuzz_libraries)
test_fuzz_pem_SOURCES = tests/fuzz/fuzz-pem.c $(fuzz_replay)
test_fuzz_pem_LDADD = $(fuzz_libraries)
test_fuzz_reply_SOURCES = tests/fuzz/fuzz-reply.c $(fuzz_replay)
test_fuzz_reply_LDADD = $(fuzz_libraries)
test_fuzz_request_SOURCES = tests/fuzz/fuzz-request.c $(fuzz_replay)
test_fuzz_request_LDADD = $(fuzz_libraries)

if ENABLE_FUZZERS
noinst_PROGRAMS += $(fuzz_targets)

# The fuzzed code, compiled again so that libFuzzer sees which branches an input takes.
noinst_LIBRARIES += libfuzzed.a
libfuzzed_a_SOURCES = $(libcommon_a_SOURCES)
libfuzzed_a_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer-no-link
fuzzed_libraries = libfuzzed.a $(SYSTEMD_LIBS) $(OPENSSL_LIBS)

fuzz_agent_key_SOURCES = tests/fuzz/fuzz-agent-key.c tests/fuzz/fuzz.h
fuzz_agent_key_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_agent_key_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_agent_key_LDADD = $(fuzzed_libraries)
fuzz_base64_SOURCES = tests/fuzz/fuzz-base64.c tests/fuzz/fuzz.h
fuzz_base64_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_base64_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_base64_LDADD = $(fuzzed_libraries)
fuzz_certificate_SOURCES = tests/fuzz/fuzz-certificate.c tests/fuzz/fuzz.h
fuzz_certificate_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_certificate_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_certificate_LDADD = $(fuzzed_libraries)
fuzz_exported_key_SOURCES = tests/fuzz/fuzz-exported-key.c tests/fuzz/fuzz.h
fuzz_exported_key_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_exported_key_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_exported_key_LDADD = $(fuzzed_libraries)
fuzz_http_head_SOURCES = tests/fuzz/fuzz-http-head.c tests/fuzz/fuzz.h
fuzz_http_head_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_http_head_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_http_head_LDADD = $(fuzzed_libraries)
fuzz_packet_SOURCES = tests/fuzz/fuzz-packet.c tests/fuzz/fuzz.h
fuzz_packet_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_packet_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_packet_LDADD = $(fuzzed_libraries)
fuzz_peer_text_SOURCES = tests/fuzz/fuzz-peer-text.c tests/fuzz/fuzz.h
fuzz_peer_text_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_peer_text_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_peer_text_LDADD = $(fuzzed_libraries)
fuzz_pem_SOURCES = tests/fuzz/fuzz-pem.c tests/fuzz/fuzz.h
fuzz_pem_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_pem_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_pem_LDADD = $(fuzzed_libraries)
fuzz_reply_SOURCES = tests/fuzz/fuzz-reply.c tests/fuzz/fuzz.h
fuzz_reply_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_reply_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_reply_LDADD = $(fuzzed_libraries)
fuzz_request_SOURCES = tests/fuzz/fuzz-request.c tests/fuzz/fuzz.h
fuzz_request_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_request_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
fuzz_request_LDADD = $(fuzzed_libraries)
endif
