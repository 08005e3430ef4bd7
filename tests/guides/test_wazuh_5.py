# SPDX-License-Identifier: ISC
"""doc/wazuh-5.md, with an agent-registrar that answers like a manager of Wazuh 5."""
import guide
import peers
import pytest


def test_wazuh_5(machine, new_manager, build):
    if not (build / "agent-register-https.so").exists():
        pytest.skip("the module with the method enroll is not built")
    with guide.Guide("wazuh-5") as page, \
            peers.booted(machine, new_manager, "wazuh 5") as (system, manager_system):
        manager_system.machine.write("/etc/default/agent-registrar",
                                     'REGISTRAR_OPTIONS="--enroll-port 1517"\n')
        peers.initialize(manager_system, "wazuh")
        page.carry_out("The manager", manager=manager_system)
        peers.start(manager_system)
        page.values["(the token)"] = manager_system.machine.read("/root/token").strip()
        page.carry_out("The agent", agent=system)
        page.carry_out("The first enrollment", agent=system)
        system.wait_for_property("wazuh-agent", "ActiveState", "active")
        page.carry_out("How to see that it worked", agent=system)
        assert peers.has_same_key(system, manager_system)
        assert not machine.path("/etc/agent-register/token").exists()
