# SPDX-License-Identifier: ISC
"""Wazuh's API as a script of fake_manager.Manager: it answers as scripted, and remembers what
it was asked.

    api = Api({"POST /agents": error(400, 1705, "Agent name taken")})
    manager = start_manager(api)

An answer is a dict (JSON with status 200), a Reply, a list (one for each call, the last one for
all that follow), bytes (sent as they are; the connection ends then), or a function of the Call
that returns one of these."""
import base64
import json
import os
import re

import pytest
from machine import AGENT_REGISTER, KEY

MODULE = os.path.join(os.path.dirname(AGENT_REGISTER), "agent-register-https.so")
needs_module = pytest.mark.skipif(not os.path.exists(MODULE), reason="built --without-api")

PASSWORD = "Correct-Horse:9"
USER = "enroller"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
TOKEN = "eyJhbGciOiJFUzUxMiJ9.eyJpc3MiOiJ3YXp1aCJ9.c2ln-_bmF0dXJl"


class Call:
    def __init__(self, method, path, fields, body):
        self.method = method
        self.path = path
        self.fields = fields
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.method} {self.path} {self.body!r}"


class Reply:
    def __init__(self, status=200, body=b"", fields=(), close=False):
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.fields = list(fields)
        self.close = close

    def encode(self):
        lines = [f"HTTP/1.1 {self.status} Text", "Content-Type: application/json",
                 f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.fields]
        if self.close:
            lines.append("Connection: close")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


def export(name="web-01", id="001", ip="any", key=KEY):  # pylint: disable=redefined-builtin
    """The key as the API gives it: the base64 of the whole line."""
    return base64.b64encode(f"{id} {name} {ip} {key}".encode()).decode()


def granted(id="001", **line):  # pylint: disable=redefined-builtin
    return {"data": {"id": id, "key": export(id=id, **line)}, "error": 0}


def error(status, code, detail="No.", fields=()):
    """A refusal of version 4."""
    return Reply(
        status,
        {
            "title": "Bad Request", "detail": detail, "remediation": "Do it right", "error": code,
            "dapi_errors": {"master": {"error": detail}}
        },
        fields,
    )


def affected(*items, failed=(), code=0):
    """The answer of a call that is about several agents."""
    return {"data": {"affected_items": list(items), "total_affected_items": len(items),
                     "total_failed_items": len(failed), "failed_items": list(failed)},
            "message": "Done", "error": code}


DEFAULTS = {
    "POST /security/user/authenticate": {"data": {"token": TOKEN}, "error": 0},
    "POST /agents": granted(),
    "PUT /agents/001/group/.*": affected("001"),
}
NOT_FOUND = Reply(404, {"title": "Not Found", "detail": "404: Not Found"})
NOT_FOUND_3 = Reply(404,
                    {"error": 603, "message": "The requested URL was not found on this server"})


class Api:
    def __init__(self, answers=None, otherwise=NOT_FOUND, close=False):
        answers = answers or {}
        self.answers = {
            **answers,
            **{call: each for call, each in DEFAULTS.items() if call not in answers},
        }
        self.otherwise = otherwise
        self.close = close  # end the connection after each reply
        self.calls = []
        self.connections = 0

    @property
    def made(self):
        """The calls without their bodies: "POST /agents"."""
        return [f"{call.method} {call.path}" for call in self.calls]

    def answer_to(self, call):
        for pattern, answer in self.answers.items():
            if re.fullmatch(pattern, f"{call.method} {call.path}"):
                if isinstance(answer, list):
                    answer = answer.pop(0) if len(answer) > 1 else answer[0]
                answer = answer(call) if callable(answer) else answer
                break
        else:
            answer = self.otherwise
        if isinstance(answer, dict):
            answer = Reply(body=answer)
        if isinstance(answer, Reply) and self.close:
            answer = Reply(answer.status, answer.body, answer.fields, True)
        return answer

    def __call__(self, conversation):
        conversation.handshake()
        self.connections += 1
        unread = b""
        while True:
            call, unread = read_call(conversation, unread)
            self.calls.append(call)
            conversation.manager.reached.put(("request", conversation))
            answer = self.answer_to(call)
            send(conversation, answer if isinstance(answer, bytes) else answer.encode())
            if isinstance(answer, bytes) or answer.close:
                conversation.finish()
                return


def send(conversation, data):
    for i in range(0, len(data), 16384):
        conversation.send(data[i:i + 16384])


def read_call(conversation, data=b""):
    """The next request; also what follows it. Raises Ended."""
    while b"\r\n\r\n" not in data:
        data += conversation.read_record()
    head, body = data.split(b"\r\n\r\n", 1)
    first, *lines = head.decode().split("\r\n")
    method, path, version = first.split(" ")
    assert version == "HTTP/1.1", first
    fields = dict(line.split(": ", 1) for line in lines)
    length = int(fields.get("Content-Length", "0"))
    while len(body) < length:
        body += conversation.read_record()
    return Call(method, path, fields, body[:length]), body[length:]


def settings(machine, **more):
    """The configuration keys of method = api."""
    return {
        "manager.method": "api",
        "auth.api_user": USER,
        "auth.api_password_file": machine.password(PASSWORD),
        **more,
    }
