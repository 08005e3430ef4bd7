# SPDX-License-Identifier: ISC
"""A load balancer that terminates TLS in front of the registrar: both sides name it, and nobody is
directed to a password."""
import contextlib
import os
import socket
import ssl
import struct
import threading

import pytest
from agent_auth import AgentAuth, errors
from machine import EXIT_CODES, PATIENCE
from registrar_tools import PROGRAM, Authority, serving

pytestmark = pytest.mark.skipif(not os.path.exists(PROGRAM), reason=f"needs {PROGRAM}")


class Balancer:
    """Terminates TLS, and forwards what comes in clear text, one connection after the other."""

    def __init__(self, certificate, backend, ending):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*certificate)
        self.backend = backend
        self.ending = ending
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                self.forward(self.listener.accept()[0])

    def forward(self, plain):
        plain.settimeout(PATIENCE)
        client = self.context.wrap_socket(plain, server_side=True)
        with socket.create_connection(("127.0.0.1", self.backend), PATIENCE) as manager:
            manager.sendall(client.recv(65536))
            with contextlib.suppress(ConnectionResetError):
                assert not manager.recv(65536), "the registrar answers in clear text"
        with contextlib.suppress(OSError):
            self.end(client)
        client.close()

    def end(self, client):
        if self.ending == "close_notify":
            client.unwrap()
        if self.ending == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(PATIENCE)


@pytest.fixture
def start_balancer(certificates):
    started = []

    def start(backend, ending):
        started.append(Balancer(certificates.pair("good"), backend, ending))
        return started[-1]
    yield start
    for each in started:
        each.close()


@pytest.mark.parametrize("ending, outcome", [("close_notify", "refused"), ("close", "refused"),
                                             ("reset", "busy")])
@pytest.mark.parametrize("password", [None, "TopSecret"])
def test_both_sides_name_it(machine, directory, start_balancer, ending, outcome, password):
    options = [] if password else ["-n"]
    if password:
        (directory / "etc").mkdir(exist_ok=True)
        (directory / "etc" / "authd.pass").write_text(password + "\n", encoding="ascii")
    settings = {"auth.password_file": machine.password(password)} if password else {}
    with serving(directory, *options) as registrar:
        balancer = start_balancer(registrar.port, ending)
        result = machine.register(manager=balancer.address, settings=settings)
        registrar.wait_for_line("a request without TLS; if a load balancer")
        assert not password or password not in registrar.log
    assert result.status == EXIT_CODES[outcome], result
    assert "load balancer or proxy in front of it terminates TLS" in result.failure, result
    if ending != "close":  # which is what OSSEC's dialect does because of a password
        assert "password_file" not in result.failure and "wrong" not in result.failure, result


def test_agent_auth(directory, certificates, start_balancer, machine):
    agent_auth = AgentAuth(os.path.join(machine.directory, "agent"), certificates)
    with serving(directory, "-n") as registrar:
        balancer = start_balancer(registrar.port, "close_notify")
        result = agent_auth.register("-m", "127.0.0.1", "-p", str(balancer.port), "-A", "web-01",
                                     name=None)
    (line,) = errors(result)
    assert result.status == 1 and "load balancer" in line, result


def test_certificate_for_another_address(machine, directory, certificates, tmp_path):
    """With -s: the client names ssl_verify_host and its certificate, not the password."""
    authority = Authority(tmp_path, "clients")
    certificate = authority.issue("elsewhere", san=["IP:192.0.2.1"])
    server, key = certificates.pair("good")
    with serving(directory, "-x", server, "-k", key, "-n", "-s", "-v", authority.certificate,
                 "--dialect", "wazuh") as registrar:
        result = machine.register(manager=f"127.0.0.1:{registrar.port}",
                                  settings={"tls.certificate_file": certificate[0],
                                            "tls.private_key_file": certificate[1]})
        registrar.wait_for_line("its certificate is not for its address")
    assert result.status == EXIT_CODES["busy"], result
    assert "ssl_verify_host" in result.failure and "password" not in result.failure, result
