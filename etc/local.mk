confdir = $(sysconfdir)/agent-register
dist_conf_DATA = etc/agent-register.conf
catalogdir = @catalogdir@
dist_catalog_DATA = etc/agent-register.catalog
if WITH_REGISTRAR
dist_catalog_DATA += etc/agent-registrar.catalog
endif

bashcompletiondir = @bashcompletiondir@
EXTRA_DIST += etc/agent-register.bash-completion
install-data-hook:
	$(MKDIR_P) "$(DESTDIR)$(bashcompletiondir)"
	$(INSTALL_DATA) $(top_srcdir)/etc/agent-register.bash-completion \
		"$(DESTDIR)$(bashcompletiondir)/agent-register"
	ln -sf agent-register "$(DESTDIR)$(bashcompletiondir)/agent-auth"
uninstall-hook:
	rm -f "$(DESTDIR)$(bashcompletiondir)/agent-register"
	rm -f "$(DESTDIR)$(bashcompletiondir)/agent-auth"
	rm -f "$(DESTDIR)$(sbindir)/agent-auth"
