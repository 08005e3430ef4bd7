confdir = $(sysconfdir)/agent-register
dist_conf_DATA = etc/agent-register.conf
catalogdir = @catalogdir@
dist_catalog_DATA = etc/agent-register.catalog
