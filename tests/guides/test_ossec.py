# SPDX-License-Identifier: ISC
"""doc/ossec.md, with an agent-registrar that answers like OSSEC's manager."""
import guide
import peers


def test_ossec(machine, new_manager):
    with guide.Guide("ossec") as page, \
            peers.booted(machine, new_manager, "ossec") as (system, manager_system):
        peers.run(manager_system, "mkdir -p /var/ossec/etc")
        page.carry_out("The manager", manager=manager_system)
        peers.initialize(manager_system, "ossec")
        peers.start(manager_system)
        page.values = {
            "(the password)": peers.password(manager_system),
            "(the lines of sslmanager.cert)":
                manager_system.machine.read("/var/ossec/etc/sslmanager.cert").strip(),
        }
        page.carry_out("The agent", agent=system)
        page.carry_out("The first registration", agent=system)
        system.wait_for_property("ossec-hids", "ActiveState", "active")
        page.carry_out("How to see that it worked", agent=system)
        assert peers.has_same_key(system, manager_system)
        assert peers.run(manager_system, "agent-registrar list") == "1024 web-01 any\n"
