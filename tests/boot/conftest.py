# SPDX-License-Identifier: ISC
"""What the boot tests share: the installed build, a machine with a stand-in agent, a manager.

BUILD_DIR    the build tree to install (default: the source tree); configured with --prefix=/usr --sysconfdir=/etc
             --localstatedir=/var
BOOT_TESTS   "required": a machine that cannot boot is a failure, not a skip
BOOT_BASE    the root directory to boot copies of (default: /)
"""
import fcntl
import os
import pathlib
import shutil
import subprocess

import agent_machine
import nspawn
import pytest
import scripted_manager

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR") or REPOSITORY).resolve()


def cannot_run(reason):
    if os.environ.get("BOOT_TESTS") == "required":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session", autouse=True)
def requirements():
    reason = nspawn.requirements()
    if reason:
        cannot_run(reason)
    if not (BUILD / "config.status").exists():
        cannot_run(f"{BUILD} is not a build tree (set BUILD_DIR)")


@pytest.fixture(scope="session")
def build():
    return BUILD


@pytest.fixture(scope="session")
def installation(requirements, tmp_path_factory):  # pylint: disable=unused-argument,redefined-outer-name
    """What `make install` puts onto a system, as a tarball."""
    directory = tmp_path_factory.mktemp("installation")
    # GNU make passes what it was told itself on in the environment; that is not meant for this one.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    with open(BUILD / "config.status", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of pytest-xdist come here at the same time
        done = subprocess.run(["make", "-s", "-C", BUILD, "install", f"DESTDIR={directory}/root"],
                              env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
    assert done.returncode == 0, done.stdout
    if not (directory / "root/usr/sbin/agent-register").exists():
        cannot_run(f"the build tree {BUILD} is not configured with --prefix=/usr (set BUILD_DIR)")
    subprocess.run(
        ["tar", "-C", directory / "root", "--owner=0", "--group=0", "-cf",
         directory / "root.tar", "."],
        check=True,
    )
    shutil.rmtree(directory / "root")
    return directory / "root.tar"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return scripted_manager.make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def new_machine(installation, certificates):  # pylint: disable=redefined-outer-name
    """Make a machine with agent-register and the stand-in agent, not configured; see
    agent_machine.AgentMachine."""
    machines = []

    def make(**options):
        machines.append(agent_machine.AgentMachine(installation, certificates, **options))
        return machines[-1]
    yield make
    for machine in machines:
        machine.close()


@pytest.fixture
def machine(new_machine):  # pylint: disable=redefined-outer-name
    return new_machine()


@pytest.fixture
def start_manager(certificates):  # pylint: disable=redefined-outer-name
    """Start a scripted manager at a machine's wire: start_manager(MACHINE, answer=FUNCTION)."""
    managers = []

    def start(at_machine, certificate=certificates, **options):
        managers.append(scripted_manager.Manager(at_machine, certificate, **options))
        return managers[-1]
    yield start
    for manager in managers:
        manager.close()
