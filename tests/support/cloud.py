# SPDX-License-Identifier: ISC
"""Machines in a cloud: the real cloud-init and systemd-networkd, and a seed from which both take
what they need.

    layer = cloud.make_layer(directory)                 once, with apt: cloud-init, as a tarball
    machine = cloud.CloudMachine(layer, installation, certificates)
    machine.seed(user_data, instance="i-0123", name="web-01")
    with machine.boot() as system:
        system.run("cloud-init status --wait")

Nobody gives the machine its address before it boots: cloud-init's local stage writes it for
networkd."""
import fcntl
import os
import pathlib
import re
import subprocess

import agent_machine
import nspawn
import scripted_manager

SEED = "/var/lib/cloud/seed/nocloud"
FRAGMENT = "/etc/agent-register/agent-register.conf.d/10-site.conf"
EXAMPLE = "/usr/share/doc/agent-register/examples/cloud-init-user-data.yaml"
# What everybody who pastes the example has to replace.
ADDRESS = "address = manager.example.org\n"
AUTHORITY = (
    "-----BEGIN CERTIFICATE-----\n(the lines of the certificate)\n-----END CERTIFICATE-----\n"
)
PASSWORD = "the registration password\n"

# In a mount namespace of its own, so that what is mounted goes with it; the network is this
# machine's.
INSTALL_PACKAGES = """\
set -e
cd /run/machine/tree
resolver=$1
shift
mount --rbind /dev dev
mount -t proc proc proc
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs tmpfs var/cache/apt
mkdir -p "./$(dirname "$resolver")" var/cache/apt/archives/partial
[ -e "./$resolver" ] || cat >"./$resolver"
printf '#!/bin/sh\\nexit 101\\n' >usr/sbin/policy-rc.d
chmod +x usr/sbin/policy-rc.d
install() { chroot . apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=60 "$@"; }
export DEBIAN_FRONTEND=noninteractive
unset TMPDIR # which is a directory of this machine
install "$@" || { chroot . apt-get update -q && install "$@"; }
rm usr/sbin/policy-rc.d
"""


class CannotInstall(Exception):
    """There is no layer; the text says why."""


# ------------------------------------------------------------------ the packages

def _candidate(package):
    """The version that apt would install."""
    try:
        policy = subprocess.run(
            ["apt-cache", "policy", package], capture_output=True, text=True, check=False
        ).stdout
    except FileNotFoundError:
        raise CannotInstall(f"installing {package} needs apt") from None
    found = re.search(r"Candidate: (\d\S*)", policy)
    return found.group(1) if found else "unknown"


def _install(package, tarball):
    """Install a package onto a machine's disk, and keep what that wrote."""
    resolver = os.path.realpath("/etc/resolv.conf")
    with nspawn.Machine(network=False) as machine:
        enter = [
            "nsenter", f"--target={machine.pid}", "--mount", "--pid", "--", "unshare", "--mount"
        ]
        done = subprocess.run([*enter, "sh", "-c", INSTALL_PACKAGES, "sh", resolver, package],
                              input=pathlib.Path(resolver).read_text(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise CannotInstall(
                f"apt cannot install {package}: " + "; ".join(done.stdout.splitlines()[-3:])
            )
        # Not what was deleted, which overlayfs marks by character devices: the machines have that
        # hidden already. Nor what each machine gets from its harness.
        subprocess.run(
            "set -e; find . ! -type c ! -path ./etc/hosts -print0 | "
            f"tar --null --no-recursion -T - -cf {tarball}.new; mv {tarball}.new {tarball}",
            shell=True,
            check=True,
            cwd=machine.directory / "upper",
        )


def make_layer(directory, package="cloud-init"):
    """A tarball of the package and what it needs beside this system; made anew when apt has
    another version."""
    tarball = directory / f"{package}_{_candidate(package)}.layer"
    directory.mkdir(exist_ok=True)
    with open(directory / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of pytest-xdist come here at the same time
        if not tarball.exists():
            _install(package, tarball)
    return tarball


# ------------------------------------------------------------------ the machine

def fill_in(example, authority, address="manager.example", password=scripted_manager.PASSWORD):
    """The shipped user data with its three placeholders replaced, and nothing else."""
    for placeholder, value in ((ADDRESS, f"address = {address}\n"), (AUTHORITY, authority),
                               (PASSWORD, password + "\n")):
        placeholder, value = (
            text.replace("\n", "\n      ").rstrip(" ") for text in (placeholder, value)
        )
        assert example.count(placeholder) == 1, f"the example has not once {placeholder!r}"
        example = example.replace(placeholder, value)
    return example


class CloudMachine(agent_machine.AgentMachine):
    """An image with cloud-init, agent-register and the stand-in agent; with `like`, a copy of a
    disk."""

    def __init__(self, layer, installation, certificates, **options):
        super().__init__(installation, certificates, network=False, **options)
        if options.get("like"):
            return
        self.install_layer(layer)
        self.enable("cloud-init-local.service", self.network_stage(), "cloud-config.service",
                    "cloud-final.service", "systemd-networkd.service")
        # There is no sshd to make keys for and no locale to generate; nobody on the wire announces
        # IPv6.
        self.write("/etc/cloud/cloud.cfg.d/90-boot-test.cfg",
                   "datasource_list: [NoCloud, None]\nlocale: C.UTF-8\nssh_genkeytypes: []\n")
        self.write("/etc/systemd/network/10-cloud-init-host0.network.d/ipv4.conf",
                   "[Network]\nIPv6AcceptRA=no\nLinkLocalAddressing=no\n")

    def network_stage(self):
        """The unit of the stage that writes the files of the user data: cloud-init 24.3 gave it
        another name."""
        name = "cloud-init-network.service"
        return name if self.path(f"/usr/lib/systemd/system/{name}").exists() \
            else "cloud-init.service"

    def seed(self, user_data, instance="i-0123456789abcdef0", name="web-01"):
        """The instance ID that the cloud provides; None: none."""
        self.write(f"{SEED}/user-data", user_data)
        meta_data = {"instance-id": instance, "local-hostname": name}
        self.write(f"{SEED}/meta-data",
                   "".join(f"{key}: {value}\n" for key, value in meta_data.items() if value))
        self.write(
            f"{SEED}/network-config",
            f"version: 2\nethernets:\n  host0:\n    addresses: [{nspawn.MACHINE_ADDRESS}/24]\n"
            f"    routes: [{{to: 0.0.0.0/0, via: {nspawn.MANAGER_ADDRESS}}}]\n",
        )

    def example(self):
        """The shipped user data, as it is installed."""
        return self.read(EXAMPLE)

    def user_data(self):
        """The shipped user data for this machine's manager."""
        return fill_in(self.example(), (self.certificates / "ca.pem").read_text())
