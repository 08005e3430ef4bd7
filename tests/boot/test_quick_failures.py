# SPDX-License-Identifier: ISC
"""Failures that last no longer than it takes to say why: the reason is where an administrator looks
for it, in systemctl status and journalctl -u, each time."""
import agent_machine
import registrar_units

TIMES, AT_ONCE = 300, 30
TYPO = "[manager]\nadress = manager.example\n"


def count(system, unit, words):
    return int(system.run(f"journalctl --sync; journalctl -q -b -o cat -u {unit} | "
                          f"grep -c -- '{words}'").stdout)


def test_client(machine):
    machine.configure(TYPO)
    with machine.boot() as system:
        system.wait_until_booted()
        before = count(system, "agent-register", "unknown key")
        for _ in range(TIMES // AT_ONCE):
            system.run(f"for i in $(seq {AT_ONCE}); do systemctl start agent-register; done")
        assert count(system, "agent-register", "unknown key") == before + TIMES
        unit = system.show("agent-register")
        status = system.run("systemctl status agent-register").stdout
    assert (unit["ActiveState"], unit["ExecMainStatus"]) == ("failed", "78")
    assert "unknown key 'adress'" in unit["StatusText"], unit["StatusText"]
    shown = [line for line in status.splitlines() if "unknown key 'adress'" in line]
    assert len(shown) >= 2, f"neither as the status nor in the journal: {status}"


def test_status_of_one_that_was_stopped(machine):
    """It waits for nothing any more."""
    machine.configure(agent_machine.configuration(more="[retry]\nbudget = 1 h\n"))
    with machine.boot() as system:
        system.wait_for_status("agent-register", "Waiting for attempt")
        system.run("systemctl stop agent-register")
        assert system.show("agent-register")["StatusText"] == "Stopped"


def test_front(registrar):
    """It is not root, whose word alone counts in the journal."""
    with registrar.boot() as system:
        registrar_units.start(system)
        stop = "systemctl stop agent-registrar agent-registrar-keeper"
        system.run(stop)
        registrar_units.set_options(registrar, "-n --dialect wazuh --listen 203.0.113.1")
        # systemd refuses the start after some that follow each other as quickly
        system.run(f"for i in $(seq {AT_ONCE}); do systemctl start agent-registrar; {stop}; "
                   "systemctl reset-failed 'agent-registrar*'; done")
        said, failed = (count(system, "agent-registrar", words)
                        for words in ("203.0.113.1", "Main process exited"))
        assert said >= failed >= AT_ONCE, f"{said} of {failed} say why: " \
            f"{registrar_units.journal(system)}"
