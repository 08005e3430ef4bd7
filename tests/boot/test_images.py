# SPDX-License-Identifier: ISC
"""Images and what becomes of them: a machine made ready for copying, and copies that were not."""
import uuid

import agent_machine
import message_ids
import pytest
import scripted_manager

INSTANCE = "/var/lib/cloud/data/instance-id"
OTHER_KEY = "f" * 64


def issue_another(request):
    return (
        scripted_manager.want_password(request)
        .replace("'007 ", "'008 ")
        .replace(scripted_manager.KEY, OTHER_KEY)
    )


def test_original_and_copy_both_boot(original, new_machine, start_manager):
    """Both at the same time: the copy becomes another agent, the original stays the one it was."""
    copy = new_machine(like=original)
    copy.write("/etc/machine-id", uuid.uuid4().hex + "\n")
    copy.write("/etc/hostname", "web-02\n")
    manager = start_manager(copy, answer=issue_another)
    with original.boot() as first, copy.boot() as second:
        assert first.wait_until_booted() == "running"
        assert second.wait_until_booted() == "running"
        second.wait_for_start("wazuh-agent")
        assert first.show("agent-register")["StatusText"] == "Registered as web-01 (id 007)"
        assert second.show("agent-register")["StatusText"] == "Registered as web-02 (id 008)"
        (noticed,) = second.journal(MESSAGE_ID=message_ids.CLONED)
        assert not first.journal(MESSAGE_ID=message_ids.CLONED)
    assert (noticed["AGENT_NAME"], noticed["AGENT_ID"]) == ("web-01", "007")
    assert len(manager.requests) == 1 and "A:'web-02'" in manager.requests[0]
    old, new = f"007 web-01 any {scripted_manager.KEY}", f"008 web-02 any {OTHER_KEY}"
    assert copy.read(agent_machine.KEYS + ".clone") == old + "\n"
    assert [start[-1] for start in original.agent_starts()] == [old, old]
    assert [start[-1] for start in copy.agent_starts()] == [old, new]
    with copy.boot() as second:  # and from now on it is at home
        assert second.wait_until_booted() == "running"
        assert not second.journal(MESSAGE_ID=message_ids.CLONED)
    assert len(manager.requests) == 1


def test_copy_that_keeps_the_identity(original, new_machine):
    copy = new_machine(like=original)
    copy.write("/etc/machine-id", uuid.uuid4().hex + "\n")
    copy.write(agent_machine.CONFIG,
               agent_machine.configuration(more="[identity]\non_clone = keep\n"))
    with copy.boot() as system:
        assert system.wait_until_booted() == "running"
        assert "kept" in system.journal(MESSAGE_ID=message_ids.CLONED)[0]["MESSAGE"]
        assert system.show("wazuh-agent")["ActiveState"] == "active"
    assert len(copy.agent_starts()) == 2


def test_another_cloud_instance_is_another_machine(machine, start_manager):
    """The image has kept its machine id, as many do; the cloud knows better."""
    machine.configure()
    machine.write(INSTANCE, "i-0001\n")
    with start_manager(machine), machine.boot() as system:
        assert system.wait_until_booted() == "running"
    machine.write(INSTANCE, "i-0002\n")
    manager = start_manager(machine, answer=issue_another)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
        assert system.journal(MESSAGE_ID=message_ids.CLONED)
    assert len(manager.requests) == 1
    assert machine.agent_starts()[-1][-1] == f"008 web-01 any {OTHER_KEY}"


def test_key_of_another_tool_is_adopted(machine, new_machine, start_manager):
    """... and bound, so that a copy is noticed."""
    machine.configure()
    machine.write(agent_machine.KEYS, f"003 web-01 any {OTHER_KEY}\n", 0o640)
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        assert system.show("agent-register")["StatusText"] == "Registered as web-01 (id 003)"
    assert manager.requests == []
    assert machine.read(agent_machine.KEYS) == f"003 web-01 any {OTHER_KEY}\n"
    copy = new_machine(like=machine)
    copy.write("/etc/machine-id", uuid.uuid4().hex + "\n")
    start_manager(copy)
    with copy.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
        assert system.journal(MESSAGE_ID=message_ids.CLONED)
    assert copy.agent_starts()[-1][-1] == f"007 web-01 any {scripted_manager.KEY}"


# ------------------------------------------------------------------ reset

def test_reset_makes_an_image(machine, new_machine, start_manager):
    """Asks, refuses, and obeys; and what is copied then registers by itself without a word about
    clones."""
    machine.configure()
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        machine.write("/var/ossec/queue/rids/sender", "1:1")
        machine.write("/var/ossec/queue/rids/007", "1:1")
        running = system.run("agent-register reset --yes")
        assert running.exit_status != 0 and "wazuh-agent.service is running" in running.stdout
        system.run("systemctl stop wazuh-agent")
        asked = system.run("agent-register reset")
        assert asked.exit_status != 0 and "--yes" in asked.stdout
        assert "web-01 (id 007)" in asked.stdout
        assert machine.has_key()
        no = system.run("echo no | script -qec 'agent-register reset' /dev/null")
        assert "Nothing was changed" in no.stdout and machine.has_key()

        assert system.run("agent-register reset --yes").exit_status == 0
        left = system.run(
            "ls -A /var/ossec/etc /var/ossec/queue/rids /var/lib/agent-register"
        ).stdout
        assert left.split() == ["/var/lib/agent-register:", "/var/ossec/etc:",
                                "/var/ossec/queue/rids:"]
        assert (
            scripted_manager.KEY
            not in system.run("agent-register status; journalctl -o export").stdout
        )
    assert len(manager.requests) == 1
    copy = new_machine(like=machine)
    copy.write("/etc/machine-id", uuid.uuid4().hex + "\n")
    copy.write("/etc/hostname", "web-02\n")
    start_manager(copy, answer=issue_another)
    with copy.boot() as system:
        assert system.wait_until_booted() == "running"
        assert not system.journal(MESSAGE_ID=message_ids.CLONED)
    assert copy.agent_starts()[-1][-1] == f"008 web-02 any {OTHER_KEY}"


@pytest.mark.parametrize("answer, gone", [("yes", True), ("no", False)])
def test_reset_asks_a_person(answer, gone, original):
    with original.boot(mask=["wazuh-agent.service"]) as system:
        system.wait_until_booted()
        said = system.run(f"echo {answer} | script -qec 'agent-register reset' /dev/null").stdout
    assert "Type yes to continue" in said and ("Agent identity removed" in said) == gone
    assert original.has_key() != gone


def test_forced_reset_while_the_agent_runs(original):
    with original.boot() as system:
        system.wait_until_booted()
        assert system.run("agent-register reset --yes --force").exit_status == 0
    assert not original.has_key()
