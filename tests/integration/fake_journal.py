# SPDX-License-Identifier: ISC
"""A journal that only one program writes to, in a mount namespace of its own."""
import os
import socket
import struct
import subprocess

from machine import KEY, OLD_KEY, PATIENCE, shell_words


def parse(datagram):
    """The fields of an entry in the journal's native protocol."""
    entry = {}
    while datagram:
        line, _, datagram = datagram.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            length = struct.unpack("<Q", datagram[:8])[0]
            value, datagram = datagram[8:8 + length], datagram[9 + length:]
        entry[name.decode()] = value.decode()
    return entry


class Journal:
    """The journal of runs on a machine. `journal(OPTION=...)`: run with standard error connected
    to it; returns exit status, entries, and what else was printed."""

    def __init__(self, machine):
        self.machine = machine
        self.path = os.path.join(machine.directory, "journal")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.listener.bind(self.path)
        self.listener.setblocking(False)

    def entries(self):
        """Those that have arrived since the last look."""
        arrived = []
        try:
            while True:
                arrived.append(parse(self.listener.recv(65536)))
        except BlockingIOError:
            return arrived

    def __call__(self, *arguments, **options):
        commands = (
            "mount -t tmpfs none /run; mkdir -p /run/systemd/journal\n"
            ": >/run/systemd/journal/socket\n"
            f"mount --bind {shell_words(self.path)} /run/systemd/journal/socket\n"
            'exec "$@"'
        )
        reading, writing = os.pipe()
        status = os.fstat(writing)
        done = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-ec", commands, "sh",
             *self.machine.command(*arguments, **options)],
            stdout=subprocess.PIPE,
            stderr=writing,
            timeout=PATIENCE,
            check=False,
            env=self.machine.environment(JOURNAL_STREAM=f"{status.st_dev}:{status.st_ino}"),
        )
        os.close(writing)
        with open(reading, "rb") as stderr:
            printed = stderr.read().decode()
        entries = self.entries()
        for secret in (KEY, OLD_KEY, *self.machine.secrets):
            assert secret not in str(entries) + printed
        return done.returncode, entries, printed

    def close(self):
        self.listener.close()
