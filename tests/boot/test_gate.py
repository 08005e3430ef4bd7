# SPDX-License-Identifier: ISC
"""When the agent waits for a key, and when not: only where agent-register is enabled and configured
is it responsible for the agent; everywhere else the agent starts as its vendor meant, because some
enroll themselves."""
import uuid

import agent_machine
import message_ids
import pytest
import scripted_manager

EMPTY, OWN_LINE = "", f"009 by-itself any {'d' * 64}\n"
MASK = "/etc/systemd/system/agent-register.service"
LINE = f"007 web-01 any {scripted_manager.KEY}"


@pytest.fixture
def machine(new_machine):
    """With a key file that is empty, as Wazuh's package leaves it. With a machine ID, because
    systemd enables everything at the first boot of a machine that has none."""
    machine = new_machine()
    machine.write("/etc/machine-id", uuid.uuid4().hex + "\n")
    machine.write(agent_machine.KEYS, EMPTY, 0o640)
    return machine


def links(machine):
    """What enables the service."""
    return [link for link in machine.tree.glob("etc/systemd/system/*.wants/*")
            if link.name == "agent-register.service"]


def disable(machine):
    for link in links(machine):
        link.unlink()


def disabled(machine):
    machine.configure()
    disable(machine)


def masked(machine):
    machine.configure()
    machine.path(MASK).symlink_to("/dev/null")


def unconfigured(machine):
    del machine


def just_installed(machine):
    """As it is shipped, beside an agent that knows its manager."""
    machine.write(agent_machine.CONFIG, machine.read(
        "/etc/agent-register/agent-register.conf"))
    machine.write("/var/ossec/etc/ossec.conf",
                  "<ossec_config><client><server><address>192.0.2.1</address></server></client>"
                  "</ossec_config>\n")


@pytest.mark.parametrize("state", [disabled, masked, unconfigured, just_installed],
                         ids=lambda state: state.__name__)
def test_agent_starts_as_its_vendor_meant(machine, start_manager, state):
    state(machine)
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running", system.run("systemctl --failed").stdout
        assert system.show("wazuh-agent")["ActiveState"] == "active"
        system.wait_until_inactive("agent-register")
        # and so again, when somebody restarts it
        assert system.run("systemctl restart wazuh-agent").exit_status == 0
        assert system.show("wazuh-agent")["ActiveState"] == "active"
        system.wait_until_inactive("agent-register")
    assert manager.requests == []
    assert len(machine.agent_starts()) == 2


def test_no_unit_of_the_agents_is_pulled_in(machine):
    """Enabling names units that are there, so systemd has nothing to warn of."""
    assert sorted(link.parent.name for link in links(machine)) == [
        "agent-register-wanted.target.wants", "multi-user.target.wants"]


BROKEN = "[manager]\naddress = manager.example\n[tls]\npinn = x\n"


@pytest.mark.parametrize("config, status", [(BROKEN, "78"), (None, "75")],
                         ids=["misconfigured", "no manager"])
def test_agent_waits_for_its_key(machine, config, status):
    """It is enabled and configured, so the agent must not enroll itself in its place."""
    machine.configure(config or agent_machine.configuration(more="[retry]\nbudget = 0 s\n"))
    with machine.boot() as system:
        system.wait_until_booted()
        assert system.show("agent-register")["ExecMainStatus"] == status
        assert system.show("wazuh-agent")["ActiveState"] == "inactive"
        assert system.run("systemctl start wazuh-agent").exit_status == 0, "skipped is no failure"
        assert system.show("wazuh-agent")["ActiveState"] == "inactive"
    assert machine.agent_starts() == []


def test_agent_waits_where_the_service_cannot_even_start(machine):
    machine.configure()
    machine.path("/usr/sbin/agent-register").chmod(0o644)
    with machine.boot() as system:
        assert system.wait_until_booted() in ("degraded", "running")
        assert system.show("agent-register")["ExecMainStatus"] == "203"
        assert system.show("wazuh-agent")["ActiveState"] == "inactive"
    assert machine.agent_starts() == []


def test_agent_with_a_key_starts_whatever_fails(machine):
    """A typo must not cost a machine its agent."""
    machine.configure(BROKEN)
    machine.write(agent_machine.KEYS, OWN_LINE, 0o640)
    with machine.boot() as system:
        assert system.wait_until_booted() == "degraded"
        assert system.show("wazuh-agent")["ActiveState"] == "active"
    assert [start[-1] for start in machine.agent_starts()] == [OWN_LINE.strip()]


@pytest.mark.parametrize("command", ["disable --now", "mask --now"])
def test_who_takes_it_away_gets_the_vendors_agent(machine, command):
    """While the machine runs, after a failure, and without a restart of anything."""
    machine.configure(agent_machine.configuration(more="[retry]\nbudget = 0 s\n"))
    with machine.boot() as system:
        system.wait_until_booted()
        assert system.run("systemctl start wazuh-agent").exit_status == 0
        assert machine.agent_starts() == []
        assert system.run(f"systemctl {command} agent-register").exit_status == 0
        assert system.run("systemctl start wazuh-agent").exit_status == 0
        assert system.show("wazuh-agent")["ActiveState"] == "active"
        assert system.show("agent-register")["ActiveState"] in ("inactive", "failed")
    assert len(machine.agent_starts()) == 1


def test_disabling_ends_the_hold_on_a_copied_key(original, new_machine):
    """What holds the key of another machine back is the service, as long as it is enabled."""
    clone = new_machine(like=original)
    clone.write("/etc/machine-id", uuid.uuid4().hex + "\n")
    clone.configure(agent_machine.configuration(more="[identity]\non_clone = refuse\n"))
    before = len(clone.agent_starts())
    with clone.boot() as system:
        system.wait_until_booted()
        system.wait_for_entry(MESSAGE_ID=message_ids.CLONED)
        assert system.show("wazuh-agent")["ActiveState"] == "inactive"
        assert system.run("systemctl start wazuh-agent").exit_status == 0
        assert len(clone.agent_starts()) == before
        assert system.run("systemctl disable agent-register").exit_status == 0
        assert system.run("systemctl start wazuh-agent").exit_status == 0
        assert system.show("wazuh-agent")["ActiveState"] == "active"
    assert len(clone.agent_starts()) == before + 1


def test_configuring_takes_the_agent_under_its_care(machine, start_manager):
    """An agent that runs without a key is restarted with it."""
    start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        assert [start[-1] for start in machine.agent_starts()] != [LINE]
        machine.configure()
        assert system.run("systemctl restart agent-register").exit_status == 0
        system.wait_for_start("wazuh-agent", count=2)
        assert system.wait_until_booted() == "running"
    assert [start[-1] for start in machine.agent_starts()][1:] == [LINE]


@pytest.mark.parametrize("command", ["start", "restart"])
def test_starting_the_agent_starts_what_was_mended(machine, start_manager, command):
    """`systemctl start wazuh-agent`, after a start that was skipped or was the vendor's, pulls in
    agent-register as the first one did."""
    if command == "start":
        machine.configure(BROKEN)
    start_manager(machine)
    with machine.boot() as system:
        system.wait_until_booted()
        if command == "restart":
            system.wait_until_inactive("agent-register")
        before = len(machine.agent_starts())
        assert before == (command == "restart")
        assert system.run("systemctl start wazuh-agent").exit_status == 0
        assert len(machine.agent_starts()) == before
        if command == "restart":
            system.wait_until_inactive("agent-register")
        machine.configure()
        assert system.run(f"systemctl {command} wazuh-agent").exit_status == 0
        assert machine.agent_starts()[-1][-1] == LINE
        assert system.wait_until_booted() == "running"
