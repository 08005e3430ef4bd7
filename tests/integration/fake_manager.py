# SPDX-License-Identifier: ISC
"""A manager that does what its script says, and remembers what it saw.

A script is a function of one `Conversation`; it runs in a thread of its own for each connection:

    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        conversation.send(b"OSSEC K:'001 web-01 any " + KEY + b"'")
        conversation.finish()

TLS records go in and out of OpenSSL's memory one at a time, so `records` holds the plaintext of
each record that the client sent, and every `send()` is one record."""
import queue
import socket
import ssl
import struct
import threading
import time
import warnings

PATIENCE = 30  # seconds after which a test has gone wrong


class Ended(Exception):
    """The client ended the connection."""


class Conversation:
    def __init__(self, manager, connected):
        self.manager = manager
        self.socket = connected
        self.records = []  # the plaintext of every application record
        self.version = None
        self.sni = None
        self.client_certificate = None
        self.end = None  # how the client left: "close_notify", "closed", "reset"
        self.failure = None  # what ended the script early
        # send in TCP segments of so many bytes, each read before the next is sent
        self.segment = None
        self.tls = None
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()
        connected.settimeout(PATIENCE)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def request(self):
        return b"".join(self.records)

    # ---------------------------------------------------------------- steps of a script

    def handshake(self):
        self.tls = self.manager.context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.tls.conversation = self
        self._pump(self.tls.do_handshake)
        self.version = self.tls.version()
        self.client_certificate = self.tls.getpeercert()
        self.manager.reached.put(("handshake", self))

    def read_record(self):
        """The plaintext of the next record; raises Ended."""
        data = self._pump(lambda: self.tls.read(65536))
        if not data:
            self.end = "close_notify"
            raise Ended
        self.records.append(data)
        return data

    def read_request(self):
        while b"\n" not in self.request:
            self.read_record()
        self.manager.reached.put(("request", self))

    def send(self, data):
        """Send one record (of at most 16384 bytes)."""
        self.tls.write(data)
        self._flush()

    def wait_until_read(self):
        """Wait until the client has read everything that was sent to it."""
        limit = time.monotonic() + PATIENCE
        while self._unread() and time.monotonic() < limit:
            time.sleep(0.0005)

    def wait_for_end(self):
        """Say nothing until the client leaves; what it sends meanwhile goes to `records`."""
        try:
            while True:
                if self.tls:
                    self.read_record()
                elif not self.socket.recv(65536):
                    raise Ended
        except Ended:
            pass

    def close_notify(self):
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass  # the client's close_notify is still to come
        self._flush()

    def finish(self):
        """End our side without close_notify, as authd does, and wait for the client to leave."""
        self.socket.shutdown(socket.SHUT_WR)
        self.wait_for_end()

    def reset(self):
        """Send an RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    # ---------------------------------------------------------------- records

    def _receive(self, size):
        data = b""
        while len(data) < size:
            try:
                more = self.socket.recv(size - len(data))
            except ConnectionResetError:
                self.end = "reset"
                raise Ended from None
            if not more:
                self.end = self.end or "closed"
                raise Ended
            data += more
        return data

    def _receive_record(self):
        header = self._receive(5)
        return header + self._receive(struct.unpack(">xxxH", header)[0])

    def _flush(self):
        data = self.outgoing.read()
        size = self.segment or len(data)
        for i in range(0, len(data), size or 1):
            self.socket.sendall(data[i:i + size])
            if self.segment:
                self.wait_until_read()

    def _pump(self, step):
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._flush()
                self.incoming.write(self._receive_record())
            except ssl.SSLZeroReturnError:
                self.end = "close_notify"
                raise Ended from None
            except ssl.SSLError:
                try:
                    self._flush()  # our alert
                except OSError:
                    pass
                raise
            else:
                self._flush()
                return result

    def _unread(self):
        """Are there bytes in the client's receive queue, or on their way there (/proc/net/tcp)?"""
        ours, theirs = (
            f":{name[1]:04X}" for name in (self.socket.getsockname(), self.socket.getpeername())
        )
        waiting = False
        with open(
            "/proc/net/tcp6" if self.socket.family == socket.AF_INET6 else "/proc/net/tcp",
            encoding="ascii",
        ) as table:
            for line in table:
                if ours not in line or theirs not in line:
                    continue
                _, local, remote, _, queues = line.split()[:5]
                sent, received = queues.split(":")
                waiting |= local.endswith(ours) and remote.endswith(theirs) and int(sent, 16) > 0
                waiting |= (
                    local.endswith(theirs) and remote.endswith(ours) and int(received, 16) > 0
                )
        return waiting


class Manager:
    """Listens on a port of its own from the start; `close()` ends all threads and raises what a
    script got wrong."""

    def __init__(self, script, certificate=None, address="127.0.0.1", port=0, lowest=None,
                 highest=None, client_ca=None, ciphers=None):
        self.script = script
        self.conversations = []
        self.reached = queue.Queue()  # ("accepted" | "handshake" | "request", conversation)
        self.context = (
            self._context(certificate, lowest, highest, client_ca, ciphers) if certificate else None
        )
        self.errors = []
        self.threads = []
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        if family == socket.AF_INET6:
            self.listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.listener.bind((address, port))
        self.listener.listen(64)
        self.host = address
        self.port = self.listener.getsockname()[1]
        self.address = f"[{address}]:{self.port}" if ":" in address else f"{address}:{self.port}"
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()

    @staticmethod
    def _context(certificate, lowest, highest, client_ca, ciphers):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers(ciphers or "DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            # old versions are what some tests are about
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = lowest or ssl.TLSVersion.TLSv1_2
            context.maximum_version = highest or ssl.TLSVersion.MAXIMUM_SUPPORTED
        context.load_cert_chain(*certificate)
        if client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_ca)

        def note_name(tls, name, _):
            tls.conversation.sni = name
        context.sni_callback = note_name
        return context

    def _accept(self):
        while True:
            try:
                connected, _ = self.listener.accept()
            except OSError:
                return
            conversation = Conversation(self, connected)
            self.conversations.append(conversation)
            self.reached.put(("accepted", conversation))
            thread = threading.Thread(target=self._converse, args=(conversation,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _converse(self, conversation):
        try:
            self.script(conversation)
        except (Ended, OSError) as error:  # SSLError is an OSError
            conversation.failure = error
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(error)
        finally:
            conversation.socket.close()

    def wait_for(self, step):
        """The conversation that gets to a step ("accepted", "handshake", "request")."""
        limit = time.monotonic() + PATIENCE
        while True:
            reached, conversation = self.reached.get(timeout=max(0, limit - time.monotonic()))
            if reached == step:
                return conversation

    @property
    def conversation(self):
        """The only one there was."""
        assert len(self.conversations) == 1, f"{len(self.conversations)} connections"
        return self.conversations[0]

    @property
    def requests(self):
        """The application bytes of each connection that sent any."""
        return [each.request for each in self.conversations if each.request]

    def settle(self):
        """Wait for the running conversations to end."""
        for thread in self.threads:
            thread.join(PATIENCE)

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        except OSError:
            pass
        self.listener.close()
        self.acceptor.join(PATIENCE)
        for conversation in self.conversations:
            try:
                conversation.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.settle()
        if self.errors:
            raise self.errors[0]


class FullBacklog:
    """An address that neither accepts nor refuses: the kernel drops what exceeds a full backlog."""

    def __init__(self, address="127.0.0.1", port=0):
        self.listener = socket.socket()
        self.listener.bind((address, port))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.address = f"{address}:{self.port}"
        self.fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((address, self.port))
            self.fillers.append(filler)

    def close(self):
        for each in (*self.fillers, self.listener):
            each.close()


# ------------------------------------------------------------------ scripts


def in_records(data, size):
    """The data, cut up for `answer`."""
    return [data[i:i + size] for i in range(0, len(data), size)]


def answer(*records, ending="close"):
    """A script: handshake, request, these records, an ending."""
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        for record in records:
            conversation.send(record)
        end(conversation, ending)
    return script


def end(conversation, how):
    """"close": FIN without close_notify; "close_notify"; "reset"; "open": wait for the client to
    leave."""
    if how == "reset":
        conversation.wait_until_read()
        conversation.reset()
        return
    if how == "close_notify":
        conversation.close_notify()
    if how != "open":
        conversation.socket.shutdown(socket.SHUT_WR)
    conversation.wait_for_end()
