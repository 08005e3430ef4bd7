# Used by both programs: codecs and small tools.
noinst_LIBRARIES += libcommon.a
libcommon_a_SOURCES = \
	src/common/agent-address.c src/common/agent-address.h \
	src/common/agent-key.c src/common/agent-key.h \
	src/common/atomic-file.c src/common/atomic-file.h \
	src/common/authd-message.c src/common/authd-message.h \
	src/common/base64.c src/common/base64.h \
	src/common/ca-bundle.c src/common/ca-bundle.h \
	src/common/certificate-names.c src/common/certificate-names.h \
	src/common/checksum.h \
	src/common/cleanup.h \
	src/common/close-range.c src/common/close-range.h \
	src/common/comma-list.c src/common/comma-list.h \
	src/common/command-line.c src/common/command-line.h \
	src/common/command-table.c src/common/command-table.h \
	src/common/completion.c src/common/completion.h \
	src/common/deadline.c src/common/deadline.h \
	src/common/directory.c src/common/directory.h \
	src/common/dlopen-note.h \
	src/common/endpoint.c src/common/endpoint.h \
	src/common/enroll-jwt.c src/common/enroll-jwt.h \
	src/common/enrollment-token.c src/common/enrollment-token.h \
	src/common/escape.c src/common/escape.h \
	src/common/exported-key.c src/common/exported-key.h \
	src/common/fortify.h \
	src/common/hex.c src/common/hex.h \
	src/common/http-chunks.c src/common/http-chunks.h \
	src/common/http-head.c src/common/http-head.h \
	src/common/io.c src/common/io.h \
	src/common/ip-address.c src/common/ip-address.h \
	src/common/json-text.c src/common/json-text.h \
	src/common/libsystemd.c src/common/libsystemd.h \
	src/common/service-name.c src/common/service-name.h \
	src/common/lock-holder.c src/common/lock-holder.h \
	src/common/log.c src/common/log.h \
	src/common/must-check.h \
	src/common/memory-reserve.h \
	src/common/memory-stream.c src/common/memory-stream.h \
	src/common/name-constraints.c src/common/name-constraints.h \
	src/common/nearest.c src/common/nearest.h \
	src/common/negative-errno.h \
	src/common/shortage.h \
	src/common/option-setters.c src/common/option-setters.h \
	src/common/outcome.h \
	src/common/packet.c src/common/packet.h \
	src/common/peer-text.c src/common/peer-text.h \
	src/common/privileges.c src/common/privileges.h \
	src/common/process-name.c src/common/process-name.h \
	src/common/pem-diagnosis.c src/common/pem-diagnosis.h \
	src/common/pem-file.c src/common/pem-file.h \
	src/common/pem-kind.c src/common/pem-kind.h \
	src/common/random-bytes.c src/common/random-bytes.h \
	src/common/reason.c src/common/reason.h \
	src/common/secret.c src/common/secret.h \
	src/common/secret-echo.c src/common/secret-echo.h \
	src/common/sha256.c src/common/sha256.h \
	src/common/setting-words.c src/common/setting-words.h \
	src/common/string-list.c src/common/string-list.h \
	src/common/target-file.c src/common/target-file.h \
	src/common/terminal.c src/common/terminal.h \
	src/common/text-index.c src/common/text-index.h \
	src/common/tls-context.c src/common/tls-context.h \
	src/common/library-memory.c src/common/library-memory.h \
	src/common/tls-pin.c src/common/tls-pin.h \
	src/common/tls-record-limit.c src/common/tls-record-limit.h \
	src/common/trusted-file.c src/common/trusted-file.h \
	src/common/unescape.c src/common/unescape.h \
	src/common/usage.c src/common/usage.h \
	src/common/word-list.c src/common/word-list.h
