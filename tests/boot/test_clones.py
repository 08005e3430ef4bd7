# SPDX-License-Identifier: ISC
"""Copies of a machine's disk: each must become an agent of its own, and until it is, must not
act as the other one."""
import uuid

import agent_machine
import message_ids
import scripted_manager


def test_copy_with_the_same_machine_id_is_the_same_machine(original, new_machine):
    """A disk that is moved, or restored from a backup."""
    copy = new_machine(like=original)
    with copy.boot() as system:
        assert system.wait_until_booted() == "running"
        assert system.journal(MESSAGE_ID=message_ids.ALREADY_REGISTERED)
    assert len(copy.agent_starts()) == 2


def test_copy_with_another_machine_id_registers_anew(original, new_machine, start_manager):
    copy = new_machine(like=original)
    copy.write("/etc/machine-id", uuid.uuid4().hex + "\n")
    copy.write("/etc/hostname", "web-02\n")
    manager = start_manager(copy)
    with copy.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
        assert system.journal(MESSAGE_ID=message_ids.CLONED)
    assert len(manager.requests) == 1
    assert copy.agent_starts()[-1][-1] == f"007 web-02 any {scripted_manager.KEY}"
    assert len(copy.agent_starts()) == 2


def test_copy_holds_its_agent_back(original, new_machine):
    """The other one's key is there, so the agent could start; but two agents with one key shut
    each other out."""
    copy = new_machine(like=original, network=False)
    copy.write("/etc/machine-id", uuid.uuid4().hex + "\n")
    copy.write(agent_machine.CONFIG, agent_machine.configuration(more="[retry]\nbudget = 100 ms\n"))
    copy.restart_soon()
    with copy.boot() as system:
        assert system.wait_until_booted() == "running"
        assert system.run("timeout 2 systemctl start --no-block wazuh-agent").exit_status == 0
        assert system.show("wazuh-agent")["ActiveState"] == "inactive"
    assert len(copy.agent_starts()) == 1


def test_refused_copy_holds_its_agent_back(original, new_machine):
    copy = new_machine(like=original)
    copy.write("/etc/machine-id", uuid.uuid4().hex + "\n")
    copy.write(agent_machine.CONFIG,
               agent_machine.configuration(more="[identity]\non_clone = refuse\n"))
    with copy.boot() as system:
        assert system.wait_until_booted() == "degraded"
        assert system.show("agent-register")["ExecMainStatus"] == "79"
        assert system.show("wazuh-agent")["ActiveState"] == "inactive"
    assert len(copy.agent_starts()) == 1
