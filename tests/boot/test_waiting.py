# SPDX-License-Identifier: ISC
"""Managers that do not answer: the boot is held for the budget only, nothing loops, and what was
learned is kept."""
import re
import socket
import time

import agent_machine
import message_ids
import nspawn
import pytest
import scripted_manager

REFUSED = "ERROR: Invalid password\n\n"
# seconds in which systemd does the rest, on a busy machine; what must not hold it takes 30
SLACK = 5
# an hour's: what a start says of one manager, twice (in the boot, in the background)
OUR_LINES_MAX = 6
ALL_LINES_MAX = 16  # with what systemd says of the unit
TWO_MANAGERS = """\
[manager]
address = manager.example
address = manager.example:1516
[tls]
ca_file = /etc/agent-register/ca.pem
[auth]
password_file = /etc/agent-register/password
"""


def state_of(system, name):
    return system.run(f"sed -n s/^{name}=//p /var/lib/agent-register/state").stdout.strip()


def wait_for_attempts(system, count):
    """Until so many attempts were made, which nobody here sees who does not answer."""
    end = time.monotonic() + 30
    while int(state_of(system, "attempts") or 0) < count:
        assert time.monotonic() < end, system.show("agent-register")["StatusText"]
        time.sleep(0.05)


def listen_without_a_word(machine):
    """Connections come about, and nothing follows."""
    return machine.call_at_manager(
        lambda: socket.create_server((nspawn.MANAGER_ADDRESS, 1515), backlog=64)
    )


def seconds_of_boot(system):
    """From the start of agent-register to multi-user.target."""
    start = system.journal(UNIT="agent-register.service", MESSAGE_ID=nspawn.UNIT_STARTING)[0]
    target = int(system.show("multi-user.target")["ActiveEnterTimestampMonotonic"])
    return (target - int(start["__MONOTONIC_TIMESTAMP"])) / 1e6


# ------------------------------------------------------------------ the budget

def nobody(machine, start_manager):  # pylint: disable=unused-argument
    return None


def silence(machine, start_manager):  # pylint: disable=unused-argument
    return listen_without_a_word(machine)


def no_such_host(machine, start_manager):  # pylint: disable=unused-argument
    machine.write("/etc/hosts", "127.0.0.1 localhost\n192.0.2.77 manager.example\n")


def busy(machine, start_manager):
    start_manager(machine, answer=lambda request: scripted_manager.BUSY)


def dropped(machine, start_manager):
    start_manager(machine, answer=scripted_manager.drop)


@pytest.mark.parametrize("condition", [nobody, silence, no_such_host, busy])
def test_boot_is_held_for_the_budget(condition, machine, start_manager):
    """However long an attempt may take: the default for one is 30 s."""
    budget = 1
    machine.configure(
        agent_machine.configuration(more=f"[retry]\nbudget = {budget} s\ninitial = 100 ms\n")
    )
    kept = condition(machine, start_manager)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        seconds = seconds_of_boot(system)
        unit = system.show("agent-register")
    print(f"{condition.__name__}: multi-user.target after {seconds:.2f} s")
    assert seconds < budget + SLACK
    assert unit["ExecMainStatus"] == "75"
    assert not machine.agent_starts()
    if kept:
        kept.close()


# ------------------------------------------------------------------ for ever

@pytest.mark.parametrize("condition, attempts", [(nobody, 40), (busy, 40), (dropped, 10)])
def test_manager_that_never_answers(condition, attempts, machine, start_manager):
    """The failures of days, in seconds: their lines are counted, not waited for."""
    machine.configure(
        agent_machine.configuration(more="[retry]\nbudget = 300 ms\ninitial = 10 ms\nmax = 20 ms\n")
    )
    machine.restart_soon()
    condition(machine, start_manager)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_restart("agent-register.service")
        wait_for_attempts(system, attempts)
        own = [entry["MESSAGE"] for entry in system.journal(SYSLOG_IDENTIFIER="agent-register")]
        about = [
            entry["MESSAGE"] for entry in system.journal(UNIT="agent-register.service", _PID="1")
        ]
        unit = system.show("agent-register")
        made = int(state_of(system, "attempts"))
    print(f"{made} attempts, {len(own)} lines of ours, {len(about)} of systemd's")
    assert len(own) <= OUR_LINES_MAX, own
    assert len(own) + len(about) <= ALL_LINES_MAX, about
    assert (unit["NRestarts"], unit["ActiveState"]) == ("1", "active")
    assert not machine.agent_starts()


def test_no_attempt_comes_before_its_time(machine, start_manager):
    """Between two requests lies at least the shortest wait of their class, in the boot and in
    the background."""
    machine.configure(
        agent_machine.configuration(
            more="[retry]\nbudget = 400 ms\ninitial = 100 ms\nmax = 100 ms\n"
        )
    )
    machine.restart_soon()
    manager = start_manager(machine, answer=lambda request: scripted_manager.BUSY)
    with machine.boot() as system:
        manager.wait_for_requests(12)
        assert system.show("agent-register")["NRestarts"] == "1"
    gaps = [second - first for first, second in zip(manager.times, manager.times[1:])]
    assert min(gaps) > 0.09, gaps


def test_manager_that_is_down_for_the_first_starts(machine, start_manager):
    """Starts that end in all ways, and boots: the one that finds the manager starts the agent,
    and nobody helps."""
    machine.configure(
        agent_machine.configuration(more="[retry]\nbudget = 0 s\ninitial = 100 ms\nmax = 200 ms\n")
    )
    machine.restart_soon()
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.run("systemctl --no-block reboot")
        system.wait_for_reboot()
    with machine.boot() as system:
        for number in range(1, 3):
            system.wait_for_restart("agent-register.service", count=number)
            wait_for_attempts(system, int(state_of(system, "attempts") or 0) + 2)
            system.run("systemctl kill --kill-whom=main --signal=KILL agent-register")
        system.wait_for_restart("agent-register.service", count=3)
        manager = start_manager(machine)
        system.wait_for_start("wazuh-agent")
        assert system.wait_until_booted() == "running"
        assert system.show("agent-register")["StatusText"] == "Registered as web-01 (id 007)"
    assert len(manager.requests) == 1
    assert len(machine.agent_starts()) == 1


def test_status_says_for_what_which_and_when(machine):
    machine.configure(agent_machine.configuration(more="[retry]\nbudget = 1 h\ninitial = 1 min\n"))
    with machine.boot() as system:
        system.wait_for_status("agent-register", "Waiting for attempt")
        text, shown, deadline = None, "", time.monotonic() + 30
        # Once more if it has changed between the two, as when an IPv6 address has become ready.
        while text is None or (text not in shown and time.monotonic() < deadline):
            text = system.show("agent-register")["StatusText"]
            shown = system.run("systemctl status agent-register").stdout
        now = system.run("date +%s; date -d today +%F").stdout.split()
        # The third, when an address has become ready meanwhile.
        match = re.fullmatch(
            r"Waiting for attempt [23] at (\d\d:\d\d:\d\d): (Cannot connect to "
            r"manager.example:1515: .+)",
            text,
        )
        assert match and "refused" in match[2], text
        due = int(system.run(f"date -d '{now[1]} {match[1]}' +%s").stdout)
    assert 0 < (due - int(now[0])) % 86400 <= 180  # 1 min to 3 times that, as drawn
    assert text in shown


# ------------------------------------------------------------------ what is kept

def test_plans_survive_a_reboot(machine, start_manager):
    """The manager that said no is left in peace by the next boot, too; the one that was not
    there is asked."""
    machine.configure(TWO_MANAGERS)
    refusing = start_manager(machine, answer=lambda request: REFUSED)
    with machine.boot() as system:
        system.wait_for_status("agent-register", "Waiting for attempt")
        made = int(state_of(system, "attempts"))
        assert made >= 2
        system.run("systemctl --no-block reboot")
        system.wait_for_reboot()
    other = start_manager(machine, port=1516)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        registered, = system.journal(MESSAGE_ID=message_ids.REGISTERED)
    assert registered["MANAGER"] == "manager.example:1516" and int(registered["ATTEMPT"]) > made
    assert (len(refusing.requests), len(other.requests)) == (1, 1)
    assert len(machine.agent_starts()) == 1


def test_boot_with_a_plan_that_is_not_due(machine, start_manager):
    """Nothing can be done in this boot's budget: it is not held, and what comes next is said."""
    machine.configure()
    manager = start_manager(machine, answer=lambda request: REFUSED)
    for number in range(2):
        with machine.boot() as system:
            assert system.wait_until_booted() == "running"
            unit = system.show("agent-register")
            assert unit["ExecMainStatus"] == ("75" if number else "77")
            assert seconds_of_boot(system) < SLACK
            system.run("systemctl --no-block reboot")
            system.wait_for_reboot()
    assert len(manager.requests) == 1


# ------------------------------------------------------------------ a start by hand

@pytest.mark.parametrize("retry", ["initial = 1 min", "initial = 9 s\nmax = 9 s"],
                         ids=["nothing is due soon", "attempt after attempt"])
def test_start_by_hand(retry, machine):
    """Who types the command sees why it failed long before the budget of a boot is over."""
    machine.configure("")
    machine.restart_soon()
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        machine.configure(agent_machine.configuration(more=f"[retry]\n{retry}\nbudget = 5 min\n"))
        begun = time.monotonic()
        done = system.run("systemctl restart agent-register")
        assert time.monotonic() - begun < 60, "it waited for the budget"
        assert done.exit_status == 1
        system.wait_for_status("agent-register", "Waiting for attempt")
        assert system.show("agent-register")["ActiveState"] == "active"


# ------------------------------------------------------------------ splay

def test_splay_comes_before_the_first_attempt_only(machine, start_manager):
    machine.write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
    machine.configure(
        agent_machine.configuration(more="[retry]\nsplay = 900 ms\ninitial = 10 ms\nmax = 20 ms\n")
    )
    answers = iter([scripted_manager.BUSY] * 3)
    manager = start_manager(
        machine,
        answer=lambda request: next(answers, None) or scripted_manager.want_password(request),
    )
    with machine.boot() as system:
        start = system.wait_for_entry(UNIT="agent-register.service",
                                      MESSAGE_ID=nspawn.UNIT_STARTING)
        assert system.wait_until_booted() == "running"
    waited = manager.times[0] - int(start["__MONOTONIC_TIMESTAMP"]) / 1e6
    assert 0.1 < waited < 0.9 + SLACK
    assert manager.times[-1] - manager.times[0] < 0.9
    assert len(machine.agent_starts()) == 1


def test_splay_beyond_the_budget_does_not_hold_the_boot(machine, start_manager):
    """... and is waited out all the same."""
    machine.write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
    machine.configure(agent_machine.configuration(more="[retry]\nsplay = 3 s\nbudget = 100 ms\n"))
    machine.restart_soon()
    manager = start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        assert manager.requests == []
        system.wait_for_status("agent-register", "Waiting ")
        restarted = system.wait_for_restart("agent-register.service")
        system.wait_for_start("wazuh-agent")
        assert system.show("agent-register")["NRestarts"] == "1"
    assert manager.times[0] - int(restarted["__MONOTONIC_TIMESTAMP"]) / 1e6 > 0.2
    assert len(manager.requests) == 1
