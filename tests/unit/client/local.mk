# Unit tests of src/client/.
unit_tests += \
	test-authd-shortage \
	test-access \
	test-client-wiping \
	test-resolve \
	test-agent-auth-output \
	test-agent-gate \
	test-agent-units \
	test-binding \
	test-check-key \
	test-config-check \
	test-confine \
	test-conversation \
	test-disbelief \
	test-config-file \
	test-config-key \
	test-config-inherit \
	test-config-layers \
	test-config-origin \
	test-config-shipped \
	test-config-value \
	test-config-wait \
	test-agent-process \
	test-agent-settings \
	test-connect \
	test-counters \
	test-finish \
	test-finish-announce \
	test-report \
	test-request \
	test-request-turns \
	test-requested-groups \
	test-taken \
	test-host-name \
	test-identity \
	test-import-key \
	test-import-file \
	test-in-place \
	test-file-line \
	test-file-watch \
	test-inspect \
	test-keystore \
	test-keystore-lock \
	test-keystore-read \
	test-machine-marks \
	test-manager-guard \
	test-manager-request \
	test-name-template \
	test-naming \
	test-notify \
	test-options \
	test-own-names \
	test-own-unit \
	test-policy \
	test-prepare \
	test-probe \
	test-proxy \
	test-reenroll-files \
	test-ossec-conf \
	test-ossec-conf-edit \
	test-reenroll-secret \
	test-retry \
	test-schedule \
	test-secrets \
	test-shutdown \
	test-read-shortage \
	test-state \
	test-state-file \
	test-systemctl \
	test-tls-chain \
	test-tls-client \
	test-tls-client-refusals \
	test-tls-verify \
	test-tunnel \
	test-wakeup \
	test-wire

# With these, the machine that a registration sees is tests/unit/client/registration/fixture.c.
REGISTRATION_WRAPS = \
	-Wl,--wrap=machine_marks_read,--wrap=identity_boot,--wrap=identity_seed \
	-Wl,--wrap=systemctl,--wrap=systemctl_show,--wrap=own_unit_was_restarted \
	-Wl,--wrap=notify_ready,--wrap=conversation_hold,--wrap=confine_gap,--wrap=method_get \
	-Wl,--wrap=clock_gettime,--wrap=deadline_wait,--wrap=wakeup_open,--wrap=wakeup_wait
registration_fixture = \
	tests/unit/client/registration/fixture.c \
	tests/unit/client/registration/fixture.h
conversation_fixture = \
	tests/unit/client/conversation/conversation-fixture.c \
	tests/unit/client/conversation/conversation-fixture.h

test_agent_process_SOURCES = tests/unit/client/agent-files/test-agent-process.c
test_agent_process_LDADD = $(unit_libraries)
unit_agent_directory = tests/unit/agent-directory.c tests/unit/agent-directory.h

test_counters_SOURCES = tests/unit/client/agent-files/test-counters.c
test_counters_LDADD = $(unit_libraries)
test_import_file_SOURCES = tests/unit/client/agent-files/test-import-file.c $(unit_faults)
test_import_file_LDADD = $(unit_libraries)
test_import_file_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS)
test_in_place_SOURCES = tests/unit/client/agent-files/test-in-place.c $(unit_faults)
test_in_place_LDADD = $(unit_libraries)
test_in_place_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS)
test_keystore_SOURCES = tests/unit/client/agent-files/test-keystore.c $(unit_faults) \
	$(unit_agent_directory)
test_keystore_LDADD = $(unit_libraries)
test_keystore_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS) \
	-Wl,--wrap=ioctl,--wrap=fopen,--wrap=getgrnam,--wrap=fstat,--wrap=lstat
test_keystore_lock_SOURCES = tests/unit/client/agent-files/test-keystore-lock.c \
	$(unit_agent_directory)
test_keystore_lock_LDADD = $(unit_libraries)
test_keystore_lock_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=fopen
test_keystore_read_SOURCES = tests/unit/client/agent-files/test-keystore-read.c \
	$(unit_agent_directory)
test_keystore_read_LDADD = $(unit_libraries)
test_manager_guard_SOURCES = tests/unit/client/agent-files/test-manager-guard.c
test_manager_guard_LDADD = $(unit_libraries)
test_manager_guard_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=trusted_file_open
test_reenroll_files_SOURCES = tests/unit/client/agent-files/test-reenroll-files.c
test_reenroll_files_LDADD = $(unit_libraries)
test_ossec_conf_SOURCES = tests/unit/client/agent-files/test-ossec-conf.c
test_ossec_conf_LDADD = $(unit_libraries)
test_ossec_conf_edit_SOURCES = tests/unit/client/agent-files/test-ossec-conf-edit.c
test_ossec_conf_edit_LDADD = $(unit_libraries)
test_agent_settings_SOURCES = tests/unit/client/agent-files/test-agent-settings.c
test_agent_settings_LDADD = $(unit_libraries)
test_reenroll_secret_SOURCES = tests/unit/client/agent-files/test-reenroll-secret.c
test_reenroll_secret_LDADD = $(unit_libraries)
test_agent_auth_output_SOURCES = tests/unit/client/commands/test-agent-auth-output.c
test_agent_auth_output_LDADD = $(unit_libraries)
test_options_SOURCES = tests/unit/client/commands/test-options.c
test_options_LDADD = $(unit_libraries)
test_config_check_SOURCES = tests/unit/client/config/test-config-check.c
test_config_check_LDADD = $(unit_libraries)
test_config_file_SOURCES = tests/unit/client/config/test-config-file.c
test_config_file_LDADD = $(unit_libraries)
test_config_key_SOURCES = tests/unit/client/config/test-config-key.c
test_config_key_LDADD = $(unit_libraries)
test_config_inherit_SOURCES = tests/unit/client/config/test-config-inherit.c
test_config_inherit_LDADD = $(unit_libraries)
test_config_layers_SOURCES = tests/unit/client/config/test-config-layers.c
test_config_layers_LDADD = $(unit_libraries)
test_config_layers_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=access
test_config_origin_SOURCES = tests/unit/client/config/test-config-origin.c
test_config_origin_LDADD = $(unit_libraries)
test_config_shipped_SOURCES = tests/unit/client/config/test-config-shipped.c
test_config_shipped_LDADD = $(unit_libraries)
test_config_value_SOURCES = tests/unit/client/config/test-config-value.c
test_config_value_LDADD = $(unit_libraries)
test_config_value_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=strdup,--wrap=reallocarray
test_name_template_SOURCES = tests/unit/client/config/test-name-template.c
test_name_template_LDADD = $(unit_libraries)
test_confine_SOURCES = tests/unit/client/confinement/test-confine.c \
	tests/unit/client/confinement/forbidden.c tests/unit/client/confinement/forbidden.h
test_confine_LDADD = $(unit_libraries) -lpthread
test_conversation_SOURCES = tests/unit/client/conversation/test-conversation.c \
	$(conversation_fixture)
test_conversation_LDADD = $(unit_libraries)
test_conversation_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=fork
test_disbelief_SOURCES = tests/unit/client/conversation/test-disbelief.c \
	$(conversation_fixture)
test_disbelief_LDADD = $(unit_libraries)
test_inspect_SOURCES = tests/unit/client/conversation/test-inspect.c
test_inspect_LDADD = $(unit_libraries)
test_naming_SOURCES = tests/unit/client/conversation/test-naming.c $(conversation_fixture)
test_naming_LDADD = $(unit_libraries)
test_naming_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=own_fqdn_find
test_secrets_SOURCES = tests/unit/client/conversation/test-secrets.c
test_secrets_LDADD = $(unit_libraries)
test_wire_SOURCES = tests/unit/client/conversation/test-wire.c
test_wire_LDADD = $(unit_libraries)
test_connect_SOURCES = tests/unit/client/net/test-connect.c
test_connect_LDADD = $(unit_libraries)
test_connect_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getaddrinfo,--wrap=freeaddrinfo \
	-Wl,--wrap=socket,--wrap=connect,--wrap=getsockopt \
	-Wl,--wrap=monotonic_usec,--wrap=deadline_poll
test_own_names_SOURCES = tests/unit/client/net/test-own-names.c
test_own_names_LDADD = $(unit_libraries) -lpthread
test_own_names_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getaddrinfo,--wrap=freeaddrinfo \
	-Wl,--wrap=gethostname,--wrap=connect,--wrap=getsockname
test_proxy_SOURCES = tests/unit/client/net/test-proxy.c
test_proxy_LDADD = $(unit_libraries)
test_client_wiping_SOURCES = tests/unit/client/test-client-wiping.c $(unit_residue)
test_client_wiping_LDADD = $(unit_libraries)
test_client_wiping_LDFLAGS = $(AM_LDFLAGS) $(RESIDUE_WRAPS)
test_resolve_SOURCES = tests/unit/client/net/test-resolve.c
test_resolve_LDADD = $(unit_libraries) -lpthread
test_resolve_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getaddrinfo,--wrap=freeaddrinfo
test_tls_chain_SOURCES = tests/unit/client/net/test-tls-chain.c
test_tls_chain_LDADD = $(unit_libraries)
test_authd_shortage_SOURCES = tests/unit/client/methods/test-authd-shortage.c tests/unit/leaks.c
test_authd_shortage_LDADD = libshortage.a $(unit_libraries) -lpthread
test_tls_client_SOURCES = tests/unit/client/net/test-tls-client.c \
	tests/unit/tls-peer.c tests/unit/tls-peer.h
test_tls_client_LDADD = $(unit_libraries) -lpthread
test_tls_client_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=SSL_write
test_tls_client_refusals_SOURCES = tests/unit/client/net/test-tls-client-refusals.c \
	tests/unit/tls-peer.c tests/unit/tls-peer.h
test_tls_client_refusals_LDADD = $(unit_libraries) -lpthread
test_tls_verify_SOURCES = tests/unit/client/net/test-tls-verify.c
test_tls_verify_LDADD = $(unit_libraries)
test_tunnel_SOURCES = tests/unit/client/net/test-tunnel.c $(unit_faults)
test_tunnel_LDADD = $(unit_libraries)
test_tunnel_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS)
test_binding_SOURCES = tests/unit/client/registration/test-binding.c
test_binding_LDADD = $(unit_libraries)
test_binding_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=machine_marks_read
test_access_SOURCES = tests/unit/client/registration/test-access.c $(registration_fixture)
test_access_LDADD = $(unit_libraries)
test_access_LDFLAGS = $(AM_LDFLAGS) $(REGISTRATION_WRAPS) -Wl,--wrap=free
test_import_key_SOURCES = tests/unit/client/registration/test-import-key.c $(registration_fixture)
test_import_key_LDADD = $(unit_libraries)
test_import_key_LDFLAGS = $(AM_LDFLAGS) $(REGISTRATION_WRAPS) -Wl,--wrap=keystore_lock
test_prepare_SOURCES = tests/unit/client/registration/test-prepare.c $(registration_fixture)
test_prepare_LDADD = $(unit_libraries)
test_prepare_LDFLAGS = $(AM_LDFLAGS) $(REGISTRATION_WRAPS) -Wl,--wrap=identity_name
test_probe_SOURCES = tests/unit/client/registration/test-probe.c
test_probe_LDADD = $(unit_libraries)
test_report_SOURCES = tests/unit/client/registration/test-report.c $(registration_fixture)
test_report_LDADD = $(unit_libraries)
test_report_LDFLAGS = $(AM_LDFLAGS) $(REGISTRATION_WRAPS)
test_request_SOURCES = tests/unit/client/registration/test-request.c $(registration_fixture)
test_request_LDADD = $(unit_libraries)
test_request_LDFLAGS = $(AM_LDFLAGS) $(REGISTRATION_WRAPS)
test_manager_request_SOURCES = tests/unit/client/registration/test-manager-request.c \
	$(registration_fixture) $(unit_residue)
test_manager_request_LDADD = $(unit_libraries)
test_manager_request_LDFLAGS = $(AM_LDFLAGS) $(REGISTRATION_WRAPS) $(RESIDUE_WRAPS)
test_request_turns_SOURCES = tests/unit/client/registration/test-request-turns.c \
	$(registration_fixture)
test_request_turns_LDADD = $(unit_libraries)
test_request_turns_LDFLAGS = $(AM_LDFLAGS) $(REGISTRATION_WRAPS) -Wl,--wrap=identity_name
test_requested_groups_SOURCES = tests/unit/client/registration/test-requested-groups.c
test_requested_groups_LDADD = $(unit_libraries)
test_taken_SOURCES = tests/unit/client/registration/test-taken.c
test_taken_LDADD = $(unit_libraries)
test_taken_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=identity_suffixed_name
test_check_key_SOURCES = tests/unit/client/registration/test-check-key.c $(registration_fixture)
test_check_key_LDADD = $(unit_libraries)
test_check_key_LDFLAGS = $(AM_LDFLAGS) $(REGISTRATION_WRAPS)
test_finish_announce_SOURCES = tests/unit/client/registration/test-finish-announce.c \
	$(registration_fixture)
test_finish_announce_LDADD = $(unit_libraries)
test_finish_announce_LDFLAGS = $(AM_LDFLAGS) $(REGISTRATION_WRAPS)
test_finish_SOURCES = tests/unit/client/registration/test-finish.c $(unit_faults)
test_finish_LDADD = $(unit_libraries)
test_finish_LDFLAGS = $(AM_LDFLAGS) $(FAULT_WRAPS)
test_policy_SOURCES = tests/unit/client/registration/test-policy.c
test_policy_LDADD = $(unit_libraries)
test_retry_SOURCES = tests/unit/client/registration/test-retry.c
test_retry_LDADD = $(unit_libraries)
test_schedule_SOURCES = tests/unit/client/registration/test-schedule.c
test_schedule_LDADD = $(unit_libraries)
test_schedule_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=realtime_usec,--wrap=identity_boot
test_state_file_SOURCES = tests/unit/client/registration/test-state-file.c
test_state_file_LDADD = $(unit_libraries)
test_state_file_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pwrite
test_read_shortage_SOURCES = tests/unit/client/test-read-shortage.c
test_read_shortage_LDADD = libshortage.a $(unit_libraries)
test_read_shortage_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getgrnam
test_state_SOURCES = tests/unit/client/registration/test-state.c
test_state_LDADD = $(unit_libraries)
test_agent_gate_SOURCES = tests/unit/client/system/test-agent-gate.c
test_agent_gate_LDADD = $(unit_libraries)
test_agent_gate_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=own_unit_enabled_by,--wrap=open,--wrap=symlink,--wrap=unlink,--wrap=rename
test_agent_units_SOURCES = tests/unit/client/system/test-agent-units.c
test_agent_units_LDADD = $(unit_libraries)
test_agent_units_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=systemctl_show
test_config_wait_SOURCES = tests/unit/client/system/test-config-wait.c
test_config_wait_LDADD = $(unit_libraries)
test_config_wait_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=notify_is_service,--wrap=systemctl \
	-Wl,--wrap=config_late_credential,--wrap=deadline_wait
test_notify_SOURCES = tests/unit/client/system/test-notify.c
test_notify_LDADD = $(unit_libraries)
test_own_unit_SOURCES = tests/unit/client/system/test-own-unit.c
test_own_unit_LDADD = $(unit_libraries)
test_own_unit_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=systemctl_show,--wrap=fopen
test_file_line_SOURCES = tests/unit/client/system/test-file-line.c
test_file_line_LDADD = $(unit_libraries)
test_shutdown_SOURCES = tests/unit/client/system/test-shutdown.c
test_shutdown_LDADD = $(unit_libraries)
test_shutdown_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=systemctl_show
test_systemctl_SOURCES = tests/unit/client/system/test-systemctl.c
test_systemctl_LDADD = $(unit_libraries)
test_systemctl_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=access,--wrap=posix_spawnp
test_identity_SOURCES = tests/unit/client/system/test-identity.c
test_identity_LDADD = $(unit_libraries)
test_identity_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=gethostname,--wrap=fopen
test_host_name_SOURCES = tests/unit/client/system/test-host-name.c
test_host_name_LDADD = $(unit_libraries)
test_host_name_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=gethostname,--wrap=fopen
test_machine_marks_SOURCES = tests/unit/client/system/test-machine-marks.c
test_machine_marks_LDADD = $(unit_libraries)
test_machine_marks_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=fopen,--wrap=access,--wrap=readlink,--wrap=statfs,--wrap=statx
test_file_watch_SOURCES = tests/unit/client/system/test-file-watch.c
test_file_watch_LDADD = $(unit_libraries)
test_wakeup_SOURCES = tests/unit/client/system/test-wakeup.c
test_wakeup_LDADD = $(unit_libraries)
test_wakeup_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=poll,--wrap=read,--wrap=recv,--wrap=timerfd_settime

# Of the module: its pure parts are in libmodule.a.
if WITH_API
unit_tests += test-api-reply test-enroll-answer test-enroll-renewal test-enroll-token
endif
test_api_reply_SOURCES = tests/unit/client/methods/https/test-api-reply.c
test_api_reply_LDADD = libmodule.a $(unit_libraries) $(JANSSON_LIBS)
test_enroll_answer_SOURCES = tests/unit/client/methods/https/test-enroll-answer.c
test_enroll_answer_LDADD = libmodule.a $(unit_libraries) $(JANSSON_LIBS)
# What it is made of is not pure, but what is tested is.
test_enroll_renewal_SOURCES = tests/unit/client/methods/https/test-enroll-renewal.c \
	src/client/methods/https/enroll-renewal.c src/client/methods/https/enroll-renewal.h \
	src/client/methods/https/enroll-trust.c src/client/methods/https/enroll-trust.h \
	src/client/methods/https/https.c src/client/methods/https/https.h \
	src/client/methods/https/https-pipe.c src/client/methods/https/https-pipe.h \
	src/client/methods/https/wiping-memory.c src/client/methods/https/wiping-memory.h
test_enroll_renewal_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
test_enroll_renewal_LDADD = $(unit_libraries) $(CURL_LIBS)
test_enroll_token_SOURCES = tests/unit/client/methods/https/test-enroll-token.c
test_enroll_token_LDADD = libmodule.a $(unit_libraries) $(JANSSON_LIBS)
