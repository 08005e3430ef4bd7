# SPDX-License-Identifier: ISC
"""The build that machines boot with: BUILD_DIR (default: the source tree), configured with
--prefix=/usr --sysconfdir=/etc --localstatedir=/var."""
import fcntl
import os
import pathlib
import shutil
import subprocess

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
# Are the packages in PACKAGES to be installed, and not the build tree?
PACKAGED = os.environ.get("BOOT_FROM") == "packages"
BUILD = pathlib.Path(os.environ.get("BUILD_DIR") or REPOSITORY).resolve()


def missing():
    """Why there is nothing to install, as one sentence; None: there is."""
    if not (BUILD / "config.status").exists():
        return f"{BUILD} is not a build tree (set BUILD_DIR)"
    return None


def cannot_run(reason, suite):
    """Skip; or fail, where SUITE_TESTS=required says that the suite must run."""
    if os.environ.get(f"{suite}_TESTS") == "required":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _make(target, directory, build):
    # GNU make passes its own options on in the environment; they are not meant for this one.
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("MAKE", "MFLAGS"))}
    with open(pathlib.Path(build) / "config.status", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of pytest-xdist come here at the same time
        subprocess.run(["make", "-s", "-C", build, target, f"DESTDIR={directory}"], check=True,
                       env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def install(directory, build=BUILD):
    """What `make install` puts onto a system, below the directory. Raises CalledProcessError,
    whose `output` is what make said."""
    _make("install", directory, build)


def uninstall(directory, build=BUILD):
    """What `make uninstall` takes away there; see install()."""
    _make("uninstall", directory, build)


def tarball(directory, build=BUILD):
    """install() as root.tar in the directory; its path."""
    directory = pathlib.Path(directory)
    install(directory / "root", build)
    subprocess.run(["tar", "-C", directory / "root", "--owner=0", "--group=0", "-cf",
                    directory / "root.tar", "."], check=True)
    shutil.rmtree(directory / "root")
    return directory / "root.tar"
