# SPDX-License-Identifier: ISC
"""A disk with a volatile cache, as a machine sees it when its power fails.

qemu reaches it over a socket (the NBD protocol). What the machine writes is in the disk's cache
until the machine flushes it; a power cut takes what is in there. `image` is only read, so that
it serves any number of disks; the rest is kept in memory. A block of 4 KiB is never torn apart,
as with today's disks."""
import os
import random
import socket
import struct
import threading

BLOCK = 4096
READ, WRITE, DISCONNECT, FLUSH = range(4)
OPTION_MAGIC, REPLY_MAGIC = b"IHAVEOPT", 0x3E889045565A9
OPTION_GO, REPLY_ACK, REPLY_INFO, REPLY_UNSUPPORTED = 7, 1, 3, 0x80000001
HAS_FLAGS, SEND_FLUSH = 1, 4


class Disk:
    """The machine's disk, for any number of boots."""

    def __init__(self, image):
        self._image = os.open(image, os.O_RDONLY)
        self._size = os.fstat(self._image).st_size
        self._safe = {}  # number of the block: its content, written and flushed
        self._cache = {}  # the same, not flushed
        self._lock = threading.RLock()
        self._powered = False
        self._threads = []
        # called with "write" or "flush" before the disk does it; may cut the power
        self.before = lambda what: None

    def close(self):
        for thread in self._threads:
            thread.join(10)
        os.close(self._image)

    def connect(self):
        """Power on. Returns the socket that qemu gets."""
        ours, theirs = socket.socketpair()
        self._powered = True
        thread = threading.Thread(target=self._serve, args=[ours], daemon=True)
        self._threads.append(thread)
        thread.start()
        return theirs

    def lose_power(self, fate):
        """Whatever is on its way to the disk comes too late, and what is in its cache is "lost",
        "kept" (it was just written), or "mixed": for each block, one of the two. Returns how
        many blocks there were."""
        with self._lock:
            self._powered = False
            lottery = random.Random(len(self._safe))
            for block, content in self._cache.items():
                if fate == "kept" or fate == "mixed" and lottery.random() < 0.5:
                    self._safe[block] = content
            unflushed = len(self._cache)
            self._cache.clear()
        return unflushed

    # ------------------------------------------------------------------ blocks

    def _block(self, number):
        content = self._cache.get(number) or self._safe.get(number)
        return content or os.pread(self._image, BLOCK, number * BLOCK)

    def _read(self, offset, length):
        first, end = offset // BLOCK, (offset + length + BLOCK - 1) // BLOCK
        if not any(number in self._cache or number in self._safe for number in range(first, end)):
            return os.pread(self._image, length, offset)
        content = b"".join(self._block(number) for number in range(first, end))
        return content[offset - first * BLOCK:][:length]

    def _write(self, offset, data):
        first, end = offset // BLOCK, (offset + len(data) + BLOCK - 1) // BLOCK
        if offset % BLOCK or len(data) % BLOCK:
            whole = bytearray(self._read(first * BLOCK, (end - first) * BLOCK))
            start = offset - first * BLOCK
            whole[start:start + len(data)] = data
            data = bytes(whole)
        for number in range(first, end):
            self._cache[number] = data[(number - first) * BLOCK:][:BLOCK]

    def _flush(self):
        self._safe.update(self._cache)
        self._cache.clear()

    # ------------------------------------------------------------------ the protocol

    def _serve(self, connection):
        try:
            with connection, connection.makefile("rb") as stream:
                self._negotiate(connection, stream)
                while self._answer(connection, stream):
                    pass
        except (OSError, EOFError):
            pass  # the machine is off

    @staticmethod
    def _take(stream, length):
        data = stream.read(length)
        if len(data) < length:
            raise EOFError
        return data

    def _negotiate(self, connection, stream):
        connection.sendall(b"NBDMAGIC" + OPTION_MAGIC + struct.pack(">H", 3))
        self._take(stream, 4)
        option = None
        while option != OPTION_GO:
            option, length = struct.unpack(">8xII", self._take(stream, 16))
            self._take(stream, length)
            if option == OPTION_GO:
                export = struct.pack(">HQH", 0, self._size, HAS_FLAGS | SEND_FLUSH)
                connection.sendall(
                    struct.pack(">QIII", REPLY_MAGIC, option, REPLY_INFO, len(export))
                    + export
                    + struct.pack(">QIII", REPLY_MAGIC, option, REPLY_ACK, 0)
                )
            else:
                connection.sendall(struct.pack(">QIII", REPLY_MAGIC, option, REPLY_UNSUPPORTED, 0))

    def _answer(self, connection, stream):
        kind, handle, offset, length = struct.unpack(">6xH8sQI", self._take(stream, 28))
        data = self._take(stream, length) if kind == WRITE else b""
        with self._lock:
            if kind in (WRITE, FLUSH) and self._powered:
                self.before("write" if kind == WRITE else "flush")
            if not self._powered or kind == DISCONNECT:
                return False
            answer = self._read(offset, length) if kind == READ else b""
            if kind == WRITE:
                self._write(offset, data)
            if kind == FLUSH:
                self._flush()
        connection.sendall(struct.pack(">II", 0x67446698, 0) + handle + answer)
        return True
