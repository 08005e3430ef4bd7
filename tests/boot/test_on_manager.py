# SPDX-License-Identifier: ISC
"""agent-register installed on a manager, some of whose units have the names of an agent's: the
manager starts as it would without, and its client.keys stays what it is."""
import agent_layouts
import agent_machine
import message_ids
import nspawn
import pytest
from agent_layouts import keys_at_starts

ELSEWHERE = "another directory"
FRESH, AGENTS_KEY = "", f"001 web-02 any {'5a' * 32}\n"


@pytest.fixture(params=agent_layouts.MANAGERS)
def kind(request):
    return request.param


@pytest.fixture
def layout(kind):
    return agent_layouts.MANAGERS[kind]


@pytest.fixture
def host(new_machine, layout):
    """The manager's machine, with an empty key file, and agent-register enabled."""
    machine = new_machine(agent=False)
    layout.install_on(machine)
    return machine


def key_file(layout):
    return f"{layout.directory}/etc/client.keys"


def check_that_it_runs(system, layout):
    assert system.wait_until_booted() == "running", system.run("systemctl --failed").stdout
    for unit in layout.units:
        shown = system.show(unit)
        assert (shown["ActiveState"], shown.get("Result", "success")) == ("active", "success"), unit
    return [entry["MESSAGE"] for entry in system.journal(MESSAGE_ID=message_ids.MANAGER)]


def test_configured(host, kind, layout, start_manager):
    """Even where somebody has configured it to register this machine."""
    host.configure(agent_machine.configuration(
        more=f"[agent]\ndirectory = {layout.directory}\n"))
    manager = start_manager(host)
    with host.boot() as system:
        (said,) = check_that_it_runs(system, layout)
        unit = system.show("agent-register")
        forced = system.run("agent-register --force")
        reset = system.run("agent-register reset --yes --force")
        auth = system.run(f"agent-auth -m manager.example -D {layout.directory}")
        # once for a boot, however often the manager is started
        system.run(f"systemctl restart {layout.unit}")
        assert check_that_it_runs(system, layout) == [said]
        target = system.show("agent-registered.target")["ActiveState"]
    assert said.startswith("This machine is a manager, not an agent: "), kind
    assert (unit["ActiveState"], unit["SubState"]) == ("active", "exited")
    assert (forced.exit_status, reset.exit_status, auth.exit_status) == (78, 78, 1)
    assert target == "inactive"
    assert manager.requests == [] and host.read(key_file(layout)) == FRESH
    assert keys_at_starts(host) == [FRESH, FRESH]


@pytest.mark.parametrize("kind", ["ossec-hids"])
def test_manager_with_an_agent(host, layout, start_manager):
    """The key of its only agent is not this machine's."""
    host.write(key_file(layout), AGENTS_KEY, 0o640)
    host.configure()
    manager = start_manager(host)
    with host.boot() as system:
        assert len(check_that_it_runs(system, layout)) == 1
        assert system.run("agent-register status").exit_status == 3
        assert system.run("agent-register reset --yes").exit_status == 78
    assert manager.requests == [] and host.read(key_file(layout)) == AGENTS_KEY
    assert keys_at_starts(host) == [AGENTS_KEY]


def test_not_configured(host, kind, layout):
    """Installed, for agent-registrar, and nothing else done."""
    with host.boot() as system:
        said = check_that_it_runs(system, layout)
    assert len(said) == (0 if kind == ELSEWHERE else 1)
    assert keys_at_starts(host) == [FRESH]


@pytest.mark.parametrize("kind", [kind for kind, manager in agent_layouts.MANAGERS.items()
                                  if manager.programs or manager.parts])
def test_without_the_service(host, layout):
    """The drop-in sees the programs by itself; only a type in a file it cannot read."""
    with host.boot(mask=["agent-register.service"]) as system:
        check_that_it_runs(system, layout)
    assert keys_at_starts(host) == [FRESH]


@pytest.mark.parametrize("kind", ["init script"])
def test_misconfigured(host, layout):
    host.write(agent_machine.CONFIG, "[manager]\nadress = x\n")
    with host.boot() as system:
        assert system.wait_until_booted() == "degraded"
        assert system.show("agent-register")["ExecMainStatus"] == "78"
        assert system.show(layout.unit)["ActiveState"] == "active"
    assert keys_at_starts(host) == [FRESH]


def test_agent_beside_a_manager(new_machine, start_manager):
    """OSSEC's hybrid: the agent of a manager's machine waits for its key and is restarted with it;
    the manager is left alone."""
    agent, manager = agent_layouts.AGENTS["hybrid"], agent_layouts.MANAGERS["ossec-hids"]
    machine = new_machine(agent=False)
    manager.install_on(machine)
    agent.install(machine)
    machine.configure(agent_machine.configuration(
        more=f"[agent]\ndirectory = {agent.directory}\n"))
    start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running", system.run("systemctl --failed").stdout
        assert system.show(agent.unit)["ActiveState"] == "active"
        since = system.show(manager.unit)["ActiveEnterTimestampMonotonic"]
        forced = system.run("agent-register --force")
        assert f"Restarting {agent.unit}," in forced.stdout
        assert manager.unit not in forced.stdout
        system.wait_for_entry(UNIT=agent.unit, MESSAGE_ID=nspawn.UNIT_STARTING, count=2)
        assert f"{agent.unit} is running" in system.run("agent-register reset --yes").stdout
        system.run(f"systemctl stop {agent.unit}")
        assert system.run("agent-register reset --yes").exit_status == 0
        assert system.show(manager.unit)["ActiveEnterTimestampMonotonic"] == since
    assert machine.read("/var/ossec/etc/client.keys") == FRESH


def test_manager_that_becomes_an_agent(new_machine):
    """Nothing of what was said of the manager stays."""
    manager, agent = agent_layouts.MANAGERS["local by its type"], agent_layouts.AGENTS["ossec-hids"]
    machine = new_machine(agent=False)
    manager.install_on(machine)
    machine.configure(agent_machine.configuration(more="[retry]\nbudget = 0 s\n"))
    with machine.boot() as system:
        check_that_it_runs(system, manager)
        system.run("systemctl disable --now ossec; rm /etc/init.d/ossec")
        machine.write("/etc/ossec-init.conf", agent_layouts.init_file("agent"))
        agent.install(machine)
        assert system.run("systemctl daemon-reload").exit_status == 0
        assert system.run("systemctl restart agent-register").exit_status != 0
        assert system.run("systemctl start ossec-hids").exit_status == 0
        assert system.show("ossec-hids")["ConditionResult"] == "no"
    assert keys_at_starts(machine) == [FRESH]
