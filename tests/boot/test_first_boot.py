# SPDX-License-Identifier: ISC
"""The first boot: the key before the agent, and everybody can see what happened."""
import agent_machine
import scripted_manager


def test_agent_starts_only_after_the_key_is_there(machine, start_manager):
    machine.configure()
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        unit, agent = system.show("agent-register"), system.show("wazuh-agent")

    assert manager.requests == [f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:'web-01'"]
    (start,) = machine.agent_starts()
    assert start[1:] == [f"-rw-r----- 0:{agent_machine.AGENT_GROUP}", f"007 web-01 any {scripted_manager.KEY}"]
    assert agent["ActiveState"] == "active"
    assert (unit["ActiveState"], unit["SubState"], unit["Result"]) == ("active", "exited", "success")
    assert int(unit["ActiveEnterTimestampMonotonic"]) <= int(agent["ExecMainStartTimestampMonotonic"])
