# SPDX-License-Identifier: ISC
"""The process that talks to the manager, inside the unit."""
import threading

import agent_machine
import scripted_manager

CHILD = "cat /proc/$(systemctl show -P MainPID agent-register)/task/*/children"


def fields_of(system, pid):
    lines = system.run(f"cat /proc/{pid}/status").stdout.splitlines()
    return dict(line.split(":\t", 1) for line in lines)


def test_child_in_the_unit(machine, start_manager):
    """It is confined beyond the unit, and nothing is left out."""
    machine.configure()
    go_on = threading.Event()

    def think(request):
        go_on.wait(20)
        return scripted_manager.want_password(request)
    manager = start_manager(machine, answer=think)
    with machine.boot() as system:
        manager.wait_for_requests(1)
        (child,) = system.run(CHILD).stdout.split()
        main = fields_of(system, system.show("agent-register")["MainPID"])
        fields = fields_of(system, child)
        descriptors = system.run(f"ls -l /proc/{child}/fd").stdout
        go_on.set()
        assert system.wait_until_booted() == "running"
        entries = system.journal(_SYSTEMD_UNIT="agent-register.service")
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(fields[name], 16) == 0, fields
    assert int(main["CapEff"], 16) != 0, main
    assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2"), fields
    assert int(fields["Seccomp_filters"]) == int(main["Seccomp_filters"]) + 1, fields
    assert descriptors.count("/dev/null") == 3 and descriptors.count("socket:") == 2, descriptors
    assert not [entry for entry in entries if "confine" in entry["MESSAGE"]], entries
    assert machine.read(agent_machine.KEYS)


def test_unit_without_landlock(machine, start_manager):
    """An older unit, or a kernel without it: a registration goes on, and says so once."""
    machine.configure()
    machine.write("/etc/systemd/system/agent-register.service.d/without.conf",
                  "[Service]\nSystemCallFilter=~landlock_create_ruleset\n")
    start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        entries = system.journal(_SYSTEMD_UNIT="agent-register.service")
    (entry,) = [entry for entry in entries if "cannot be confined" in entry["MESSAGE"]]
    assert "Landlock is missing" in entry["MESSAGE"] and entry["PRIORITY"] == "5", entry
    assert machine.read(agent_machine.KEYS)
