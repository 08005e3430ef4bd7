# SPDX-License-Identifier: ISC
"""A keeper that serves fronts at a socket, and a front that says whatever a test wants: the form of
the packets (src/registrar/registry/registry-wire.h), written once more."""
import contextlib
import ipaddress
import os
import select
import socket
import struct
import subprocess
import threading
import time

import registrar_tools
from api_tools import PASSWORD, USER
from registrar_tools import PATIENCE

VERSION = 1
HELLO, WELCOME, REQUEST, WITHDRAW, ANSWER, NEWS, REPORT = range(1, 8)
(REGISTER, KEY, JOIN, LOGIN, SESSION, LOGOUT, BEARER, MATERIAL, REMOVE, AGENTS,
 GROUPS, SECRET, TOKEN_MAKE, TOKENS, TOKEN_END) = range(15)
TYPES = 15
DECIDED, BUSY, FAILED, DENIED = range(4)
BY_AUTHD, BY_ENROLL, BY_API = range(3)
(REGISTERED, NAME, NAME_TAKEN, NEWER, BAD_GROUPS, GROUP_ABSENT, IP, IP_TAKEN, ID, ID_TAKEN, BAD_KEY,
 OPEN, LIMIT, UNKNOWN_AGENT, WRONG_SECRET, IN_PROGRESS, TOKEN_UNKNOWN, TOKEN_EXPIRED, TOKEN_USED_UP,
 INTERNAL) = range(20)
LOGGED_IN, WRONG, TOO_MANY = range(3)
REVOKE, PURGE_DEAD, PURGE_ALL = range(3)
(TOKEN_OK, TOKEN_ADDRESS, TOKEN_PREFIX, TOKEN_TTL, TOKEN_DESCRIPTION, TOKEN_NOT_KEPT, TOKEN_FULL,
 TOKEN_NO_CA, TOKEN_STORE, TOKEN_INTERNAL) = range(10)

HEADER = struct.Struct("<IHHQ")
LONGEST = 128 * 1024
VERSION_LINE = "another version"


# ------------------------------------------------------------------ writing

def packet(kind, number, body=b""):
    return HEADER.pack(HEADER.size + len(body), kind, 0, number) + body


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<I", len(data)) + data


def optional(value):
    return b"\0" if value is None else b"\1" + text(value)


def hello(version=VERSION):
    return packet(HELLO, 0, struct.pack("<I", version))


def client(address="192.0.2.1", port=40000):
    return ipaddress.ip_address(f"::ffff:{address}").packed + struct.pack("<H", port)


def user(token):
    return client() + text(token)


def registration(name="web-01", way=BY_AUTHD, more=None, version=None, groups=None, ip=None,
                 key_hash=None, address="192.0.2.1"):
    """`more`: what belongs to the way; None: that all fields could be read, by authd."""
    return (bytes([REGISTER, way]) + client(address) + text(name) + optional(version) +
            optional(groups) + optional(ip) + optional(key_hash) +
            (b"\0" if more is None else more))


def by_api(token, name="web-01", number=None, key=None, force=(1, 0, 0, 0), **fields):
    return registration(name, BY_API, text(token) + optional(number) + optional(key) +
                        struct.pack("<BBII", *force), **fields)


def bearer(mac=bytes(32), made=None, nonce=bytes(16), key_id=""):
    made = int(time.time()) if made is None else made
    return text(key_id) + struct.pack("<Q", made) + nonce + mac


def login(name, password):
    return bytes([LOGIN]) + client() + struct.pack("<I", 0) + text(name) + text(password)


def making(address, port=0, prefix=None, ttl=0, most=0, description="", embeds_ca=0,
           has_no_credential=0):
    """What a new enrollment token is to be."""
    return (text(address) + struct.pack("<HB", port, prefix is not None) + text(prefix or "") +
            struct.pack("<II", ttl, most) + text(description) +
            bytes([embeds_ca, has_no_credential]))


def ending(way, *ids):
    return struct.pack("<BH", way, len(ids)) + b"".join(text(each) for each in ids)


def of_user(kind, token):
    """A request of a user, with what else it takes: that of an agent 001, web-01."""
    more = {
        KEY: text("001"),
        JOIN: text("001") + text("default") + b"\0",
        SESSION: b"",
        LOGOUT: b"",
        REMOVE: b"\1" + struct.pack("<I", 1) + text("001") + text("web-01"),
        AGENTS: struct.pack("<BQH", 7, 0, 0),
        GROUPS: text("md5") + text(""),
        TOKEN_MAKE: making("localhost"),
        TOKENS: struct.pack("<I", 0),
        TOKEN_END: ending(PURGE_ALL),
    }
    return bytes([kind]) + user(token) + more[kind]


# ------------------------------------------------------------------ reading

class Reader:
    def __init__(self, body):
        self.body = body

    def take(self, form):
        values = struct.unpack_from("<" + form, self.body)
        self.body = self.body[struct.calcsize("<" + form):]
        return values[0]

    def text(self):
        length = self.take("I")
        value, self.body = self.body[:length], self.body[length:]
        assert len(value) == length
        return value.decode("utf-8", "surrogateescape")


class Answer:
    """An answer: its type, its outcome, and where what was decided begins, its fault."""

    def __init__(self, number, body):
        self.number = number
        reader = Reader(body)
        self.type, self.outcome = reader.take("B"), reader.take("B")
        self.rest = reader.body
        self.fault = self.rest[0] if self.type not in (SESSION, LOGOUT) else None

    def __repr__(self):
        return f"Answer({self.number}, {self.type}, {self.outcome}, {self.rest[:80]})"

    def agent(self):
        """Of a registration or a key: id, name, address and key."""
        reader = Reader(self.rest[1:])
        return tuple(reader.text() for _ in range(4))

    def text(self, skip=1):
        return Reader(self.rest[skip:]).text()


class Front:
    """A connection to the keeper, and what is said there."""

    def __init__(self, path, greet=True):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.socket.settimeout(PATIENCE)
        self.received = b""
        self.last = 0
        if greet:
            self.send(hello())
            assert self.next()[0] == WELCOME

    def send(self, data):
        self.socket.sendall(data)

    def send_as_far_as_taken(self, data):
        """How many bytes were taken, at the most, until nothing more was for a moment."""
        sent = 0
        self.socket.setblocking(False)
        while sent < len(data):
            if not select.select([], [self.socket], [], 0.5)[1]:
                break
            with contextlib.suppress(BlockingIOError):
                sent += self.socket.send(data[sent:sent + 65536])
        self.socket.settimeout(PATIENCE)
        return sent

    def request(self, body, patience=10 ** 7):
        """A request, as a packet with the next number."""
        self.last += 1
        return packet(REQUEST, self.last, struct.pack("<Q", patience) + body)

    def next(self):
        """The next packet: type, number, body. None: the keeper has closed the connection."""
        while True:
            if len(self.received) >= HEADER.size:
                length, kind, zero, number = HEADER.unpack_from(self.received)
                assert zero == 0
                if len(self.received) >= length:
                    body = self.received[HEADER.size:length]
                    self.received = self.received[length:]
                    return kind, number, body
            try:
                data = self.socket.recv(1 << 20)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self.received += data

    def answer(self):
        """The next answer; news are passed over."""
        while True:
            found = self.next()
            assert found, "the keeper has closed the connection"
            if found[0] == ANSWER:
                return Answer(*found[1:])
            assert found[0] == NEWS, found

    def ask(self, body, **options):
        self.send(self.request(body, **options))
        answer = self.answer()
        assert answer.number == self.last
        return answer

    def register(self, name, **fields):
        answer = self.ask(registration(name, **fields))
        assert (answer.outcome, answer.fault) == (DECIDED, REGISTERED), answer
        return answer.agent()

    def is_cut_off(self):
        """Has the keeper closed the connection, whatever it said before?"""
        while True:
            found = self.next()
            if found is None:
                return True

    def send_if_open(self, data):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.send(data)

    def is_over(self):
        """Has the keeper closed the connection already?"""
        readable = select.select([self.socket], [], [], 0)[0]
        with contextlib.suppress(ConnectionResetError):
            return bool(readable) and self.socket.recv(1, socket.MSG_PEEK) == b""
        return True

    def leave(self):
        """Go, and see that the keeper has noticed."""
        self.socket.shutdown(socket.SHUT_WR)
        assert self.is_cut_off()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# ------------------------------------------------------------------ the keeper

class Keeper:
    """A running `agent-registrar serve --part keeper`."""

    def __init__(self, directory, *arguments):
        self.path = directory / "keeper.sock"
        self.keys_file = directory / "etc" / "client.keys"
        self.lines, self._changed = [], threading.Condition()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.settimeout(PATIENCE)
            ready.bind(str(directory / "notify.sock"))
            self.process = subprocess.Popen(
                [registrar_tools.PROGRAM, "-D", str(directory), "--part", "keeper",
                 "--keeper-socket", str(self.path), *arguments, "serve"], stderr=subprocess.PIPE,
                text=True, env={**os.environ, "NOTIFY_SOCKET": str(directory / "notify.sock")})
            self._reader = threading.Thread(target=self._read, daemon=True)
            self._reader.start()
            while b"READY=1" not in ready.recv(4096):
                pass

    def _read(self):
        for line in self.process.stderr:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()

    def front(self, **options):
        return Front(self.path, **options)

    def another_front(self):
        """One more, as soon as those that have gone are."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            front = Front(self.path, greet=False)
            front.send_if_open(hello())
            if front.next():
                return front
            front.close()
        raise AssertionError("no front is let in")

    def memory(self):
        """Resident bytes; 0 with sanitizers, which need memory of their own."""
        if "ASAN_OPTIONS" in os.environ:
            return 0
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def keys(self):
        return self.keys_file.read_text().splitlines()

    def log(self):
        """All lines so far, but for those of this: it ends with one that is caused here."""
        before = sum(VERSION_LINE in line for line in self.lines)
        with self.front(greet=False) as one:
            one.send(hello(VERSION + 1))
            assert one.is_cut_off()
        with self._changed:
            assert self._changed.wait_for(
                lambda: sum(VERSION_LINE in line for line in self.lines) > before, PATIENCE)
            return [line for line in self.lines if VERSION_LINE not in line]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self.process.stderr.close()
        return status


def log_in(front):
    """The token of a session."""
    answer = front.ask(login(USER, PASSWORD))
    assert (answer.outcome, answer.fault) == (DECIDED, LOGGED_IN), answer
    return answer.text()


@contextlib.contextmanager
def keeping(directory, *arguments):
    """A keeper that has lived through the block, and exits with 0."""
    keeper = Keeper(directory, *arguments)
    try:
        yield keeper
        assert keeper.process.poll() is None, keeper.lines
    except BaseException:
        keeper.stop()
        print("\n".join(keeper.lines))
        raise
    assert keeper.stop() == 0, keeper.lines
    assert not any("Sanitizer" in line for line in keeper.lines), keeper.lines
