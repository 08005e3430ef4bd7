# SPDX-License-Identifier: ISC
"""agent-auth, run by hand or by a script on a machine whose boots agent-register.service looks
after."""
import agent_machine
import message_ids
import scripted_manager

AGENT_AUTH = "/var/ossec/bin/agent-auth -m manager.example -v /etc/agent-register/ca.pem"
KEY_LINE = f"007 web-01 any {scripted_manager.KEY}"


def prepare(machine):
    """What a script finds on a machine: the program in its old place, the password file that
    Wazuh's agents have."""
    machine.path("/var/ossec/bin/agent-auth").symlink_to("/usr/sbin/agent-auth")
    machine.write("/var/ossec/etc/authd.pass", scripted_manager.PASSWORD + "\n", 0o640)
    machine.write("/etc/hostname", "web-01\n")


def test_the_key_is_found_by_the_service(machine, start_manager):
    """On a machine without a configuration, on which the agent starts without a key: it has this
    one from its restart on, and at the next boot, as with a key of our own."""
    prepare(machine)
    manager = start_manager(machine)
    machine.write("/etc/agent-register/ca.pem", (machine.certificates / "ca.pem").read_text())
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        (without_key,) = machine.agent_starts()
        assert len(without_key) == 1
        done = system.run(AGENT_AUTH)
        assert done.exit_status == 0, done.stdout
        assert done.stdout.endswith("INFO: Connection closed.\n"), done.stdout
        assert system.run("systemctl restart wazuh-agent").exit_status == 0
        assert [start[-1] for start in machine.agent_starts()[1:]] == [KEY_LINE]
        assert machine.agent_starts()[1][1] == f"-rw-r----- 0:{agent_machine.AGENT_GROUP}"
        system.shut_down()
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        assert system.journal(MESSAGE_ID=message_ids.ALREADY_REGISTERED)
    assert [start[-1] for start in machine.agent_starts()[1:]] == [KEY_LINE, KEY_LINE]
    assert len(manager.requests) == 1


def test_the_waiting_service_takes_the_key(machine, start_manager):
    """While the service waits for its turn with a manager that refuses it, a person is luckier:
    the service sees the key in its next round, and starts the agent."""
    prepare(machine)
    machine.configure(config=agent_machine.configuration(more="[retry]\nmax = 1 s\n"),
                      password="wrong")
    machine.restart_soon()
    manager = start_manager(machine)
    with machine.boot() as system:
        system.wait_for_entry(MESSAGE_ID=message_ids.REFUSED)
        assert machine.agent_starts() == []
        done = system.run(AGENT_AUTH)
        assert done.exit_status == 0, done.stdout
        system.wait_for_start("wazuh-agent")
        assert system.journal(MESSAGE_ID=message_ids.ALREADY_REGISTERED)
    assert machine.agent_starts()[0][-1] == KEY_LINE
    granted = [request for request in manager.requests if "wrong" not in request]
    assert len(granted) == 1
    assert granted[0].startswith(f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:'web-01'")
