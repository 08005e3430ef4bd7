# The client. Everything but main.c is in a library, so that the tests link what they test.
noinst_LIBRARIES += libregister.a
libregister_a_SOURCES = \
	src/register/agent-auth.c src/register/agent-auth.h \
	src/register/agent-auth-voice.c src/register/agent-auth-voice.h \
	src/register/agent-secret.c src/register/agent-secret.h \
	src/register/agent-unit.c src/register/agent-unit.h \
	src/register/asking.c \
	src/register/binding.c src/register/binding.h \
	src/register/command-check.c \
	src/register/command-deregister.c \
	src/register/command-import.c \
	src/register/command-pin.c \
	src/register/command-reset.c \
	src/register/command-run.c \
	src/register/command-status.c \
	src/register/companions.c src/register/companions.h \
	src/register/config-files.c \
	src/register/config-type.c src/register/config-type.h \
	src/register/config.c src/register/config.h \
	src/register/confirm.c src/register/confirm.h \
	src/register/connect.c \
	src/register/early-start.c src/register/early-start.h \
	src/register/endpoint.c src/register/endpoint.h \
	src/register/enrollment.c src/register/enrollment.h \
	src/register/forget.c src/register/forget.h \
	src/register/identity.c src/register/identity.h \
	src/register/import-file.c src/register/import-file.h \
	src/register/importing.c \
	src/register/installation.c src/register/installation.h \
	src/register/keystore.c src/register/keystore.h \
	src/register/message-ids.h \
	src/register/methods/authd.c \
	src/register/methods/enroll-token.h \
	src/register/methods/method.c src/register/methods/method.h \
	src/register/methods/module.c src/register/methods/module.h \
	src/register/net.h \
	src/register/notify.c src/register/notify.h \
	src/register/options.c src/register/options.h \
	src/register/plans.c src/register/plans.h \
	src/register/policy.c src/register/policy.h \
	src/register/prepare.c \
	src/register/proxy.c src/register/proxy.h \
	src/register/register.c src/register/register.h \
	src/register/registration.h \
	src/register/resolve.c \
	src/register/retry.c src/register/retry.h \
	src/register/state.c src/register/state.h \
	src/register/systemctl.c src/register/systemctl.h \
	src/register/tls-client.c src/register/tls-client.h \
	src/register/tls-verify.c src/register/tls-verify.h \
	src/register/tunnel.c \
	src/register/verdict.c \
	src/register/wakeup.c src/register/wakeup.h

sbin_PROGRAMS += agent-register
agent_register_SOURCES = src/register/main.c
agent_register_LDADD = libregister.a libcommon.a $(OPENSSL_LIBS) -lc $(INIH_LIBS)
# What the module calls; by name, so that nothing else can be called from outside.
agent_register_LDFLAGS = $(AM_LDFLAGS) -Wl,--dynamic-list=$(top_srcdir)/src/register/methods/module.symbols
EXTRA_agent_register_DEPENDENCIES = src/register/methods/module.symbols
EXTRA_DIST += src/register/methods/module.symbols

# The methods that speak HTTPS, loaded when they are used: see methods/module.h.
if WITH_API
module_PROGRAMS = agent-register-https.so
agent_register_https_so_SOURCES = \
	src/common/enroll-jwt.c src/common/enroll-jwt.h \
	src/register/methods/api-deregister.c \
	src/register/methods/api-groups.c \
	src/register/methods/api-lost.c \
	src/register/methods/api-reply.c src/register/methods/api-reply.h \
	src/register/methods/api-session.c src/register/methods/api-session.h \
	src/register/methods/api.c \
	src/register/methods/enroll-answer.c src/register/methods/enroll-answer.h \
	src/register/methods/enroll-token.c \
	src/register/methods/enroll-trust.c src/register/methods/enroll-trust.h \
	src/register/methods/enroll.c \
	src/register/methods/https-methods.h \
	src/register/methods/https-module.c \
	src/register/methods/https-pipe.c src/register/methods/https-pipe.h \
	src/register/methods/https.c src/register/methods/https.h \
	src/register/methods/wiping-memory.c src/register/methods/wiping-memory.h
agent_register_https_so_CFLAGS = $(AM_CFLAGS) -fPIC -fvisibility=hidden $(CURL_CFLAGS) $(JANSSON_CFLAGS)
agent_register_https_so_LDFLAGS = $(PROJECT_LDFLAGS) -shared -Wl,-soname,agent-register-https.so
agent_register_https_so_LDADD = $(CURL_LIBS) $(JANSSON_LIBS) $(OPENSSL_LIBS)
endif

# Scripts that call agent-auth find the same program under that name. The agents' packages keep theirs in /var/ossec/bin.
# (Removed again by uninstall-hook in etc/local.mk.)
install-exec-hook:
	ln -sf agent-register "$(DESTDIR)$(sbindir)/agent-auth"
