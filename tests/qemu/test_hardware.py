# SPDX-License-Identifier: ISC
"""The hardware's ID, which only a machine with firmware of its own has: read inside the unit's
sandbox, it distinguishes a copied disk from a machine whose platform renews its instance ID."""
import agent_machine
import message_ids

STATE = "/var/lib/agent-register/state"
UUIDS = ("8a1b0c2d-3e4f-5061-7283-94a5b6c7d8e9", "c0ffee00-1234-4a5b-8c6d-7e8f90a1b2c3",
         "5d3e2f10-9b8a-4c7d-8e6f-a1b2c3d4e5f6")
VENDORS_DEFAULT = "03000200-0400-0500-0006-000700080009"


def boot(machine, uuid, given):
    machine.boot(credentials=given, firmware=["-uuid", uuid])
    assert machine.wait_until_booted() == "running"
    assert machine.run("cat /sys/class/dmi/id/product_uuid").stdout.strip() == uuid


def become_instance(machine, instance):
    """cloud-init's record, and what a reboot would do with it; on the disk when this returns."""
    assert machine.run(
        f"mkdir -p /var/lib/cloud/data; echo {instance} >/var/lib/cloud/data/instance-id; "
        "agent-register run && sync").exit_status == 0


def switch_off(machine):
    machine.cut_power()
    machine.wait_for_power_cut()


def test_copied_disk_and_renewed_instance_id(machine, manager, credentials):
    given = credentials("web-01")
    boot(machine, UUIDS[0], given)
    state = machine.read(STATE)
    assert "bound_hardware=" in state and UUIDS[0][:8] not in state
    key = machine.read(agent_machine.KEYS)
    become_instance(machine, "i-1")
    become_instance(machine, "i-2")  # of the same machine
    assert "bound_instance=i-2\n" in machine.read(STATE)
    switch_off(machine)

    boot(machine, UUIDS[1], given)  # repaired, or moved to another host
    (noticed,) = machine.journal(MESSAGE_ID=message_ids.REBOUND)
    assert "the hardware ID changed from hash " in noticed["MESSAGE"]
    assert "but the machine ID and the instance ID are the same" in noticed["MESSAGE"]
    assert machine.read(agent_machine.KEYS) == key and len(manager.requests) == 1
    assert machine.run("echo i-3 >/var/lib/cloud/data/instance-id; sync").exit_status == 0
    switch_off(machine)

    boot(machine, UUIDS[2], given)  # the disk of an image, in another instance
    (noticed,) = machine.journal(MESSAGE_ID=message_ids.CLONED)
    assert "the instance ID changed from i-2 to i-3 and the hardware ID" in noticed["MESSAGE"]
    assert machine.read(agent_machine.KEYS) != key and len(manager.requests) == 2
    assert machine.read(agent_machine.KEYS + ".clone") == key


def test_vendors_default_is_no_hardware(machine, manager, credentials):
    boot(machine, VENDORS_DEFAULT, credentials("web-01"))
    assert len(manager.requests) == 1
    assert "bound_machine=" in machine.read(STATE)
    assert "bound_hardware" not in machine.read(STATE)
