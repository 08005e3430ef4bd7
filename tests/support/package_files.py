# SPDX-License-Identifier: ISC
"""The .deb files that were built, and a machine's dpkg.

PACKAGES    the directory with the files (default: packages/ in the build tree)
"""
import os
import pathlib
import re
import shutil
import subprocess

import built
import nspawn

DIRECTORY = pathlib.Path(os.environ.get("PACKAGES") or built.BUILD / "packages")
NAMES = ("agent-register", "agent-register-https", "agent-registrar")
# What of the host's would be in the way: a policy that forbids all starts, and an index of all
# manual pages, which is made anew after each installation.
HOSTS_OWN = ("/usr/sbin/policy-rc.d", "/var/lib/man-db/auto-update")
NEXT = "+next"
COMMENT = "# A line that this version has added.\n"


def missing():
    """Why there are no packages to install, as one sentence; None: there are."""
    for name in NAMES:
        if len(list(DIRECTORY.glob(f"{name}_*.deb"))) != 1:
            return f"{DIRECTORY} has not one {name}_*.deb (set PACKAGES, or run ./run package)"
    if not shutil.which("dpkg-deb"):
        return "packages of Debian need dpkg-deb"
    return None


def built_packages():
    """The file of each package."""
    return {name: next(DIRECTORY.glob(f"{name}_*.deb")) for name in NAMES}


def version(package):
    return subprocess.run(["dpkg-deb", "-f", package, "Version"], check=True, text=True,
                          capture_output=True).stdout.strip()


def make_next(packages, directory):
    """The packages of a later version, whose configuration files have one more line."""
    made = {}
    for name, package in packages.items():
        tree = directory / name
        subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
        control = tree / "DEBIAN/control"
        now = re.escape(version(package))
        text = re.sub(rf"(?m)^(Version: {now})$|(\(= {now})\)",
                      lambda found: (found[1] or found[2]) + NEXT + (")" if found[2] else ""),
                      control.read_text(encoding="utf-8"))
        control.write_text(text, encoding="utf-8")
        conffiles = tree / "DEBIAN/conffiles"
        for conffile in conffiles.read_text().split() if conffiles.exists() else []:
            with open(tree / conffile.lstrip("/"), "a", encoding="utf-8") as file:
                file.write(COMMENT)
        made[name] = directory / f"{name}_next.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "-b", "-Znone", tree, made[name]],
                       check=True, capture_output=True)
    return made


def provide(machine, packages, directory):
    """Put the files into a directory of the machine, and take out of its way what is the host's."""
    for path in HOSTS_OWN:
        machine.path(path).unlink(missing_ok=True)
    place = machine.path(directory)
    place.mkdir(parents=True, exist_ok=True)
    for name, package in packages.items():
        shutil.copy(package, place / f"{name}.deb")


def install_into_image(machine, packages):
    """As an image builder does it: the machine does not run."""
    provide(machine, packages, "/var/tmp/image")
    files = [f"/var/tmp/image/{name}.deb" for name in packages]
    done = subprocess.run(machine.enter("chroot", machine.tree_inside, "dpkg", "-i", *files),
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise nspawn.BootError(done.stdout)
    shutil.rmtree(machine.path("/var/tmp/image"))


def as_tarball(directory):
    """What installing the packages changes on a system, as a tarball in the directory; its
    path."""
    with nspawn.Machine(network=False) as machine:
        install_into_image(machine, built_packages())
        # Without what the machine hides of its host.
        files = subprocess.run(["find", ".", "!", "-type", "d", "!", "-type", "c"], check=True,
                               cwd=machine.directory / "upper", capture_output=True).stdout
        subprocess.run(["tar", "-C", machine.directory / "upper", "--no-recursion", "-T", "-",
                        "-cf", directory / "root.tar"], check=True, input=files)
    return directory / "root.tar"
