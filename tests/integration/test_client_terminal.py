# SPDX-License-Identifier: ISC
"""On a terminal, what the commands print fits its width, with symbols and colours where there are
any. Elsewhere, each row is one line of plain words, as before."""

import re
import subprocess

import pytest
from machine import OLD_LINE
from terminal import COLOUR, fits, plain, terminal

WIDTHS = [80, 60]
UTF_8 = {"LC_ALL": "C.UTF-8", "TERM": "xterm"}


def shown(machine, *arguments, columns=80, environment=None, **options):
    """What a command prints on a terminal."""
    with terminal(columns) as screen:
        subprocess.run(machine.command(*arguments, **options), stdin=subprocess.DEVNULL,
                       stdout=screen.far, stderr=screen.far, cwd="/", check=False, timeout=30,
                       env=machine.environment(**{**UTF_8, **(environment or {})}))
        return screen.text


def unwrapped(text):
    """Rows that go on in the next line, as one line."""
    lines = []
    for line in plain(text).splitlines():
        if line.startswith(" " * 10) and lines:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    return lines


@pytest.mark.parametrize("columns", WIDTHS)
def test_check_fits(machine, start_manager, columns):
    manager = start_manager()
    text = shown(machine, "check", manager=manager, columns=columns)
    fits(text, columns)
    assert "✓ TLS" in plain(text) and "\033[32m✓\033[0m" in text, text


def test_check_elsewhere(machine, start_manager):
    """The same rows, each in one line, without symbols whatever the character set is."""
    manager = start_manager()
    result = machine.register("check", manager=manager, environment=UTF_8)
    assert result.stdout.isascii() and "\033" not in result.stdout, result
    assert [line.strip() for line in result.stdout.splitlines()] == [
        re.sub("^! ", "note ", line.replace("✓", "ok  ")) for line in
        unwrapped(shown(machine, "check", manager=manager, columns=60))], result


# By command: words that do what it is for, as far as that needs no manager, and wrong ones.
COMMANDS = {
    "run": [[], ["now"], ["--yes"], ["--force"]],
    "status": [[], ["now"]],
    "check": [[], ["now"], ["--set", "auth.password_file=/nowhere/at/all/in/a/long/directory"]],
    "config": [[], ["now"], ["--set", "manager.port=http"], ["--set", "auth.passwd=x"]],
    # What it prints besides is the journal's, systemctl's and other commands'.
    "report": [["now"]],
    "import": [["-"], ["/nowhere/at/all"], []],
    "reset": [[], ["--yes"], ["now"], ["--json"]],
    "deregister": [[], ["--yes"], ["now"]],
    "pin": [["manager.invalid"], ["manager.invalid:http"], []],
    "trust": [[], ["now"]],
    "token": [["show"], ["show", "/nowhere"], ["show", "-"], ["make"], []],
    # What is printed is a program for a shell.
    "completion": [["csh"], []],
}


def test_every_command_is_here(machine):
    text = machine.register("--help").stdout
    assert sorted(re.findall(r"^  ([a-z][a-z-]*)(?: |$)", text.split("\n\n")[2], re.M)) == sorted(
        COMMANDS)


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("command,words", [(command, words) for command, lines in COMMANDS.items()
                                           for words in lines])
def test_others_fit(machine, command, words, columns):
    machine.install_key(OLD_LINE)
    manager = None if command == "completion" else "manager.invalid"
    text = shown(machine, command, *words, columns=columns, manager=manager)
    assert text.strip()
    fits(text, columns)
    assert "\033" not in text or command == "check"


def test_status_wraps(machine):
    """A long error goes on below its beginning."""
    machine.register("run", manager="manager.invalid",
                     settings={"auth.password_file": "/nowhere/at/all/pass"})
    text = shown(machine, "status", manager="manager.invalid", columns=60)
    fits(text, 60)
    result = machine.register("status", manager="manager.invalid")
    assert unwrapped(text) == result.stdout.splitlines(), text
    assert len(text.splitlines()) > len(result.stdout.splitlines()), text


def test_status_with_a_mark_is_aligned(machine):
    text = shown(machine, "status", config=machine.write("broken.conf", "port = 1\n"), columns=60)
    lines = plain(text).splitlines()
    assert any(line.startswith("✗ config") for line in lines), text
    assert all(re.fullmatch(r".{12}  \S.*", line) for line in lines), text


@pytest.mark.parametrize("environment,colour,symbols", [
    ({}, True, True),
    ({"NO_COLOR": "1"}, False, True),
    ({"NO_COLOR": ""}, True, True),
    ({"TERM": "dumb"}, False, True),
    ({"LC_ALL": "C"}, True, False),
])
def test_colours_and_symbols(machine, environment, colour, symbols):
    text = shown(machine, "check", manager="manager.invalid", environment=environment)
    assert bool(COLOUR.search(text)) == colour, text
    assert ("✗" in text, "FAIL" in text) == (symbols, not symbols), text
