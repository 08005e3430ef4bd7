# SPDX-License-Identifier: ISC
"""What the tests in virtual machines share: the image, machines, a manager.

BUILD_DIR    the build tree to install (default: the source tree); see built.py. Debian is kept in
             its folder qemu-image
QEMU_TESTS   "required": a virtual machine that cannot be made is a failure, not a skip
QEMU_SLOWNESS  how many times as long as on an idle machine anything may take (default: 1)
"""
import built
import image as disk_image
import manager as scripted
import pytest
import scripted_manager
import virtual_machine

pytest_plugins = ["machine_fixtures"]


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    """The image and the folder with its kernel."""
    reason = disk_image.requirements() or built.missing()
    if reason:
        built.cannot_run(reason, "QEMU")
    try:
        folder = disk_image.debian(built.BUILD / "qemu-image")
    except disk_image.ImageError as error:
        built.cannot_run(f"Debian cannot be fetched here: {error}", "QEMU")
    made = disk_image.make(built.BUILD, folder, tmp_path_factory.mktemp("image"))
    yield made, folder
    made.unlink()


@pytest.fixture
def new_machine(image):
    """A machine with a fresh disk of the image, off."""
    machines = []

    def make():
        machines.append(virtual_machine.Machine(*image))
        return machines[-1]
    yield make
    for machine in machines:
        machine.close()


@pytest.fixture
def manager(certificates):
    """A manager.Manager."""
    running = scripted.Manager(certificates)
    yield running
    running.close()


@pytest.fixture
def credentials(certificates, manager):
    """Everything that makes the image a certain agent: credentials(NAME)."""
    def make(name):
        config = f"[manager]\naddress = manager.example:{manager.port}\n[agent]\nname = {name}\n"
        return {
            "agent-register.conf": config.encode(),
            "agent-register.ca": (certificates / "ca.pem").read_bytes(),
            "agent-register.password": scripted_manager.PASSWORD.encode(),
        }
    return make
