# SPDX-License-Identifier: ISC
"""A name server at the manager's end of a machine's wire, and the machine's files that lead to
it."""
import contextlib
import socket
import struct
import threading

import nspawn


def use_dns(machine):
    """The machine knows the manager's address from the name server alone."""
    machine.write("/etc/hosts", "127.0.0.1 localhost\n")
    machine.path("/etc/resolv.conf").unlink(missing_ok=True)
    machine.write("/etc/resolv.conf",
                  f"nameserver {nspawn.MANAGER_ADDRESS}\noptions timeout:1 attempts:1\n")
    machine.write("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")


class NameServer:
    """Hears questions from here to close(). First answers none, then with a failure, then as it
    should: see `mood`."""

    SILENT, FAILING, ANSWERING = range(3)

    def __init__(self, machine):
        self.mood = self.SILENT
        self._asked = threading.Condition()
        self._questions = 0
        self._socket = machine.call_at_manager(
            lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        )
        self._socket.bind((nspawn.MANAGER_ADDRESS, 53))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            # says that it is not connected, and ends recvfrom() all the same
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._socket.close()

    def wait_for_question(self, timeout=120):
        """Until it is asked anew."""
        with self._asked:
            before = self._questions
            assert self._asked.wait_for(
                lambda: self._questions > before, timeout
            ), "nobody asks the name server"

    def _serve(self):
        while True:
            question, sender = self._socket.recvfrom(512)
            if not question:
                return
            with self._asked:
                self._questions += 1
                self._asked.notify_all()
            if self.mood != self.SILENT:
                self._socket.sendto(self._answer(question), sender)

    def _answer(self, question):
        """RFC 1035: one question in, the same question and at most one address (type A) out."""
        end = question.index(b"\0", 12) + 5
        kind, = struct.unpack_from(">H", question, end - 4)
        knows = self.mood == self.ANSWERING and kind == 1
        flags = 0x8180 if self.mood == self.ANSWERING else 0x8182  # NOERROR, SERVFAIL
        record = (
            b"\xc0\x0c"
            + struct.pack(">HHIH", 1, 1, 0, 4)
            + socket.inet_aton(nspawn.MANAGER_ADDRESS)
        )
        return (
            question[:2]
            + struct.pack(">HHHHH", flags, 1, int(knows), 0, 0)
            + question[12:end]
            + record * knows
        )
