# SPDX-License-Identifier: ISC
"""A machine with an agent and a machine with agent-registrar, both booted."""
import re

import agent_machine


def test_machine_registers_with_registrar(machine, new_manager):
    """The certificate and the password are those that the manager has made for itself."""
    manager = new_manager(machine)
    with manager.boot() as manager_system:
        assert manager_system.wait_until_booted() == "running"
        made = manager_system.run("agent-registrar init --dialect wazuh && "
                                  "systemctl enable --now agent-registrar")
        assert made.exit_status == 0, made.stdout
        machine.configure(agent_machine.configuration("manager.example.org"),
                          password=manager.read("/var/ossec/etc/authd.pass").strip())
        machine.write("/etc/agent-register/ca.pem", manager.read("/var/ossec/etc/sslmanager.cert"))
        with machine.boot() as system:
            assert system.wait_until_booted() == "running"
            assert system.show("wazuh-agent")["ActiveState"] == "active"
        listed = manager_system.run("agent-registrar list").stdout
    key = machine.read(agent_machine.KEYS)
    assert re.fullmatch(r"001 web-01 any [0-9a-f]{64}\n", key)
    assert manager.read(agent_machine.KEYS) == key
    assert "001" in listed and "web-01" in listed
