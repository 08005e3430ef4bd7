# SPDX-License-Identifier: ISC
"""The message catalogs, as journalctl -x shows them on a terminal of 80 columns: each entry fits,
and ends with the commands to run next."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR") or ROOT)
PROGRAMS = {
    "agent-register": os.environ.get("AGENT_REGISTER") or str(BUILD / "agent-register"),
    "agent-registrar": os.environ.get("AGENT_REGISTRAR") or str(BUILD / "agent-registrar"),
}
WIDTH = 80 - len("-- ")  # which journalctl puts in front
TRY_AGAIN = ["agent-register check", "systemctl restart agent-register"]
UNITS = {"agent-register", "agent-registrar", "agent-registrar-keeper"}


def entries(program):
    """(MESSAGE_ID, text) of each."""
    text = (ROOT / "etc" / f"{program}.catalog").read_text()
    found = re.findall(r"(?ms)^-- ([0-9a-f]{32})\n(.*?)(?=\n-- |\Z)", text)
    assert len(found) == text.count("\nSubject: ")
    return found


def failures():
    """The MESSAGE_IDs of the outcomes of a registration that are errors or warnings."""
    policy = (ROOT / "src/client/registration/policy.c").read_text()
    names = re.findall(r"LOG_(?:ERR|WARNING),\s+(MESSAGE_\w+)", policy)
    ids = dict(re.findall(r"#define (\w+) \"([0-9a-f]{32})\"",
                          (ROOT / "src/client/system/message-ids.h").read_text()))
    assert len(names) > 10
    return [ids[name] for name in names]


ENTRIES = [pytest.param(program, text, id=f"{program}-{ident[:8]}")
           for program in PROGRAMS for ident, text in entries(program)]


def next_commands(text):
    """The last paragraph: indented lines, each of which is a command."""
    lines = text.rstrip("\n").split("\n\n")[-1].splitlines()
    assert all(line.startswith("    ") for line in lines), text
    return [line.strip() for line in lines]


@pytest.fixture(scope="module", name="commands")
def _commands():
    """What each program says that it can do."""
    return {program: re.findall(r"(?m)^  ([a-z-]+)\b",
                                subprocess.run([path, "--help"], capture_output=True, text=True,
                                               check=True).stdout.split("Commands:")[1]
                                .split("\n\n")[0])
            for program, path in PROGRAMS.items() if os.access(path, os.X_OK)}


@pytest.mark.parametrize("program,text", ENTRIES)
def test_entry_fits(program, text):
    assert program
    assert [line for line in text.splitlines() if len(line) > WIDTH or line != line.rstrip()] == []


@pytest.mark.parametrize("program,text", ENTRIES)
def test_entry_ends_with_commands(program, text, commands):
    assert program
    for line in next_commands(text):
        words = line.split()
        if words[0] in ("systemctl", "journalctl"):
            assert words[-1] in UNITS, line
        elif words[0] in commands:
            assert words[1] in commands[words[0]], line
        else:
            assert words[0] in PROGRAMS, line


@pytest.mark.parametrize("ident", failures())
def test_failure_ends_with_another_try(ident):
    assert next_commands(dict(entries("agent-register"))[ident])[-2:] == TRY_AGAIN
