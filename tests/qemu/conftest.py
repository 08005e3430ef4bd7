# SPDX-License-Identifier: ISC
"""What the tests in virtual machines share: the image, machines, a manager.

BUILD_DIR    the build tree to install (default: the source tree); configured with --prefix=/usr --sysconfdir=/etc
             --localstatedir=/var. Debian is kept in its folder qemu-image
QEMU_TESTS   "required": a virtual machine that cannot be made is a failure, not a skip
"""
import os
import pathlib
import sys

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(1, str(REPOSITORY / "tests/boot"))  # the stand-in agent, certificates, message ids

# pylint: disable=wrong-import-position
import image as disk_image  # noqa: E402
import manager as scripted  # noqa: E402
import scripted_manager  # noqa: E402
import virtual_machine  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD_DIR") or REPOSITORY).resolve()


def cannot_run(reason):
    if os.environ.get("QEMU_TESTS") == "required":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    """The image and the folder with its kernel."""
    reason = disk_image.requirements()
    if not reason and not (BUILD / "config.status").exists():
        reason = f"{BUILD} is not a build tree (set BUILD_DIR)"
    if reason:
        cannot_run(reason)
    try:
        folder = disk_image.debian(BUILD / "qemu-image")
    except disk_image.ImageError as error:
        cannot_run(f"Debian cannot be fetched here: {error}")
    made = disk_image.make(BUILD, folder, tmp_path_factory.mktemp("image"))
    yield made, folder
    made.unlink()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return scripted_manager.make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def new_machine(image):  # pylint: disable=redefined-outer-name
    """A machine with a fresh disk of the image, off."""
    machines = []

    def make():
        machines.append(virtual_machine.Machine(*image))
        return machines[-1]
    yield make
    for machine in machines:
        machine.close()


@pytest.fixture
def machine(new_machine):  # pylint: disable=redefined-outer-name
    return new_machine()


@pytest.fixture
def manager(certificates):  # pylint: disable=redefined-outer-name
    manager = scripted.Manager(certificates)  # pylint: disable=redefined-outer-name
    yield manager
    manager.close()


@pytest.fixture
def credentials(certificates, manager):  # pylint: disable=redefined-outer-name
    """Everything that makes the image a certain agent: credentials(NAME)."""
    def make(name):
        config = f"[manager]\naddress = manager.example:{manager.port}\n[agent]\nname = {name}\n"
        return {
            "agent-register.conf": config.encode(),
            "agent-register.ca": (certificates / "ca.pem").read_bytes(),
            "agent-register.password": scripted_manager.PASSWORD.encode(),
        }
    return make
