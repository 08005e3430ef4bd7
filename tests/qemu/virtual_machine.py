# SPDX-License-Identifier: ISC
"""A machine in qemu: a processor, a network and a disk of its own, and a way to run commands in it.

    machine = Machine(image, folder)
    machine.boot(credentials={...})
    machine.run("systemctl status agent-register").stdout
    machine.cut_power()
    machine.boot()                                      the same disk again
    machine.close()

The processor is emulated (TCG), so this works everywhere, slowly. qemu's own network makes the
host's loopback 10.0.2.2 for the machine. qemu dies with the test's process, and after LIFETIME
whatever happens."""
import base64
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time

import disk
import nspawn

# How many times as long as on an idle machine anything may take here.
SLOWNESS = float(os.environ.get("QEMU_SLOWNESS", "1"))
LIFETIME = 300 * SLOWNESS  # seconds of one boot
BOOT_SECONDS = 120 * SLOWNESS


class MachineError(Exception):
    """The machine did not do what it should; the text ends with what its console showed."""


class Machine:
    def __init__(self, image, kernel):
        self.disk = disk.Disk(image)
        self._kernel = kernel
        self._console = tempfile.TemporaryFile()
        self._qemu = self._channel = self._watchdog = None
        self._power_is_lost = threading.Event()
        self._is_up = False

    def close(self):
        if self._qemu:
            self._qemu.kill()
            self._end()
        self.disk.close()
        self._console.close()

    # ------------------------------------------------------------------ power

    def boot(self, credentials=None, firmware=(), kernel_arguments="", memory=512):
        """Switch on, with as many MiB of memory. Credentials are name: bytes; `firmware` is further
        options of qemu's."""
        for name, content in (credentials or {}).items():
            text = base64.b64encode(content).decode()
            firmware = [*firmware, "-smbios",
                        f"type=11,value=io.systemd.credential.binary:{name}={text}"]
        self._channel, theirs = socket.socketpair()
        drive = self.disk.connect()
        command = [
            "setpriv",
            "--pdeathsig=KILL",
            "qemu-system-x86_64",
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
            "-no-reboot",
            "-accel",
            "tcg",
            "-cpu",
            "qemu64,-svm",
            "-smp",
            "2",
            "-m",
            str(memory),
            "-serial",
            "stdio",
            "-machine",
            "q35,sata=off,smbus=off,vmport=off",
            "-kernel",
            self._kernel / "vmlinuz",
            "-initrd",
            self._kernel / "initrd.img",
            "-append",
            "root=/dev/vda ro console=ttyS0 quiet panic=-1 mitigations=off audit=0 no_timer_check "
            "systemd.show_status=0 "
            f"systemd.getty_auto=no systemd.firstboot=no {kernel_arguments}",
            "-blockdev",
            f"driver=nbd,node-name=disk,server.type=fd,server.str={drive.fileno()}",
            "-device",
            "virtio-blk-pci,drive=disk,write-cache=on",
            "-device",
            "virtio-rng-pci",
            "-nic",
            "user,model=virtio-net-pci,ipv6=off",
            "-device",
            "virtio-serial-pci",
            "-chardev",
            f"socket,id=test,fd={theirs.fileno()}",
            "-device",
            "virtserialport,chardev=test,name=test",
            *firmware,
        ]
        self._is_up = False
        self._power_is_lost.clear()
        self._qemu = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                      stdout=self._console, stderr=subprocess.STDOUT,
                                      pass_fds=[drive.fileno(), theirs.fileno()])
        drive.close()
        theirs.close()
        self._watchdog = threading.Timer(LIFETIME, self._qemu.kill)
        self._watchdog.daemon = True
        self._watchdog.start()

    def cut_power(self, fate="lost"):
        """End now. `fate` is that of what is in the disk's cache, see disk.py; what is in the
        machine's memory is lost. May be called from any thread, also in the middle of what the
        machine is doing with its disk. Returns how many blocks were not flushed. The test's own
        thread then waits for it: wait_for_power_cut()."""
        # not Popen's: wait() in the other thread must be the one that reaps it
        os.kill(self._qemu.pid, signal.SIGKILL)
        unflushed = self.disk.lose_power(fate)
        self._power_is_lost.set()
        return unflushed

    def wait_for_power_cut(self, timeout=BOOT_SECONDS):
        """Until somebody has cut the power."""
        try:
            status = self._qemu.wait(timeout)
        except subprocess.TimeoutExpired:
            raise self._error(f"the power was not cut in {timeout} s") from None
        if status != -signal.SIGKILL or not self._power_is_lost.wait(20):
            raise self._error(f"qemu ended with {status}")
        self._end()

    def _end(self):
        self._watchdog.cancel()
        self._qemu.wait(20)
        self._channel.close()
        self._qemu = None

    def _error(self, text):
        console = os.pread(self._console.fileno(), 1 << 20, 0).decode(errors="replace")
        return MachineError(f"{text}; the console shows:\n{console[-4000:]}")

    # ------------------------------------------------------------------ commands

    def _read_line(self, timeout):
        end = time.monotonic() + timeout
        received = b""
        while not received.endswith(b"\n"):
            ready, _, _ = select.select([self._channel], [], [], max(0, end - time.monotonic()))
            more = self._channel.recv(1 << 20) if ready else b""
            if not more:
                raise self._error("the machine has ended" if ready else f"no answer in {timeout} s")
            received += more
        return received.decode()

    def run(self, script, timeout=60):
        """Run a shell script in the machine as root, one at a time."""
        if not self._is_up:
            assert self._read_line(BOOT_SECONDS) == "up\n"
            self._is_up = True
        self._channel.sendall(base64.b64encode(script.encode()) + b"\n")
        exit_status, _, output = self._read_line(timeout * SLOWNESS).partition(" ")
        return nspawn.Finished(int(exit_status), base64.b64decode(output).decode(errors="replace"))

    def wait_until_booted(self):
        """Until no start job is left. Returns the word of `systemctl is-system-running`."""
        return self.run("systemctl is-system-running --wait", 120).stdout.strip()

    def show(self, unit):
        """All properties of a unit."""
        lines = self.run(f"systemctl show --all {unit}").stdout.splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def journal(self, **fields):
        """The entries of this boot with these fields, oldest first, as dictionaries."""
        matches = " ".join(f"'{name}={value}'" for name, value in fields.items())
        lines = self.run(f"journalctl --sync; journalctl -q -b -a -o json {matches}").stdout
        return [json.loads(line) for line in lines.splitlines()]

    def read(self, path):
        """A file's content; empty when there is none."""
        return self.run(f"cat {path} 2>/dev/null").stdout

    def agent_starts(self):
        """What the agent saw each time it was started: lines of uptime, the key file's mode and
        owner, its content."""
        return [start.splitlines() for start in self.read("/var/ossec/starts").split("\n.\n")[:-1]]
