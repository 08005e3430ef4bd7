# SPDX-License-Identifier: ISC
"""On a terminal of 80 columns, no command prints a longer line, unless a single word is longer; and
nothing but text anywhere else."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest
from registrar_tools import PROGRAM, run
from terminal import COLOUR, fits, plain, terminal

KEY = 64 * "a"
LONG_NAME = "a-name-of-an-agent-" + 20 * "x"
PASSWORD = b"a password\n"

# Words of a command line by command: those that do what it is for, and those that are wrong.
COMMANDS = {
    "serve": [["-t", "--dialect", "wazuh"], ["-t", "-s"], ["-t", "-p", "65536"],
              ["-t", "-x", "/nowhere/at/all/in/a/directory/with/a/long/name/certificate.pem"]],
    "init": [[], ["--name", "manager.example.org"], ["--name", "not a name"],
             ["--dialect", "wazuh"], ["--rotate-ca"], ["--rotate-ca"],
             ["--rotate-ca", "--finish"], ["--finish"]],
    "user": [["admin"], ["admin"], ["admin", "--remove"], ["admin", "--remove"], ["bob"], []],
    "add": [["-n", LONG_NAME], ["-n", LONG_NAME], ["-n", "web", "-a", "10.0.0.300"], []],
    "list": [[], ["--json", "--name", "web-01"], ["--status", "lost"], ["--ip", "10.0.0"]],
    "export": [["001"], ["999"], []],
    "import-file": [["inventory"], ["wrong"], ["/nowhere/at/all"]],
    "remove": [["001"], ["001"], ["002", "--purge"], []],
    "token": [["create", "--address", "manager.example.org", "--max-uses", "1000000000",
               "--description", 4 * "golden image of servers " + "in the west"],
              ["list"], ["show", "TOKEN"], ["show", "none"], ["create"], ["purge", "--all"],
              ["revoke", "TOKEN"], ["purge", "--all", "--force"], ["make"]],
    # What is printed is a program for a shell.
    "completion": [["bash", "-V"], ["csh"], []],
}
# Nothing can break these lines, and somebody copies them.
WHOLE = re.compile(r"[A-Za-z0-9+/=_-]{80,}")


@pytest.fixture(name="manager")
def _manager():
    """Its paths are as short as on a manager, or lines could not be broken."""
    directory = tempfile.mkdtemp(prefix="m")
    path = pathlib.Path(directory)
    (path / "etc").mkdir()
    (path / "etc" / "client.keys").write_text(
        f"001 web-01 any {KEY}\n002 {LONG_NAME}-2 2001:db8::/64 {KEY}\n003 torn\n")
    (path / "inventory").write_text("any,db-1\n10.0.0.7,db-2\n")
    (path / "wrong").write_text("any,web-01\n10.0.0.300,db-3\nneither a name nor an address\n")
    try:
        yield path
    finally:
        shutil.rmtree(directory)


def shown(manager, *arguments, **environment):
    """What a command prints on a terminal, with a password on standard input."""
    with terminal(80) as screen:
        subprocess.run([PROGRAM, *arguments], input=PASSWORD, stdout=screen.far, stderr=screen.far,
                       cwd=manager, check=False, timeout=30,
                       env={"LC_ALL": "C.UTF-8", "TERM": "xterm", **environment})
        return screen.text


def lines_of(manager):
    """Of every command, one after the other."""
    token = ""
    for command, lines in COMMANDS.items():
        for words in lines:
            words = [token if word == "TOKEN" else word for word in words]
            where = [] if command == "completion" else ["-D", str(manager)]
            text = shown(manager, command, *where, *words)
            if words[:1] == ["list"] and command == "token":
                token = plain(text).splitlines()[1].split()[0]
            yield command, words, text


def test_every_command_is_here():
    names = re.findall(r"^  ([a-z][a-z-]*)(?: |$)", run("--help").stdout.split("\n\n")[2], re.M)
    assert sorted(names) == sorted(COMMANDS)


def test_no_line_is_too_long(manager):
    for command, words, text in lines_of(manager):
        assert text.strip() or words[0] in ("inventory", "revoke"), (command, words)
        fits(WHOLE.sub("", plain(text)), 80)
        assert "\t" not in text


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colours(manager, environment):
    run("-D", manager, "init", "--dialect", "wazuh")
    run("-D", manager, "token", "create", "--address", "manager.example.org")
    for command in ("list", "token"):
        words = [command, "-D", str(manager), *(["list"] if command == "token" else [])]
        assert COLOUR.search(shown(manager, *words)), words
        assert "\033" not in shown(manager, *words, **environment), words


def test_as_before_elsewhere(manager):
    """One token a line, with all that is known of it, and no header."""
    run("-D", manager, "init", "--dialect", "wazuh")
    run("-D", manager, "token", "create", "--address", "manager.example.org", "--description",
        "golden image")
    line = run("-D", manager, "token", "list", env={**os.environ, "TERM": "xterm"}).stdout
    assert re.fullmatch(r"\S{22} active 0 \S+Z manager\.example\.org golden image\n", line)
    text = run("-D", manager, "token", "show", line.split()[0]).stdout
    assert re.search(r"^description: golden image$", text, re.M)
    assert re.search(r"^id:          \S{22}$", text, re.M)
    done = run("-D", manager, "user", "a name that is no name of a user, however long it is")
    assert done.stderr.count("\n") == 1
