# SPDX-License-Identifier: ISC
"""Disks on which no key can be stored: the boot goes on, no manager is asked, and one line
says why."""
import agent_machine
import message_ids
import pytest
import scripted_manager

MOUNT = "/var/ossec/etc"


def mounted(options):
    return lambda machine: machine.write("/etc/fstab", f"none {MOUNT} tmpfs {options} 0 0\n")


def full(machine):
    mounted("size=4k")(machine)
    machine.write(
        "/etc/systemd/system/fill.service",
        f"[Unit]\nRequiresMountsFor={MOUNT}\nBefore=agent-register.service\n[Service]\n"
        f"Type=oneshot\n"
        f"ExecStart=-/bin/sh -c 'head -c 8192 /dev/zero >{MOUNT}/filler'\n"
        "[Install]\nWantedBy=multi-user.target\n",
    )
    machine.enable("fill.service")


def missing(machine):
    machine.path(MOUNT).rmdir()


def a_link(machine):
    machine.path(agent_machine.KEYS).symlink_to("/nowhere/client.keys")


def a_directory(machine):
    machine.path(agent_machine.KEYS).mkdir()


DISKS = {
    "read-only": (mounted("ro"), "Read-only file system"),
    "full": (full, "No space left on device"),
    "missing": (missing, "install the agent"),
    "a link": (a_link, "symbolic link"),
    "a directory": (a_directory, "not a regular file"),
}


@pytest.mark.parametrize("prepare, words", DISKS.values(), ids=DISKS.keys())
def test_no_key_is_asked_for(prepare, words, machine, start_manager):
    machine.configure()
    prepare(machine)
    machine.restart_soon()
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "degraded"
        (entry,) = system.journal(MESSAGE_ID=message_ids.STORAGE_ERROR)
        unit = system.show("agent-register")
        assert system.show("multi-user.target")["ActiveState"] == "active"
    assert words in entry["MESSAGE"], entry["MESSAGE"]
    assert (unit["ActiveState"], unit["ExecMainStatus"], unit["NRestarts"]) == ("failed", "73", "0")
    assert manager.requests == []
    assert not machine.agent_starts()


def test_torn_key_holds_the_agent_back(machine, start_manager):
    """What a power cut has left is no key: the agent starts with the new one, and not before."""
    machine.configure(
        agent_machine.configuration(more="[retry]\nbudget = 0 s\ninitial = 100 ms\nmax = 200 ms\n")
    )
    machine.write(agent_machine.KEYS, "007 web-01 any 0123", 0o640)
    machine.restart_soon()
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        assert system.run("systemctl start wazuh-agent").exit_status == 0
        assert system.show("wazuh-agent")["ActiveState"] == "inactive"
        start_manager(machine)
        system.wait_for_start("wazuh-agent")
    assert [start[-1] for start in machine.agent_starts()] == [
        f"007 web-01 any {scripted_manager.KEY}"
    ]
