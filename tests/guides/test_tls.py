# SPDX-License-Identifier: ISC
"""doc/tls.md, with an agent-registrar as the manager, on which there is the CA as well."""
import agent_machine
import guide
import peers
import screen

PIN_OF = "openssl pkey -in {} -pubout -outform DER | openssl sha256 -binary | base64"


def test_tls(machine, new_manager):
    with guide.Guide("tls") as page, peers.booted(machine, new_manager) as (system, manager_system):
        places = {"agent": screen.Screen(system), "authority": manager_system}
        peers.run(manager_system, "mkdir -p /var/ossec/etc")
        page.carry_out("A CA", **places)
        page.carry_out("A certificate for the manager", **places)
        peers.initialize(manager_system, "wazuh")
        peers.start(manager_system)
        machine.write("/etc/agent-register/manager-ca.pem",
                      manager_system.machine.read("/root/ca/manager-ca.pem"))
        page.carry_out("Machines that trust the CA", **places)
        page.values["(the manager's pin)"] = peers.run(
            manager_system, PIN_OF.format("/root/ca/sslmanager.key")).strip()
        page.carry_out("Machines that know a pin", **places)
        # the page shows the pin of a key that it makes only now
        places["authority"] = NextPin(page, manager_system)
        page.carry_out("A new key for machines that know a pin", **places)
        assert page.values["(the next pin)"] in machine.read(agent_machine.CONFIG)


class NextPin:
    """The authority, which tells the page the pin of the next key once there is one."""

    def __init__(self, page, system):
        self.page, self.system, self.machine = page, system, system.machine

    def run(self, script):
        done = self.system.run(script)
        if self.machine.path("/root/ca/next.key").exists():
            self.page.values["(the next pin)"] = peers.run(
                self.system, PIN_OF.format("/root/ca/next.key")).strip()
        return done
