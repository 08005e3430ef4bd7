# SPDX-License-Identifier: ISC
"""How long systemd waits for a program that says nothing. The settings of the units are short here,
and what waits or works outlives them, what hangs does not. Time passes until a service that gives
no sign of life has failed beside ours (`let_it_pass`)."""
import pathlib
import subprocess
import threading

import agent_machine
import many_agents
import nspawn
import pytest
import registrar_units
import scripted_manager

LIMIT = 2  # seconds of silence
LIMITS = f"""\
[Service]
TimeoutStartSec={LIMIT}s
WatchdogSec={LIMIT}s
TimeoutStopSec=1s
RestartSec=200ms
"""
# More than twice of it, so that one sign of life is not sufficient.
SILENT_UNIT = f"""\
[Unit]
DefaultDependencies=no
[Service]
Type=notify
ExecStart=sleep infinity
TimeoutStartSec={2 * LIMIT + 1}s
"""
# In the place of cloud-init's stage that writes files: it lasts until somebody writes to the pipe.
WRITES_LATE = """\
[Unit]
DefaultDependencies=no
After=systemd-tmpfiles-setup.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'mkfifo /run/write && read line </run/write'
[Install]
WantedBy=multi-user.target
"""
BACKGROUND = agent_machine.configuration(more="[retry]\nbudget = 0 s\ninitial = 1 min\n")
KEY_LINE = f"007 web-01 any {scripted_manager.KEY}\n"


@pytest.fixture
def limited(machine):
    """A machine whose agent-register.service may be silent for LIMIT seconds."""
    machine.configure()
    machine.write("/etc/systemd/system/agent-register.service.d/limits.conf", LIMITS)
    machine.write("/etc/systemd/system/silent.service", SILENT_UNIT)
    return machine


@pytest.fixture(scope="session")
def stand_still(tmp_path_factory):
    """The library that makes poll() or fsync() hang."""
    source = pathlib.Path(__file__).resolve().parents[1] / "support/stand-still.c"
    library = tmp_path_factory.mktemp("stand-still") / "stand-still.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-Wall", "-Werror", "-D_GNU_SOURCE", "-o", library,
                    source], check=True)
    return library.read_bytes()


@pytest.fixture
def hanging(limited, stand_still):
    """One whose agent-register stands still in a call, once hang(SYSTEM, CALL) says so."""
    limited.write("/usr/local/lib/stand-still.so", stand_still, 0o755)
    limited.write("/etc/systemd/system/agent-register.service.d/hang.conf",
                  "[Service]\nEnvironment=LD_PRELOAD=/usr/local/lib/stand-still.so\n")
    return limited


def hang(system, call):
    assert system.run(f"mkdir -p /run/stand-still && touch /run/stand-still/{call}"
                      ).exit_status == 0


def go_on(system):
    assert system.run("rm -r /run/stand-still").exit_status == 0


def let_it_pass(system):
    """Until a service that was started now and says nothing has used up more than twice LIMIT."""
    assert system.run("systemctl start silent").exit_status != 0
    assert system.show("silent")["Result"] == "timeout"


def was_started_once(system):
    """The unit has got on without systemd's help."""
    unit = system.show("agent-register")
    return (unit["NRestarts"], unit["Result"]) == ("0", "success")


def write_configuration(system):
    assert system.run("echo >/run/write").exit_status == 0


def write_late(machine):
    machine.write("/etc/systemd/system/cloud-init.service", WRITES_LATE)
    machine.enable("cloud-init.service")


class LateManager:
    """A manager that answers when it is told to."""

    def __init__(self, start_manager, machine):
        self._told = threading.Event()
        self.manager = start_manager(machine, answer=self._answer)

    def _answer(self, request):
        self._told.wait(60)
        return scripted_manager.want_password(request)

    def answer_now(self):
        self._told.set()


# ------------------------------------------------------------------ what goes on

def test_configuration_comes_late(limited, start_manager):
    write_late(limited)
    manager = start_manager(limited)
    with limited.boot() as system:
        system.wait_for_status("agent-register", "Waiting for the configuration")
        let_it_pass(system)
        assert manager.requests == []
        write_configuration(system)
        assert system.run("systemctl reset-failed silent").exit_status == 0
        assert system.wait_until_booted() == "running"
        assert was_started_once(system)
    assert len(manager.requests) == len(limited.agent_starts()) == 1


def test_manager_answers_late(limited, start_manager):
    late = LateManager(start_manager, limited)
    with limited.boot() as system:
        late.manager.wait_for_requests(1)
        let_it_pass(system)
        assert system.show("agent-register")["ActiveState"] == "activating"
        late.answer_now()
        system.wait_for_start("wazuh-agent")
        assert was_started_once(system)
    assert len(late.manager.requests) == 1
    assert limited.read(agent_machine.KEYS) == KEY_LINE


def test_attempt_after_attempt(limited, start_manager):
    """A start that is busy for longer than it may be silent."""
    limited.configure(agent_machine.configuration(
        more="[retry]\nbudget = 1 h\ninitial = 100 ms\nmax = 100 ms\n"))
    manager = start_manager(limited, answer=lambda request: scripted_manager.BUSY)
    with limited.boot() as system:
        manager.wait_for_requests(1)
        let_it_pass(system)
        manager.answer = scripted_manager.want_password
        system.wait_for_start("wazuh-agent")
        assert was_started_once(system)


def test_wait_in_the_background(limited, start_manager):
    limited.configure(BACKGROUND)
    with limited.boot() as system:
        system.wait_for_restart("agent-register.service")
        system.wait_for_status("agent-register", "Waiting for attempt")
        process = system.show("agent-register")["MainPID"]
        let_it_pass(system)
        assert system.show("agent-register")["MainPID"] == process != "0"


def test_unit_whose_process_has_ended(limited, start_manager):
    """It is active, and nobody is left who could give signs of life."""
    start_manager(limited)
    with limited.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_exit("agent-register")
        let_it_pass(system)
        unit = system.show("agent-register")
        assert (unit["ActiveState"], unit["SubState"]) == ("active", "exited")
        assert was_started_once(system)


# ------------------------------------------------------------------ between request and stored key

def test_machine_that_stands_still_after_the_request(limited, start_manager):
    """Not even the process that is stopped itself is given up while a manager has its request."""
    late = LateManager(start_manager, limited)
    with limited.boot() as system:
        late.manager.wait_for_requests(1)
        system.run("systemctl kill --signal=STOP agent-register")
        let_it_pass(system)
        late.answer_now()
        system.run("systemctl kill --signal=CONT agent-register")
        system.wait_for_start("wazuh-agent")
        assert was_started_once(system)
    assert len(late.manager.requests) == 1
    assert limited.read(agent_machine.KEYS) == KEY_LINE


@pytest.mark.parametrize("in_background", [False, True], ids=["at boot", "in the background"])
def test_disk_that_stands_still_with_the_key(in_background, hanging, start_manager):
    more = "budget = 0 s" if in_background else "budget = 1 h"
    hanging.configure(agent_machine.configuration(
        more=f"[retry]\n{more}\ninitial = 100 ms\nmax = 100 ms\n"))
    with hanging.boot() as system:
        if in_background:
            system.wait_for_restart("agent-register.service")
        hang(system, "fsync")
        manager = start_manager(hanging)
        manager.wait_for_requests(1)
        let_it_pass(system)
        restarts = system.show("agent-register")["NRestarts"]
        assert not hanging.has_key()
        go_on(system)
        system.wait_for_start("wazuh-agent")
        assert system.show("agent-register")["NRestarts"] == restarts
    assert len(manager.requests) == 1
    assert hanging.read(agent_machine.KEYS) == KEY_LINE


# ------------------------------------------------------------------ what hangs

def wait_for_end(system, result):
    """Until systemd has ended the process and starts it again."""
    system.wait_for_restart("agent-register.service")
    failed, = system.journal(UNIT="agent-register.service",
                             MESSAGE_ID=nspawn.UNIT_FAILED)
    assert failed["UNIT_RESULT"] == result


def test_start_that_hangs(hanging, start_manager):
    """With all signals blocked but those that cannot be."""
    write_late(hanging)
    manager = start_manager(hanging)
    with hanging.boot() as system:
        system.wait_for_status("agent-register", "Waiting for the configuration")
        hang(system, "poll")
        wait_for_end(system, "timeout")
        go_on(system)
        write_configuration(system)
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
    assert len(manager.requests) == len(hanging.agent_starts()) == 1


def test_start_that_hangs_after_a_request(hanging, start_manager):
    """For which silence was allowed; that is over with the manager's answer."""
    hanging.configure(agent_machine.configuration(
        more="[retry]\nbudget = 1 h\ninitial = 100 ms\nmax = 100 ms\n"))
    manager = start_manager(hanging, answer=lambda request: scripted_manager.BUSY)
    with hanging.boot() as system:
        system.wait_for_status("agent-register", "Waiting for attempt")
        hang(system, "poll")
        wait_for_end(system, "watchdog")
        manager.answer = scripted_manager.want_password
        go_on(system)
        system.wait_for_start("wazuh-agent")


def test_start_that_hangs_before_its_first_sign_of_life(limited, start_manager):
    limited.write("/etc/systemd/system/agent-register.service.d/mute.conf",
                  "[Service]\nExecStart=\n"
                  "ExecStart=/bin/sh -c 'if mkdir /run/agent-register/once 2>/dev/null; "
                  "then exec sleep infinity; fi; exec agent-register run'\n")
    manager = start_manager(limited)
    with limited.boot() as system:
        wait_for_end(system, "timeout")
        system.wait_for_start("wazuh-agent")
    assert len(manager.requests) == 1


def test_wait_in_the_background_that_hangs(hanging, start_manager):
    hanging.configure(BACKGROUND)
    with hanging.boot() as system:
        system.wait_for_restart("agent-register.service")
        system.wait_for_status("agent-register", "Waiting for attempt")
        process = system.show("agent-register")["MainPID"]
        manager = start_manager(hanging)
        hang(system, "poll")
        system.wait_for_restart("agent-register.service", count=2)
        failed = system.journal(UNIT="agent-register.service",
                                MESSAGE_ID=nspawn.UNIT_FAILED)[-1]
        assert failed["UNIT_RESULT"] == "watchdog"
        go_on(system)
        system.wait_for_start("wazuh-agent")
        assert system.show("agent-register")["MainPID"] != process
    assert len(manager.requests) == 1


# ------------------------------------------------------------------ the registrar

UNITS = [registrar_units.FRONT, registrar_units.KEEPER]


@pytest.fixture
def silent_registrar(registrar):
    for unit in UNITS:
        registrar.write(f"/etc/systemd/system/{unit}.d/limits.conf", LIMITS)
    registrar.write("/etc/systemd/system/silent.service", SILENT_UNIT)
    return registrar


def test_registrar_with_nothing_to_do(silent_registrar):
    with silent_registrar.boot() as system:
        system.wait_until_booted()
        registrar_units.start(system)
        processes = [registrar_units.process(system, unit) for unit in UNITS]
        let_it_pass(system)
        assert [system.show(unit)["NRestarts"] for unit in UNITS] == ["0", "0"]
        assert [registrar_units.process(system, unit) for unit in UNITS] == processes


@pytest.mark.parametrize("unit", UNITS)
def test_registrar_that_hangs(unit, silent_registrar):
    """Either process: it is ended and started again, and agents register."""
    with silent_registrar.boot() as system:
        system.wait_until_booted()
        registrar_units.start(system)
        system.run(f"systemctl kill --kill-whom=main --signal=STOP {unit}")
        system.wait_for_restart(unit)
        system.wait_for_property(unit, "ActiveState", "active")
        failed, = system.journal(UNIT=unit, MESSAGE_ID=nspawn.UNIT_FAILED)
        assert failed["UNIT_RESULT"] == "watchdog"
        with many_agents.ManyAgents(silent_registrar, threads=1) as agents:
            agents.wait_for_keys(1)
    assert agents.failures == {}
