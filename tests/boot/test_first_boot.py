# SPDX-License-Identifier: ISC
"""The first boot: the key before the agent, and everybody can see what happened."""
import agent_machine
import manual
import message_ids
import pytest
import scripted_manager

KEY_LINE = f"007 web-01 any {scripted_manager.KEY}"


def test_agent_starts_only_after_the_key_is_there(machine, start_manager):
    machine.configure()
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_exit("agent-register")
        unit, agent = system.show("agent-register"), system.show("wazuh-agent")

    assert manager.requests == [f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:'web-01'"]
    (start,) = machine.agent_starts()
    assert start[1:] == [f"-rw-r----- 0:{agent_machine.AGENT_GROUP}", KEY_LINE]
    assert agent["ActiveState"] == "active"
    assert (unit["ActiveState"], unit["SubState"], unit["Result"]) == (
        "active",
        "exited",
        "success",
    )
    assert int(unit["ActiveEnterTimestampMonotonic"]) <= int(
        agent["ExecMainStartTimestampMonotonic"]
    )


def test_manager_is_asked_while_the_agent_waits(machine, start_manager):
    """The order is not an accident of timing: the agent is not up while the manager thinks."""
    machine.configure()
    seen = {}

    def answer_late(request):
        seen["agent"] = system.show("wazuh-agent")
        seen["unit"] = system.show("agent-register")
        return scripted_manager.want_password(request)

    start_manager(machine, answer=answer_late)
    with machine.boot() as system:
        system.wait_until_booted()
        final = system.show("agent-register")["StatusText"]
    assert (seen["agent"]["ActiveState"], seen["agent"]["SubState"]) == ("inactive", "dead")
    assert seen["agent"]["Job"] != ""  # queued, behind this unit
    assert (seen["unit"]["ActiveState"], seen["unit"]["SubState"]) == ("activating", "start")
    assert seen["unit"]["StatusText"] == "Waiting for the response of manager.example:1515"
    assert final == "Registered as web-01 (id 007)"
    assert len(machine.agent_starts()) == 1


def test_status_journal_and_catalog_tell_the_story(machine, start_manager):
    machine.configure()
    start_manager(machine)
    with machine.boot() as system:
        system.wait_until_booted()
        status = system.run("systemctl status agent-register")
        own_status = system.run("agent-register status")
        (entry,) = system.journal(MESSAGE_ID=message_ids.REGISTERED)
        assert system.run("journalctl --update-catalog").exit_status == 0
        explained = system.run(f"journalctl -q -x MESSAGE_ID={message_ids.REGISTERED}").stdout
        everything = system.run(
            "journalctl -o export; systemctl show agent-register; cat /var/lib/agent-register/*"
        )

    assert status.exit_status == 0
    assert 'Status: "Registered as web-01 (id 007)"' in status.stdout
    assert "Registered as web-01 (id 007) with manager.example:1515" in status.stdout
    assert own_status.exit_status == 0
    fields = {
        "PRIORITY": "6", "SYSLOG_IDENTIFIER": "agent-register",
        "_SYSTEMD_UNIT": "agent-register.service", "OUTCOME": "registered", "AGENT_ID": "007",
        "AGENT_NAME": "web-01", "MANAGER": "manager.example:1515", "METHOD": "authd", "ATTEMPT": "1"
    }
    assert {name: entry.get(name) for name in fields} == fields
    assert "Subject: Agent registered as web-01" in explained
    assert "registered this machine as agent web-01" in explained
    assert scripted_manager.KEY not in everything.stdout
    assert scripted_manager.PASSWORD not in everything.stdout


def test_second_boot_does_nothing(machine, start_manager):
    machine.configure()
    manager = start_manager(machine)
    with machine.boot() as system:
        system.wait_until_booted()
        system.run("systemctl --no-block reboot")
        system.wait_for_reboot()
    key = machine.path(agent_machine.KEYS).stat()
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        unit = system.show("agent-register")
        (entry,) = system.journal(SYSLOG_IDENTIFIER="agent-register")

    assert len(manager.requests) == 1
    assert (entry["MESSAGE_ID"], entry["AGENT_ID"]) == (message_ids.ALREADY_REGISTERED, "007")
    assert unit["StatusText"] == "Registered as web-01 (id 007)"
    after = machine.path(agent_machine.KEYS).stat()
    assert (key.st_ino, key.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert [start[-1] for start in machine.agent_starts()] == [KEY_LINE, KEY_LINE]


def test_key_survives_a_power_cut(machine, start_manager):
    """Only the overlay's memory is tested here, not a disk; but nothing of systemd's own
    shutdown is needed."""
    machine.configure()
    manager = start_manager(machine)
    with machine.boot() as system:
        system.wait_until_booted()
        system.cut_power()
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
    assert len(manager.requests) == 1
    assert len(machine.agent_starts()) == 2


CLOUD_INIT = """\
[Unit]
DefaultDependencies=no
After=systemd-tmpfiles-setup.service
Before=network-online.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'sleep 0.3; mv /etc/agent-register/written-late %s; hostname web-77'
[Install]
WantedBy=multi-user.target
"""


@pytest.mark.parametrize("unit", ["cloud-init.service", "cloud-init-network.service"])
def test_what_cloud_init_writes_is_waited_for(unit, machine, start_manager):
    """A stand-in for cloud-init's stage that writes files and sets the host name; its later
    stages are not waited for."""
    machine.configure()
    machine.path(agent_machine.CONFIG).rename(machine.path("/etc/agent-register/written-late"))
    machine.write(f"/etc/systemd/system/{unit}", CLOUD_INIT % agent_machine.CONFIG)
    machine.write(
        "/etc/systemd/system/cloud-final.service",
        "[Unit]\nAfter=multi-user.target\n[Service]\nType=oneshot\nExecStart=sleep infinity\n"
        "TimeoutStopSec=1s\n[Install]\nWantedBy=multi-user.target\n",
    )
    machine.enable(unit, "cloud-final.service")
    manager = start_manager(machine)
    with machine.boot() as system:
        system.wait_for_start("wazuh-agent")
        assert system.show("cloud-final")["ActiveState"] != "active"
        register, written = system.show("agent-register"), system.show(unit)
    assert manager.requests == [f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:'web-77'"]
    # The process was there before, and had only to read its configuration.
    assert int(register["ExecMainStartTimestampMonotonic"]) < int(
        written["ActiveEnterTimestampMonotonic"]
    )
    assert register["NRestarts"] == "0"


def test_what_writes_the_configuration_fails(machine, start_manager):
    """A cloud-init that fails must not keep us from trying with what there is."""
    machine.configure()
    machine.write("/etc/systemd/system/cloud-init.service",
                  (CLOUD_INIT % "/nowhere/at/all").replace("; hostname web-77", ""))
    machine.enable("cloud-init.service")
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "degraded"
        assert system.show("cloud-init")["ActiveState"] == "failed"
    assert len(manager.requests) == len(machine.agent_starts()) == 1


def test_another_service_writes_the_configuration(machine, start_manager):
    """With the drop-in for agent-register-config.target that the manual shows."""
    machine.configure()
    machine.path(agent_machine.CONFIG).rename(machine.path("/etc/agent-register/written-late"))
    machine.write("/etc/systemd/system/site.service", CLOUD_INIT % agent_machine.CONFIG)
    (path, text), = manual.Example("agent-register.8", "site.service").files.items()
    machine.write(path, text)
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
    assert manager.requests == [f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:'web-77'"]


def test_credentials_that_cloud_init_writes(machine, start_manager):
    """systemd has looked for them before they were there; the service is started again, once, to
    be handed them."""
    machine.configure(
        agent_machine.configuration().replace("password_file = /etc/agent-register/password\n", "")
    )
    machine.write("/etc/agent-register/password", "")
    machine.write("/root/secret", scripted_manager.PASSWORD + "\n")
    machine.path("/etc/credstore").mkdir(mode=0o700, exist_ok=True)
    machine.write("/etc/systemd/system/cloud-init.service",
                  CLOUD_INIT.replace("/etc/agent-register/written-late", "/root/secret")
                  % "/etc/credstore/agent-register.password")
    machine.enable("cloud-init.service")
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
        messages = [
            entry["MESSAGE"] for entry in system.journal(SYSLOG_IDENTIFIER="agent-register")
        ]
    assert manager.requests == [f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:'web-77'"]
    assert len(machine.agent_starts()) == 1
    late = [line for line in messages if "agent-register.password was written after" in line]
    assert len(late) == 1, messages


def test_stop_while_the_configuration_is_not_there(machine, start_manager):
    machine.configure()
    manager = start_manager(machine)
    machine.write(
        "/etc/systemd/system/cloud-init.service",
        "[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\n"
        "ExecStart=sleep infinity\nTimeoutStopSec=1s\n[Install]\nWantedBy=multi-user.target\n",
    )
    machine.enable("cloud-init.service")
    with machine.boot() as system:
        system.wait_for_status("agent-register", "Waiting for the configuration")
        assert system.run("systemctl stop agent-register").exit_status == 0
        unit = system.show("agent-register")
        assert (unit["ActiveState"], unit["Result"]) == ("inactive", "success")
        assert system.run("pgrep -x systemctl").stdout == ""
    assert manager.requests == machine.agent_starts() == []
