confdir = $(sysconfdir)/agent-register
dist_conf_DATA = etc/agent-register.conf
catalogdir = @catalogdir@
dist_catalog_DATA = etc/agent-register.catalog
if WITH_REGISTRAR
dist_catalog_DATA += etc/agent-registrar.catalog
endif

# Loaders of shell completion: the program prints the scripts, also those for agent-auth.
bashcompletiondir = @bashcompletiondir@
zshcompletiondir = @zshcompletiondir@
fishcompletiondir = @fishcompletiondir@
COMPLETIONS = agent-register
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
install-data-hook:
	$(MKDIR_P) "$(DESTDIR)$(bashcompletiondir)"
	$(MKDIR_P) "$(DESTDIR)$(zshcompletiondir)" "$(DESTDIR)$(fishcompletiondir)"
	for program in $(COMPLETIONS); do \
		from="$(top_srcdir)/etc/completion/$$program"; \
		$(INSTALL_DATA) "$$from.bash" "$(DESTDIR)$(bashcompletiondir)/$$program" && \
		$(INSTALL_DATA) "$$from.zsh" "$(DESTDIR)$(zshcompletiondir)/_$$program" && \
		$(INSTALL_DATA) "$$from.fish" "$(DESTDIR)$(fishcompletiondir)/$$program.fish" || \
			exit 1; \
	done
	ln -sf agent-register "$(DESTDIR)$(bashcompletiondir)/agent-auth"
	ln -sf agent-register.fish "$(DESTDIR)$(fishcompletiondir)/agent-auth.fish"
uninstall-hook:
	for program in $(COMPLETIONS) agent-auth; do \
		rm -f "$(DESTDIR)$(bashcompletiondir)/$$program" \
			"$(DESTDIR)$(zshcompletiondir)/_$$program" \
			"$(DESTDIR)$(fishcompletiondir)/$$program.fish"; \
	done
	rm -f "$(DESTDIR)$(sbindir)/agent-auth"
