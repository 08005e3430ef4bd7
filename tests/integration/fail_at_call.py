# SPDX-License-Identifier: ISC
"""Calls that fail one after the other, by fail-at-call.c: the first of a function, the second, and
so on, until a run makes no more of them.

FAULTS_EVERY=1 in the environment tries every call of malloc() as well; there are thousands, of
which only some are tried otherwise."""
import errno
import mmap
import os
import socket
import struct

import pytest

LIBRARY = os.path.join(
    os.environ.get("BUILD_DIR") or os.path.join(os.path.dirname(__file__), "..", ".."),
    "fail-at-call.so",
)
needs_library = pytest.mark.skipif(not os.path.exists(LIBRARY), reason=f"needs {LIBRARY}")

# In the order of enum function in fail-at-call.c: what each fails with.
FUNCTIONS = {
    "none": 0, "malloc": errno.ENOMEM, "open": errno.EMFILE, "read": errno.EIO,
    "write": errno.ENOSPC, "fsync": errno.EIO, "rename": errno.EROFS, "socket": errno.EMFILE,
    "connect": errno.ENETUNREACH, "getaddrinfo": socket.EAI_MEMORY, "SSL_read": 0, "SSL_write": 0,
    "accept": errno.ECONNABORTED, "fork": errno.EAGAIN, "socketpair": errno.EMFILE,
    "pthread_create": errno.EAGAIN, "sd_notify": errno.ENOBUFS,
    "setrlimit": errno.EPERM,
}
NAMES = list(FUNCTIONS)
EVERY = bool(os.environ.get("FAULTS_EVERY"))


class Faults:
    """What shall fail in the processes that are started with `environment`."""

    def __init__(self, directory):
        path = os.path.join(str(directory), "faults")
        with open(path, "wb") as file:
            file.truncate(mmap.PAGESIZE)
        os.chmod(path, 0o666)
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        options = os.environ.get("ASAN_OPTIONS")
        self.environment = {"LD_PRELOAD": LIBRARY, "FAIL_AT_CALL": path}
        if options is not None:
            self.environment["ASAN_OPTIONS"] = f"{options}:verify_asan_link_order=0"

    def arm(self, function, number, error=None):
        """Call `number` of the function from now on fails, and no other."""
        code = FUNCTIONS[function] if error is None else error
        self.map[0:mmap.PAGESIZE] = bytes(mmap.PAGESIZE)
        self.map[4:12] = struct.pack("=Ii", number, code)
        self.map[0:4] = struct.pack("=I", NAMES.index(function))

    def disarm(self):
        self.map[0:4] = bytes(4)

    @property
    def failed(self):
        """Has a call failed since arm()?"""
        return struct.unpack("=I", self.map[12:16])[0] > 0

    def seen(self, function):
        """How many calls there were since arm()."""
        at = 16 + 4 * NAMES.index(function)
        return struct.unpack("=I", self.map[at:at + 4])[0]


def numbers(function, dense=12, growth=1.06):
    """1, 2, 3 ...; of malloc() ever fewer, unless all are wanted."""
    number = 1
    while True:
        yield number
        few = EVERY or function != "malloc" or number < dense
        number = number + 1 if few else max(number + 1, int(number * growth))


def fail_at_every_call(faults, function, attempt, **sampling):
    """Call attempt(NUMBER) for each call of the function, until one makes no more of them. Returns
    how many failed."""
    count = 0
    for number in numbers(function, **sampling):
        faults.arm(function, number)
        try:
            attempt(number)
        except AssertionError as error:
            raise AssertionError(f"{function}() failed at call {number}: {error}") from error
        if not faults.failed:
            return count
        count += 1
    raise AssertionError("not reached")
