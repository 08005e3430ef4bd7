# SPDX-License-Identifier: ISC
"""Calls that fail one after the other, by fail-at-call.c: the first of a function, the second, and
so on, until a run makes no more of them.

Of malloc() there are thousands of calls, and of read() hundreds, which differ little. $FAULTS says
which of them fail: "paths" one for each way through our own code that leads to one, "some" (the
default) of many of these a part, "sites" one for each that differs anywhere in the stack, and "all"
every one. "few" calls of each function fail where a sanitizer makes everything slow. With "count",
none fails.

Of "all", $FAULTS_PART has one process make every second fail ("1/2"), and another one the others
("2/2"). Each appends to $FAULTS_RESULTS: the test, the function, the choice, how many of its calls
have failed (or, with "count", how many there are), in how many runs, how many findings there were,
and the seconds; tabs are between them."""
import errno
import mmap
import os
import socket
import struct
import time

import pytest

LIBRARY = os.path.join(
    os.environ.get("BUILD_DIR") or os.path.join(os.path.dirname(__file__), "..", ".."),
    "fail-at-call.so",
)
needs_library = pytest.mark.skipif(not os.path.exists(LIBRARY), reason=f"needs {LIBRARY}")
needs_plain_build = pytest.mark.skipif(
    "ASAN_OPTIONS" in os.environ, reason="with sanitizers, only registrations are tried")

# In the order of enum function in fail-at-call.c: what each fails with.
FUNCTIONS = {
    "none": 0, "malloc": errno.ENOMEM, "open": errno.EMFILE, "read": errno.EIO,
    "write": errno.ENOSPC, "send": errno.ENOBUFS, "recv": errno.ENOMEM, "fsync": errno.EIO,
    "rename": errno.EROFS, "socket": errno.EMFILE,
    "connect": errno.ENETUNREACH, "getaddrinfo": socket.EAI_MEMORY, "SSL_read": 0, "SSL_write": 0,
    "accept": errno.ECONNABORTED, "fork": errno.EAGAIN, "socketpair": errno.EMFILE,
    "pthread_create": errno.EAGAIN, "sd_notify": errno.ENOBUFS,
    "setrlimit": errno.EPERM, "event_add": 0, "epoll_ctl": errno.ENOSPC, "dup2": errno.EBUSY,
    "setresuid": errno.EAGAIN, "confine": errno.ENOMEM, "stat": errno.EIO, "mkdir": errno.EROFS,
    "chmod": errno.EROFS, "flock": errno.ENOLCK, "getrandom": errno.EIO,
    "listen": errno.ENOBUFS, "poll": errno.ENOMEM, "inotify": errno.EMFILE,
    "dlopen": 0, "getgrnam": errno.EIO,
}
NAMES = list(FUNCTIONS)
CHOICE = os.environ.get("FAULTS") or ("few" if "ASAN_OPTIONS" in os.environ else "some")
FEW = 4  # calls of a function
SOME = 40  # of the ways that lead to a function
CHOSEN = ["malloc", "read"]  # of which there can be many calls
MANY = 100  # calls of a function; of fewer, each one fails
PART, PARTS = map(int, os.environ.get("FAULTS_PART", "1/1").split("/"))
RESULTS = os.environ.get("FAULTS_RESULTS")
ROUNDS = 4  # of looking for calls that were not made to fail

# struct control in fail-at-call.c
FAILED, TRACED, SEEN = 20, 24, 28
FAILED_AT = (SEEN + 4 * len(FUNCTIONS) + 7) // 8 * 8
SITES, SITES_MAX = 4096, 131072
SIZE = SITES + 16 * SITES_MAX


class Faults:
    """What shall fail in the processes that are started with `environment`."""

    def __init__(self, directory):
        path = os.path.join(str(directory), "faults")
        with open(path, "wb") as file:
            file.truncate(SIZE)
        os.chmod(path, 0o666)
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), SIZE)
        options = os.environ.get("ASAN_OPTIONS")
        self.environment = {"LD_PRELOAD": LIBRARY, "FAIL_AT_CALL": path}
        if options is not None:
            # the quick way ends in our malloc(), whatever the loader keeps looks lost then
            self.environment["ASAN_OPTIONS"] = (
                f"{options}:verify_asan_link_order=0:fast_unwind_on_malloc=0")

    def arm(self, function, number, error=None, site=(0, 0), times=1, size=0):
        """Call `number` of the function from now on fails, and the `times` - 1 that follow; number
        0: the first one from this site. With a size, only calls of malloc() for it count."""
        code = FUNCTIONS[function] if error is None else error
        self.map[0:SITES] = bytes(SITES)
        self.map[FAILED_AT + 16:FAILED_AT + 32] = struct.pack("=QQ", *site)
        self.map[4:20] = struct.pack("=IIiI", number, times, code, size)
        self.map[0:4] = struct.pack("=I", NAMES.index(function))

    def trace(self, function):
        """Nothing fails from now on; from where the function is called is noted."""
        self.map[0:SITES] = bytes(SITES)
        self.map[TRACED:TRACED + 4] = struct.pack("=I", NAMES.index(function))

    def disarm(self):
        self.map[0:4] = bytes(4)
        self.map[TRACED:TRACED + 4] = bytes(4)

    @property
    def failed(self):
        """Has a call failed since arm()?"""
        return struct.unpack("=I", self.map[FAILED:FAILED + 4])[0] > 0

    @property
    def failed_at(self):
        """The site of the call that failed: hashes of all of its stack, and of our part of it."""
        return struct.unpack("=QQ", self.map[FAILED_AT:FAILED_AT + 16])

    def sites(self, function):
        """Those of the calls since trace(), in their order."""
        count = min(self.seen(function), SITES_MAX)
        return list(struct.iter_unpack("=QQ", self.map[SITES:SITES + 16 * count]))

    def seen(self, function):
        """How many calls there were since arm() or trace()."""
        at = SEEN + 4 * NAMES.index(function)
        return struct.unpack("=I", self.map[at:at + 4])[0]


def path_of(site):
    """What is ours of it."""
    return 0, site[1]


class Campaign:
    """One call after the other is made to fail; what is wrong then is collected."""

    def __init__(self, faults, function, attempt):
        self.faults = faults
        self.function = function
        self.attempt = attempt
        self.wrong = {}  # text: the numbers of the calls
        self.runs = 0

    def fail_at(self, number, site=(0, 0)):
        """Has a call failed?"""
        self.runs += 1
        self.faults.arm(self.function, number, site=site)
        try:
            self.attempt(number)
        except AssertionError as error:
            self.wrong.setdefault(str(error), []).append(number)
        return self.faults.failed

    def fail_at_all(self):
        """Every PARTS-th of many, if each of several processes has a part."""
        number, step = (PART, PARTS) if self.function in CHOSEN else (1, 1)
        while self.fail_at(number):
            number += step
        return (number - 1) // step

    def count(self):
        self.faults.trace(self.function)
        self.attempt(0)
        return self.faults.seen(self.function)

    def fail_at_few(self):
        """From the first to the last of them."""
        count = self.count()
        numbers = {1 + (count - 1) * each // (FEW - 1) for each in range(FEW)} if count else set()
        return sum(self.fail_at(number) for number in sorted(numbers))

    def fail_at_some(self):
        """Of the ways that lead to the function, as many from the first to the last."""
        self.count()
        first = self.first_of_each(path_of)
        numbers = sorted(first.values())
        chosen = {numbers[(len(numbers) - 1) * each // (SOME - 1)] for each in range(SOME)}
        return sum(self.fail_at(number) for number in sorted(chosen))

    def first_of_each(self, kind):
        """The number of its first call, of those since count()."""
        first = {}
        for number, site in enumerate(self.faults.sites(self.function), 1):
            first.setdefault(kind(site), number)
        return first

    def fail_at_sites(self, kind):
        """One call of each kind. Where runs differ, what was missed is looked for by its site."""
        failed, always = set(), None
        for by_site in range(ROUNDS):
            self.count()
            first = self.first_of_each(kind)
            always = set(first) if always is None else always & first.keys()
            missed = first.keys() - failed
            for site in sorted(missed, key=first.get):
                if self.fail_at(0 if by_site else first[site], site):
                    failed.add(kind(self.faults.failed_at))
            if missed <= failed:
                return len(failed)
        # what comes only now and then, as what a timer does, is not in each of the rounds
        assert 10 * len(always - failed) <= len(first), f"{len(always - failed)} never failed"
        return len(failed)

    def choose(self):
        """Returns how many failed."""
        if CHOICE == "count":
            return self.count()
        if CHOICE == "few":
            return self.fail_at_few()
        if CHOICE == "all" or self.function not in CHOSEN or self.count() < MANY:
            return self.fail_at_all()
        if CHOICE == "sites":
            return self.fail_at_sites(lambda site: site)
        if CHOICE == "paths":
            return self.fail_at_sites(path_of)
        return self.fail_at_some()

    def record(self, count, seconds):
        """A line of a table, if one is to be made."""
        test = os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[2].partition(" ")[0]
        line = [test, self.function, CHOICE, count, self.runs, len(self.wrong), f"{seconds:.1f}"]
        with open(RESULTS, "a", encoding="utf-8") as file:
            file.write("\t".join(map(str, line)) + "\n")

    def run(self):
        begun = time.monotonic()
        count = self.choose()
        if RESULTS:
            self.record(count, time.monotonic() - begun)
        assert not self.wrong, f"{self.function}() failed at call\n" + "\n".join(
            f"{', '.join(map(str, numbers[:10]))}: {text}" for text, numbers in self.wrong.items())
        return count


def fail_at_every_call(faults, function, attempt):
    """Call attempt(NUMBER) for each call of the function, until one makes no more of them; 0 is a
    run in which none fails. Returns how many failed."""
    return Campaign(faults, function, attempt).run()
