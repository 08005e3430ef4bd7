# SPDX-License-Identifier: ISC
"""The command `report` on a machine whose agent does not get its key."""
import re


def test_report_of_a_refusal(machine, start_manager):
    machine.configure(password="wrong-pass-word")
    start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        done = system.run("agent-register report")
    parts = re.split(r"(?m)^===== (.*)\n", done.stdout)
    found = {title.split(" (")[0]: text for title, text in zip(parts[1::2], parts[2::2])}
    refused = "manager.example:1515 says: Invalid password"
    for section, words in {
            "versions": ["systemd 2", "Linux", "distribution"],
            "configuration": ["address = manager.example"],
            "status": ["registered    no", refused],
            "check": ["whether the manager accepts the password", refused],
            "the agent's files": ["agent: Wazuh 4 (found /",
                                  "/var/ossec/etc: directory, mode 0770"],
            "units": ["agent-register.service - Register", "wazuh-agent.service"],
            "journal of this boot": [refused]}.items():
        for word in words:
            assert word in found[section].replace("\n               ", " "), done.stdout
    assert done.exit_status == 0 and "wrong-pass-word" not in done.stdout
