# SPDX-License-Identifier: ISC
"""Key files that are no plain files in /var/ossec/etc, seen from inside the unit's sandbox."""
import agent_machine
import message_ids
import pytest
import scripted_manager

LINE = f"007 web-01 any {scripted_manager.KEY}"
DATA = "/data"  # outside what the unit may write


def make_data(machine):
    machine.path(DATA).mkdir(mode=0o750)


def test_link_to_a_valid_key(machine, start_manager):
    """The agent reads through it, so the unit has nothing to do, and does not fail."""
    machine.configure()
    make_data(machine)
    machine.write(f"{DATA}/client.keys", LINE + "\n", 0o640)
    machine.path(agent_machine.KEYS).symlink_to(f"{DATA}/client.keys")
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        (entry,) = system.journal(MESSAGE_ID=message_ids.ALREADY_REGISTERED)
        assert system.show("agent-register")["ActiveState"] == "active"
        assert system.run("agent-register status").exit_status == 0
    assert "web-01 (id 007)" in entry["MESSAGE"]
    assert manager.requests == []
    assert [start[-1] for start in machine.agent_starts()] == [LINE]


@pytest.mark.parametrize("target", [f"{DATA}/ossec-etc", "../../data/ossec-etc"],
                         ids=["absolute", "relative"])
def test_linked_directory(machine, start_manager, target):
    """Where /var/ossec/etc leads, the unit may write."""
    machine.configure()
    make_data(machine)
    machine.path("/var/ossec/etc").rename(machine.path(f"{DATA}/ossec-etc"))
    machine.path("/var/ossec/etc").symlink_to(target)
    start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
    (start,) = machine.agent_starts()
    assert start[-1].endswith(f" any {scripted_manager.KEY}")
    names = {path.name for path in machine.path(f"{DATA}/ossec-etc").iterdir()}
    assert names == {"client.keys"}


def test_keys_file_elsewhere(machine, start_manager):
    """The message names the line for the unit, and with it the key is stored."""
    machine.configure(agent_machine.configuration(
        more=f"[agent]\nkeys_file = {DATA}/client.keys\n"))
    make_data(machine)
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "degraded"
        (entry,) = system.journal(MESSAGE_ID=message_ids.STORAGE_ERROR)
        assert "Read-only file system" in entry["MESSAGE"]
        assert f"ReadWritePaths={DATA} " in entry["MESSAGE"]
        assert manager.requests == []
        machine.write("/etc/systemd/system/agent-register.service.d/keys.conf",
                      f"[Service]\nReadWritePaths={DATA}\n")
        assert system.run("systemctl daemon-reload && systemctl restart agent-register"
                          ).exit_status == 0
    assert machine.read(f"{DATA}/client.keys").endswith(f" any {scripted_manager.KEY}\n")


def mount_one_file(machine):
    """As a container gets it: one file of the host."""
    make_data(machine)
    machine.write(f"{DATA}/keys-of-the-host", "", 0o600)
    machine.write(agent_machine.KEYS, "", 0o640)
    machine.write("/etc/fstab", f"{DATA}/keys-of-the-host {agent_machine.KEYS} none bind 0 0\n")


def test_mounted_file(machine, start_manager):
    machine.configure()
    mount_one_file(machine)
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "degraded"
        (entry,) = system.journal(MESSAGE_ID=message_ids.STORAGE_ERROR)
        assert "mount point" in entry["MESSAGE"] and "keys_in_place" in entry["MESSAGE"]
    assert manager.requests == []
    assert machine.read(f"{DATA}/keys-of-the-host") == ""


def test_mounted_file_written_in_place(machine, start_manager):
    machine.configure(agent_machine.configuration(more="[agent]\nkeys_in_place = yes\n"))
    mount_one_file(machine)
    start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
        messages = [entry["MESSAGE"] for entry in system.journal(_SYSTEMD_UNIT="agent-register"
                                                                               ".service")]
    assert any("not atomically" in message for message in messages), messages
    (start,) = machine.agent_starts()
    assert start[1:] == [f"-rw-r----- 0:{agent_machine.AGENT_GROUP}",
                         machine.read(f"{DATA}/keys-of-the-host").rstrip("\n")]
    assert start[-1].endswith(f" any {scripted_manager.KEY}")
