# SPDX-License-Identifier: ISC
"""What programs print on a terminal."""

import contextlib
import fcntl
import os
import pty
import re
import struct
import termios
import threading

COLOUR = re.compile(r"\033\[[0-9;]*m")


class Terminal:
    """A terminal of so many columns. What is printed on `far`, its text gets, with the line ends
    of a file."""

    def __init__(self, columns=80):
        self.near, self.far = pty.openpty()
        fcntl.ioctl(self.far, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
        self._seen = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        with contextlib.suppress(OSError):  # nobody has the other side any more
            while data := os.read(self.near, 65536):
                with self._changed:
                    self._seen.append(data)
                    self._changed.notify_all()

    def wait_for(self, part):
        """Until this was printed."""
        with self._changed:
            assert self._changed.wait_for(lambda: part.encode() in b"".join(self._seen), 30)

    @property
    def text(self):
        """All of it, once whoever printed has ended."""
        if self.far is not None:
            os.close(self.far)
            self.far = None
            self._reader.join(30)
        return b"".join(self._seen).decode().replace("\r\n", "\n")

    def close(self):
        _ = self.text
        os.close(self.near)


@contextlib.contextmanager
def terminal(columns=80):
    opened = Terminal(columns)
    try:
        yield opened
    finally:
        opened.close()


def plain(text):
    """Without colours."""
    return COLOUR.sub("", text)


def fits(text, columns):
    """No line is longer, but for one that has no place at which it could be broken, or is a single
    word behind its label."""
    for line in plain(text).splitlines():
        assert len(line) <= columns or len(line[19:].split()) <= 1, (line, text)
