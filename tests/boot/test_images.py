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


@pytest.fixture
def registered_instance(machine, start_manager):
    """A machine that was registered as instance i-0001."""
    machine.configure()
    machine.write(INSTANCE, "i-0001\n")
    with start_manager(machine), machine.boot() as system:
        assert system.wait_until_booted() == "running"
    return machine


def test_renewed_instance_is_the_same_machine(registered_instance, start_manager):
    """Platforms renew the instance ID of a machine that is no copy."""
    machine = registered_instance
    machine.write(INSTANCE, "i-0002\n")
    manager = start_manager(machine, answer=issue_another)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        assert system.show("wazuh-agent")["ActiveState"] == "active"
        (noticed,) = system.journal(MESSAGE_ID=message_ids.REBOUND)
    assert "the instance ID changed from i-0001 to i-0002, but the machine ID is the same" in \
        noticed["MESSAGE"]
    assert manager.requests == []
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        assert not system.journal(MESSAGE_ID=message_ids.REBOUND)
    assert len(machine.agent_starts()) == 3


def test_another_instance_with_another_machine_id_is_another_machine(registered_instance,
                                                                      start_manager):
    machine = registered_instance
    machine.write(INSTANCE, "i-0002\n")
    machine.write("/etc/machine-id", uuid.uuid4().hex + "\n")
    manager = start_manager(machine, answer=issue_another)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
        (noticed,) = system.journal(MESSAGE_ID=message_ids.CLONED)
    assert "the machine ID changed from hash " in noticed["MESSAGE"]
    assert "the instance ID changed from i-0001 to i-0002" in noticed["MESSAGE"]
    assert "on_clone = keep" in noticed["MESSAGE"]
    assert len(manager.requests) == 1
    assert machine.agent_starts()[-1][-1] == f"008 web-01 any {OTHER_KEY}"


def test_boot_without_metadata_is_no_copy(registered_instance):
    machine = registered_instance
    machine.write(INSTANCE, "iid-datasource-none\n")
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        assert system.journal(MESSAGE_ID=message_ids.ALREADY_REGISTERED)
        assert not system.journal(MESSAGE_ID=message_ids.REBOUND)
    assert len(machine.agent_starts()) == 2


# Over /etc/machine-id, as systemd does where it cannot write there; before the sandbox is made.
MOUNT_ID = """\
[Unit]
DefaultDependencies=no
Before=agent-register.service systemd-machine-id-commit.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'tr -d - </proc/sys/kernel/random/uuid >/run/machine-id; \
mount --bind /run/machine-id /etc/machine-id'
[Install]
WantedBy=multi-user.target
"""


def test_machine_id_of_each_boot_proves_nothing(machine, start_manager):
    """Of a machine whose /etc cannot be written: every boot has another one, in the unit's sandbox
    as well."""
    machine.configure()
    machine.write("/etc/systemd/system/mount-id.service", MOUNT_ID)
    machine.enable("mount-id.service")
    manager, seen = start_manager(machine), set()
    for _ in range(3):
        with machine.boot(mask=["systemd-machine-id-commit.service"]) as system:
            assert system.wait_until_booted() == "running"
            assert not system.journal(MESSAGE_ID=message_ids.CLONED)
            seen.add(system.run("cat /etc/machine-id").stdout)
            assert "bound_transient=yes\n" in machine.read("/var/lib/agent-register/state")
    assert len(seen) == 3 and len(manager.requests) == 1 and len(machine.agent_starts()) == 3


# Late: in vain it gives the registration the time to be first.
LATE_COMMIT = """\
[Service]
ExecStartPre=-/usr/bin/timeout 3 sh -c 'until grep -q bound_machine /var/lib/agent-register/state; \
do sleep 0.1; done'
"""


def test_machine_id_of_a_first_boot_counts(machine, new_machine, start_manager):
    """systemd writes it down later in that boot, and before the key is bound to it: a copy that is
    made after the first boot is noticed."""
    machine.configure()
    machine.write("/etc/systemd/system/mount-id.service", MOUNT_ID)
    machine.enable("mount-id.service")
    machine.path("/etc/systemd/system/systemd-machine-id-commit.service.d").mkdir()
    machine.write("/etc/systemd/system/systemd-machine-id-commit.service.d/late.conf", LATE_COMMIT)
    with start_manager(machine), machine.boot() as system:
        assert system.wait_until_booted() == "running"
        assert system.run("mountpoint -q /etc/machine-id").exit_status != 0
        assert "bound_transient" not in machine.read("/var/lib/agent-register/state")
    copy = new_machine(like=machine)
    copy.path("/etc/systemd/system/mount-id.service").unlink()
    copy.write("/etc/machine-id", uuid.uuid4().hex + "\n")
    with start_manager(copy, answer=issue_another), copy.boot() as system:
        assert system.wait_until_booted() == "running"
        assert system.journal(MESSAGE_ID=message_ids.CLONED)


FIRMWARE = """\
[Unit]
DefaultDependencies=no
Before=agent-register.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'mount -t tmpfs none /sys/class; mkdir -p /sys/class/dmi/id; \
cat /proc/sys/kernel/random/uuid >/sys/class/dmi/id/product_uuid'
[Install]
WantedBy=multi-user.target
"""


def test_hardware_of_a_host_is_not_the_containers(machine, start_manager):
    """A container that is moved is the same machine, and two on one host are two."""
    machine.configure()
    machine.write("/etc/systemd/system/firmware.service", FIRMWARE)
    machine.enable("firmware.service")
    with start_manager(machine), machine.boot() as system:
        assert system.wait_until_booted() == "running"
        assert system.run("cat /sys/class/dmi/id/product_uuid").stdout.count("-") == 4
    state = machine.read("/var/lib/agent-register/state")
    assert "bound_machine=" in state and "bound_hardware" not in state


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
        system.wait_for_exit("agent-register")
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
