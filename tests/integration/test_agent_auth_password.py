# SPDX-License-Identifier: ISC
"""Where agent-auth takes the password from."""
import os
import subprocess
import time

import pytest
from agent_auth import request, output_lines
from machine import PATIENCE

PASSWORD = "Correct-Horse-Battery"

# ------------------------------------------------------------------ the password


def test_password_file(agent_auth, start_manager):
    manager = start_manager()
    path = agent_auth.password(PASSWORD + "\n")
    result = agent_auth.registers(manager=manager, arguments=["-P", path], trust="ca")
    assert request(manager) == f"OSSEC PASS: {PASSWORD} OSSEC A:'web-01'"
    assert output_lines(result)[0] == f"INFO: Using password specified on file: {path}"
    assert output_lines(result)[1].startswith("INFO: Connected to ")


def test_default_password_file(agent_auth, start_manager):
    agent_auth.password(PASSWORD, name="ossec/etc/authd.pass")
    manager = start_manager()
    result = agent_auth.registers(manager=manager)
    assert request(manager) == f"OSSEC PASS: {PASSWORD} OSSEC A:'web-01'"
    file = agent_auth.default_password
    assert output_lines(result)[0] == f"INFO: Using password specified on file: {file}"


def test_the_option_beats_the_default_password_file(agent_auth, start_manager):
    agent_auth.password("Something-Else", name="ossec/etc/authd.pass")
    manager = start_manager()
    agent_auth.registers(manager=manager, arguments=["-P", agent_auth.password(PASSWORD)])
    assert request(manager) == f"OSSEC PASS: {PASSWORD} OSSEC A:'web-01'"


# Content of the file, what is sent: the defects of both originals, by name.
PASSWORDS = {
    "a newline in the password": ("s3cret\n", "s3cret"),
    "cut at 32 characters": ("p" * 40 + "\n", "p" * 40),
    "32 characters": ("p" * 32 + "\n", "p" * 32),
    "one character is ignored": ("x\n", "x"),
    "two characters are ignored": ("xy", "xy"),
    "cut at 2047 bytes": ("p" * 4094 + "\n", "p" * 4094),
    "blanks": (" s3 cret \n", " s3 cret "),
    "quotes": ("it's\n", "it's"),
}


@pytest.mark.parametrize("content, sent", PASSWORDS.values(), ids=PASSWORDS.keys())
@pytest.mark.parametrize("way", ["-P", "authd.pass"])
def test_password_defects(agent_auth, start_manager, way, content, sent):
    path = agent_auth.write("ossec/etc/authd.pass" if way == "authd.pass" else "file", content,
                            0o600)
    manager = start_manager()
    agent_auth.registers(manager=manager, arguments=["-P", path] if way == "-P" else [])
    assert request(manager) == f"OSSEC PASS: {sent} OSSEC A:'web-01'"


BAD_PASSWORDS = {
    "empty": ("", "is empty"),
    "only a newline": ("\n", "is empty"),
    "a carriage return": ("s3cret\r\n", "carriage return"),
    "two lines": ("s3cret\nbattery\n", "more than one line"),
    "too long": ("p" * 5000, "longer than 4094 bytes"),
    "NUL": ("s3\0cret", "NUL"),
}


@pytest.mark.parametrize("content, words", BAD_PASSWORDS.values(), ids=BAD_PASSWORDS.keys())
def test_password_files_that_no_manager_takes(agent_auth, start_manager, content, words):
    manager = start_manager()
    agent_auth.password(content, name="ossec/etc/authd.pass")
    agent_auth.fails(words, agent_auth.default_password, manager=manager)
    assert manager.conversations == []


ON_THE_COMMAND_LINE = {
    "usual": PASSWORD, "empty": "", "blanks": "a pass phrase", "like a path": "/Correct/Horse",
    "very long": "Correct-Horse" * 500
}


@pytest.mark.parametrize("password", ON_THE_COMMAND_LINE.values(), ids=ON_THE_COMMAND_LINE.keys())
@pytest.mark.parametrize("attached", [False, True], ids=["apart", "attached"])
def test_password_on_the_command_line(agent_auth, start_manager, password, attached):
    attached = attached and password != ""  # without one, -P takes the next argument
    manager = start_manager()
    result = agent_auth.fails("-P takes a file", f">{agent_auth.default_password})",
                              manager=manager,
                              arguments=[f"-P{password}"] if attached else ["-P", password])
    assert manager.conversations == []
    assert not password or password not in result.stdout + result.stderr


def test_password_is_wiped_from_the_command_line(agent_auth, start_manager):
    """Seen while the program waits for somebody to read its message."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"\0" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    command = agent_auth.command("-P", PASSWORD, "-P", agent_auth.write("file", "x"),
                                 manager=start_manager())
    with subprocess.Popen(command, stderr=writer, stdout=subprocess.DEVNULL) as process:
        os.close(writer)
        end = time.monotonic() + PATIENCE
        while not wipes(process.pid) and time.monotonic() < end:
            time.sleep(0.001)
        with open(f"/proc/{process.pid}/cmdline", "rb") as file:
            seen = file.read()
        with open(reader, "rb") as file:
            said = file.read().lstrip(b"\0").decode()
        assert process.wait(PATIENCE) == 1
    assert b"agent-auth\0" in seen and b"-P\0" in seen and PASSWORD.encode() not in seen
    assert "-P takes a file" in said and PASSWORD not in said


def wipes(pid):
    """Has it written its message?"""
    with open(f"/proc/{pid}/wchan", encoding="ascii") as file:
        return "pipe" in file.read()
