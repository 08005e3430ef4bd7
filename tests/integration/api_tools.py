# SPDX-License-Identifier: ISC
"""What the tests of agent-registrar's API share: users, a server, and a client that is Python's
own http.client."""
import base64
import contextlib
import hashlib
import http.client
import json
import os
import select
import socket
import ssl
import time

import pytest
import registrar_tools
from process_tree import processes

USER = "admin"
PASSWORD = "pässword: with a colon"
OTHER_KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01"
LIST = "/agents"
LOGIN = "/security/user/authenticate"


def cheap_hash(password, log2_n=10):
    """A line's hash, made by another implementation, and fast to try."""
    salt = b"0123456789abcdef"
    made = hashlib.scrypt(password.encode(), salt=salt, n=1 << log2_n, r=8, p=1, maxmem=1 << 26,
                          dklen=32)
    return f"$scrypt$ln={log2_n},r=8,p=1${unpadded(salt)}${unpadded(made)}"


def unpadded(data):
    return base64.b64encode(data).decode().rstrip("=")


def write_users(directory, users, log2_n=10):
    path = directory / "etc" / "api.users"
    path.write_text(
        "".join(f"{name}:{cheap_hash(password, log2_n)}\n" for name, password in users.items())
    )
    path.chmod(0o640)
    return path


@contextlib.contextmanager
def serving(directory, *arguments, users=None, password_file=None, **options):
    """A registrar with an API and, unless `users` says otherwise, one user."""
    write_users(directory, {USER: PASSWORD} if users is None else users)
    password = ["-P", password_file] if password_file else ["-n"]
    with registrar_tools.serving(
        directory, *password, "--dialect", "wazuh", "--api-port", "0", *arguments, **options
    ) as registrar:
        registrar.api_port = registrar.port_of(registrar_tools.API)
        yield registrar


class Answer:
    """An answer: status, headers, and the body as it came and as JSON."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()
        self.json = (
            json.loads(self.text)
            if self.text and "json" in (self.headers["Content-Type"] or "")
            else None
        )

    def __repr__(self):
        return f"{self.status} {dict(self.headers)} {self.text}"

    @property
    def error(self):
        return self.json.get("error")

    @property
    def data(self):
        assert self.status == 200, self
        return self.json["data"]

    @property
    def items(self):
        return self.data["affected_items"]


def problem(answer):
    """What a script looks at: status, title, detail and code."""
    assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8", answer
    return answer.status, answer.json["title"], answer.json.get("detail"), answer.json.get("error")


class Client:
    """A keep-alive connection to the API."""

    def __init__(self, registrar, source=None, address="127.0.0.1",
                 patience=registrar_tools.PATIENCE, **tls):
        self.connection = http.client.HTTPSConnection(
            address, registrar.api_port, context=registrar_tools.client_context(**tls),
            timeout=patience, source_address=(source, 0) if source else None
        )
        self.headers = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def ask(self, method, target, body=None, headers=None, **options):
        headers = {**self.headers, **(headers or {})}
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        self.connection.request(method, target, body,
                                {k: v for k, v in headers.items() if v is not None}, **options)
        return Answer(self.connection.getresponse())

    def try_login(self, user=USER, password=PASSWORD, method="POST", target=LOGIN):
        return self.ask(method, target, headers={"Authorization": basic(user, password)})

    def log_in(self, user=USER, password=PASSWORD):
        answer = self.try_login(user, password)
        self.headers["Authorization"] = f"Bearer {answer.data['token']}"
        return self

    def add(self, name, ip="any"):
        """Register and return (id, name, ip, key)."""
        return exported(self.ask("POST", LIST, {"name": name, "ip": ip}).data["key"])


def basic(user, password):
    """The header field for a login."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def exported(key):
    return tuple(base64.b64decode(key, validate=True).decode().split(" "))


@contextlib.contextmanager
def raw(registrar):
    """A TLS connection on which anything can be said."""
    with socket.create_connection(
        ("127.0.0.1", registrar.api_port), registrar_tools.PATIENCE
    ) as connection:
        with registrar_tools.client_context().wrap_socket(connection) as tls:
            yield tls


def read_all(tls):
    """Everything until the end, however the end comes."""
    data = b""
    try:
        while piece := tls.recv(65536):
            data += piece
    except (ConnectionError, ssl.SSLError):
        pass
    return data


def ids(answer):
    """The ids of the agents in the answer."""
    return [item["id"] for item in answer.items]


def failures(answer):
    """What the answer says was not done: {code: ids}."""
    return {item["error"]["code"]: item["id"] for item in answer.data["failed_items"]}


def count_descriptors(registrar):
    """Of both processes."""
    if os.geteuid() != 0:
        pytest.skip("needs root: what is not dumpable belongs to it")
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in processes(registrar.process.pid))


def wait_for_descriptors(registrar, is_right):
    end = time.monotonic() + registrar_tools.PATIENCE
    while not is_right(count_descriptors(registrar)) and time.monotonic() < end:
        select.select([], [], [], 0.02)
    return is_right(count_descriptors(registrar))


def login_request():
    return (f"POST {LOGIN} HTTP/1.1\r\nHost: a\r\nAuthorization: {basic(USER, PASSWORD)}\r\n"
            "Content-Length: 0\r\n\r\n").encode()


def check_alive(registrar):
    with Client(registrar) as client:
        assert json.loads(client.log_in().ask("GET", LIST).text)["error"] == 0
