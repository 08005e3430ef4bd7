# SPDX-License-Identifier: ISC
"""Shell completion: what the programs print for bash, zsh and fish."""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR") or ROOT)
PROGRAMS = {
    "agent-register": os.environ.get("AGENT_REGISTER") or str(BUILD / "agent-register"),
    "agent-registrar": os.environ.get("AGENT_REGISTRAR") or str(BUILD / "agent-registrar"),
}


def script(program, shell):
    path = PROGRAMS[program]
    if not os.access(path, os.X_OK):
        pytest.skip(f"{program} is not built")
    return subprocess.run([path, "completion", shell], capture_output=True, text=True,
                          check=True).stdout


# Sets COMP_WORDS as readline does, which cuts words at "=", and prints what could follow.
BASH = """
eval "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
definition=$(complete -p "$1")
function=${definition#*-F }
"${function%% *}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(words, cwd=None):
    program = "agent-register" if words[0] == "agent-auth" else words[0]
    done = subprocess.run(["bash", "--norc", "-c", BASH, "bash", script(program, "bash"), *words],
                          capture_output=True, text=True, check=True, cwd=cwd)
    assert not done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("words,offered", [
    (["agent-register", "st"], {"status"}),
    (["agent-register", "-m", "a", "--port", "1", "res"], {"reset"}),
    (["agent-register", "--met"], {"--method"}),
    (["agent-register", "--method", ""], {"authd", "api", "enroll", "import"}),
    (["agent-register", "--method", "=", "en"], {"enroll"}),
    (["agent-register", "--method", "="], {"authd", "api", "enroll", "import"}),
    (["agent-register", "--method", "=", "api", "che"], {"check"}),
    (["agent-register", "status", "--j"], {"--json"}),
    (["agent-register", "run", "--j"], set()),
    (["agent-register", "completion", ""], {"bash", "zsh", "fish"}),
    (["agent-register", "completion", "--"], {"--debug", "--version", "--help"}),
    (["agent-register", "status", ""], set()),
    (["agent-register", "--ca", "man"], {"manager.pem"}),
    (["agent-register", "import", "man"], {"manager.pem"}),
    (["agent-register", "tok"], {"token"}),
    (["agent-register", "token", ""], {"show"}),
    (["agent-register", "token", "show", "man"], {"manager.pem"}),
    (["agent-register", "token", "show", "--j"], {"--json"}),
    (["agent-register", "-D", ""], {"place"}),
    (["agent-register", "--pin", ""], set()),
    (["agent-auth", "--s"], {"--state"}),
    (["agent-auth", "-v", "man"], {"manager.pem"}),
    (["agent-auth", "-A", ""], set()),
    (["agent-registrar", "imp"], {"import-file"}),
    (["agent-registrar", "--dialect", "w"], {"wazuh"}),
    (["agent-registrar", "-n", "ser"], {"serve"}),
    (["agent-registrar", "add", "-n", ""], set()),
    (["agent-registrar", "serve", "-n", "--max-a"], {"--max-agents"}),
    (["agent-registrar", "list", "--"], {"--json", "--directory", "--group", "--name", "--ip",
                                         "--status", "--debug", "--version", "--help"}),
    (["agent-registrar", "list", "--status", "n"], {"never_connected"}),
    (["agent-registrar", "--on-duplicate", "re"], {"rename", "refuse", "replace"}),
])
def test_bash(words, offered, tmp_path):
    (tmp_path / "manager.pem").touch()
    (tmp_path / "place").mkdir()
    assert complete(words, tmp_path) == offered


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_syntax(program, shell):
    text = script(program, shell)
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_unknown_shell(program):
    if not os.access(PROGRAMS[program], os.X_OK):
        pytest.skip(f"{program} is not built")
    done = subprocess.run([PROGRAMS[program], "completion", "zhs"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 64 and "did you mean 'zsh'?" in done.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "etc" / "completion").glob("*.*")),
                         ids=lambda path: path.name)
def test_loader(path):
    """What is installed calls the program of its name, for its own shell."""
    shell, program = path.suffix[1:], path.stem
    assert f"{program} completion {shell}" in path.read_text()
