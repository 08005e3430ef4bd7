# SPDX-License-Identifier: ISC
"""The first boot: the key before the agent, and everybody can see what happened."""
import agent_machine
import message_ids
import pytest
import scripted_manager

KEY_LINE = f"007 web-01 any {scripted_manager.KEY}"


def test_agent_starts_only_after_the_key_is_there(machine, start_manager):
    machine.configure()
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        unit, agent = system.show("agent-register"), system.show("wazuh-agent")

    assert manager.requests == [f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:'web-01'"]
    (start,) = machine.agent_starts()
    assert start[1:] == [f"-rw-r----- 0:{agent_machine.AGENT_GROUP}", KEY_LINE]
    assert agent["ActiveState"] == "active"
    assert (unit["ActiveState"], unit["SubState"], unit["Result"]) == ("active", "exited", "success")
    assert int(unit["ActiveEnterTimestampMonotonic"]) <= int(agent["ExecMainStartTimestampMonotonic"])


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
    assert seen["unit"]["StatusText"] == "Waiting for the answer of manager.example:1515"
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
        everything = system.run("journalctl -o export; systemctl show agent-register; cat /var/lib/agent-register/*")

    assert status.exit_status == 0
    assert 'Status: "Registered as web-01 (id 007)"' in status.stdout
    assert "Registered as web-01 (id 007) with manager.example:1515" in status.stdout
    assert own_status.exit_status == 0
    fields = {"PRIORITY": "6", "SYSLOG_IDENTIFIER": "agent-register", "_SYSTEMD_UNIT": "agent-register.service",
              "OUTCOME": "registered", "AGENT_ID": "007", "AGENT_NAME": "web-01", "MANAGER": "manager.example:1515",
              "METHOD": "authd", "ATTEMPT": "1"}
    assert {name: entry.get(name) for name in fields} == fields
    assert "Subject: Agent registered as web-01" in explained
    assert "given this machine the identity web-01" in explained
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
    """Only the overlay's memory is tested here, not a disk; but nothing of systemd's own shutdown is needed."""
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
    """A stand-in for cloud-init's stage that writes files and sets the host name; its later stages are not waited for."""
    machine.configure()
    machine.path(agent_machine.CONFIG).rename(machine.path("/etc/agent-register/written-late"))
    machine.write(f"/etc/systemd/system/{unit}", CLOUD_INIT % agent_machine.CONFIG)
    machine.write("/etc/systemd/system/cloud-final.service",
                  "[Unit]\nAfter=multi-user.target\n[Service]\nType=oneshot\nExecStart=sleep infinity\n"
                  "TimeoutStopSec=1s\n[Install]\nWantedBy=multi-user.target\n")
    machine.enable(unit, "cloud-final.service")
    manager = start_manager(machine)
    with machine.boot() as system:
        system.wait_for_start("wazuh-agent")
        assert system.show("cloud-final")["ActiveState"] != "active"
    assert manager.requests == [f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:'web-77'"]
