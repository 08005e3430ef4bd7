# SPDX-License-Identifier: ISC
"""First boots with method = enroll: an enrollment token is all that the machine is given, and
the unit's sandbox lets the program store what an agent of Wazuh 5 expects."""
import json

import message_ids

CONFIG = "[manager]\nmethod = enroll\n"


def check_files(machine, system, manager, certificates):
    (name, key, secret), = manager.agents.values()
    assert machine.read("/var/ossec/etc/client.keys") == f"001 {name} any {key}\n"
    assert machine.read("/var/ossec/etc/reenroll.secret") == f"001 {secret}\n"
    assert machine.read("/var/ossec/etc/certs/root-ca.pem") == (certificates / "ca.pem").read_text()
    modes = system.run(
        "cd /var/ossec/etc && stat -c '%a %U %G' client.keys reenroll.secret certs/root-ca.pem "
        "certs"
    ).stdout
    assert modes == "640 root wazuh\n" * 3 + "1770 root wazuh\n"


def test_token_in_a_file(machine, start_wazuh5, enrollment_token, certificates):
    machine.configure(
        CONFIG + "[auth]\ntoken_file = /etc/agent-register/token\nforget_secret = yes\n"
    )
    machine.write("/etc/agent-register/token", enrollment_token + "\n", 0o600)
    manager = start_wazuh5(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
        (registered,) = system.journal(MESSAGE_ID=message_ids.REGISTERED)
        status = json.loads(system.run("agent-register status --json").stdout)
        check_files(machine, system, manager, certificates)
    assert registered["METHOD"] == "enroll" and status["manager"] == "manager.example:1517"
    assert not machine.path("/etc/agent-register/token").exists()
    assert len(machine.agent_starts()) == 1


def test_token_as_a_credential(machine, start_wazuh5, enrollment_token, certificates):
    """And a manager whose clock is a day ahead."""
    machine.configure(CONFIG)
    manager = start_wazuh5(machine, clock=86400)
    with machine.boot(credentials={"agent-register.token": enrollment_token}) as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
        check_files(machine, system, manager, certificates)
    assert [request.path for request in manager.requests] == [
        "/wazuh-manager/cacerts", "/wazuh-manager/enroll", "/wazuh-manager/enroll"]
