UNITS = systemd/agent-register.service
if WITH_REGISTRAR
UNITS += systemd/agent-registrar.service systemd/agent-registrar.socket
endif
nodist_systemdsystemunit_DATA += $(UNITS)
dist_systemdsystemunit_DATA = systemd/agent-register-config.target systemd/agent-registered.target
EXTRA_DIST += systemd/agent-register.service.in systemd/agent-registrar.service.in \
	systemd/agent-registrar.socket.in systemd/agent.conf.in
CLEANFILES += systemd/agent-register.service systemd/agent-registrar.service \
	systemd/agent-registrar.socket systemd/agent.conf

SUFFIXES = .service.in .service .socket.in .socket .conf.in .conf
.service.in.service:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(edit) $< >$@
.socket.in.socket:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(edit) $< >$@
.conf.in.conf:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(edit) $< >$@
$(UNITS) systemd/agent.conf: Makefile

# One drop-in for every name of the agents' units; a drop-in of a unit that is not installed has no
# effect.
AGENT_UNITS = wazuh-agent ossec-hids ossec-agentd
all-local: systemd/agent.conf
install-data-local: systemd/agent.conf
	for unit in $(AGENT_UNITS); do \
		directory="$(DESTDIR)$(systemdsystemunitdir)/$$unit.service.d" && \
		$(MKDIR_P) "$$directory" && \
		$(INSTALL_DATA) systemd/agent.conf "$$directory/agent-register.conf" || exit; \
	done
uninstall-local:
	for unit in $(AGENT_UNITS); do \
		rm -f "$(DESTDIR)$(systemdsystemunitdir)/$$unit.service.d/agent-register.conf"; \
		rmdir "$(DESTDIR)$(systemdsystemunitdir)/$$unit.service.d" 2>/dev/null || :; \
	done
