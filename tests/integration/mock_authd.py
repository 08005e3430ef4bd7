# SPDX-License-Identifier: ISC
"""A wazuh-authd, as far as its local socket shows it (Wazuh 4.14): it keeps client.keys in memory,
checks no names, answers before it writes, and writes all of it."""

import json
import os
import pathlib
import re
import secrets
import socket
import struct
import threading

PATIENCE = 30


class WazuhAuthd:
    """Running from its making to close(). `writes`: set to let it write client.keys; `mute`: it
    accepts connections and says nothing; `worker`: it is a worker of a cluster."""

    def __init__(self, directory, place="sockets", mute=False, worker=False, writes=True):
        self.directory = pathlib.Path(directory)
        self.keys_file = self.directory / "etc" / "client.keys"
        self.path = self.directory / "queue" / place / "auth"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.mute, self.worker = mute, worker
        self.requests = []
        self.refuse = {}  # name: (code, text), for what only it can know
        self.mute_at = None  # the number of the request, from 1, that it and those after it ignore
        self._agents, self._removed = {}, []
        self._read()
        self._may_write = threading.Event()
        if writes:
            self._may_write.set()
        self.held = []
        self.accepted = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._bind(self.path.parent)
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _bind(self, directory):
        """By a short name: the path may be longer than an address."""
        fd = os.open(directory, os.O_PATH)
        try:
            self.path.unlink(missing_ok=True)
            self._listener.bind(f"/proc/self/fd/{fd}/auth")
        finally:
            os.close(fd)

    def _read(self):
        if not self.keys_file.exists():
            return
        for line in self.keys_file.read_text().splitlines():
            number, name, *rest = line.split(" ")
            if name[0] in "#!":
                self._removed.append(line)
            else:
                self._agents[number] = [name, *rest]

    def _write(self):
        assert self._may_write.wait(PATIENCE)
        lines = [" ".join([number, *rest]) for number, rest in self._agents.items()]
        temporary = self.keys_file.with_name("client.keys.authd")
        temporary.write_text("".join(f"{line}\n" for line in lines + self._removed))
        temporary.chmod(0o640)
        temporary.rename(self.keys_file)

    def let_write(self):
        self._may_write.set()

    def reads_again(self):
        """As after a restart."""
        self._agents, self._removed = {}, []
        self._read()

    def registers(self, name):
        """An agent registers over the network: all of client.keys is written from memory."""
        self._add({"name": name, "ip": "any"})
        self._write()

    def _add(self, asked):
        if asked["name"] in self.refuse:
            return self.refuse[asked["name"]]
        if asked.get("id") in self._agents:
            return 9012, "Duplicate ID"
        force = asked.get("force", {}).get("enabled")
        for number, (name, ip, _) in list(self._agents.items()):
            if name != asked["name"] and (ip == "any" or ip != asked["ip"]):
                continue
            if not force:
                return (9008, "Duplicate name") if name == asked["name"] else (
                    9007, "Duplicate IP")
            self._remove(number, False)
        numbers = [*self._agents, *(line.split(" ")[0] for line in self._removed)]
        number = asked.get("id") or "%03d" % (max([0, *map(int, numbers)]) + 1)
        if ip_mask := re.fullmatch(r"([0-9.]+)/(255\.0\.255\.0)", asked["ip"]):
            asked["ip"] = ip_mask.group(1)  # it writes no mask that is not contiguous
        key = secrets.token_hex(32)
        self._agents[number] = [asked["name"], asked["ip"], key]
        return {"id": number, "name": asked["name"], "ip": asked["ip"], "key": key}

    def _remove(self, number, purge):
        name, ip, key = self._agents.pop(number)
        if not purge:
            self._removed.append(f"{number} !{name} {ip} {key}")

    def _answer(self, request):
        asked = request["arguments"]
        if self.worker:
            return 9015, "Cannot execute this request on a worker node"
        if request["function"] == "add":
            return self._add(asked)
        if asked["id"] in self.refuse:
            return self.refuse[asked["id"]]
        if asked["id"] not in self._agents:
            return 9011, "Agent ID not found"
        if request["function"] == "remove":
            self._remove(asked["id"], asked.get("purge") is True)
            return "Agent deleted successfully."
        return dict(zip(("name", "ip", "key"), self._agents[asked["id"]]), id=asked["id"])

    def _talk(self, connection):
        length = connection.recv(4, socket.MSG_WAITALL)
        if len(length) < 4:
            return
        request = json.loads(connection.recv(struct.unpack("<I", length)[0], socket.MSG_WAITALL))
        if request["function"] != "get":
            self.requests.append(request)
        if self.mute_at and len(self.requests) >= self.mute_at:
            return
        answer = self._answer(request)
        if isinstance(answer, tuple):
            answer = {"error": answer[0], "message": answer[1]}
        else:
            answer = {"error": 0, "data": answer}
        text = json.dumps(answer, separators=(",", ":")).encode()
        connection.sendall(struct.pack("<I", len(text)) + text)
        if request["function"] != "get" and answer["error"] == 0:
            self._write()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self.mute:
                self.held.append(connection)
                self.accepted.set()
                continue
            with connection:
                self._talk(connection)

    def close(self):
        self._may_write.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(PATIENCE)
        for connection in self.held:
            connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
