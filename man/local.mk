if WITH_CLIENT
dist_man_MANS += man/agent-auth.8 man/agent-register.8 man/agent-register.conf.5
endif
if WITH_REGISTRAR
dist_man_MANS += man/agent-registrar.8 man/agent-registrar-authd.8
endif
