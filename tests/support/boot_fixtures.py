# SPDX-License-Identifier: ISC
"""What the tests that boot machines share, in boot/ and guides/: the installed build, a machine
with a stand-in agent, a manager.

BUILD_DIR    the build tree to install (default: the source tree); see built.py
BOOT_FROM    "packages": install the packages that were built (PACKAGES), not the build tree
BOOT_TESTS   "required": a machine that cannot boot is a failure, not a skip
BOOT_BASE    the root directory to boot copies of (default: /)
"""
import functools
import socket
import subprocess
import tarfile

import agent_machine
import built
import cloud
import manager_machine
import nspawn
import package_files
import pytest
import scripted_api_manager
import scripted_manager
import wazuh5_manager
from closing import closing_all

pytest_plugins = ["machine_fixtures"]

TOKEN_SECRET = bytes(range(16, 32))
TOKEN_CREDENTIAL = bytes(range(16)) + TOKEN_SECRET


@pytest.fixture(scope="session", autouse=True)
def requirements():
    reason = nspawn.requirements() or built.missing()
    if built.PACKAGED:
        reason = reason or package_files.missing()
    if reason:
        built.cannot_run(reason, "BOOT")


@pytest.fixture(scope="session")
def build():
    return built.BUILD


@pytest.fixture(scope="session")
def installation(requirements, tmp_path_factory):  # pylint: disable=unused-argument
    """What `make install`, or the installation of packages, puts onto a system, as a tarball."""
    if built.PACKAGED:
        return package_files.as_tarball(tmp_path_factory.mktemp("installation"))
    try:
        tarball = built.tarball(tmp_path_factory.mktemp("installation"))
    except subprocess.CalledProcessError as error:
        pytest.fail(error.output, pytrace=False)
    with tarfile.open(tarball) as files:
        if "./usr/sbin/agent-register" not in files.getnames():
            built.cannot_run(f"the build tree {built.BUILD} is not configured with --prefix=/usr "
                             "(set BUILD_DIR)", "BOOT")
    return tarball


@pytest.fixture
def new_machine(installation, certificates):
    """Make a machine with agent-register and the stand-in agent, not configured; see
    agent_machine.AgentMachine."""
    with closing_all(functools.partial(agent_machine.AgentMachine, installation,
                                       certificates)) as make:
        yield make


@pytest.fixture(scope="session")
def cloud_init(build, requirements):  # pylint: disable=unused-argument
    """The packages of cloud-init; see cloud.make_layer()."""
    try:
        return cloud.make_layer(build / "test-layers")
    except cloud.CannotInstall as error:
        pytest.skip(str(error))


@pytest.fixture
def new_instance(cloud_init, installation, certificates):
    """Make an instance without any data from its cloud yet; see cloud.CloudMachine."""
    with closing_all(functools.partial(cloud.CloudMachine, cloud_init, installation,
                                       certificates)) as make:
        yield make


@pytest.fixture
def new_manager(build, installation, certificates):
    """new_manager(MACHINE): a machine with agent-registrar at its wire; see
    manager_machine.ManagerMachine."""
    if not (build / "agent-registrar").exists():
        pytest.skip("agent-registrar is not built")
    with closing_all(lambda machine: manager_machine.ManagerMachine(
            machine, installation, certificates)) as make:
        yield make


@pytest.fixture
def start_manager(certificates):
    """Start a scripted manager at a machine's wire: start_manager(MACHINE, answer=FUNCTION)."""
    with closing_all(lambda at_machine, certificate=certificates, **options:
                     scripted_manager.Manager(at_machine, certificate, **options)) as start:
        yield start


@pytest.fixture
def start_api(certificates):
    """Start a scripted API at a machine's wire: start_api(MACHINE, answer=FUNCTION)."""
    with closing_all(lambda machine, **options: scripted_api_manager.Api(
            machine, certificates, **options)) as start:
        yield start


@pytest.fixture
def start_wazuh5(certificates):
    """Start a manager of Wazuh 5 at a machine's wire, which knows `enrollment_token`; the options
    are those of wazuh5_manager.Wazuh5Manager."""
    managers = []

    def start(machine, **options):
        listener = machine.call_at_manager(
            lambda: socket.create_server((nspawn.MANAGER_ADDRESS, 1517), backlog=64)
        )
        managers.append(
            wazuh5_manager.Wazuh5Manager(
                (certificates / "manager.pem", certificates / "manager.key"),
                listener=listener,
                tokens={wazuh5_manager.encode(TOKEN_CREDENTIAL[:16]): TOKEN_SECRET},
                cacerts=(certificates / "ca.pem").read_bytes(),
                **options,
            )
        )
        return managers[-1]
    yield start
    for manager in managers:
        manager.close()


@pytest.fixture
def enrollment_token(certificates):
    return wazuh5_manager.token("manager.example",
                                pin=wazuh5_manager.spki_pin(certificates / "ca.pem"),
                                credential=TOKEN_CREDENTIAL)


@pytest.fixture
def registrar(machine, build):
    """A machine that may be a manager, with agent-registrar."""
    if not (build / "agent-registrar").exists():
        pytest.skip("agent-registrar is not built")
    return machine


@pytest.fixture
def original(new_machine, start_manager):
    """A machine that has registered and is off."""
    machine = new_machine()
    machine.configure()
    start_manager(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
    return machine
