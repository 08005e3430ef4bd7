# SPDX-License-Identifier: ISC
"""Completion in bash, zsh and fish: behind every command, all that the program takes there and
nothing else. What it takes, the program says itself: its help, and how it refuses the rest."""

import functools
import os
import pathlib
import re
import shutil
import subprocess

import pytest
import shells

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR") or ROOT)
PATHS = {
    "agent-register": os.environ.get("AGENT_REGISTER") or str(BUILD / "agent-register"),
    "agent-registrar": os.environ.get("AGENT_REGISTRAR") or str(BUILD / "agent-registrar"),
}
# Commands whose first argument is one of some words.
WITH_WORDS = {"agent-register": ["completion", "token"], "agent-registrar": ["completion", "token"]}
# Other commands take these, too, as the beginning of a longer one.
ALSO_BEGINNINGS = {"--all": {"token"}, "--force": {"token"}}
# With these, a command that accepts an option finds nothing to work on, and can make nothing.
HARMLESS = {"agent-register": ["--config", "/dev/null"],
            "agent-registrar": ["--directory", "/dev/null/none"]}


def said(program, *arguments, called=None):
    if not os.access(PATHS[program], os.X_OK):
        pytest.skip(f"{program} is not built")
    done = subprocess.run([called or program, *arguments], executable=PATHS[program], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return done.stdout


def words_of(pattern, text):
    """The words of a list, as in "is a, b or c, not"."""
    found = re.search(pattern, text)
    words = re.split(r", | or ", found[1]) if found else []
    return set(words) if all(re.fullmatch(r"[\w-]+", word) for word in words) else set()


@functools.cache
def commands(program):
    block = said(program, "--help").partition("Commands:\n")[2].partition("\n\n")[0]
    return re.findall(r"(?m)^  ([a-z-]+)", block)


@functools.cache
def options(program):
    """Each long option, and the commands that it belongs to."""
    found = {}
    for name in re.findall(r"(?m)^ +(?:-\w, )?(--[a-z-]+)", said(program, "--help")):
        refusal = said(program, "completion", "bash", name, "x", "--help")
        found[name] = words_of(r"belongs to (.*), not to completion", refusal) or \
            set(commands(program))
    if program == "agent-registrar":
        found |= ALSO_BEGINNINGS
    return found


@functools.cache
def values(program, option):
    """The only ones that it takes; none if it takes others, or no argument."""
    owners = options(program)[option]
    command = "config" if "config" in owners else sorted(owners)[0]
    if command == "completion":
        return set()
    test = ["--test"] if command == "serve" else []
    return words_of(rf"{option} is (.*), not '\?!'",
                    said(program, command, *HARMLESS[program], f"{option}=?!", *test))


def first_words(program, command):
    refusal = said(program, command, "?!")
    return words_of(r"[A-Z]+ is (.*), not '\?!'", refusal) or \
        words_of(rf"command {command} takes (\w+) ", refusal)


def expectations(program):
    """(beginning of a line, what is to be offered)."""
    yield f"{program} ", set(commands(program))
    yield f"{program} --", set(options(program))
    for command in commands(program):
        yield (f"{program} {command} --",
               {name for name, owners in options(program).items() if command in owners})
    for command in WITH_WORDS[program]:
        yield f"{program} {command} ", first_words(program, command)
    for name, owners in options(program).items():
        if values(program, name):
            yield f"{program} {sorted(owners)[0]} {name} ", values(program, name)


@pytest.mark.parametrize("shell", shells.NAMES)
@pytest.mark.parametrize("program", PATHS)
def test_everything_is_offered(program, shell, tmp_path):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    expected = dict(expectations(program))
    assert all(expected.values()) and len(expected) > len(commands(program)) + 4
    script = said(program, "completion", shell)
    offered = dict(zip(expected, shells.offers(shell, script, list(expected), tmp_path)))
    assert offered == expected


@pytest.mark.parametrize("shell", shells.NAMES)
def test_agent_auth(shell, tmp_path):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    text = said("agent-register", "-h", called="agent-auth")
    expected = set(re.findall(r"(?m)^  (-\w|--[a-z]+)\b", text))
    assert len(expected) > 10
    script = said("agent-register", "completion", shell)
    assert shells.offers(shell, script, ["agent-auth -"], tmp_path) == [expected]


@pytest.mark.parametrize("shell", shells.NAMES)
def test_files_and_equals_signs(shell, tmp_path):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "manager.pem").touch()
    (tmp_path / "manager-place").mkdir()
    lines = ["agent-register import man", "agent-register -v man", "agent-register -D man",
             "agent-register --method=en", "agent-register -m a --port 1 res",
             "agent-register --pin x sta", "agent-register status "]
    found = shells.offers(shell, said("agent-register", "completion", shell), lines, tmp_path)
    both = {"manager.pem", "manager-place"}
    assert [{word.rstrip("/").removeprefix("--method=") for word in words} for words in found] == \
        [both, both, {"manager-place"}, {"enroll"}, {"reset"}, {"status"}, set()]
