# SPDX-License-Identifier: ISC
"""What systemd and the administrator see of a run: readiness, status, exit codes, nothing to do."""
import os
import re
import signal
import socket

import pytest
from machine import EXIT_CODES, KEY
from fake_manager import answer


CONFIGURING = "STATUS=Waiting for the configuration to be complete (agent-register-config.target)"
IS_ALIVE = "EXTEND_TIMEOUT_USEC=180000000\nWATCHDOG=1"


def lines_of(messages):
    return [line for message in messages for line in message.split("\n")]


def test_ready_after_registering(machine, start_manager, notify_socket):
    manager = start_manager()
    run = machine.start(manager=manager, environment=notify_socket.environment)
    messages = notify_socket.until("READY=1")
    # stored before it is announced
    assert machine.read_keys() == f"001 web-01 any {KEY}\n".encode()
    assert notify_socket.next() == "BARRIER=1"
    assert run.finish().status == 0
    lines = lines_of(messages)
    assert [line for line in lines if line.startswith("STATUS=")] == [
        CONFIGURING,
        f"STATUS=Connecting to {manager.address}",
        f"STATUS=Verifying {manager.address}",
        f"STATUS=Sending the request to {manager.address}",
        f"STATUS=Waiting for the response of {manager.address}",
        "STATUS=Registered as web-01 (id 001)",
    ]
    assert lines.count("READY=1") == 1
    assert KEY not in "".join(messages)
    assert notify_socket.rest() == []


def test_ready_when_already_registered(machine, start_manager, notify_socket):
    machine.install_key()
    manager = start_manager()
    before = machine.snapshot()
    run = machine.start(manager=manager, environment=notify_socket.environment)
    messages = notify_socket.until("READY=1") + [notify_socket.next()]
    result = run.finish()
    assert result.status == 0 and result.failures == [], result
    assert result.lines == ["Already registered as web-01 (id 007); nothing to do"]
    assert messages[0] == IS_ALIVE
    assert [message for message in messages if message != IS_ALIVE] == [
        CONFIGURING, "READY=1\nSTATUS=Registered as web-01 (id 007)", "BARRIER=1"]
    assert manager.conversations == []
    assert machine.snapshot() == before


def test_registered_twice_asks_once(machine, start_manager):
    manager = start_manager()
    machine.registers(manager=manager)
    before = machine.snapshot()
    result = machine.register(manager=manager)
    assert result.status == 0 and "Already registered as web-01 (id 001)" in result.stderr
    assert len(manager.conversations) == 1 and machine.snapshot() == before


def test_already_registered_needs_no_usable_configuration(machine, certificates):
    """What a registration would need may be gone by then: password, CA, manager."""
    machine.install_key()
    result = machine.register(manager="no-such-manager.invalid", trust=["--ca", "/nowhere/ca.pem"],
                              settings={"auth.password_file": "/nowhere/password"})
    assert result.status == 0 and result.failures == [], result


def test_barrier_holds_the_exit(machine, start_manager, notify_socket):
    """The process stays until systemd has handled READY=1; else the message may be taken for a
    stranger's."""
    machine.install_key()
    run = machine.start(manager=start_manager(), environment=notify_socket.environment)
    notify_socket.until("READY=1")
    data, descriptors, _, _ = socket.recv_fds(notify_socket.socket, 4096, 4)
    assert data == b"BARRIER=1" and len(descriptors) == 1
    assert run.process.poll() is None
    os.close(descriptors[0])
    assert run.finish().status == 0


def test_not_ready_after_a_failure(machine, start_manager, notify_socket):
    manager = start_manager(answer(b"ERROR: Invalid password. Unable to add agent"))
    result = machine.fails("refused", manager=manager, environment=notify_socket.environment)
    messages = notify_socket.rest()
    assert "READY=1" not in lines_of(messages)
    assert f"STATUS={result.failure}" in lines_of(messages)


@pytest.mark.parametrize("arguments, options, status, words", [
    ([], {"config": "[manager]\nadress = x\n"}, 78, "unknown key 'adress'"),
    ([], {"settings": {"auth.password_file": "/nowhere"}}, 78, "/nowhere"),
    (["--hourly"], {}, 64, "The command line is wrong; see journalctl -u agent-register"),
], ids=["a typo", "a file that is missing", "an option"])
def test_status_says_the_failure(machine, start_manager, notify_socket, arguments, options, status,
                                 words):
    """The last one, and systemd has got it before the process is gone."""
    if "config" in options:
        options = {"config": machine.write("a.conf", options["config"])}
    else:
        options = {"manager": start_manager(), **options}
    run = machine.start(*arguments, environment=notify_socket.environment, **options)
    messages = notify_socket.until("BARRIER=1")
    result = run.finish()
    assert result.status == status and notify_socket.rest() == [], result
    last = [line for line in lines_of(messages) if line.startswith("STATUS=")][-1]
    assert words in last, last
    if status == 78:
        assert last == f"STATUS={result.failure}"


def test_status_says_that_it_was_stopped(machine, notify_socket):
    run = machine.start(manager="127.0.0.1:9", environment=notify_socket.environment,
                        settings={"retry.budget": "1 h", "retry.initial": "1 min"})
    while "STATUS=Waiting for attempt 2" not in notify_socket.next():
        pass
    run.kill(signal.SIGTERM)
    assert "STATUS=Stopped" in notify_socket.until("BARRIER=1")
    assert run.finish().status == -signal.SIGTERM


def test_unconfigured(machine, notify_socket):
    """An image with the package and nothing else boots without a failed unit."""
    before = machine.snapshot()
    run = machine.start(trust=None, name=None, environment=notify_socket.environment)
    notify_socket.until("READY=1")
    assert notify_socket.next() == "BARRIER=1"
    result = run.finish()
    assert result.status == 0 and len(result.lines) == 1 and result.failures == [], result
    for word in ("No manager is configured", "address = ", "[manager]",
                 "/agent-register/agent-register.conf"):
        assert word in result.lines[0]
    assert machine.snapshot() == before


# ------------------------------------------------------------------ outcomes and exit codes

OUTCOMES = {
    "unreachable": None,
    "busy": answer(b"ERROR: Internal manager error adding agent: web-01. Unable to add agent"),
    "duplicate": answer(b"ERROR: Duplicate agent name: web-01. Unable to add agent"),
    "refused": answer(b"ERROR: Invalid password. Unable to add agent"),
    "protocol-error": answer(b"hello"),
}


@pytest.mark.parametrize("outcome, script", OUTCOMES.items(), ids=OUTCOMES.keys())
def test_outcome_is_remembered_until_success(machine, start_manager, outcome, script):
    manager = start_manager(script) if script else start_manager()
    address = manager.address
    if not script:
        manager.close()
    for attempt in range(1, 3):
        result = machine.fails(outcome, manager=address)
        assert result.state["attempts"] == str(attempt)
        assert result.state["last_manager"] == address
    status = machine.register("status", trust=None)
    assert status.status == 3
    assert re.search(rf"^last outcome +{outcome}$", status.stdout, re.M)
    assert result.failure in status.stdout
    machine.registers(manager=start_manager())
    status = machine.register("status", trust=None)
    assert status.status == 0 and "last outcome" not in status.stdout
    assert re.search(r"^name +web-01$", status.stdout, re.M)
    assert re.search(r"^id +001$", status.stdout, re.M)
    assert KEY not in status.stdout


def test_state_is_no_condition(machine, start_manager):
    """A state directory that cannot be made costs a warning."""
    machine.state_directory = machine.write("state", "a file")
    result = machine.register(manager=start_manager())
    assert result.status == 0 and "state" in result.failure and result.warnings, result
    assert machine.read_keys() == f"001 web-01 any {KEY}\n".encode()


def test_state_of_somebody_else_counts_for_nothing(machine, start_manager):
    os.mkdir(machine.state_directory)
    with open(os.path.join(machine.state_directory, "state"), "wb") as file:
        file.write(
            b"agent_id="
            + b"9" * 5000
            + b"\nattempts=99999999999999999999999\n\0\xff=\n=\nlast_error"
        )
    machine.registers(manager=start_manager())


def test_all_managers_fail_and_the_last_one_counts(machine, start_manager):
    busy, refusing = start_manager(OUTCOMES["busy"]), start_manager(OUTCOMES["refused"])
    result = machine.register(manager=[busy, refusing])
    assert result.status == EXIT_CODES["refused"]
    assert len(result.failures) == 2 and busy.address in result.failures[0]
    assert refusing.address in result.failures[1]


WRONG_COMMAND_LINES = {
    "unknown option": ["--passwort", "x"],
    "unknown command": ["registrieren"],
    "too many arguments": ["run", "now"],
    "pin without a host": ["pin"],
    "no value": ["--manager"],
}


@pytest.mark.parametrize("arguments", WRONG_COMMAND_LINES.values(), ids=WRONG_COMMAND_LINES.keys())
def test_wrong_command_line(machine, arguments):
    result = machine.register(*arguments, trust=None)
    assert result.status == 64 and result.stdout == "" and result.stderr, result


@pytest.mark.parametrize("option, word",
                         [("--help", "--manager"), ("--version", "agent-register ")])
def test_help_and_version(machine, option, word):
    result = machine.register(option, trust=None)
    assert result.status == 0 and word in result.stdout and result.stderr == ""
