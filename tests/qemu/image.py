# SPDX-License-Identifier: ISC
"""The one disk image that all virtual machines boot: a small Debian with agent-register and the
stand-in agent, both enabled, and no configuration, key or machine id.

Debian itself is fetched once and kept in BUILD/qemu-image, under a name that changes with what
is asked for here; putting the build onto it takes seconds and is done for every session."""
import fcntl
import hashlib
import os
import pathlib
import platform
import re
import shutil
import subprocess
import tempfile

import agent_machine
import built

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = [
    "qemu-system-x86_64", "mmdebstrap", "mke2fs", "setpriv", "tar", "make", "openssl", "systemctl",
    "timeout"
]
PACKAGES = ["systemd", "systemd-sysv", "dbus", "udev", "iproute2", "linux-image-cloud-amd64",
            "initramfs-tools", "libssl3", "libsystemd0", "libinih1",
            "libnss-resolve", "libnss-mdns", "libnss-sss"]
# The smallest initial RAM disk that finds a virtio disk: unpacking a usual one takes an emulated
# processor seconds.
INITRAMFS = "MODULES=list\nCOMPRESS=lz4\nBUSYBOX=auto\n"
INITRAMFS_MODULES = "virtio_pci\nvirtio_blk\n"
DEBIAN = [
    "--mode=root",
    "--variant=minbase",
    "--include=" + ",".join(PACKAGES + ["lz4"]),
    *[
        f"--dpkgopt=path-exclude=/usr/share/{name}/*"
        for name in ("doc", "man", "locale", "zoneinfo")
    ],
    # apt's own needs are not the machine's
    '--essential-hook=mkdir -p "$1/etc/initramfs-tools/conf.d"',
    f'--essential-hook=printf %s "{INITRAMFS}" >"$1/etc/initramfs-tools/conf.d/small"',
    f'--essential-hook=printf %s "{INITRAMFS_MODULES}" >"$1/etc/initramfs-tools/modules"',
]
DEBIAN_SECONDS = 600
MANAGER_ADDRESS = "10.0.2.2"  # what qemu's own network calls the host, whose loopback it reaches
OLD_KEY_LINE = "001 image any " + "f" * 64

FILES = {
    "/etc/hostname": "image\n",
    "/etc/hosts": f"127.0.0.1 localhost\n{MANAGER_ADDRESS} manager.example\n",
    "/etc/fstab": "/dev/vda / ext4 errors=remount-ro 0 1\n",
    "/etc/machine-id": "",
    "/etc/systemd/network/machine.network": f"[Match]\nName=en*\n[Network]\nAddress=10.0.2.15/24\n"
                                            f"Gateway={MANAGER_ADDRESS}\nIPv6AcceptRA=no\n"
    "LinkLocalAddressing=no\n",
    # The test's way in: a line is a script in base64, the answer its exit status and what it wrote,
    # in base64.
    "/usr/local/bin/test-shell": "#!/bin/bash\nexec <>/dev/virtio-ports/test >&0\nuntil echo up; "
                                 "do sleep 0.1; done\n"
    "while IFS= read -r line; do\n"
    '\toutput=$(base64 -d <<<"$line" | bash 2>&1 | base64 -w0; exit "${PIPESTATUS[1]}")\n'
    '\techo "$? $output"\ndone\n',
    "/etc/systemd/system/test-shell.service": "[Unit]\nDefaultDependencies=no\n"
                                              "After=systemd-journald.service "
                                              "dev-virtio\\x2dports-test.device\n"
    "Requires=dev-virtio\\x2dports-test.device\n"
    "[Service]\nEnvironment=LANG=C.UTF-8 SYSTEMD_COLORS=0\nExecStart=/usr/local/bin/test-shell\n"
    "[Install]\nWantedBy=sysinit.target\n",
    # What the boot found, before agent-register came.
    "/etc/systemd/system/test-found.service": "[Unit]\nBefore=agent-register.service\n"
                                              "After=test-old-key.service\n[Service]\n"
                                              "Type=oneshot\n"
    "ExecStart=/bin/sh -c 'mkdir -p /run/found; cp -a /var/ossec/etc /run/found/etc; "
    "if [ -d /var/lib/agent-register ]; then cp -a /var/lib/agent-register /run/found/state; fi'\n"
    "[Install]\nWantedBy=multi-user.target\n",
    # On request (on the kernel's command line): this disk is a copy of another machine's, with that
    # one's key.
    "/etc/systemd/system/test-old-key.service": "[Unit]\nBefore=agent-register.service\n"
                                                "ConditionKernelCommandLine=test.old-key\n"
                                                "[Service]\nType=oneshot\n"
    f"ExecStart=/bin/sh -c 'echo {OLD_KEY_LINE} >/var/ossec/etc/client.keys; mkdir -p "
    f"/var/lib/agent-register; "
    f"printf \"agent_id=001\\\\nagent_name=image\\\\nbound_machine={'0' * 32}\\\\n\" "
    ">/var/lib/agent-register/state; sync'\n"
    "[Install]\nWantedBy=multi-user.target\n",
    "/etc/systemd/system/wazuh-agent.service": agent_machine.AGENT_UNIT,
    "/var/ossec/bin/stand-in-agent": agent_machine.AGENT_PROGRAM,
}
EXECUTABLE = {"/usr/local/bin/test-shell", "/var/ossec/bin/stand-in-agent"}
ENABLED = ["agent-register", "wazuh-agent", "systemd-networkd", "test-shell", "test-found",
           "test-old-key"]
# They would be at work in the background of every boot.
MASKED = [
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer",
    "e2scrub_reap.service", "fstrim.timer", "getty@tty1.service", "systemd-timesyncd.service",
    "systemd-logind.service", "modprobe@drm.service", "modprobe@fuse.service",
    "modprobe@dm_mod.service", "modprobe@loop.service", "modprobe@efi_pstore.service",
    "modprobe@configfs.service", "dev-hugepages.mount", "systemd-resolved.service"
]


class ImageError(Exception):
    """There is no image; the text says why."""


def requirements():
    """Why virtual machines cannot be made here, as one sentence; None when it looks as if they
    can."""
    if os.geteuid() != 0:
        return "making a machine's disk needs root"
    if platform.machine() != "x86_64":
        return "the virtual machines are x86_64"
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing:
        return "virtual machines need " + ", ".join(missing)
    if not debian_release():
        return ("the build is put onto the same release of Debian as it was made on, and this is "
                "no Debian")
    return None


def debian_release():
    """The code name of the Debian that this is; None: it is something else."""
    release = pathlib.Path("/etc/os-release").read_text(encoding="utf-8")
    if not re.search(r"(?m)^ID=debian$", release):
        return None
    name = re.search(r"(?m)^VERSION_CODENAME=(\w+)$", release)
    return name and name.group(1)


def run(*command, seconds=120, **options):
    done = subprocess.run(
        ["timeout", "--kill-after=10", str(seconds), *[str(word) for word in command]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options
    )
    if done.returncode == 124:
        raise ImageError(f"{command[0]} took longer than {seconds} s")
    if done.returncode != 0:
        errors = [line for line in done.stdout.splitlines() if line.startswith("E: ")]
        raise ImageError(f"{command[0]} failed: {errors[0] if errors else done.stdout[-1000:]}")


def debian(cache):
    """A folder with tree.tar, vmlinuz and initrd.img of a Debian, made when it is not there yet."""
    cache.mkdir(exist_ok=True)
    release = debian_release()
    digest = hashlib.sha256(repr((release, DEBIAN)).encode()).hexdigest()[:16]
    folder = cache / f"{release}-{digest}"
    with open(cache / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of pytest-xdist come here at the same time
        if not folder.exists():
            _make_debian(release, folder)
    return folder


def _make_debian(release, folder):
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        made = pathlib.Path(temporary) / "made"
        made.mkdir()
        run("mmdebstrap", *DEBIAN, release, made / "tree.tar", seconds=DEBIAN_SECONDS)
        run("tar", "-C", made, "-xf", made / "tree.tar", "--wildcards", "./boot/vmlinuz*",
            "./boot/initrd*")
        for name in ("vmlinuz", "initrd.img"):
            (kernel,) = (made / "boot").glob(name + "-*")
            kernel.rename(made / name)
        shutil.rmtree(made / "boot")
        made.rename(folder)


def _install(build, tree):
    try:
        built.install(tree, build)
    except subprocess.CalledProcessError as error:
        raise ImageError(f"make install failed: {error.output[-1000:]}") from error
    if not (tree / "usr/sbin/agent-register").exists():
        raise ImageError(
            f"the build tree {build} is not configured with --prefix=/usr (set BUILD_DIR)"
        )


def _install_tests(build, tree):
    """The unit test of the confinement, to be run on the machine's kernel."""
    run("make", "-s", "-C", build, "test-confine")
    shutil.copy(build / "test-confine", tree / "usr/local/bin")
    libraries = subprocess.run(["ldd", build / "test-confine"], check=True, capture_output=True,
                               text=True).stdout
    (cmocka,) = re.findall(r"=> (/\S*/libcmocka\.so\S*)", libraries)
    shutil.copy(cmocka, tree / "usr/local/lib")
    run("ldconfig", "-r", tree)


def _furnish(tree):
    with open(tree / "etc/group", "a", encoding="ascii") as group:
        group.write(f"wazuh:x:{agent_machine.AGENT_GROUP}:\n")
    for name, text in FILES.items():
        path = tree / name[1:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")
        path.chmod(0o755 if name in EXECUTABLE else 0o644)
    for directory, mode in (("", 0o750), ("etc", 0o770), ("bin", 0o750), ("queue", 0o750)):
        path = tree / "var/ossec" / directory
        path.mkdir(exist_ok=True)
        path.chmod(mode)
    run("systemctl", f"--root={tree}", "--quiet", "enable", *ENABLED)
    run("systemctl", f"--root={tree}", "--quiet", "mask", *MASKED)


def make(build, folder, directory):
    """Make the image in `directory` from what debian() returned and the build tree. Returns its
    path."""
    image = directory / "machine.ext4"
    with tempfile.TemporaryDirectory(dir=directory) as temporary:
        tree = pathlib.Path(temporary)
        tree.chmod(0o755)
        run("tar", "-C", tree, "--numeric-owner", "--xattrs", "-xf", folder / "tree.tar")
        _install(build, tree)
        _install_tests(build, tree)
        _furnish(tree)
        run("mke2fs", "-q", "-t", "ext4", "-d", tree, image, "1G")
    return image
