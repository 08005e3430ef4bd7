# SPDX-License-Identifier: ISC
"""doc/autoscaling.md, with a real agent-registrar: from the first boot to the end of a machine
whose name another agent has."""
import base64

import agent_conf
import agent_machine
import guide
import wazuh5_manager

NAME = "web-i-0123456789abcdef0"
PIN = "sha256//JNOdhF0SNgbMNUUFNiVOwwZOoF2ULOzNgQ0zJ0z2U3M="


def names(system):
    """Of the agents that the manager has."""
    return [line.split()[1] for line in system.run("agent-registrar list").stdout.splitlines()]


def test_autoscaling(machine, new_manager):
    values = {"(the password of the user)": "a good password", "splay = 30 s": "splay = 100 ms"}
    manager = new_manager(machine)
    with guide.Guide("autoscaling", values) as page, manager.boot() as manager_system:
        manager_system.wait_until_booted()
        page.carry_out("On the manager", manager=manager_system)
        pin = wazuh5_manager.spki_pin(manager.path("/var/ossec/etc/sslmanager.cert"))
        values[PIN] = f"sha256//{base64.b64encode(pin).decode()}"
        assert manager_system.run(f"agent-registrar add -n {NAME}").exit_status == 0

        agent_conf.IMAGES["wazuh 4"].install(machine, agent_machine.AGENT_GROUP)
        page.carry_out("In the image", agent=guide.Image(machine))
        machine.write("/var/lib/cloud/data/instance-id", "i-0123456789abcdef0\n")
        with machine.boot() as system:
            assert system.wait_until_booted() == "running"
            page.carry_out("On a machine", agent=system)
            assert system.show("wazuh-agent")["ActiveState"] == "active"
            first, second = names(manager_system)
            assert first == NAME and second.startswith(f"{NAME}-") and len(second) == len(NAME) + 9
        assert names(manager_system) == [NAME]
    assert not machine.has_key()
