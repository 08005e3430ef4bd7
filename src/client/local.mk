# The client. Everything but main.c is in a library to which the unit tests are linked.
noinst_LIBRARIES += libclient.a
libclient_a_SOURCES = \
	src/client/agent-files/agent-endpoint.c src/client/agent-files/agent-endpoint.h \
	src/client/agent-files/agent-generation.c src/client/agent-files/agent-generation.h \
	src/client/agent-files/agent-group.c src/client/agent-files/agent-group.h \
	src/client/agent-files/agent-process.c src/client/agent-files/agent-process.h \
	src/client/agent-files/agent-server.c src/client/agent-files/agent-server.h \
	src/client/agent-files/agent-settings-load.c \
	src/client/agent-files/agent-settings-variables.c \
	src/client/agent-files/agent-settings-variables.h \
	src/client/agent-files/agent-settings.c src/client/agent-files/agent-settings.h \
	src/client/agent-files/counters.c src/client/agent-files/counters.h \
	src/client/agent-files/import-file.c src/client/agent-files/import-file.h \
	src/client/agent-files/in-place.c src/client/agent-files/in-place.h \
	src/client/agent-files/init-file.c src/client/agent-files/init-file.h \
	src/client/agent-files/key-files.c src/client/agent-files/key-files.h \
	src/client/agent-files/keystore.c src/client/agent-files/keystore.h \
	src/client/agent-files/keystore-read.c \
	src/client/agent-files/manager-guard.c src/client/agent-files/manager-guard.h \
	src/client/agent-files/ossec-conf.c src/client/agent-files/ossec-conf.h \
	src/client/agent-files/ossec-conf-attributes.c \
	src/client/agent-files/ossec-conf-change.c \
	src/client/agent-files/ossec-conf-change.h \
	src/client/agent-files/ossec-conf-edit.c src/client/agent-files/ossec-conf-edit.h \
	src/client/agent-files/ossec-conf-editor.c src/client/agent-files/ossec-conf-editor.h \
	src/client/agent-files/ossec-conf-endpoint.c \
	src/client/agent-files/ossec-conf-endpoint.h \
	src/client/agent-files/ossec-conf-enrollment.c \
	src/client/agent-files/ossec-conf-enrollment.h \
	src/client/agent-files/ossec-conf-file.c src/client/agent-files/ossec-conf-file.h \
	src/client/agent-files/ossec-conf-parser.c src/client/agent-files/ossec-conf-parser.h \
	src/client/agent-files/ossec-conf-servers.c src/client/agent-files/ossec-conf-servers.h \
	src/client/agent-files/reenroll-files.c src/client/agent-files/reenroll-files.h \
	src/client/agent-files/reenroll-secret.c src/client/agent-files/reenroll-secret.h \
	src/client/agent-files/text-patches.c src/client/agent-files/text-patches.h \
	src/client/commands/agent-auth.c src/client/commands/agent-auth.h \
	src/client/commands/agent-auth-output.c src/client/commands/agent-auth-output.h \
	src/client/commands/check.c src/client/commands/check.h \
	src/client/commands/check-report.c src/client/commands/check-report.h \
	src/client/commands/check-files.c \
	src/client/commands/check-manager.c \
	src/client/commands/confirm.c src/client/commands/confirm.h \
	src/client/commands/deregister.c \
	src/client/commands/erase.c src/client/commands/erase.h \
	src/client/commands/import.c \
	src/client/commands/options.c src/client/commands/options.h \
	src/client/commands/pin.c \
	src/client/commands/report.c \
	src/client/commands/reset.c \
	src/client/commands/run.c \
	src/client/commands/show-config.c \
	src/client/commands/token.c \
	src/client/commands/trust.c \
	src/client/commands/token-facts.c src/client/commands/token-facts.h \
	src/client/commands/status.c \
	src/client/config/config.c src/client/config/config.h \
	src/client/config/duration.c src/client/config/duration.h \
	src/client/config/files.c \
	src/client/config/inherit.c src/client/config/inherit.h \
	src/client/config/inherit-manager.c src/client/config/inherit-manager.h \
	src/client/config/inherit-value.c src/client/config/inherit-value.h \
	src/client/config/name-template.c src/client/config/name-template.h \
	src/client/config/rules.c \
	src/client/config/types.c src/client/config/types.h \
	src/client/confinement/confine.c src/client/confinement/confine.h \
	src/client/confinement/landlock.c src/client/confinement/landlock.h \
	src/client/confinement/syscall-filter.c src/client/confinement/syscall-filter.h \
	src/client/conversation/child.c src/client/conversation/child.h \
	src/client/conversation/conversation.c src/client/conversation/conversation.h \
	src/client/conversation/conversation-child.c \
	src/client/conversation/conversation-child.h \
	src/client/conversation/conversation-result.c \
	src/client/conversation/conversation-result.h \
	src/client/conversation/secrets.c src/client/conversation/secrets.h \
	src/client/conversation/wire.c src/client/conversation/wire.h \
	src/client/methods/authd.c \
	src/client/methods/enroll-token.h \
	src/client/methods/method.c src/client/methods/method.h \
	src/client/methods/methods.c src/client/methods/methods.h \
	src/client/methods/module.c src/client/methods/module.h \
	src/client/net/connect.c \
	src/client/net/net.h \
	src/client/net/own-names.c src/client/net/own-names.h \
	src/client/net/proxy.c src/client/net/proxy.h \
	src/client/net/resolve.c \
	src/client/net/tls-chain.c src/client/net/tls-chain.h \
	src/client/net/tls-client.c src/client/net/tls-client.h \
	src/client/net/tls-verify.c src/client/net/tls-verify.h \
	src/client/net/tunnel.c \
	src/client/registration/access.c src/client/registration/access.h \
	src/client/registration/agent-conf.c src/client/registration/agent-conf.h \
	src/client/registration/agent-conf-wish.c src/client/registration/agent-conf-wish.h \
	src/client/registration/agents-file.c src/client/registration/agents-file.h \
	src/client/registration/binding.c src/client/registration/binding.h \
	src/client/registration/check-key.c src/client/registration/check-key.h \
	src/client/registration/finish.c src/client/registration/finish.h \
	src/client/registration/groups.c src/client/registration/groups.h \
	src/client/registration/import-key.c src/client/registration/import-key.h \
	src/client/registration/manager-request.c src/client/registration/manager-request.h \
	src/client/registration/policy.c src/client/registration/policy.h \
	src/client/registration/prepare.c src/client/registration/prepare.h \
	src/client/registration/observer.h \
	src/client/registration/own-secret.c src/client/registration/own-secret.h \
	src/client/registration/probe.c src/client/registration/probe.h \
	src/client/registration/register.c src/client/registration/register.h \
	src/client/registration/registration.h \
	src/client/registration/report.c src/client/registration/report.h \
	src/client/registration/request.c src/client/registration/request.h \
	src/client/registration/retry.c src/client/registration/retry.h \
	src/client/registration/schedule.c src/client/registration/schedule.h \
	src/client/registration/stage.c src/client/registration/stage.h \
	src/client/registration/state.c src/client/registration/state.h \
	src/client/registration/taken.c src/client/registration/taken.h \
	src/client/system/agent-gate.c src/client/system/agent-gate.h \
	src/client/system/agent-units.c src/client/system/agent-units.h \
	src/client/system/agent-units.def \
	src/client/system/config-wait.c src/client/system/config-wait.h \
	src/client/system/file-line.c src/client/system/file-line.h \
	src/client/system/file-watch.c src/client/system/file-watch.h \
	src/client/system/given-name.c src/client/system/given-name.h \
	src/client/system/host-name.c src/client/system/host-name.h \
	src/client/system/identity.c src/client/system/identity.h \
	src/client/system/machine-marks.c src/client/system/machine-marks.h \
	src/client/system/message-ids.h \
	src/client/system/notify.c src/client/system/notify.h \
	src/client/system/own-unit.c src/client/system/own-unit.h \
	src/client/system/shutdown.c src/client/system/shutdown.h \
	src/client/system/systemctl.c src/client/system/systemctl.h \
	src/client/system/wakeup.c src/client/system/wakeup.h

sbin_PROGRAMS += agent-register
agent_register_SOURCES = src/client/main.c
agent_register_LDADD = libclient.a libcommon.a $(OPENSSL_LIBS) -lc $(INIH_LIBS)
# The functions that the module calls are exported by name; no others are. What only the module
# calls has to be taken along.
agent_register_LDFLAGS = $(AM_LDFLAGS) -Wl,--undefined=enrollment_address_parse \
	-Wl,--dynamic-list=$(top_srcdir)/src/client/methods/https/module.symbols
EXTRA_agent_register_DEPENDENCIES = src/client/methods/https/module.symbols
EXTRA_DIST += src/client/methods/https/module.symbols

# The methods that use HTTPS, loaded when they are needed: see methods/module.h.
if WITH_API
module_PROGRAMS = agent-register-https.so
agent_register_https_so_SOURCES = \
	src/client/methods/https/api.c \
	src/client/methods/https/api-deregister.c \
	src/client/methods/https/api-groups.c \
	src/client/methods/https/api-lost.c \
	src/client/methods/https/api-reply.c src/client/methods/https/api-reply.h \
	src/client/methods/https/api-session.c src/client/methods/https/api-session.h \
	src/client/methods/https/enroll.c \
	src/client/methods/https/enroll-answer.c src/client/methods/https/enroll-answer.h \
	src/client/methods/https/enroll-renewal.c src/client/methods/https/enroll-renewal.h \
	src/client/methods/https/enroll-token.c \
	src/client/methods/https/enroll-trust.c src/client/methods/https/enroll-trust.h \
	src/client/methods/https/https.c src/client/methods/https/https.h \
	src/client/methods/https/https-methods.h \
	src/client/methods/https/https-module.c \
	src/client/methods/https/https-pipe.c src/client/methods/https/https-pipe.h \
	src/client/methods/https/wiping-memory.c src/client/methods/https/wiping-memory.h \
	src/common/enroll-jwt.c src/common/enroll-jwt.h \
	src/common/http-head.c src/common/http-head.h \
	src/common/json-read.c src/common/json-read.h
agent_register_https_so_CFLAGS = $(AM_CFLAGS) -fPIC -fvisibility=hidden $(CURL_CFLAGS) \
	$(JANSSON_CFLAGS)
agent_register_https_so_LDFLAGS = $(PROJECT_LDFLAGS) -shared -Wl,-soname,agent-register-https.so
agent_register_https_so_LDADD = $(CURL_LIBS) $(JANSSON_LIBS) $(OPENSSL_LIBS)
endif

# Scripts that call agent-auth find the program under that name. The agents' packages have theirs in
# /var/ossec/bin. (The link is removed by uninstall-hook in etc/local.mk.)
install-exec-hook:
	ln -sf agent-register "$(DESTDIR)$(sbindir)/agent-auth"
