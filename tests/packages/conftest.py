# SPDX-License-Identifier: ISC
"""What the tests of packages share: a machine with a stand-in agent, its dpkg, a manager.

PACKAGES        where the packages are; see package_files.py
PACKAGE_TESTS   "required": a machine that cannot boot, or no packages, is a failure, not a skip
"""
import functools
import uuid

import agent_machine
import built
import nspawn
import package_files
import pytest
import scripted_manager
from closing import closing_all

pytest_plugins = ["machine_fixtures"]

# Configuration files as unattended upgrades treat them: an edited one stays.
DPKG = "dpkg --force-confdef --force-confold"


class PackageMachine(agent_machine.AgentMachine):
    """/var/tmp/this has the packages that were built, /var/tmp/next those of a later version."""

    def __init__(self, certificates, packages, agent=True, **options):
        super().__init__(None, certificates, agent=agent, **options)
        # Without one, systemd enables by presets when it boots.
        self.write("/etc/machine-id", uuid.uuid4().hex + "\n")
        for version, files in packages.items():
            package_files.provide(self, files, f"/var/tmp/{version}")

    def key_file(self):
        """All that must not change of it."""
        path = self.path(agent_machine.KEYS)
        status = path.stat()
        return path.read_bytes(), status.st_ino, status.st_mtime_ns, status.st_mode


@pytest.fixture(scope="session", autouse=True)
def requirements():
    reason = package_files.missing() or nspawn.requirements()
    if reason:
        built.cannot_run(reason, "PACKAGE")


@pytest.fixture(scope="session")
def packages(requirements, tmp_path_factory):  # pylint: disable=unused-argument
    this = package_files.built_packages()
    return {"this": this,
            "next": package_files.make_next(this, tmp_path_factory.mktemp("next"))}


@pytest.fixture
def new_machine(packages, certificates):
    with closing_all(functools.partial(PackageMachine, certificates, packages)) as make:
        yield make


@pytest.fixture
def start_manager(certificates):
    with closing_all(lambda at_machine: scripted_manager.Manager(at_machine,
                                                                 certificates)) as start:
        yield start


@pytest.fixture
def install():
    """install(SYSTEM, NAME..., version="this" or "next"): returns what dpkg printed."""
    def run(system, *names, version="this"):
        files = " ".join(f"/var/tmp/{version}/{name}.deb" for name in names)
        done = system.run(f"{DPKG} -i {files}")
        assert done.exit_status == 0, done.stdout
        return done.stdout
    return run


@pytest.fixture
def dpkg():
    """dpkg(SYSTEM, ARGUMENTS): returns what it printed."""
    def run(system, arguments):
        done = system.run(f"{DPKG} {arguments}")
        assert done.exit_status == 0, done.stdout
        return done.stdout
    return run
