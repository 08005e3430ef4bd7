# SPDX-License-Identifier: ISC
"""The beginning of `agent-registrar serve`, in which one call fails: it serves all the same, or it
ends with a message and a status after which trying again may help, and leaves no process behind."""
import contextlib
import os
import re
import select
import signal
import socket
import subprocess

import api_tools
import pytest
from fail_at_call import Faults, fail_at_every_call, needs_library
from ports import port_to_listen_on
from registrar_tools import PATIENCE, PROGRAM, Client, Registrar, prepare

pytestmark = needs_library

# What a message says of it, whatever was to be done.
FILES, BUSY, MEMORY = "Too many open files", "temporarily unavailable", "[Mm]emory"
WORDS = {
    "malloc": f"{MEMORY}|{BUSY}", "open": FILES, "read": "Input/output error", "fork": BUSY,
    "socket": f"{FILES}|{MEMORY}", "socketpair": f"{FILES}|{MEMORY}", "pthread_create": BUSY,
    "event_add": MEMORY, "epoll_ctl": MEMORY, "setresuid": BUSY, "dup2": "never",
}
PASSING = {1, os.EX_OSERR}  # a service is restarted after these, but not after EX_CONFIG
LASTING = {"read"}  # a file that cannot be read is not what passes by itself
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def processes_about(directory):
    """Those that have it in their command line: whatever was made of the one that was started."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                is_about = os.fsencode(str(directory)) in file.read().split(b"\0")
            if is_about:
                found.append((int(pid), os.pidfd_open(int(pid))))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def end_processes(directory, number=0):
    """Wait until none is left, after a signal (0: none). Returns those that did not go."""
    left = []
    for pid, descriptor in processes_about(directory):
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(descriptor, number)
        if not select.select([descriptor], [], [], PATIENCE)[0]:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            left.append(pid)
        os.close(descriptor)
    return left


def check_failure(function, status, said):
    assert status in PASSING or (status == os.EX_CONFIG and function in LASTING), (status, said)
    assert "Sanitizer" not in said and re.search(WORDS[function], said), (status, said)


class Start(Registrar):
    """A registrar that may have ended instead of serving."""

    def __init__(self, directory, faults):
        self.is_serving = True
        super().__init__(directory, "-n", "--dialect", "wazuh", "--api-port", "0",
                         environment=faults.environment)

    def wait_until_ready(self):
        try:
            super().wait_until_ready()
            self.wait_for_line("The API listens")
        except AssertionError:
            self.is_serving = False


@pytest.mark.parametrize("function", [
    "malloc", "open", "read", "socket", "socketpair", "fork", "pthread_create", "event_add",
    "epoll_ctl", pytest.param("setresuid", marks=as_root)])
def test_start(tmp_path, function):
    directory = tmp_path / "manager"
    prepare(directory, dialect="wazuh")
    api_tools.write_users(directory, {api_tools.USER: api_tools.PASSWORD})
    faults = Faults(tmp_path)
    names = iter(range(1, 1000000))

    def attempt(number):
        del number
        registrar = Start(directory, faults)
        failed = faults.failed
        faults.disarm()
        try:
            if registrar.is_serving:
                try:
                    registrar.register(f"web-{next(names)}")
                except OSError as error:
                    raise AssertionError(f"does not serve: {error}: {registrar.log}") from None
                assert registrar.stop() == 0, registrar.log
            else:
                assert failed, registrar.log
                check_failure(function, registrar.process.wait(PATIENCE), registrar.log)
            assert not end_processes(directory), f"processes were left behind: {registrar.log}"
        finally:
            registrar.kill()
    assert fail_at_every_call(faults, function, attempt) > 0


# ------------------------------------------------------------------ in the background


def call_in_background(directory, program, faults):
    """As an init script calls it. Returns its status, the port, and what it said."""
    port = port_to_listen_on()
    done = subprocess.run([program, "-D", str(directory), "-n", "-p", str(port)],
                          capture_output=True, text=True, timeout=PATIENCE, check=False,
                          env={**os.environ, **faults.environment})
    return done.returncode, port, done.stderr


def register(port, name):
    with Client(socket.create_connection(("127.0.0.1", port), PATIENCE)) as client:
        client.send(f"OSSEC A:'{name}'\n")
        return client.reply().agent


@pytest.mark.parametrize("function", ["fork", "socketpair", "open", "dup2"])
def test_background(tmp_path, function):
    """The caller hears how it went, and has a registrar or none."""
    directory, program = tmp_path / "manager", tmp_path / "ossec-authd"
    prepare(directory)
    program.symlink_to(PROGRAM)
    faults = Faults(tmp_path)
    names = iter(range(1, 1000000))

    def attempt(number):
        del number
        status, port, said = call_in_background(directory, program, faults)
        failed = faults.failed
        faults.disarm()
        try:
            if status == 0:
                assert register(port, f"web-{next(names)}"), said
            else:
                assert failed, said
                check_failure(function, status, said)
        finally:
            left = end_processes(directory, signal.SIGTERM if status == 0 else 0)
        assert not left, f"processes were left behind: {said}"
    assert fail_at_every_call(faults, function, attempt) > 0
