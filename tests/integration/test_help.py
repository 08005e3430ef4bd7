# SPDX-License-Identifier: ISC
"""--help and --version of every program, as a terminal of 80 columns shows them."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR") or ROOT)
CLIENT = os.environ.get("AGENT_REGISTER") or str(BUILD / "agent-register")
REGISTRAR = os.environ.get("AGENT_REGISTRAR") or str(BUILD / "agent-registrar")

# The name a program is called by, its file, and its option for the version.
PROGRAMS = [
    ("agent-register", CLIENT, "--help", "--version"),
    ("agent-register", CLIENT, "-h", "-V"),
    ("agent-auth", CLIENT, "-h", "-V"),
    ("agent-registrar", REGISTRAR, "--help", "--version"),
    ("agent-registrar", REGISTRAR, "-h", "-V"),
]


def said(name, path, option):
    if not os.access(path, os.X_OK):
        pytest.skip(f"{name} is not built")
    done = subprocess.run([name, option], executable=path, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "", done
    return done.stdout


@pytest.mark.parametrize("name,path,option", [each[:3] for each in PROGRAMS])
def test_help_fits_a_terminal(name, path, option):
    lines = said(name, path, option).splitlines()
    assert lines[0].startswith(f"Usage: {name} ") and len(lines) > 10
    assert [line for line in lines if len(line) > 80 or line != line.rstrip()] == []


@pytest.mark.parametrize("name,path,option", [(each[0], each[1], each[3]) for each in PROGRAMS])
def test_version_is_one_line(name, path, option):
    version = said("agent-register", CLIENT, "-V").removeprefix("agent-register ")
    of = " of agent-register" if name == "agent-auth" else ""
    assert said(name, path, option) == f"{name}{of} {version}" and version.count("\n") == 1
