confdir = $(sysconfdir)/agent-register
catalogdir = @catalogdir@
CONFIGURATION =
if WITH_CLIENT
CONFIGURATION += agent-register.conf:$(confdir)/agent-register.conf
dist_catalog_DATA += etc/agent-register.catalog
endif
if WITH_REGISTRAR
CONFIGURATION += default/agent-registrar:$(sysconfdir)/default/agent-registrar
dist_catalog_DATA += etc/agent-registrar.catalog
endif
EXTRA_DIST += etc/agent-register.conf etc/default/agent-registrar

# Loaders of shell completion: the program prints the scripts, also those for agent-auth.
bashcompletiondir = @bashcompletiondir@
zshcompletiondir = @zshcompletiondir@
fishcompletiondir = @fishcompletiondir@
COMPLETIONS =
if WITH_CLIENT
COMPLETIONS += agent-register
endif
if WITH_REGISTRAR
COMPLETIONS += agent-registrar
endif
EXTRA_DIST += \
	etc/completion/agent-register.bash \
	etc/completion/agent-register.zsh \
	etc/completion/agent-register.fish \
	etc/completion/agent-registrar.bash \
	etc/completion/agent-registrar.zsh \
	etc/completion/agent-registrar.fish
# Of the configuration, what is there stays.
install-data-hook:
	for file in $(CONFIGURATION); do \
		to="$(DESTDIR)$${file#*:}"; \
		test -e "$$to" || { $(MKDIR_P) "$${to%/*}" && \
			$(INSTALL_DATA) "$(top_srcdir)/etc/$${file%%:*}" "$$to"; } || exit 1; \
	done
	$(MKDIR_P) "$(DESTDIR)$(bashcompletiondir)"
	$(MKDIR_P) "$(DESTDIR)$(zshcompletiondir)" "$(DESTDIR)$(fishcompletiondir)"
	for program in $(COMPLETIONS); do \
		from="$(top_srcdir)/etc/completion/$$program"; \
		$(INSTALL_DATA) "$$from.bash" "$(DESTDIR)$(bashcompletiondir)/$$program" && \
		$(INSTALL_DATA) "$$from.zsh" "$(DESTDIR)$(zshcompletiondir)/_$$program" && \
		$(INSTALL_DATA) "$$from.fish" "$(DESTDIR)$(fishcompletiondir)/$$program.fish" || \
			exit 1; \
	done
if WITH_CLIENT
	ln -sf agent-register "$(DESTDIR)$(bashcompletiondir)/agent-auth"
	ln -sf agent-register.fish "$(DESTDIR)$(fishcompletiondir)/agent-auth.fish"
endif
uninstall-hook:
	for file in $(CONFIGURATION); do \
		to="$(DESTDIR)$${file#*:}"; \
		! cmp -s "$(top_srcdir)/etc/$${file%%:*}" "$$to" || rm -f "$$to"; \
	done
	for program in $(COMPLETIONS); do \
		rm -f "$(DESTDIR)$(bashcompletiondir)/$$program" \
			"$(DESTDIR)$(zshcompletiondir)/_$$program" \
			"$(DESTDIR)$(fishcompletiondir)/$$program.fish"; \
	done
if WITH_CLIENT
	rm -f "$(DESTDIR)$(bashcompletiondir)/agent-auth"
	rm -f "$(DESTDIR)$(fishcompletiondir)/agent-auth.fish" "$(DESTDIR)$(sbindir)/agent-auth"
endif
if WITH_REGISTRAR
	rm -f "$(DESTDIR)$(libexecdir)/agent-register/ossec-authd" \
		"$(DESTDIR)$(libexecdir)/agent-register/wazuh-authd"
	rmdir "$(DESTDIR)$(libexecdir)/agent-register" 2>/dev/null || :
endif
