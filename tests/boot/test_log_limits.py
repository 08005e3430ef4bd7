# SPDX-License-Identifier: ISC
"""How much a unit may log: a client that loses control does not fill the journal, and of a
registrar's registrations no line is lost."""
import pytest

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


def test_registrar_loses_no_line(machine, build):
    if not (build / "agent-registrar").exists():
        pytest.skip("agent-registrar is not built")
    machine.write("/etc/systemd/system/agent-registrar.service.d/much.conf", MUCH)
    with machine.boot() as system:
        system.wait_until_booted()
        assert system.run("agent-registrar --dialect ossec init && systemctl start agent-registrar"
                          ).exit_status == 0
        assert logged(system, "agent-registrar") == LINES
