# SPDX-License-Identifier: ISC
"""How much a unit may log: what loses control does not fill the journal, and of a registrar's
registrations no line is lost."""
import registrar_units

LINES = 50000  # more than journald allows a unit by itself, also on a large disk
MUCH = f"[Service]\nExecStartPre=/usr/bin/seq {LINES}\n"


def logged(system, unit):
    return int(system.run("journalctl --sync; journalctl -q -b -o cat -t seq "
                          f"-u {unit} | wc -l").stdout)


def test_client_does_not_fill_the_journal(machine):
    machine.write("/etc/systemd/system/agent-register.service.d/much.conf", MUCH)
    with machine.boot() as system:
        system.wait_for_entry(UNIT="agent-register.service", JOB_RESULT="done")
        count = logged(system, "agent-register")
        unit = system.show("agent-register")
    assert (unit["LogRateLimitIntervalUSec"], unit["LogRateLimitBurst"]) == ("30s", "1000")
    assert 0 < count < LINES / 2


def test_front_does_not_fill_the_journal(registrar):
    """Nothing that strangers can cause is worth more lines."""
    registrar.write("/etc/systemd/system/agent-registrar.service.d/much.conf", MUCH)
    with registrar.boot() as system:
        registrar_units.start(system)
        count = logged(system, "agent-registrar")
    assert 0 < count < LINES / 2


def test_keeper_loses_no_line(registrar):
    registrar.write("/etc/systemd/system/agent-registrar-keeper.service.d/much.conf", MUCH)
    with registrar.boot() as system:
        registrar_units.start(system)
        assert logged(system, "agent-registrar-keeper") == LINES
