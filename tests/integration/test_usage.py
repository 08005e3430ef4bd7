# SPDX-License-Identifier: ISC
"""Which options each command has, of both programs: any other is wrong usage (64), and so are words
that a command does not take. With --help behind it, a line is read and nothing is done."""

import re
import subprocess

import pytest
from test_help import CLIENT, REGISTRAR, said

# Commands by option; None: all but completion.
ALL = None
REGISTRAR_OPTIONS = {
    "port": "serve token", "directory": ALL, "certificate": "serve init user token",
    "group": ALL, "private-key": "serve init user", "client-ca": "serve", "ciphers": "serve",
    "use-source-address": "serve", "no-password": "serve init user", "test": "serve",
    "password-file": "serve init user", "verify-host": "serve", "listen": "serve",
    "dialect": "serve init add remove import-file", "on-duplicate": "serve add import-file",
    "force-key-mismatch": "serve add import-file",
    "force-disconnected-time": "serve add import-file",
    "force-after-registration-time": "serve add import-file", "groups": "serve",
    "max-agents": "serve add import-file", "manager-version": "serve",
    "allow-higher-versions": "serve", "max-connections": "serve", "max-per-source": "serve",
    "exempt-source": "serve", "timeout": "serve", "part": "serve", "keeper-socket": "serve",
    "init": "serve init user", "name": "serve init user add list", "rotate-ca": "init",
    "finish": "init", "api-port": "serve", "api-listen": "serve", "api-users": "serve user",
    "api-max-requests": "serve", "api-max-login-attempts": "serve", "api-block-time": "serve",
    "enroll-port": "serve", "enroll-rate": "serve", "ip": "add list", "id": "add",
    "status": "list", "json": "list token", "purge": "remove", "remove": "user",
    "address": "token", "prefix": "token", "ttl": "token", "max-uses": "token",
    "description": "token", "embed-ca": "token", "no-credential": "token", "all": "token",
    "force": "token", "quiet": "import-file",
}
CLIENT_OPTIONS = {
    "manager": ALL, "port": ALL, "name": ALL, "directory": ALL, "group": ALL, "ca": ALL,
    "certificate": ALL, "private-key": ALL, "pin": ALL, "method": ALL, "set": ALL, "config": ALL,
    "state": ALL, "at-poweroff": "deregister", "force": "run import reset deregister",
    "json": "status check config token", "yes": "import reset deregister",
}
PROGRAMS = [("agent-registrar", REGISTRAR, REGISTRAR_OPTIONS),
            ("agent-register", CLIENT, CLIENT_OPTIONS)]
EVERYWHERE = {"debug", "version", "help"}
# The beginning of another option of the command, which is as good as all of it.
CUT = {("serve", "all"): "allow-higher-versions"}


def commands_of(name, path):
    return re.findall(r"^  ([a-z][a-z-]*)(?: |$)", said(name, path, "--help").split("\n\n")[2],
                      re.M)


def options_of(name, path):
    """By name: does it take an argument?"""
    return {option: bool(argument) for option, argument in
            re.findall(r"^  (?:-\w, |    )--([a-z-]+)(?: (\S+))?", said(name, path, "--help"), re.M)
            if option not in EVERYWHERE}


def read(name, path, *words):
    return subprocess.run([name, *words], executable=path, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False, timeout=30)


def is_wrong(done, *parts):
    return done.returncode == 64 and done.stdout == "" and all(
        part in done.stderr for part in (*parts, "Try '"))


def has(commands, command, option):
    if (command, option) in CUT:
        return True
    return command != "completion" if commands is ALL else command in commands.split()


@pytest.mark.parametrize("name,path,table", PROGRAMS)
def test_every_option_is_here(name, path, table):
    assert sorted(options_of(name, path)) == sorted(table)


@pytest.mark.parametrize("name,path,table", PROGRAMS)
def test_options_of_commands(name, path, table):
    faults = []
    for command in commands_of(name, path):
        for option, takes_argument in options_of(name, path).items():
            done = read(name, path, command, f"--{option}", *["1"] * takes_argument, "--help")
            good = (done.returncode == 0 and done.stdout.startswith("Usage: ")
                    if has(table[option], command, option) else
                    is_wrong(done, f"option --{option} "))
            if not good:
                faults.append((command, option, done))
    assert not faults


@pytest.mark.parametrize("name,path", [each[:2] for each in PROGRAMS])
def test_unknown_options_and_words(name, path):
    for command in commands_of(name, path):
        for option in ("--nonsense", "-Z"):
            assert is_wrong(read(name, path, command, option, "--help"), "unknown option " + option)
        # Of actions and IDs, the first is wrong; elsewhere, one of them is too many.
        words = ["no-such", "word", "here"] if command != "remove" else []
        done = read(name, path, command, *words)
        assert is_wrong(done), done
    for words in (["--nonsense"], ["no-such-command"], ["-Z"], ["--directory"]):
        assert is_wrong(read(name, path, *words)), words
