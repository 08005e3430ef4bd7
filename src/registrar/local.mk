# The manager's side. Everything but main.c is in a library that the unit tests link.
noinst_LIBRARIES += libregistrar.a
libregistrar_a_SOURCES = \
	src/registrar/address.c src/registrar/address.h \
	src/registrar/admin-options.c src/registrar/admin-options.h \
	src/registrar/administration.c src/registrar/administration.h \
	src/registrar/administration-add.c src/registrar/administration-internal.h \
	src/registrar/agent-groups.c src/registrar/agent-groups.h \
	src/registrar/agent-history.c src/registrar/agent-history.h \
	src/registrar/agent-version.c src/registrar/agent-version.h \
	src/registrar/api-options.c src/registrar/api-options.h \
	src/registrar/api.h \
	src/registrar/batch.c src/registrar/batch.h \
	src/registrar/certificate.c src/registrar/certificate.h \
	src/registrar/connection.c src/registrar/connection.h \
	src/registrar/dialect.c src/registrar/dialect.h \
	src/registrar/enrollment.c src/registrar/enrollment.h \
	src/registrar/force.c src/registrar/force.h \
	src/registrar/groups.c src/registrar/groups.h \
	src/registrar/import-file.c src/registrar/import-file.h \
	src/registrar/init.c src/registrar/init.h \
	src/registrar/keys-file.c src/registrar/keys-file.h \
	src/registrar/keys-line.c src/registrar/keys-line.h \
	src/registrar/listener.c src/registrar/listener.h \
	src/registrar/options.c src/registrar/options.h \
	src/registrar/options-help.c \
	src/registrar/peer-certificate.c src/registrar/peer-certificate.h \
	src/registrar/report.c src/registrar/report.h \
	src/registrar/roster.c src/registrar/roster.h \
	src/registrar/roster-change.c src/registrar/roster-internal.h \
	src/registrar/server.c src/registrar/server.h \
	src/registrar/session.c src/registrar/session.h \
	src/registrar/text-index.c src/registrar/text-index.h \
	src/registrar/user-command.h \
	src/registrar/watch.c src/registrar/watch.h
if WITH_API
libregistrar_a_SOURCES += \
	src/registrar/api-about.c \
	src/registrar/api-agents.c \
	src/registrar/api-answer.c src/registrar/api-answer.h \
	src/registrar/api-body.c src/registrar/api-body.h \
	src/registrar/api-call.h \
	src/registrar/api-client.c src/registrar/api-client.h \
	src/registrar/api-enroll.c \
	src/registrar/api-filter.c src/registrar/api-filter.h \
	src/registrar/api-http.c src/registrar/api-http.h \
	src/registrar/api-limits.c src/registrar/api-limits.h \
	src/registrar/api-list.c \
	src/registrar/api-login.c \
	src/registrar/api-network.c src/registrar/api-network.h \
	src/registrar/api-parameters.c src/registrar/api-parameters.h \
	src/registrar/api-password.c src/registrar/api-password.h \
	src/registrar/api-problem.c src/registrar/api-problem.h \
	src/registrar/api-request.c src/registrar/api-request.h \
	src/registrar/api-token.c src/registrar/api-token.h \
	src/registrar/api-users.c src/registrar/api-users.h \
	src/registrar/api-worker.c src/registrar/api-worker.h \
	src/registrar/api.c \
	src/registrar/user-command.c
else
libregistrar_a_SOURCES += src/registrar/api-absent.c
endif
libregistrar_a_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS) $(JANSSON_CFLAGS)

sbin_PROGRAMS += agent-registrar
agent_registrar_SOURCES = src/registrar/main.c
agent_registrar_CPPFLAGS = $(AM_CPPFLAGS) -DVERSION='"$(VERSION)"'
agent_registrar_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS)
agent_registrar_LDADD = libregistrar.a libcommon.a $(EVENT_LIBS) $(OPENSSL_LIBS) $(JANSSON_LIBS) \
	$(SYSTEMD_LIBS)
