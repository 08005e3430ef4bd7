# SPDX-License-Identifier: ISC
"""The module agent-register-https.so: loaded when it is used and only then, from a safe place,
of the right version."""
import os
import shutil
import subprocess

import pytest
from machine import AGENT_REGISTER, EXIT_CODES
from scripted_api import MODULE, Api, needs_module, settings

SHARED = {"libcurl.so", "libjansson.so"}


def needed(path):
    """What the dynamic section names."""
    text = subprocess.run(
        ["readelf", "-d", path], capture_output=True, text=True, check=True
    ).stdout
    return {line.split("[")[1].split("]")[0] for line in text.splitlines() if "(NEEDED)" in line}


def names(libraries):
    return {library.split(".so")[0] + ".so" for library in libraries}


@pytest.fixture(autouse=True, scope="module")
def tools():
    for tool in ("readelf", "strace"):
        if not shutil.which(tool):
            pytest.skip(f"needs {tool}")


def test_the_program_links_three_libraries():
    assert names(needed(AGENT_REGISTER)) - {"libasan.so", "libubsan.so", "libm.so"} == {
        "libssl.so", "libcrypto.so", "libinih.so", "libc.so"}


@needs_module
def test_the_module_links_the_others():
    assert SHARED <= names(needed(MODULE))


@needs_module
def test_the_module_exports_one_symbol():
    text = subprocess.run(
        ["readelf", "--dyn-syms", "-W", MODULE], capture_output=True, text=True, check=True
    ).stdout
    exported = [
        line.split()[7]
        for line in text.splitlines()
        if " GLOBAL DEFAULT " in line and " UND " not in line
    ]
    assert [name for name in exported if "asan" not in name] == ["agent_register_https"]


@needs_module
def test_what_the_program_exports_is_in_nobodys_way():
    """The program comes first when a library looks for a symbol: none of the module's libraries
    may know such a name."""
    text = subprocess.run(
        ["readelf", "--dyn-syms", "-W", MODULE], capture_output=True, text=True, check=True
    ).stdout
    wanted = {
        line.split()[7]
        for line in text.splitlines()
        if " UND " in line and "@" not in line and len(line.split()) > 7
    }
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", AGENT_REGISTER], capture_output=True, text=True, check=True
    ).stdout
    ours = {line.split()[-1] for line in listed.splitlines() if " T " in line} & wanted
    assert {"method_connect", "reason_set"} <= ours
    found = subprocess.run(["ldd", MODULE], capture_output=True, text=True, check=True).stdout
    for library in {line.split()[2] for line in found.splitlines() if "=> /" in line}:
        known = subprocess.run(
            ["nm", "-D", library], capture_output=True, text=True, check=True
        ).stdout
        assert not ours & {line.split()[-1].split("@")[0] for line in known.splitlines()}, library


def opened(machine, *arguments, **options):
    """The files that a run has opened, and its Result."""
    if os.geteuid() != 0:
        pytest.skip("needs root: strace reads the names in a process that is not dumpable")
    trace = os.path.join(machine.directory, "trace")
    command = machine.command(*arguments, **options)
    # which cannot be looked for under strace
    environment = machine.environment(ASAN_OPTIONS="detect_leaks=0")
    done = subprocess.run(["strace", "-f", "-qq", "-e", "trace=openat", "-o", trace, *command],
                          capture_output=True, text=True, env=environment, cwd="/", check=False)
    with open(trace, encoding="utf-8", errors="replace") as file:
        return {
            os.path.basename(line.split('"')[1])
            for line in file
            if '"' in line and " = -1 " not in line
        }, done


def test_authd_does_not_load_it(machine, start_manager):
    files, done = opened(machine, manager=start_manager())
    assert done.returncode == 0, done.stderr
    assert not any(name.startswith((*SHARED, "agent-register-https")) for name in files), files


@needs_module
def test_api_loads_it(machine, start_manager):
    files, done = opened(machine, manager=start_manager(Api()), settings=settings(machine))
    assert done.returncode == 0, done.stderr
    assert "agent-register-https.so" in files and {"libcurl.so.4", "libjansson.so.4"} <= files


# ------------------------------------------------------------------ where it is looked for


class Installation:
    """A copy of the program in a directory of its own, with or without the module."""

    def __init__(self, machine, module=True, mode=0o755):
        self.machine = machine
        self.directory = os.path.join(machine.directory, "bin")
        self.program = os.path.join(self.directory, "agent-register")
        self.module = os.path.join(self.directory, "agent-register-https.so")
        os.mkdir(self.directory)
        shutil.copy(AGENT_REGISTER, self.program)
        os.chmod(self.program, 0o755)
        if module:
            shutil.copy(MODULE, self.module)
        os.chmod(self.directory, mode)

    def run(self, *arguments, environment=None, cwd="/", **options):
        command = self.machine.command(*arguments, **options)
        command[0] = self.program
        return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False,
                              env=self.machine.environment(**environment or {}))


# of this machine, not of the build
INSTALLED = os.path.exists("/usr/lib/agent-register/agent-register-https.so")
not_installed = pytest.mark.skipif(INSTALLED, reason="the module is installed on this machine")


@needs_module
def test_beside_the_program(machine, start_manager):
    done = Installation(machine).run(manager=start_manager(Api()), settings=settings(machine))
    assert done.returncode == 0, done.stderr


@not_installed
@pytest.mark.parametrize("method", ["api", "enroll"])
def test_missing(machine, start_manager, method):
    manager = start_manager(Api())
    done = Installation(machine, module=False).run(
        manager=manager, settings={**settings(machine), "manager.method": method}
    )
    assert done.returncode == EXIT_CODES["misconfigured"], done
    line, = done.stderr.splitlines()
    for words in ("methods api and enroll", "/agent-register/agent-register-https.so",
                  "install the package", "--without-api"):
        assert words in line
    assert manager.conversations == []


@not_installed
def test_missing_and_check(machine, start_manager):
    done = Installation(machine, module=False).run("check", manager=start_manager(Api()),
                                                   settings=settings(machine))
    assert done.returncode == EXIT_CODES["misconfigured"] and "FAIL config" in done.stdout, done


@not_installed
@needs_module
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o775], ids=oct)
def test_not_from_where_others_can_write(machine, start_manager, mode):
    """Who can put a module beside the program must be able to change the program as well."""
    done = Installation(machine, mode=mode).run(manager=start_manager(Api()),
                                                settings=settings(machine))
    assert done.returncode == EXIT_CODES["misconfigured"], done
    assert "install the package" in done.stderr, done


@not_installed
@needs_module
def test_not_from_the_directory_of_another_user(machine, start_manager, as_root):
    installation = Installation(machine)
    os.chown(installation.directory, 1234, 1234)
    done = installation.run(manager=start_manager(Api()), settings=settings(machine))
    assert done.returncode == EXIT_CODES["misconfigured"], done
    assert "install the package" in done.stderr, done


@not_installed
@needs_module
def test_nothing_in_the_environment_leads_to_it(machine, start_manager):
    installation = Installation(machine, module=False)
    elsewhere = os.path.join(machine.directory, "elsewhere")
    os.mkdir(elsewhere)
    shutil.copy(MODULE, elsewhere)
    done = installation.run(
        manager=start_manager(Api()),
        settings=settings(machine),
        cwd=elsewhere,
        environment={
            "LD_LIBRARY_PATH": elsewhere,
            "PATH": f"{elsewhere}:{os.environ['PATH']}",
            "MODULEDIR": elsewhere,
        },
    )
    assert done.returncode == EXIT_CODES["misconfigured"], done
    assert "install the package" in done.stderr, done


@needs_module
def test_another_version(machine, start_manager):
    installation = Installation(machine)
    version = subprocess.run(
        [AGENT_REGISTER, "--version"], capture_output=True, text=True, check=True
    ).stdout.split()[1]
    with open(MODULE, "rb") as file:
        data = file.read()
    other = data.replace(version.encode() + b"\0", b"9" * len(version) + b"\0")
    assert other != data
    with open(installation.module, "wb") as file:
        file.write(other)
    done = installation.run(manager=start_manager(Api()), settings=settings(machine))
    assert done.returncode == EXIT_CODES["misconfigured"], done
    assert (
        f"has version {'9' * len(version)}, but this program has version {version}; install"
        in done.stderr
    )


@needs_module
def test_a_file_that_is_no_module(machine, start_manager):
    installation = Installation(machine)
    with open(installation.module, "wb") as file:
        file.write(b"no ELF")
    done = installation.run(manager=start_manager(Api()), settings=settings(machine))
    assert done.returncode == EXIT_CODES["misconfigured"], done
    assert "Cannot load the methods api and enroll" in done.stderr, done
