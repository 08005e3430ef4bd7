# SPDX-License-Identifier: ISC
"""Passwords and keys go to the manager and into the key file, and nowhere else."""
import os
import threading

import pytest
from machine import KEY, OLD_KEY, reply
from fake_manager import PATIENCE, answer

PASSWORD = "Correct-Horse-Battery"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def test_no_secret_in_the_process_table(machine, start_manager, as_root):
    """As seen by root while the request is under way: arguments, environment, limits, and all
    files but the key's."""
    seen = {}
    started = threading.Event()

    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        assert started.wait(PATIENCE)
        seen.update(
            {
                name: read(f"/proc/{run.pid}/{name}")
                for name in ("cmdline", "environ", "status", "limits")
            }
        )
        seen["files"] = [
            os.readlink(f"/proc/{run.pid}/fd/{each}") for each in os.listdir(f"/proc/{run.pid}/fd")
        ]
        conversation.send(reply())
        conversation.finish()
    machine.install_key()
    password = machine.password(PASSWORD)
    run = machine.start("-d", "-d", manager=start_manager(script),
                        settings={"auth.password_file": password}, force=True)
    started.set()
    result = run.finish()
    assert result.status == 0, result
    for secret in (PASSWORD, KEY, OLD_KEY):
        for name in ("cmdline", "environ", "status"):
            assert secret.encode() not in seen[name]
        assert secret not in result.stderr + result.stdout + str(result.state)
    assert b"password" in seen["cmdline"]  # it was the right process
    assert password not in seen["files"]  # not kept open
    assert [
        line.split()[-3:-1] for line in seen["limits"].decode().splitlines() if "core file" in line
    ] == [["0", "0"]]


FAILURES = {
    "refused": answer(b"ERROR: Invalid password. Unable to add agent"),
    "echoed": answer(b"ERROR: Invalid agent name: you said Correct-Horse"),
    "echoed but for its end": answer(b"ERROR: Invalid agent name: you said Correct-Hors"),
    "key in an error": answer(b"ERROR: Duplicate, and its key is " + KEY.encode()),
    "key in something else": answer(b"agent 001 has " + KEY.encode() + b"\n"),
    "truncated key": answer(reply()[:-1]),
    "invalid key": answer(reply(name="!")),
    "silent": answer(),
}


@pytest.mark.parametrize("script", FAILURES.values(), ids=FAILURES.keys())
def test_no_secret_in_what_a_failure_leaves(machine, start_manager, script):
    """Standard error with all there is to say, the state file, and every other file
    (Machine.check looks too)."""
    password = machine.password(PASSWORD)
    machine.install_key()
    result = machine.register("-d", "-d", manager=start_manager(script),
                              settings={"auth.password_file": password}, force=True)
    assert result.status != 0 and len(result.failures) == 1, result
    for root, _, names in os.walk(machine.directory):
        for name in names:
            path = os.path.join(root, name)
            assert path == password or PASSWORD.encode() not in read(path), path
            assert path == machine.keys or OLD_KEY.encode() not in read(path), path
            assert KEY.encode() not in read(path), path
    assert KEY not in result.stderr and PASSWORD[:-1] not in result.stderr


def test_byte_order_mark_is_no_part_of_the_password(machine, start_manager):
    manager = start_manager()
    machine.registers(manager=manager,
                      settings={"auth.password_file": machine.password("\ufeffSecret-Horse\n")})
    assert manager.conversation.records[0].startswith(b"OSSEC PASS: Secret-Horse OSSEC A:")


# Password files that no manager would take: content, words of the message.
FAULTS = {
    "empty": ("", "is empty"),
    "only a newline": ("\n", "is empty"),
    "CRLF": ("Secret-Horse\r\n", "carriage return"),
    "CR": ("Secret-Horse\r", "carriage return"),
    "too long": ("Secret" * 700, "longer than 4094 bytes"),
    "far too long": ("Secret" * 100000, "longer than 4094 bytes"),
    "several lines": ("Secret-Horse\nBattery\n", "more than one line"),
    "empty line behind": ("Secret-Horse\n\n", "more than one line"),
    "NUL": ("Secret\0Horse\n", "NUL"),
    "only a byte order mark": ("\ufeff\n", "is empty"),
}


@pytest.mark.parametrize("content, words", FAULTS.values(), ids=FAULTS.keys())
def test_unusable_password_file(machine, start_manager, content, words):
    manager = start_manager()
    password = machine.password(content)
    machine.install_key()
    result = machine.fails("misconfigured", password, words, manager=manager, force=True,
                           settings={"auth.password_file": password})
    assert "Secret" not in result.failure and "Battery" not in result.failure
    assert manager.conversations == []


@pytest.mark.parametrize("path, words",
                         [("/nowhere/password", "No such file"), ("/", "regular file")],
                         ids=["missing", "directory"])
def test_no_password_file(machine, start_manager, path, words):
    manager = start_manager()
    machine.fails("misconfigured", f"password file {path}", words, manager=manager,
                  settings={"auth.password_file": path})
    assert manager.conversations == []


def test_password_file_that_is_a_pipe(machine, start_manager):
    """Opening it would wait for a writer, beyond every deadline and signal."""
    path = os.path.join(machine.directory, "pipe")
    os.mkfifo(path)
    manager = start_manager()
    machine.fails("misconfigured", path, "regular file", manager=manager,
                  settings={"auth.password_file": path})
    assert manager.conversations == []


def test_unreadable_password_file(machine, start_manager, as_root):
    manager = start_manager()
    os.mkdir(machine.state_directory)
    os.chown(machine.state_directory, 65534, 65534)
    password = machine.password(PASSWORD, mode=0o600)
    machine.fails("misconfigured", password, "Permission denied", manager=manager, user=65534,
                  trust=["--ca", machine.write("ca.pem", read(machine.certificates.ca()))],
                  settings={"auth.password_file": password})
    assert manager.conversations == []


@pytest.mark.parametrize("mode, warned", [(0o600, False), (0o640, False), (0o644, True)],
                         ids=["0600", "0640", "0644"])
def test_password_file_for_everybody(machine, start_manager, mode, warned):
    password = machine.password(PASSWORD, mode=mode)
    result = machine.registers(manager=start_manager(), settings={"auth.password_file": password})
    assert bool(result.warnings) == warned
    if warned:
        assert password in result.failure and "chmod" in result.failure


def test_no_option_takes_a_password(machine):
    result = machine.register("--help", trust=None)
    assert not [
        line
        for line in result.stdout.splitlines()
        if line.lstrip().startswith("-") and "PASSWORD" in line
    ]
