# SPDX-License-Identifier: ISC
"""Agents that register without end, from the manager's end of a machine's wire.

    with many_agents.ManyAgents(machine) as agents:
        agents.wait_for_keys(20)                        until 20 more have got theirs
        ...
    agents.keys, agents.failures                        what each name came to
"""
import re
import socket
import ssl
import threading

import nspawn

KEY = re.compile(r"OSSEC K:'(\d+) (\S+) any ([0-9a-f]{64})'")
PATIENCE = 20  # seconds: more than the registrar's own


class ManyAgents:
    def __init__(self, machine, threads=4, prefix="agent", port=1515):
        self.keys = {}  # name: the line of client.keys
        self.failures = {}  # name: the answer, or the name of the exception
        self._prefix = prefix
        self._port = port
        self._changed = threading.Condition()
        self._stopping = False
        self._threads = [
            threading.Thread(target=machine.call_at_manager, args=[lambda n=n: self._register(n)])
            for n in range(threads)
        ]
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopping = True
        for thread in self._threads:
            thread.join()

    def _register(self, number):
        count = 0
        while not self._stopping:
            count += 1
            name = f"{self._prefix}-{number}-{count}"
            try:
                answer = self._ask(name)
            except OSError as error:
                answer = type(error).__name__
            with self._changed:
                if match := KEY.match(answer):
                    self.keys[name] = " ".join([match[1], match[2], "any", match[3]])
                else:
                    self.failures[name] = answer
                self._changed.notify_all()

    def _ask(self, name):
        address = (nspawn.MACHINE_ADDRESS, self._port)
        with socket.create_connection(address, timeout=PATIENCE) as plain, \
                self._context.wrap_socket(plain) as stream:
            stream.sendall(f"OSSEC A:'{name}'\n".encode())
            return b"".join(iter(lambda: stream.recv(4096), b"")).decode()

    def wait_for_keys(self, count):
        """Until this many more agents have keys."""
        with self._changed:
            aim = len(self.keys) + count
            if not self._changed.wait_for(lambda: len(self.keys) >= aim, timeout=2 * PATIENCE):
                raise AssertionError(
                    f"{len(self.keys)} of {aim} keys, {len(self.failures)} failures: "
                    f"{set(self.failures.values())}")

    def wait_for_failure(self):
        """Until one more agent has failed."""
        with self._changed:
            aim = len(self.failures) + 1
            assert self._changed.wait_for(lambda: len(self.failures) >= aim, timeout=2 * PATIENCE)


def check_that_none_is_lost(agents, key_file):
    """Every key that was given out is in the file, and no id twice."""
    lines = key_file.read_text().splitlines()
    assert agents.keys and set(agents.keys.values()) <= set(lines)
    ids = [line.split()[0] for line in lines]
    assert len(ids) == len(set(ids))
