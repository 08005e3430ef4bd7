# SPDX-License-Identifier: ISC
"""Every layout in which OSSEC and Wazuh are installed, with nothing configured about it but the
directory: the agent starts once it has its key, and is known to run."""
import agent_layouts
import agent_machine
import message_ids
import nspawn
import pytest
import scripted_manager
from agent_layouts import keys_at_starts

NEW_KEY = "e" * 64
LINE = f"007 web-01 any {scripted_manager.KEY}\n"


@pytest.fixture(params=agent_layouts.AGENTS)
def layout(request):
    return agent_layouts.AGENTS[request.param]


def configuration(layout, more=""):
    directory = "" if layout.directory == "/var/ossec" else f"directory = {layout.directory}\n"
    return agent_machine.configuration(more=f"[agent]\n{directory}{more}")


@pytest.fixture
def agent(new_machine, layout):
    """A machine with an agent in this layout, which is not the default of the other tests."""
    machine = new_machine(agent=False)
    layout.install(machine)
    machine.configure(configuration(layout))
    return machine


def states(system, layout):
    return {unit: system.show(unit)["ActiveState"] for unit in layout.units}


def all_are(state, layout):
    return {unit: state for unit in layout.units}


def test_first_boot(agent, layout, start_manager):
    start_manager(agent)
    with agent.boot() as system:
        assert system.wait_until_booted() == "running", system.run("systemctl --failed").stdout
        assert states(system, layout) == all_are("active", layout)
        verified = system.run(f"systemd-analyze verify --man=no {' '.join(layout.units)}").stdout
        drop_ins = [system.show(unit)["DropInPaths"] for unit in layout.units]
        warnings = system.run("journalctl -q -b -p warning -o cat _PID=1 | grep -i ossec").stdout
    assert keys_at_starts(agent) == [LINE]
    for unit, paths in zip(layout.units, drop_ins):
        assert f"/{unit}.d/agent-register.conf" in paths
    assert warnings == ""
    assert [line for line in verified.splitlines() if "agent-regist" in line] == []


def test_key_that_comes_later(agent, layout, start_manager):
    """Without a key the agent is skipped, not failed; with the key it comes."""
    agent.configure(configuration(layout, "[retry]\nbudget = 0 s\n"))
    agent.restart_soon()
    with agent.boot() as system:
        assert system.wait_until_booted() == "running", system.run("systemctl --failed").stdout
        assert states(system, layout) == all_are("inactive", layout)
        assert {system.show(unit)["ConditionResult"] for unit in layout.units} == {"no"}
        assert keys_at_starts(agent) == []
        start_manager(agent)
        system.wait_for_entry(MESSAGE_ID=message_ids.REGISTERED)
        for unit in layout.units:
            system.wait_for_property(unit, "ActiveState", "active")
        assert system.wait_until_booted() == "running"
    assert keys_at_starts(agent) == [LINE]


def test_running_agent(agent, layout, start_manager):
    """reset does not pull the key away from under it; a new key restarts it, once."""
    manager = start_manager(agent)
    with agent.boot() as system:
        assert system.wait_until_booted() == "running"
        refused = system.run("agent-register reset --yes")
        assert refused.exit_status == 1, refused.stdout
        assert f"{layout.unit} is running; stop it first (systemctl stop {layout.unit})" \
            in refused.stdout

        manager.answer = lambda request: scripted_manager.want_password(request).replace(
            scripted_manager.KEY, NEW_KEY)
        forced = system.run("agent-register --force")
        assert forced.exit_status == 0, forced.stdout
        restarting = [line for line in forced.stdout.splitlines() if "Restarting" in line]
        assert len(restarting) == 1 and f"Restarting {layout.unit}," in restarting[0]
        system.wait_for_entry(UNIT=layout.units[-1], MESSAGE_ID=nspawn.UNIT_STARTING, count=2)
        assert system.wait_until_booted() == "running"
        assert states(system, layout) == all_are("active", layout)
        assert keys_at_starts(agent) == [LINE, LINE.replace(scripted_manager.KEY, NEW_KEY)]

        assert system.run(f"systemctl stop {layout.unit}").exit_status == 0
        assert states(system, layout) == all_are("inactive", layout)
        done = system.run("agent-register reset --yes")
        assert done.exit_status == 0, done.stdout
    assert not agent.path(f"{layout.directory}/etc/client.keys").exists()


def test_clone_is_held_back(agent, layout, new_machine, start_manager):
    """The key is there, but it is another machine's: one condition that all the others do not
    outweigh."""
    start_manager(agent)
    with agent.boot() as system:
        assert system.wait_until_booted() == "running"
    clone = new_machine(like=agent)
    clone.write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
    clone.configure(configuration(layout, "[identity]\non_clone = refuse\n"))
    with clone.boot() as system:
        system.wait_until_booted()
        system.wait_for_entry(MESSAGE_ID=message_ids.CLONED)
        assert states(system, layout) == all_are("inactive", layout)
    assert keys_at_starts(clone) == keys_at_starts(agent)


def test_configured_unit_is_the_only_one(new_machine, start_manager):
    """A unit of another name needs its name, and then no other counts."""
    machine = new_machine(agent=False)
    for unit in ("ossec-hids", "site-agent"):
        agent_layouts.control_unit(unit)(machine)
    machine.configure(agent_machine.configuration(more="[agent]\nunit = site-agent.service\n"))
    start_manager(machine)
    with machine.boot() as system:
        system.wait_until_booted()
        system.wait_for_exit("agent-register")
        assert system.run("systemctl stop ossec-hids; systemctl start site-agent").exit_status == 0
        refused = system.run("agent-register reset --yes").stdout
        assert "site-agent.service is running; stop it first" in refused
        assert system.run("systemctl stop site-agent; systemctl start ossec-hids").exit_status == 0
        assert system.run("agent-register reset --yes").exit_status == 0
