# SPDX-License-Identifier: ISC
"""A service that waits for its next attempt notices that somebody has mended what it waits for, and
a person who starts it does not wait for nothing."""
import time

import agent_machine
import message_ids
import pytest
import scripted_manager

LONG = "[retry]\nbudget = 0 s\ninitial = 5 min\nmax = 10 min\n"
PATIENCE = 30  # seconds: what a person would not wait for; the budget is 90
DROP_IN = "/etc/agent-register/agent-register.conf.d/site.conf"


@pytest.fixture
def waiting(machine, start_manager):
    """waiting(CONFIGURE, MEND): configure a machine in a wrong way, boot it, and mend that while
    the service waits in the background: the agent gets its key without any command."""
    machine.restart_soon()

    def run(configure, mend):
        configure(machine)
        start_manager(machine)
        with machine.boot() as system:
            system.wait_until_booted()
            system.wait_for_property("agent-register", "SubState", "running")
            system.wait_for_status("agent-register", "Waiting for attempt")
            assert machine.agent_starts() == []
            mend(machine, system)
            system.wait_for_start("wazuh-agent")
            system.wait_for_exit("agent-register")
        (start,) = machine.agent_starts()
        assert start[-1].startswith("007 web-01 any ")
    return run


def wrong_password(machine):
    machine.configure(agent_machine.configuration(more=LONG), password="wrong")


def wrong_address(machine):
    machine.configure(agent_machine.configuration(address="192.0.2.99:1", more=LONG +
                      "[manager]\nconnect_timeout = 100 ms\n"))


def mend_file(machine, system):
    del system
    machine.write("/etc/agent-register/password", scripted_manager.PASSWORD + "\n", 0o600)


def replace_file(machine, system):
    """As editors and configuration management do, with an older time."""
    new = "/etc/agent-register/.password.new"
    machine.write(new, scripted_manager.PASSWORD + "\n", 0o600)
    system.run(f"touch -d 2001-01-01 {new} && mv {new} /etc/agent-register/password")


def mend_configuration(machine, system):
    del system
    machine.write(agent_machine.CONFIG, agent_machine.configuration(more=LONG))


def add_drop_in(machine, system):
    del system
    machine.write("/etc/agent-register/password.new", scripted_manager.PASSWORD + "\n", 0o600)
    machine.write(DROP_IN, "[auth]\npassword_file = /etc/agent-register/password.new\n")


def write_credential(machine, system):
    del system
    machine.write("/etc/credstore/agent-register.password", scripted_manager.PASSWORD, 0o600)


def break_and_mend(machine, system):
    """What cannot be used changes nothing, is said, and can be corrected."""
    machine.write(agent_machine.CONFIG, "[manager]\naddres = manager.example\n")
    said = system.wait_for_entry(SYSLOG_IDENTIFIER="agent-register", PRIORITY="3")
    assert "cannot be used" in said["MESSAGE"]
    assert "did you mean address?" in said["MESSAGE"]
    assert f"{agent_machine.CONFIG}:2" in said["MESSAGE"]
    assert system.show("agent-register")["ActiveState"] == "active"
    machine.write(agent_machine.CONFIG, agent_machine.configuration(more=LONG))


@pytest.mark.parametrize("wrong, mend", [
    (wrong_password, mend_file), (wrong_password, replace_file), (wrong_password, add_drop_in),
    (wrong_password, write_credential), (wrong_address, mend_configuration),
    (wrong_address, break_and_mend),
], ids=lambda function: function.__name__)
def test_change_ends_the_wait(waiting, wrong, mend):
    waiting(wrong, mend)


def test_key_that_somebody_brings_ends_the_wait(waiting):
    def bring(machine, system):
        line = f"007 web-01 any {'c' * 64}"
        machine.write("/root/key", line + "\n")
        done = system.run("agent-register import /root/key")
        assert done.exit_status == 0, done.stdout
    waiting(wrong_password, bring)


def test_other_files_do_not_end_it(machine, start_manager):
    """What lies beside them is not ours."""
    wrong_password(machine)
    machine.restart_soon()
    manager = start_manager(machine)
    with machine.boot() as system:
        system.wait_until_booted()
        system.wait_for_property("agent-register", "SubState", "running")
        system.wait_for_status("agent-register", "Waiting for attempt")
        asked = len(manager.requests)
        machine.write("/etc/agent-register/README", "x")
        machine.write("/var/ossec/etc/local_options", "x")
        machine.write("/etc/credstore/other.password", "x")
        # the next change that counts comes after these, so they have been looked at
        mend_file(machine, system)
        system.wait_for_start("wazuh-agent")
        assert len(manager.requests) == asked + 1
        entries = [entry["MESSAGE"] for entry in system.journal(SYSLOG_IDENTIFIER="agent-register")]
    assert len([text for text in entries if "has changed" in text]) == 1


# ------------------------------------------------------------------ a person

def test_start_by_hand_does_not_wait_for_nothing(machine, start_manager, tmp_path):
    """An untrusted manager stays one for half a minute at least. The budget is for boots."""
    machine.restart_soon()
    start_manager(machine, certificate=scripted_manager.make_certificates(tmp_path))
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"  # nothing is configured
        machine.configure()
        begin = time.monotonic()
        started = system.run("systemctl start agent-register")
        assert time.monotonic() - begin < PATIENCE
        assert started.exit_status == 1 and "Job for agent-register.service failed" in \
            started.stdout
        (entry,) = system.journal(MESSAGE_ID=message_ids.UNTRUSTED)
        system.wait_for_property("agent-register", "SubState", "running")
        system.wait_for_status("agent-register", "Waiting for attempt")
        assert entry["MESSAGE"] in system.show("agent-register")["StatusText"]
