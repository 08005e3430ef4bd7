# SPDX-License-Identifier: ISC
"""The command list: which agents, how a terminal shows them, and what happens when nobody reads to
the end. What programs read is tested with the other commands."""

import json
import os
import signal
import subprocess
import time

import pytest
from registrar_tools import PROGRAM
from terminal import terminal

KEY = 64 * "a"
AGENTS = [("001", "web-01", "any"), ("002", "web-02", "10.0.0.2"), ("003", "db-01", "10.1.0.0/16"),
          ("1024", "a-name-that-is-longer-than-others", "2001:db8::1")]


@pytest.fixture(name="agents")
def _agents(admin):
    """Of the first, a message came now; of the second, long ago; of the third, none."""
    admin.write(*(f"{id_} {name} {ip} {KEY}" for id_, name, ip in AGENTS))
    rids = admin.directory / "queue" / "rids"
    groups = admin.directory / "queue" / "agent-groups"
    rids.mkdir(parents=True)
    groups.mkdir(parents=True)
    (rids / "001").write_text("1:1:")
    (rids / "002").write_text("1:1:")
    os.utime(rids / "002", (time.time() - 3600,) * 2)
    (groups / "001").write_text("default,web\n")
    (groups / "002").write_text("web-servers\n")
    return admin


@pytest.mark.parametrize("options,ids", [
    ([], ["001", "002", "003", "1024"]),
    (["--name", "web-01"], ["001"]),
    (["--name", "web-*"], ["001", "002"]),
    (["--name", "web"], []),
    (["--name", "*-0?"], ["001", "002", "003"]),
    (["--ip", "10.0.0.2"], ["002"]),
    (["--ip", "any"], ["001"]),
    (["--ip", "10.1.0.0/255.255.0.0"], ["003"]),
    (["--ip", "2001:0DB8:0000:0000:0000:0000:0000:0001"], ["1024"]),
    (["--ip", "10.1.0.1"], []),
    (["--group", "web"], ["001"]),
    (["--group", "web-servers"], ["002"]),
    (["--group", "nobody"], []),
    (["--status", "active"], ["001"]),
    (["--status", "disconnected"], ["002"]),
    (["--status", "never_connected"], ["003", "1024"]),
    (["--status", "never_connected", "--name", "db*"], ["003"]),
])
def test_filters(agents, options, ids):
    assert [line.split()[0] for line in agents("list", *options).splitlines()] == ids
    listed = json.loads(agents("list", "--json", *options))["agents"]
    assert [agent["id"] for agent in listed] == ids


@pytest.mark.parametrize("options,words", [
    (["--status", "lost"], "active, disconnected or never_connected"),
    (["--ip", "10.0.0"], "--ip is any, an address or a network"),
])
def test_wrong_filters(agents, options, words):
    assert agents("list", *options, status=64) == ""
    assert words in agents.messages


def shown(agents, *options, columns=80, **environment):
    with terminal(columns) as screen:
        subprocess.run([PROGRAM, "-D", agents.directory, "list", *options], stdout=screen.far,
                       check=True, timeout=30, env={"LC_ALL": "C", "TERM": "dumb", **environment})
        return screen.text


def test_columns_on_a_terminal(agents):
    lines = shown(agents).splitlines()
    places = [lines[0].index(word) for word in ("ID", "NAME", "ADDRESS")]
    assert places[0] == 0 and len(lines) == 1 + len(AGENTS)
    for line, agent in zip(lines[1:], AGENTS):
        assert [line[place:].split()[0] for place in places] == list(agent), line
    assert [line for line in lines if len(line) > 80 or line != line.rstrip()] == []


def test_header_only_for_people(agents):
    assert agents("list").splitlines() == [" ".join(agent) for agent in AGENTS]
    assert shown(agents, "--name", "nobody") == ""
    assert json.loads(shown(agents, "--json"))["agents"]
    assert shown(agents, TERM="xterm").startswith("\033[1mID")
    assert shown(agents, TERM="xterm", NO_COLOR="1").startswith("ID")


@pytest.mark.parametrize("command", [["list"], ["list", "--json"]])
def test_nobody_reads_to_the_end(admin, command):
    admin.write(*(f"{number:03} agent-{number} any {KEY}" for number in range(1, 5000)))
    with subprocess.Popen([PROGRAM, "-D", admin.directory, *command], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == -signal.SIGPIPE


def test_nobody_reads_what_was_done(admin):
    """A command that changes something does it, and is quiet about the rest."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run([PROGRAM, "-D", admin.directory, "add", "-n", "web"], stdout=writing,
                              stderr=subprocess.PIPE, text=True, check=False, timeout=30)
    finally:
        os.close(writing)
    assert done.returncode == 74 and done.stderr == ""
    assert admin("list") == "001 web any\n"
