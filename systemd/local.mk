UNITS =
if WITH_CLIENT
UNITS += systemd/agent-register.service systemd/agent-registered.target \
	systemd/agent-register-deregister.service
dist_systemdsystemunit_DATA += systemd/agent-register-config.target \
	systemd/agent-register-wanted.target
dist_systemdsystempreset_DATA += systemd/presets/90-agent-register.preset
dist_tmpfiles_DATA += systemd/tmpfiles.d/agent-register.conf
endif
if WITH_REGISTRAR
UNITS += systemd/agent-registrar.service systemd/agent-registrar.socket \
	systemd/agent-registrar-api.socket systemd/agent-registrar-enroll.socket \
	systemd/agent-registrar-keeper.service systemd/agent-registrar-keeper.socket
dist_systemdsystempreset_DATA += systemd/presets/agent-registrar.preset
dist_sysusers_DATA += systemd/sysusers.d/agent-registrar.conf
endif
nodist_systemdsystemunit_DATA += $(UNITS)
EXTRA_DIST += systemd/agent-register.service.in systemd/agent-registered.target.in \
	systemd/agent-register-deregister.service.in \
	systemd/agent-registrar.service.in systemd/agent-registrar.socket.in \
	systemd/agent-registrar-api.socket.in systemd/agent-registrar-enroll.socket.in \
	systemd/agent-registrar-keeper.service.in systemd/agent-registrar-keeper.socket.in \
	systemd/agent.conf.in
CLEANFILES += systemd/agent-register.service systemd/agent-registered.target \
	systemd/agent-register-deregister.service \
	systemd/agent-registrar.service systemd/agent-registrar.socket \
	systemd/agent-registrar-api.socket systemd/agent-registrar-enroll.socket \
	systemd/agent-registrar-keeper.service systemd/agent-registrar-keeper.socket

# The units that start agents, from the one list of them: "NAME DIRECTORY" for each.
AGENT_UNITS = $(top_srcdir)/src/client/system/agent-units.def
unit_row = \("([^"]*)", "([^"]*)"\)$$/\1 \2/p
agent_units = $(SED) -nE 's/^AGENT_[A-Z]+$(unit_row)' $(AGENT_UNITS)
agent_paths = $(agent_units) | $(SED) 's|.* \(.*\)|-\1/etc -\1/queue|' | sort -u
# Debian 13's systemd writes a line for each credential to load that is not there; of those that are
# imported by a pattern, it says nothing, and encrypted ones are among them. The one that stands for
# all takes the place of the first.
if IMPORT_CREDENTIALS
edit_credentials = \
	-e 's/^LoadCredential=agent-register\.conf$$/ImportCredential=agent-register.*/' \
	-e '/^LoadCredential=agent-register\./d' -e 's/^LoadCredential=/ImportCredential=/'
else
edit_credentials =
endif
edit_unit = $(edit) $(edit_credentials) \
	-e "s|@agent_units[@]|$$(echo $$($(agent_units) | $(SED) 's/ .*//'))|" \
	-e "s|@agent_paths[@]|$$(echo $$($(agent_paths)))|"

SUFFIXES = .service.in .service .socket.in .socket .target.in .target
.service.in.service:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(edit_unit) $< >$@
.socket.in.socket:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(edit_unit) $< >$@
.target.in.target:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(edit_unit) $< >$@
$(UNITS): Makefile $(AGENT_UNITS)

if WITH_CLIENT
# A drop-in for every unit, with the directory in which its layout has the agent; a drop-in of a
# unit that is not installed has no effect.
install-data-local:
	$(agent_units) | while read -r unit directory; do \
		place="$(DESTDIR)$(systemdsystemunitdir)/$$unit.d" && $(MKDIR_P) "$$place" && \
		$(SED) "s|@directory[@]|$$directory|g" $(top_srcdir)/systemd/agent.conf.in \
			>"$$place/agent-register.conf" && \
		chmod 644 "$$place/agent-register.conf" || exit; \
	done
uninstall-local:
	$(agent_units) | while read -r unit directory; do \
		place="$(DESTDIR)$(systemdsystemunitdir)/$$unit.d"; \
		rm -f "$$place/agent-register.conf"; rmdir "$$place" 2>/dev/null || :; \
	done
endif
