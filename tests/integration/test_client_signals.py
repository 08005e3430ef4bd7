# SPDX-License-Identifier: ISC
"""Being asked to stop, at every step: at once, by the signal, with nothing left behind and the
old key in its place."""
import os
import signal
import threading

import pytest
from machine import OLD_LINE, PROMPT, reply
from fake_manager import answer
from silent_managers import (dripping, silent_after_the_handshake, silent_after_the_request,
                             silent_amid_the_answer, silent_amid_the_handshake, silent_before_tls)

LONG = {"manager.attempt_timeout": "1 h", "manager.connect_timeout": "1 h"}


def stop(machine, run, before, number=signal.SIGTERM):
    """Send the signal, and expect the end that systemd and shells expect."""
    run.kill(number)
    result = run.finish()
    assert result.status == -number, result
    assert result.seconds < PROMPT, result
    assert result.failures == [], result
    assert machine.snapshot() == before
    return result


STEPS = {
    "before TLS": (silent_before_tls, "accepted"),
    "amid the handshake": (silent_amid_the_handshake, "accepted"),
    "after the handshake": (silent_after_the_handshake, "handshake"),
    "after the request": (silent_after_the_request, "request"),
    "amid the answer": (silent_amid_the_answer, "request"),
    "dripping the answer": (dripping, "request"),
}


@pytest.mark.parametrize("script, step", STEPS.values(), ids=STEPS.keys())
def test_stop_at_a_step(machine, start_manager, script, step):
    manager = start_manager(script)
    manager.pause = threading.Event()
    machine.install_key()
    before = machine.snapshot()
    run = machine.start(manager=manager, settings=LONG, force=True)
    manager.wait_for(step)
    stop(machine, run, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP],
                         ids=["TERM", "INT", "HUP"])
def test_signals(machine, start_manager, number):
    manager = start_manager(silent_after_the_request)
    machine.install_key()
    before = machine.snapshot()
    run = machine.start(manager=manager, settings=LONG, force=True)
    manager.wait_for("request")
    assert machine.files() == [".client.keys.new", "client.keys"]
    stop(machine, run, before, number)


def test_stop_while_connecting(machine, full_backlog):
    machine.install_key()
    before = machine.snapshot()
    run = machine.start("-d", manager=full_backlog().address, settings=LONG, force=True)
    run.wait_for_line("Connecting to")
    stop(machine, run, before)


def test_stop_while_resolving(machine, silent_resolver):
    commands, server = silent_resolver
    machine.install_key()
    before = machine.snapshot()
    run = machine.start(manager="manager.test", settings=LONG, force=True, before=commands)
    server.recv(4096)
    stop(machine, run, before)


def test_stop_while_another_one_holds_the_lock(machine, start_manager):
    manager = start_manager(silent_after_the_request)
    machine.install_key()
    first = machine.start(manager=manager, settings=LONG, force=True)
    manager.wait_for("request")
    before = machine.snapshot()
    second = machine.start(manager=manager, settings={**LONG, "retry.budget": "1 h"}, force=True)
    assert second.wait_for_line(r"locked by process (\d+)")[1] == str(first.pid)
    second.kill()
    # The first one's staged file is still there, and rightly so.
    second.check = lambda result: None
    assert second.finish().status == -signal.SIGTERM
    assert machine.snapshot() == before
    first.kill()
    assert first.finish().status == -signal.SIGTERM
    assert machine.read_keys() == OLD_LINE.encode()
    assert machine.files() == ["client.keys"]


def test_stop_before_a_first_key(machine, start_manager):
    manager = start_manager(silent_after_the_request)
    run = machine.start(manager=manager, settings=LONG)
    manager.wait_for("request")
    run.kill()
    assert run.finish().status == -signal.SIGTERM
    assert machine.files() == []


def test_leftover_of_a_killed_run_is_no_obstacle(machine, start_manager):
    """SIGKILL and power cuts leave the staged file; the next run takes its place."""
    manager = start_manager(silent_after_the_request)
    machine.install_key()
    run = machine.start(manager=manager, settings=LONG, force=True)
    manager.wait_for("request")
    run.check = lambda result: None
    run.kill(signal.SIGKILL)
    assert run.finish().status == -signal.SIGKILL
    assert machine.read_keys() == OLD_LINE.encode()
    assert ".client.keys.new" in machine.files()
    machine.registers(manager=start_manager(answer(reply())), force=True)
    assert not os.path.exists(os.path.join(machine.etc, ".client.keys.new"))
