# SPDX-License-Identifier: ISC
"""The process that talks to the manager: what it holds, how it ends, and what its end means."""
import os
import select
import signal
import subprocess
import sys
import threading

import pytest
import wazuh5_manager
from enroll_tools import CREDENTIAL, SECRET, TOKEN_ID
from fake_manager import answer
from killing import kill_child_at, needs_killer
from machine import OLD_KEY, PROMPT, Machine, reply
from scripted_api import needs_module, settings
from silent_managers import silent_after_the_request, silent_before_tls

LONG = {"manager.attempt_timeout": "1 h", "manager.connect_timeout": "1 h"}
# AddressSanitizer would take the signal for a fault of its own to report.
CRASHES = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":handle_segv=0"}
WITHOUT = os.path.join(os.path.dirname(__file__), "without_confinement.py")


def child_of(run):
    """The process id of its only child."""
    with open(f"/proc/{run.pid}/task/{run.pid}/children", encoding="ascii") as file:
        (child,) = file.read().split()
    return int(child)


class Ended:
    """Whether a process has ended, as soon as it has."""

    def __init__(self, pid):
        self.descriptor = os.pidfd_open(pid)

    def wait(self, seconds=PROMPT):
        ready, _, _ = select.select([self.descriptor], [], [], seconds)
        os.close(self.descriptor)
        return bool(ready)


STEPS = {"before TLS": (silent_before_tls, "accepted"),
         "after the request": (silent_after_the_request, "request")}


# ------------------------------------------------------------------ its end

@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGSYS],
                         ids=["KILL", "SEGV", "SYS"])
@pytest.mark.parametrize("script, step", STEPS.values(), ids=STEPS.keys())
def test_killed(machine, start_manager, script, step, number):
    manager = start_manager(script)
    machine.install_key()
    before = machine.snapshot()
    run = machine.start(manager=manager, settings=LONG, force=True, environment=CRASHES)
    manager.wait_for(step)
    os.kill(child_of(run), number)
    result = run.finish()
    assert result.status == 70, result
    assert result.failures == [result.failures[0]], result
    assert f"was killed by {number.name} (" in result.failure, result
    assert f"The process that talked to {manager.address} " in result.failure, result
    assert result.seconds < PROMPT, result
    assert result.state["last_outcome"] == "crashed", result
    assert ("unanswered" in result.state) == (step == "request"), result
    assert machine.snapshot() == before
    machine.registers(manager=start_manager(answer(reply())), force=True)


def test_the_next_manager_is_asked(machine, start_manager):
    first, second = start_manager(silent_before_tls), start_manager(answer(reply()))
    run = machine.start(manager=[first, second], settings=LONG, environment=CRASHES)
    first.wait_for("accepted")
    os.kill(child_of(run), signal.SIGSEGV)
    result = run.finish()
    assert result.status == 0, result
    assert [line for line in result.errors if "SIGSEGV" in line] == result.errors != [], result


@pytest.mark.parametrize("script, step", STEPS.values(), ids=STEPS.keys())
def test_ends_with_its_parent(machine, start_manager, script, step):
    manager = start_manager(script)
    run = machine.start(manager=manager, settings=LONG)
    manager.wait_for(step)
    ended = Ended(child_of(run))
    run.check = lambda result: None
    run.kill(signal.SIGKILL)
    assert ended.wait()
    assert run.finish().status == -signal.SIGKILL


@pytest.mark.parametrize("script, step", STEPS.values(), ids=STEPS.keys())
def test_ends_when_its_parent_stops(machine, start_manager, script, step):
    manager = start_manager(script)
    run = machine.start(manager=manager, settings=LONG)
    manager.wait_for(step)
    ended = Ended(child_of(run))
    run.kill()
    assert run.finish().status == -signal.SIGTERM
    assert ended.wait(0)


def test_stopped_child(machine, start_manager):
    """One that does not even run is killed when its time is over."""
    manager = start_manager(silent_before_tls)
    run = machine.start(manager=manager, settings={"manager.attempt_timeout": "3 s"})
    manager.wait_for("accepted")
    child = child_of(run)
    ended = Ended(child)
    os.kill(child, signal.SIGSTOP)
    result = run.finish()
    assert result.status == 70, result
    assert "did not end in time" in result.failure, result
    assert ended.wait(0)


@needs_killer
def test_killed_at_every_system_call(tmp_path, certificates, start_manager):
    """Whenever it dies, that is one outcome, or the key has come already."""
    manager, number, outcomes = start_manager(answer(reply())), 1, []
    while True:
        machine = Machine(tmp_path / str(number), certificates)
        machine.install_key()
        before = machine.snapshot()
        command = machine.command(manager=manager, force=True)
        was_killed, status = kill_child_at(number, command,
                                           machine.environment(ASAN_OPTIONS="detect_leaks=0"))
        state = machine.read_state()
        outcomes.append(status)
        if status == 0:
            assert machine.read_keys() == reply().split(b"'")[1] + b"\n", number
        else:
            assert (status, state["last_outcome"]) == (70, "crashed"), number
            assert "was killed by SIGKILL" in state["last_error"], number
            assert machine.snapshot() == before, number
        if not was_killed:
            break
        number += 1
    assert outcomes[0] == 70 and outcomes[-1] == 0, outcomes


# ------------------------------------------------------------------ what it holds

LARGEST = 1 << 30  # bytes: what is larger is a sanitizer's own, and mostly not there


def read_memory(pid):
    """All that is readable of it."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem",
                                                                  "rb") as memory:
        for line in maps:
            span, rights, *_ = line.split()
            if rights[0] != "r" or line.rstrip().endswith(("[vvar]", "[vsyscall]")):
                continue
            begin, end = (int(each, 16) for each in span.split("-"))
            if end - begin > LARGEST:
                continue
            memory.seek(begin)
            try:
                yield memory.read(end - begin)
            except OSError:
                continue  # a guard page, or device memory


@pytest.mark.usefixtures("as_root")
def test_rights(machine, start_manager):
    """No capability, no descriptor of ours, and not the key that is to be replaced."""
    manager = start_manager(silent_after_the_request)
    machine.install_key()
    run = machine.start(manager=manager, settings=LONG, force=True)
    manager.wait_for("request")
    child = child_of(run)
    with open(f"/proc/{child}/status", encoding="ascii") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file)
    descriptors = {name: os.readlink(f"/proc/{child}/fd/{name}")
                   for name in os.listdir(f"/proc/{child}/fd")}
    assert any(OLD_KEY.encode() in part for part in read_memory(run.pid))  # the parent has it
    is_there = any(OLD_KEY.encode() in part for part in read_memory(child))
    run.kill()
    run.finish()
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(status[name], 16) == 0, status
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2"), status
    assert {descriptors.pop(stream) for stream in "01"} == {"/dev/null"}
    descriptors.pop("2")  # a sanitizer's report goes there
    # the pipe, the manager
    assert [target.split(":")[0] for target in descriptors.values()] == ["socket"] * 2, descriptors
    assert not is_there


# ------------------------------------------------------------------ the other commands

COMMANDS = {
    "check": lambda machine, manager: machine.start("check", manager=manager, settings=LONG,
                                                    environment=CRASHES),
    "pin": lambda machine, manager: machine.start("pin", manager.address, trust=None, name=None,
                                                  settings=LONG, environment=CRASHES),
    "deregister": lambda machine, manager: machine.start(
        "deregister", "--yes", manager=manager, name=None, environment=CRASHES,
        settings={**settings(machine), **LONG}),
}


def connections_of(pid):
    """The descriptors of a process that are connections to somewhere else."""
    with open(f"/proc/{pid}/net/tcp", encoding="ascii") as table:
        inodes = {line.split()[9] for line in list(table)[1:]}
    targets = [os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")]
    return [target for target in targets if target[len("socket:["):-1] in inodes]


@needs_module
@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("start", COMMANDS.values(), ids=COMMANDS.keys())
def test_commands(machine, start_manager, start):
    """They talk to a manager in the same way, and the end of that process is an outcome."""
    manager = start_manager(silent_before_tls)
    machine.install_key()
    machine.register(trust=None)  # adopts the key
    before = machine.snapshot()
    run = start(machine, manager)
    manager.wait_for("accepted")
    child = child_of(run)
    assert not connections_of(run.pid) and len(connections_of(child)) == 1
    assert not any(OLD_KEY.encode() in part for part in read_memory(child))
    os.kill(child, signal.SIGSEGV)
    result = run.finish()
    assert result.status == 70, result
    output = result.stdout + result.stderr
    assert f"The process that talked to {manager.address} was killed by SIGSEGV" in output, result
    assert machine.snapshot() == before


@needs_module
@pytest.mark.parametrize("start", COMMANDS.values(), ids=COMMANDS.keys())
def test_commands_stop(machine, start_manager, start):
    manager = start_manager(silent_before_tls)
    machine.install_key()
    machine.register(trust=None)
    run = start(machine, manager)
    manager.wait_for("accepted")
    ended = Ended(child_of(run))
    run.kill()
    assert run.finish().status == -signal.SIGTERM
    assert ended.wait(0)


# ------------------------------------------------------------------ where it cannot be confined

class Unconfined:
    """Puts the helper in front of a machine's commands."""

    def __init__(self, machine):
        self.command = machine.command
        machine.command = self

    def __call__(self, *arguments, **options):
        return [sys.executable, WITHOUT, *self.command(*arguments, **options)]


def test_gap_is_told_once(machine, start_manager):
    managers = [start_manager(silent_before_tls), start_manager(answer(reply()))]
    Unconfined(machine)
    result = machine.register(manager=managers, settings={"manager.attempt_timeout": "1 s"})
    assert result.status == 0, result
    (line,) = [line for line in result.lines if "cannot be confined" in line]
    assert "Landlock is missing" in line and "seccomp is missing" in line, result


def test_gap_in_check(machine, start_manager):
    manager = start_manager(silent_before_tls)
    quick = {"manager.attempt_timeout": "1 s"}
    complete = machine.register("check", manager=manager, settings=quick)
    assert "confine" not in complete.stdout, complete
    Unconfined(machine)
    incomplete = machine.register("check", manager=manager, settings=quick)
    assert incomplete.stdout.count("cannot be confined") == 1, incomplete
    assert incomplete.status == complete.status, incomplete


# ------------------------------------------------------------------ names

SERVICES = {
    "systemd-resolved": "resolve [!UNAVAIL=return] files",
    "Avahi": "mdns4_minimal [!UNAVAIL=return] files",
    "SSSD": "sss [!UNAVAIL=return] files",
    "machined": "mymachines [!UNAVAIL=return] files",
    "the files": "files dns",
}


@pytest.mark.usefixtures("mount_namespace")
@pytest.mark.parametrize("hosts", SERVICES.values(), ids=SERVICES.keys())
def test_name_services(machine, start_manager, hosts):
    """Those that are asked over a local socket are not there for the child; the others go on."""
    manager = start_manager(answer(reply()))
    switch = machine.write("nsswitch.conf", f"hosts: {hosts}\n")
    names = machine.write("hosts", "127.0.0.1 localhost manager.test\n")
    commands = f"mount --bind {switch} /etc/nsswitch.conf\nmount --bind {names} /etc/hosts\n"
    machine.registers(manager=f"manager.test:{manager.port}", before=commands, trust="ca",
                      settings={"tls.verify_name": "127.0.0.1"})


@needs_module
@pytest.mark.usefixtures("mount_namespace")
def test_replaced_during_an_attempt(machine, enrollment, start_wazuh5, certificates):
    """What was allowed is the file that was there: that attempt fails, and the next one reads what
    took its place. The two connections of a token's pin look the manager up twice."""
    manager = start_wazuh5(tokens={TOKEN_ID: SECRET})
    address, pin = f"manager.test:{manager.port}", wazuh5_manager.spki_pin(certificates.ca())
    token = wazuh5_manager.token(f"{address}/wazuh-manager", credential=CREDENTIAL, pin=pin)
    switch = machine.write("nsswitch.conf", "hosts: files\n")
    names, others = (machine.write(name, "127.0.0.1 localhost manager.test\n")
                     for name in ("hosts", "hosts.new"))
    commands = f"mount --bind {switch} /etc/nsswitch.conf\nmount --bind {names} /etc/hosts\n"
    runs = []

    def replace(_):
        subprocess.run(["nsenter", f"--mount=/proc/{runs[0].pid}/ns/mnt", "mount", "--bind", others,
                        "/etc/hosts"], check=True)
        return 200, manager.cacerts
    manager.forced.append(replace)
    options = enrollment.options(token=token, tls__verify_name="127.0.0.1", retry__initial="1 ms",
                                 retry__budget="1 min")
    runs.append(machine.start(before=commands, **options))
    result = runs[0].finish()
    assert result.status == 0, result
    assert [line for line in result.lines if "Cannot resolve manager.test" in line], result
    paths = [request.path.rpartition("/")[2] for request in manager.requests]
    assert paths == ["cacerts", "cacerts", "enroll"], paths
