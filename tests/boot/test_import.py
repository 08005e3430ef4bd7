# SPDX-License-Identifier: ISC
"""Keys that were exported at the manager, brought to a machine that boots."""
import base64

import agent_machine
import pytest
import scripted_manager

LINE = f"001 web-01 any {scripted_manager.KEY}"
EXPORT = base64.b64encode(LINE.encode()).decode()
METHOD = "[manager]\nmethod = import\n"


def test_first_boot_with_a_credential(machine):
    """No manager, no network, no host name is needed."""
    machine.write(agent_machine.CONFIG, METHOD)
    with machine.boot(credentials={"agent-register.client-key": EXPORT}) as system:
        assert system.wait_until_booted() == "running"
        unit = system.show("agent-register")
        status = system.run("agent-register status").stdout
        everything = system.run(
            "journalctl -o export; systemctl show agent-register; cat /var/lib/agent-register/*"
        ).stdout
    (start,) = machine.agent_starts()
    assert start[1:] == [f"-rw-r----- 0:{agent_machine.AGENT_GROUP}", LINE]
    assert (unit["ActiveState"], unit["Result"]) == ("active", "success")
    assert unit["StatusText"] == "Registered as web-01 (id 001)"
    assert "method        import" in status
    assert scripted_manager.KEY not in everything and EXPORT not in everything


def test_everything_from_credentials(machine):
    credentials = {
        "agent-register.conf": METHOD.replace("\n", "\\n"),
        "agent-register.client-key": EXPORT,
    }
    for _ in range(2):
        with machine.boot(credentials=credentials) as system:
            assert system.wait_until_booted() == "running"
    assert [start[2] for start in machine.agent_starts()] == [LINE, LINE]


def test_key_file_that_is_forgotten(machine):
    """The unit's sandbox lets the program delete it where the manual page says."""
    machine.write(agent_machine.CONFIG,
                  METHOD + "[auth]\nkey_file = /etc/agent-register/key\nforget_secret = yes\n")
    machine.write("/etc/agent-register/key", EXPORT + "\n", 0o600)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
    assert len(machine.agent_starts()) == 1
    assert not machine.path("/etc/agent-register/key").exists()
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
    assert len(machine.agent_starts()) == 2


@pytest.mark.parametrize(
    "more, words",
    [("", "agent-register.client-key"),
     ("[auth]\nkey_file = /etc/agent-register/key\n", "/etc/agent-register/key: No such file")],
    ids=["credential", "file"],
)
def test_no_key(machine, more, words):
    """The agent is skipped, the boot goes on, and the unit says what is missing and does not try
    again by itself."""
    machine.write(agent_machine.CONFIG, METHOD + more)
    with machine.boot() as system:
        assert system.wait_until_booted() == "degraded"
        unit, agent = system.show("agent-register"), system.show("wazuh-agent")
        said = system.run("journalctl --sync; journalctl -u agent-register").stdout
    assert (unit["ActiveState"], unit["ExecMainStatus"], unit["NRestarts"]) == ("failed", "78", "0")
    assert agent["ActiveState"] == "inactive" and machine.agent_starts() == []
    assert words in said


def test_by_hand_while_the_agent_runs(machine):
    """The running agent is restarted with the new key."""
    machine.write(agent_machine.KEYS, LINE.replace("001", "009") + "\n", 0o640)
    machine.write("/root/key", EXPORT, 0o600)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        done = system.run("agent-register import --yes /root/key")
        assert done.exit_status == 0, done
        assert "Restarting wazuh-agent.service" in done.stdout
        system.run("systemctl start wazuh-agent")  # which waits for the restart that is under way
    assert [start[2] for start in machine.agent_starts()] == [LINE.replace("001", "009"), LINE]
