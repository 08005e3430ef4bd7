# SPDX-License-Identifier: ISC
"""doc/replacing-ossec-authd.md, on a manager that has one agent."""
import agent_machine
import guide
import peers

KEYS = f"1024 db-01 any {'5' * 64}\n"


def test_replacing(machine, new_manager):
    with guide.Guide("replacing-ossec-authd") as page, \
            peers.booted(machine, new_manager) as (system, manager_system):
        manager = manager_system.machine
        for name in ("ossec-authd", "ossec-remoted", "ossec-analysisd"):
            manager.write(f"/var/ossec/bin/{name}", "#!/bin/sh\n", 0o550)
        peers.run(manager_system, "agent-registrar init")
        manager.write(agent_machine.KEYS, KEYS, 0o640)
        page.carry_out("Before", manager=manager_system)
        page.carry_out("The change", manager=manager_system)
        machine.configure(agent_machine.configuration("manager.example.org"),
                          peers.password(manager_system))
        machine.write("/etc/agent-register/ca.pem", manager.read("/var/ossec/etc/sslmanager.cert"))
        page.carry_out("How to see that it works", agent=system, manager=manager_system)
        lines = manager.read(agent_machine.KEYS).splitlines(keepends=True)
        assert lines[:2] == [KEYS, machine.read(agent_machine.KEYS)]
        # As the next boot does it, where the socket comes first.
        peers.run(manager_system, "systemctl stop agent-registrar")
        peers.run(manager_system, "systemctl start agent-registrar.socket agent-registrar")
        page.carry_out("Back", manager=manager_system)
        for unit in ("agent-registrar.service", "agent-registrar.socket"):
            shown = manager_system.show(unit)
            assert (shown["ActiveState"], shown["UnitFileState"]) == ("inactive", "disabled"), unit
