# SPDX-License-Identifier: ISC
"""`agent-register reset`, killed at every system call: no copy of the disk can ever take the key
for its own."""
import os

import pytest
from killing import kill_at, needs_killer
from machine import EXIT_CODES, OLD_LINE, Machine

BACKUPS = ("client.keys.clone", "client.keys.old", "client.keys.torn")
COUNTERS = ("007", "sender")


def registered(directory, certificates):
    """A machine with a key, a state that binds it, counters, and keys of earlier times."""
    machine = Machine(directory, certificates)
    machine.install_key()
    machine.register(trust=None)  # adopts the key
    for name in BACKUPS:
        machine.write(f"ossec/etc/{name}", OLD_LINE)
    for name in COUNTERS:
        machine.write(f"ossec/queue/rids/{name}", "1:1")
    return machine


def has_state(machine):
    return os.path.exists(os.path.join(machine.state_directory, "state"))


def left(machine):
    return [*machine.files(), *os.listdir(os.path.dirname(machine.counter)),
            *os.listdir(machine.state_directory)]


@needs_killer
def test_kill_at_every_system_call(tmp_path, certificates):
    number, seen = 1, set()
    while True:
        machine = registered(tmp_path / str(number), certificates)
        assert has_state(machine)
        # what a registration that was killed has left
        machine.write("ossec/etc/.client.keys.new", OLD_LINE)
        ended = kill_at(number, machine.command("reset", "--yes", trust=None),
                        machine.environment())
        seen.add((machine.read_keys() is not None, has_state(machine)))
        if machine.read_keys() is not None:
            assert (
                len(left(machine)) == 2 + len(BACKUPS) + len(COUNTERS) + 1
            ), f"killed at {number}: the key goes first"
        if ended:
            assert left(machine) == []
            break
        assert machine.register("reset", "--yes", trust=None).status == 0
        assert left(machine) == [], f"killed at {number}"
        number += 1
    assert seen == {(True, True), (False, True), (False, False)}


def test_nobody_to_ask(tmp_path, certificates):
    machine = registered(tmp_path / "machine", certificates)
    before = machine.snapshot()
    result = machine.register("reset", trust=None)
    assert result.status == 64 and "--yes" in result.failure, result
    assert machine.snapshot() == before and has_state(machine)


def test_linked_counters(tmp_path, certificates):
    """The agent's user may put a link there; root does not delete what it points to."""
    machine = registered(tmp_path / "machine", certificates)
    counters = os.path.dirname(machine.counter)
    os.rename(counters, tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", counters)
    result = machine.register("reset", "--yes", trust=None)
    assert result.status == EXIT_CODES["storage-error"] and counters in result.failure, result
    assert machine.read_keys() is None
    assert sorted(os.listdir(tmp_path / "elsewhere")) == sorted(COUNTERS)


def test_nothing_to_reset(machine):
    assert machine.register("reset", "--yes", trust=None).status == 0


def test_reset_while_another_one_registers(machine, start_manager):
    """The lock holds it back: a key that is on its way must not arrive behind a reset."""
    seen = {}

    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        seen["run"] = machine.start("reset", "--yes", trust=None)
        seen["run"].check = lambda result: None  # the staged file is the other one's
        seen["result"] = seen["run"].finish()
    machine.register(manager=start_manager(script))
    assert seen["result"].status == EXIT_CODES["storage-error"], seen["result"]
    assert "etc is still locked by process" in seen["result"].failure, seen["result"]
