# The registrar. Everything but main.c is in a library to which the unit tests are linked.
noinst_LIBRARIES += libregistrar.a
libregistrar_a_SOURCES = \
	src/registrar/background.c src/registrar/background.h \
	src/registrar/front.c src/registrar/front.h \
	src/registrar/front-acceptor.c src/registrar/front-acceptor.h \
	src/registrar/front-process.c src/registrar/front-process.h \
	src/registrar/front-serving.c src/registrar/front-serving.h \
	src/registrar/keeper.c src/registrar/keeper.h \
	src/registrar/keeper-files.c src/registrar/keeper-files.h \
	src/registrar/keeper-parts.c src/registrar/keeper-parts.h \
	src/registrar/keeper-socket.c src/registrar/keeper-socket.h \
	src/registrar/keys-watch.c src/registrar/keys-watch.h \
	src/registrar/other-authd.c src/registrar/other-authd.h \
	src/registrar/ports.c src/registrar/ports.h \
	src/registrar/reading.c src/registrar/reading.h \
	src/registrar/credentials.c src/registrar/credentials.h \
	src/registrar/material-files.c src/registrar/material-files.h \
	src/registrar/serve.c src/registrar/serve.h \
	src/registrar/watchdog.c src/registrar/watchdog.h \
	src/registrar/agents/enroll-tokens.c src/registrar/agents/enroll-tokens.h \
	src/registrar/agents/enroll-tokens-file.c src/registrar/agents/enroll-tokens-text.c \
	src/registrar/agents/groups.c src/registrar/agents/groups.h \
	src/registrar/agents/history.c src/registrar/agents/history.h \
	src/registrar/agents/installation.c src/registrar/agents/installation.h \
	src/registrar/agents/lines-copy.c src/registrar/agents/lines-copy.h \
	src/registrar/agents/local-authd.c src/registrar/agents/local-authd.h \
	src/registrar/agents/keys-file.c src/registrar/agents/keys-file.h \
	src/registrar/agents/keys-line.c src/registrar/agents/keys-line.h \
	src/registrar/agents/roster.c src/registrar/agents/roster.h \
	src/registrar/agents/roster-index.c src/registrar/agents/roster-internal.h \
	src/registrar/agents/roster-rewrite.c src/registrar/agents/roster-rewrite.h \
	src/registrar/agents/roster-moved.c \
	src/registrar/agents/roster-write.c \
	src/registrar/agents/secret-line.c src/registrar/agents/secret-line.h \
	src/registrar/agents/secrets-file.c src/registrar/agents/secrets-index.c \
	src/registrar/agents/secrets.c src/registrar/agents/secrets.h \
	src/registrar/agents/secrets-internal.h \
	src/registrar/agents/stamps-cut.c src/registrar/agents/stamps-cut.h \
	src/registrar/agents/stamps.c src/registrar/agents/stamps.h \
	src/registrar/api/api.h \
	src/registrar/authd/answer.c src/registrar/authd/answer.h \
	src/registrar/authd/arrival.c src/registrar/authd/arrival.h \
	src/registrar/authd/authd.c src/registrar/authd/authd.h \
	src/registrar/authd/clear-text.c src/registrar/authd/clear-text.h \
	src/registrar/authd/connection.c src/registrar/authd/connection.h \
	src/registrar/authd/delayed-refusal.c src/registrar/authd/delayed-refusal.h \
	src/registrar/authd/ending.c src/registrar/authd/ending.h \
	src/registrar/authd/ignored-fields.c src/registrar/authd/ignored-fields.h \
	src/registrar/authd/lingering.c src/registrar/authd/lingering.h \
	src/registrar/authd/over-tls.c src/registrar/authd/over-tls.h \
	src/registrar/authd/request-buffer.c src/registrar/authd/request-buffer.h \
	src/registrar/authd/stage.c src/registrar/authd/stage.h \
	src/registrar/commands/add.c src/registrar/commands/add.h \
	src/registrar/commands/admin.c src/registrar/commands/admin.h \
	src/registrar/commands/agents.c src/registrar/commands/agents.h \
	src/registrar/commands/defaults.c src/registrar/commands/defaults.h \
	src/registrar/commands/auth-block.c src/registrar/commands/auth-block.h \
	src/registrar/commands/authd-caller.c src/registrar/commands/authd-caller.h \
	src/registrar/commands/by-authd.c src/registrar/commands/by-authd.h \
	src/registrar/commands/import-agents.c src/registrar/commands/import-agents.h \
	src/registrar/commands/import-line.c src/registrar/commands/import-line.h \
	src/registrar/commands/init.c src/registrar/commands/init.h \
	src/registrar/commands/init-files.c src/registrar/commands/init-files.h \
	src/registrar/commands/option-values.c src/registrar/commands/option-values.h \
	src/registrar/commands/options.c src/registrar/commands/options.h \
	src/registrar/commands/own-ca.c src/registrar/commands/own-ca.h \
	src/registrar/commands/progress.c src/registrar/commands/progress.h \
	src/registrar/commands/policy.c src/registrar/commands/policy.h \
	src/registrar/commands/list-agents.c src/registrar/commands/list-agents.h \
	src/registrar/commands/remove-agents.c src/registrar/commands/remove-agents.h \
	src/registrar/commands/rotate-ca.c src/registrar/commands/rotate-ca.h \
	src/registrar/commands/token.c src/registrar/commands/token.h \
	src/registrar/commands/user.h \
	src/registrar/commands/wazuh-certificate.c src/registrar/commands/wazuh-certificate.h \
	src/registrar/enrollment/address.c src/registrar/enrollment/address.h \
	src/registrar/enrollment/agent-version.c src/registrar/enrollment/agent-version.h \
	src/registrar/enrollment/enrollment.c src/registrar/enrollment/enrollment.h \
	src/registrar/enrollment/force.c src/registrar/enrollment/force.h \
	src/registrar/enrollment/group-rules.c src/registrar/enrollment/group-rules.h \
	src/registrar/enrollment/request-rules.c src/registrar/enrollment/request-rules.h \
	src/registrar/enrollment/known-dialect.c src/registrar/enrollment/known-dialect.h \
	src/registrar/enrollment/log.c src/registrar/enrollment/log.h \
	src/registrar/enrollment/records.c src/registrar/enrollment/records.h \
	src/registrar/enrollment/token-make.c src/registrar/enrollment/token-make.h \
	src/registrar/enrollment/tombstone.c src/registrar/enrollment/tombstone.h \
	src/registrar/enrollment/transactions.c src/registrar/enrollment/transactions.h \
	src/registrar/keeper/bearer-check.c src/registrar/keeper/bearer-check.h \
	src/registrar/keeper/agent-listing.c \
	src/registrar/keeper/forgetting.c src/registrar/keeper/forgetting.h \
	src/registrar/keeper/group-listing.c \
	src/registrar/keeper/file-registry.c src/registrar/keeper/file-registry.h \
	src/registrar/keeper/issuing.c \
	src/registrar/keeper/keeper-registry.c src/registrar/keeper/keeper-registry.h \
	src/registrar/keeper/keeper-server.c src/registrar/keeper/keeper-server.h \
	src/registrar/keeper/offence-lines.c src/registrar/keeper/offence-lines.h \
	src/registrar/keeper/open-requests.c src/registrar/keeper/open-requests.h \
	src/registrar/keeper/pending.h \
	src/registrar/keeper/registering.c \
	src/registrar/keeper/removing.c \
	src/registrar/keeper/user-requests.c \
	src/registrar/keeper/password.c src/registrar/keeper/password.h \
	src/registrar/keeper/password-worker.c src/registrar/keeper/password-worker.h \
	src/registrar/keeper/sessions.c src/registrar/keeper/sessions.h \
	src/registrar/keeper/token-requests.c \
	src/registrar/keeper/token.c src/registrar/keeper/token.h \
	src/registrar/keeper/users.c src/registrar/keeper/users.h \
	src/registrar/net/authorities.c src/registrar/net/authorities.h \
	src/registrar/net/acceptor.c src/registrar/net/acceptor.h \
	src/registrar/net/loop-memory.c src/registrar/net/loop-memory.h \
	src/registrar/net/admission.c src/registrar/net/admission.h \
	src/registrar/net/certificate.c src/registrar/net/certificate.h \
	src/registrar/net/client-network.c src/registrar/net/client-network.h \
	src/registrar/net/loop-events.h src/registrar/net/plan-event.h \
	src/registrar/net/handshake-limit.c src/registrar/net/handshake-limit.h \
	src/registrar/net/listener.c src/registrar/net/listener.h \
	src/registrar/net/network-list.c src/registrar/net/network-list.h \
	src/registrar/net/offences.c src/registrar/net/offences.h \
	src/registrar/net/peer-log.c src/registrar/net/peer-log.h \
	src/registrar/net/peer-rules.h \
	src/registrar/net/peer.c src/registrar/net/peer.h \
	src/registrar/net/peer-certificate.c src/registrar/net/peer-certificate.h \
	src/registrar/net/priority.c src/registrar/net/priority.h \
	src/registrar/net/source-table.c src/registrar/net/source-table.h \
	src/registrar/net/tls-server.c src/registrar/net/tls-server.h \
	src/registrar/net/turns.c src/registrar/net/turns.h \
	src/registrar/net/sources.c src/registrar/net/sources.h \
	src/registrar/registry/dialect.c src/registrar/registry/dialect.h \
	src/registrar/registry/enroll-bearer.c src/registrar/registry/enroll-bearer.h \
	src/registrar/registry/material.c src/registrar/registry/material.h \
	src/registrar/registry/material-wire.c \
	src/registrar/registry/front-report.h \
	src/registrar/registry/packet-stream.c src/registrar/registry/packet-stream.h \
	src/registrar/registry/agent-registration.c src/registrar/registry/agent-registration.h \
	src/registrar/registry/refusal-log.c src/registrar/registry/refusal-log.h \
	src/registrar/registry/registry.c src/registrar/registry/registry.h \
	src/registrar/registry/registry-wire.c src/registrar/registry/registry-wire.h \
	src/registrar/registry/remote-registry.c src/registrar/registry/remote-registry.h \
	src/registrar/registry/remote-requests.c src/registrar/registry/remote-requests.h \
	src/registrar/registry/listing-wire.c \
	src/registrar/registry/listings.c src/registrar/registry/listings.h \
	src/registrar/registry/registration-wire.c \
	src/registrar/registry/session-wire.c \
	src/registrar/registry/token-requests.c src/registrar/registry/token-requests.h \
	src/registrar/registry/token-wire.c \
	src/registrar/registry/user-requests.h \
	src/registrar/registry/removal-wire.c \
	src/registrar/registry/removals.c src/registrar/registry/removals.h \
	src/registrar/registry/user-wire.c \
	src/registrar/registry/wire-fields.c src/registrar/registry/wire-parts.h \
	src/registrar/registry/user-session.c src/registrar/registry/user-session.h
if WITH_API
libregistrar_a_SOURCES += \
	src/registrar/api/about.c \
	src/registrar/api/agents.c \
	src/registrar/api/ask.c \
	src/registrar/api/response.c src/registrar/api/response.h \
	src/registrar/api/tokens.c \
	src/registrar/api/bearer.c src/registrar/api/bearer.h \
	src/registrar/api/body.c src/registrar/api/body.h \
	src/registrar/api/carry-out.c \
	src/registrar/api/incoming-call.c src/registrar/api/incoming-call.h \
	src/registrar/api/connection.c src/registrar/api/connection.h \
	src/registrar/api/enroll.c src/registrar/api/enroll-secret.c \
	src/registrar/api/collection.c src/registrar/api/collection.h \
	src/registrar/api/distinct.c src/registrar/api/distinct.h \
	src/registrar/api/condition.c src/registrar/api/condition.h \
	src/registrar/api/expression.c src/registrar/api/expression.h \
	src/registrar/api/fields.c src/registrar/api/fields.h \
	src/registrar/api/filter.c src/registrar/api/filter.h \
	src/registrar/api/groups.c \
	src/registrar/api/http.c src/registrar/api/http.h \
	src/registrar/api/limits.c src/registrar/api/limits.h \
	src/registrar/api/json-fault.c src/registrar/api/json-fault.h \
	src/registrar/api/list-groups.c src/registrar/api/list.c \
	src/registrar/api/long-answers.c src/registrar/api/long-answers.h \
	src/registrar/api/login.c \
	src/registrar/api/parameters.c src/registrar/api/parameters.h \
	src/registrar/api/problem.c src/registrar/api/problem.h \
	src/registrar/api/register.c \
	src/registrar/api/remove.c \
	src/registrar/api/repr.c src/registrar/api/repr.h \
	src/registrar/api/request.c src/registrar/api/request.h \
	src/registrar/api/sending.c src/registrar/api/sending.h \
	src/registrar/api/sorting.c src/registrar/api/sorting.h \
	src/registrar/api/api.c \
	src/registrar/commands/user.c \
	src/common/json-read.c src/common/json-read.h
else
libregistrar_a_SOURCES += src/registrar/api/disabled.c src/registrar/commands/user-disabled.c
endif
libregistrar_a_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS) $(JANSSON_CFLAGS)

sbin_PROGRAMS += agent-registrar
agent_registrar_SOURCES = src/registrar/main.c
agent_registrar_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
agent_registrar_LDADD = libregistrar.a libcommon.a $(EVENT_LIBS) $(OPENSSL_LIBS) $(JANSSON_LIBS) \
	$(SYSTEMD_LIBS)

# Callers of ossec-authd and wazuh-authd find the program under these names, beside the originals in
# /var/ossec/bin and never over them. (The links are removed by uninstall-hook in etc/local.mk.)
install-exec-local:
	$(MKDIR_P) "$(DESTDIR)$(libexecdir)/agent-register"
	for name in ossec-authd wazuh-authd; do \
		ln -sf "$(sbindir)/agent-registrar" \
			"$(DESTDIR)$(libexecdir)/agent-register/$$name" || exit 1; \
	done
