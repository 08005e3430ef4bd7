# SPDX-License-Identifier: ISC
"""doc/wazuh-4.md, with an agent-registrar that answers like a manager of Wazuh 4."""
import guide
import peers


def test_wazuh_4(machine, new_manager):
    with guide.Guide("wazuh-4") as page, \
            peers.booted(machine, new_manager, "wazuh 4") as (system, manager_system):
        page.values["sha256//(the manager's pin)"] = peers.initialize(manager_system, "wazuh")
        page.carry_out("The manager", manager=manager_system)
        peers.start(manager_system)
        page.values["(the password)"] = peers.password(manager_system)
        page.carry_out("The agent", agent=system)
        page.carry_out("The first registration", agent=system)
        system.wait_for_property("wazuh-agent", "ActiveState", "active")
        page.carry_out("How to see that it worked", agent=system)
        assert peers.has_same_key(system, manager_system)
        assert "<enabled>no</enabled>" in machine.read("/var/ossec/etc/ossec.conf")
