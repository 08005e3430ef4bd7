# SPDX-License-Identifier: ISC
"""Which agents are started with a new key: those that systemd would start at boot, and no other."""
import uuid

import agent_layouts
import agent_machine
import message_ids
import pytest
import scripted_manager
from agent_layouts import AGENTS, MANAGERS, keys_at_starts

LINE = f"007 web-01 any {scripted_manager.KEY}\n"


def disable(machine, unit):
    """As `systemctl disable` and `update-rc.d disable` leave it. With a machine ID, because systemd
    enables everything at the first boot of a machine that has none."""
    machine.write("/etc/machine-id", uuid.uuid4().hex + "\n")
    for place in ("etc/systemd/system/*.wants", "etc/rc?.d"):
        for link in machine.tree.glob(f"{place}/*"):
            if link.name in (unit, "S01ossec"):
                link.unlink()


@pytest.fixture(params=AGENTS)
def layout(request):
    return AGENTS[request.param]


@pytest.fixture
def machine(new_machine, layout):
    machine = new_machine(agent=False)
    layout.install(machine)
    machine.configure(agent_machine.configuration(
        more=f"[agent]\ndirectory = {layout.directory}\n"))
    return machine


def messages(system):
    return [entry["MESSAGE"] for entry in system.journal(SYSLOG_IDENTIFIER="agent-register")]


def test_disabled_agent_stays_stopped(machine, layout, start_manager):
    """It has its key, and starts with that when somebody wants it to."""
    not_started = (f"{layout.unit} is not enabled, so it is not started; to start it now and at "
                   f"every boot: systemctl enable --now {layout.unit}")
    disable(machine, layout.unit)
    start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running", system.run("systemctl --failed").stdout
        # which it says after READY=1, when it has started what it starts
        system.wait_for_entry(MESSAGE=not_started)
        assert system.run("systemctl restart agent-register").exit_status == 0
        system.wait_for_entry(count=2, MESSAGE=not_started)
        assert {system.show(unit)["ActiveState"] for unit in layout.units} == {"inactive"}
        assert keys_at_starts(machine) == []
        assert system.run(f"systemctl start {layout.unit}").exit_status == 0
    assert keys_at_starts(machine) == [LINE]


def test_masked_agent_stays_stopped(machine, layout, start_manager):
    start_manager(machine)
    with machine.boot(mask=[layout.unit]) as system:
        assert system.wait_until_booted() == "running", system.run("systemctl --failed").stdout
        system.wait_for_entry(MESSAGE_ID=message_ids.REGISTERED)
        system.wait_for_property("agent-register", "SubState", "exited")
        assert not [text for text in messages(system) if "systemctl" in text]
    assert keys_at_starts(machine) == []


@pytest.fixture
def two_agents(new_machine):
    """Wazuh's, and the init script of an OSSEC that was removed, of which the package manager keeps
    the configuration."""
    machine = new_machine()
    machine.write("/etc/init.d/ossec", agent_layouts.INIT_SCRIPT, 0o755)
    machine.configure(agent_machine.configuration(more="[retry]\nbudget = 0 s\n"))
    machine.restart_soon()
    return machine


def test_init_script_that_was_left_behind(two_agents, start_manager):
    with two_agents.boot() as system:
        assert system.wait_until_booted() == "running"
        start_manager(two_agents)
        system.wait_for_property("wazuh-agent.service", "ActiveState", "active")
        assert system.wait_until_booted() == "running", system.run("systemctl --failed").stdout
        system.wait_for_property("agent-register", "SubState", "exited")
        assert system.show("ossec")["ActiveState"] == "inactive"
        assert not [text for text in messages(system) if "is not enabled" in text]
    assert len(two_agents.agent_starts()) == 1


def test_what_is_wanted_by_the_target(new_machine, start_manager):
    """Whatever a site adds there is started, enabled or not."""
    machine = new_machine()
    disable(machine, "wazuh-agent.service")
    for unit in ("wazuh-agent.service", "site.service"):
        place = f"/etc/systemd/system/agent-registered.target.wants/{unit}"
        machine.path(place).parent.mkdir(exist_ok=True)
        machine.path(place).symlink_to(f"/etc/systemd/system/{unit}")
    machine.write("/etc/systemd/system/site.service",
                  "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n")
    machine.configure()
    start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        for unit in ("wazuh-agent.service", "site.service"):
            system.wait_for_property(unit, "ActiveState", "active")
    assert len(machine.agent_starts()) == 1


def test_stopped_manager_beside_an_agent(new_machine, start_manager):
    agent, manager = AGENTS["hybrid"], MANAGERS["ossec-hids"]
    machine = new_machine(agent=False)
    manager.install_on(machine)
    agent.install(machine)
    machine.configure(agent_machine.configuration(
        more=f"[agent]\ndirectory = {agent.directory}\n"))
    start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        assert system.run(f"systemctl stop {manager.unit}").exit_status == 0
        assert system.run("systemctl restart agent-register").exit_status == 0
        assert system.run(f"systemctl start {agent.unit}").exit_status == 0
        assert system.show(manager.unit)["ActiveState"] == "inactive"
