# SPDX-License-Identifier: ISC
"""A file system that cannot be mounted: the machine stops at a prompt for its administrator, and
nothing is registered."""

BROKEN = (
    "[Unit]\nDefaultDependencies=no\nBefore=local-fs.target\n[Service]\nType=oneshot\n"
    "ExecStart=false\n"
    "[Install]\nRequiredBy=local-fs.target\n"
)


def test_emergency_mode(machine, start_manager):
    machine.configure()
    machine.write("/etc/systemd/system/disk.service", BROKEN)
    machine.enable("disk.service")
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "maintenance"
        unit = system.show("agent-register")
    assert (unit["ActiveState"], unit["ExecMainStartTimestampMonotonic"]) == ("inactive", "0")
    assert manager.requests == []
