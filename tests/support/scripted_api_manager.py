# SPDX-License-Identifier: ISC
"""Wazuh's API at a machine's wire, and the configuration of a machine that registers by it."""
import base64
import json
import time

from scripted_manager import KEY, Manager

USER, PASSWORD = "enroller", "Correct-Horse:9"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
TOKEN = "eyJhbGciOiJFUzUxMiJ9.eyJpc3MiOiJ3YXp1aCJ9.c2lnbmF0dXJl"
CONFIG = (
    f"[manager]\naddress = manager.example\nmethod = api\n[tls]\nca_file = "
    f"/etc/agent-register/ca.pem\n[auth]\n"
    f"api_user = {USER}\napi_password_file = /etc/agent-register/password\n[agent]\ngroups = web\n"
)


class Api(Manager):
    """Wazuh's API, as far as a registration needs it. `answer` is of a request as "POST /agents
    BODY": a status and an object."""

    def __init__(self, machine, certificates, answer=None, port=55000):
        super().__init__(machine, certificates, answer or self.grant, port)

    @staticmethod
    def grant(request):
        if request.startswith("POST /security/user/authenticate "):
            return 200, {"data": {"token": TOKEN}, "error": 0}
        if request.startswith("POST /agents "):
            name = json.loads(request.split(" ", 2)[2])["name"]
            line = base64.b64encode(f"007 {name} any {KEY}".encode()).decode()
            return 200, {"data": {"id": "007", "key": line}, "error": 0}
        if request.startswith("PUT /agents/007/group/"):
            return 200, {"data": {"affected_items": ["007"], "failed_items": []}, "error": 0}
        return 404, {"title": "Not Found", "detail": "404: Not Found"}

    def converse(self, connection):
        connection.settimeout(10)
        with self.encrypt(connection) as stream:
            file = stream.makefile("rb")
            while line := file.readline().decode().rstrip("\r\n"):
                fields = dict(
                    field.rstrip("\r\n").split(": ", 1)
                    for field in iter(lambda: file.readline().decode(), "\r\n")
                )
                method, path, _ = line.split(" ")
                body = file.read(int(fields.get("Content-Length", "0"))).decode()
                request = f"{method} {path} {body}"
                status, answer = self.answer(request)
                expected = BASIC if path.startswith("/security/") else f"Bearer {TOKEN}"
                if fields.get("Authorization") != expected:
                    status, answer = 401, {"title": "Unauthorized", "detail": "Invalid credentials"}
                self._note(request, time.monotonic())
                data = json.dumps(answer).encode()
                stream.sendall(
                    f"HTTP/1.1 {status} x\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data
                )
