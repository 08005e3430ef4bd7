# SPDX-License-Identifier: ISC
"""The port of the registrar for nothing but the enrollment of Wazuh 5, and ports that systemd
passes."""
import contextlib
import json
import os
import signal
import socket
import ssl
import sys

import pytest
from api_tools import PASSWORD as API_PASSWORD
from api_tools import USER, Client, write_users
from enroll_tools import PASSWORD, bearer
from enrolling import at_once
from registrar_tools import API, ENROLLMENT, PATIENCE, PROGRAM, run, serving
from wazuh5_manager import CACERTS, ENROLL


class At:
    """What api_tools.Client needs to know of a registrar."""

    def __init__(self, port):
        self.api_port = port


@pytest.fixture
def serve(directory, certificates, enrollment):
    """Start a registrar that demands a password: serve(ARGUMENTS...). Its `ports` are those for the
    enrollment and, if there is one, for the API."""
    del enrollment  # which skips in a build --without-api
    certificate, key = certificates.chain("good")
    (directory / "etc" / "authd.pass").write_text(f"{PASSWORD}\n")
    (directory / "etc" / "authd.pass").chmod(0o600)
    with contextlib.ExitStack() as started:
        def start(*arguments, **options):
            registrar = started.enter_context(serving(
                directory, "--dialect", "wazuh", "-x", certificate, "-k", key, *arguments,
                **options))
            registrar.ports = [registrar.port_of(ENROLLMENT)]
            if "--api-port" in arguments:
                registrar.ports.append(registrar.port_of(API))
            return registrar
        yield start


def ask(port, method, target, **headers):
    with Client(At(port)) as client:
        body = json.dumps({"name": f"web-{os.urandom(4).hex()}", "version": "5.0.0"})
        return client.ask(method, target, body if method == "POST" else None, headers={
            "protocol-version": "1", **{name.replace("_", "-"): headers[name] for name in headers}})


def enroll(port, password=PASSWORD):
    return ask(port, "POST", ENROLL, Authorization=bearer(password))


def test_client(serve, enrollment, directory):
    """Without an API and its users. The registrar asks for nothing else."""
    registrar = serve("--enroll-port", "0")
    enrollment.enrolls_at(registrar, registrar.ports[0], password=PASSWORD)
    assert len(registrar.keys()) == 1
    assert not (directory / "etc" / "api.users").exists()
    assert "The API listens" not in registrar.log and "api.users" not in registrar.log
    # the other protocol is where it was
    reply = registrar.ask(f"OSSEC PASS: {PASSWORD} OSSEC A:'other'\n")
    assert reply.agent, reply


def test_other_paths(serve, directory):
    """Users of the API, too, find nothing there but the enrollment."""
    write_users(directory, {USER: API_PASSWORD})
    port, api_port = serve("--enroll-port", "0", "--api-port", "0").ports
    for method, target in (("GET", "/"), ("POST", "/security/user/authenticate"),
                           ("GET", "/agents"), ("GET", "/wazuh-manager"), ("GET", "/%zz"),
                           ("GET", CACERTS + "/"), ("PUT", "/agents/001/group/x")):
        answer = ask(port, method, target)
        assert answer.status == 404, (target, answer)
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.json["error"]["code"] == 0 and "Location" not in answer.headers
    answer = ask(port, "DELETE", ENROLL)
    assert answer.status == 405 and answer.headers["Allow"] == "POST"
    assert answer.json["error"]["code"] == 0
    # where they are, with the form that they have there
    assert ask(api_port, "GET", "/agents").json["title"] == "Unauthorized"
    assert ask(api_port, "GET", "/nothing").json["title"] == "Not Found"
    assert ask(api_port, "GET", CACERTS).status == ask(port, "GET", CACERTS).status == 200
    assert enroll(port).status == enroll(api_port).status == 200


def test_requests_of_both_ports_count(serve, directory):
    write_users(directory, {USER: API_PASSWORD})
    port, api_port = serve("--enroll-port", "0", "--api-port", "0", "--api-max-requests", "3",
                           "--enroll-rate", "1").ports
    # ten at each, which is what each would take alone
    answers = at_once(20, lambda number: ask((port, api_port)[number % 2], "GET", CACERTS))
    assert [answer.status for answer in answers].count(200) >= 10
    for answer in answers:
        if answer.status != 200:
            assert answer.status == 429 and 1 <= int(answer.headers["Retry-After"]) <= 60
            assert set(answer.json["error"]) == {"code", "message"}
    assert {answer.status for answer in answers} == {200, 429}
    for each in (port, api_port, port):
        assert ask(each, "GET", "/nothing").status == 404
    refused = ask(port, "GET", "/nothing")
    assert refused.status == 429 and refused.headers["Retry-After"] == "60"
    assert set(refused.json["error"]) == {"code", "message"}
    assert ask(api_port, "GET", "/nothing").json["error"] == 6001


def test_wrong_passwords_of_both_ports_count(serve, directory):
    write_users(directory, {USER: API_PASSWORD})
    registrar = serve("--enroll-port", "0", "--api-port", "0", "--api-max-login-attempts", "2")
    port, api_port = registrar.ports
    assert enroll(api_port, "wrong").status == enroll(port, "wrong").status == 401
    assert enroll(port, "wrong").status == enroll(api_port, "wrong").status == 429
    assert enroll(port).status == 200


def test_connections_of_both_ports_count(serve, directory):
    """Those that are idle at one give way to a client of the other."""
    write_users(directory, {USER: API_PASSWORD})
    registrar = serve("--enroll-port", "0", "--api-port", "0")
    port, api_port = registrar.ports
    with contextlib.ExitStack() as stack:
        for _ in range(256):
            stack.enter_context(socket.create_connection(("127.0.0.1", api_port), PATIENCE))
        assert enroll(port).status == 200
        registrar.wait_for_line(r"there was no room|257 connections .* are open")


def test_reload(serve, certificates, directory):
    chain, key = certificates.pair("self-signed")
    used = [directory / "used.cert", directory / "used.key"]
    for path, other in zip(used, certificates.chain("good")):
        path.write_bytes(open(other, "rb").read())
        path.chmod(0o600)
    registrar = serve("--enroll-port", "0", "-x", used[0], "-k", used[1])
    before = ssl.get_server_certificate(("127.0.0.1", registrar.ports[0]))
    for path, other in zip(used, (chain, key)):
        path.write_bytes(open(other, "rb").read())
    registrar.process.send_signal(signal.SIGHUP)
    registrar.wait_for_line("were reloaded")
    assert ssl.get_server_certificate(("127.0.0.1", registrar.ports[0])) != before
    assert ask(registrar.ports[0], "GET", CACERTS).text == open(chain, encoding="ascii").read()


def test_port_in_use(directory, enrollment):
    del enrollment
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("-D", directory, "-n", "--listen", "127.0.0.1", "-p", "0", "--enroll-port", port,
                   "serve")
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1 port {port}: Address already in use" in done.stderr


# ------------------------------------------------------------------ passed by systemd

ACTIVATE = """
import os, sys
names, fds = sys.argv[1].split(":"), [int(fd) for fd in sys.argv[2].split(",")]
copies = [os.dup(fd) for fd in fds]
for number, fd in enumerate(copies):
    os.dup2(fd, 3 + number + 40)
for number in range(len(fds)):
    os.dup2(3 + number + 40, 3 + number, inheritable=True)
os.environ.update(LISTEN_FDS=str(len(fds)), LISTEN_PID=str(os.getpid()),
                  LISTEN_FDNAMES=sys.argv[1])
os.execv(sys.argv[3], sys.argv[3:])
"""


@pytest.fixture
def pass_sockets():
    """Listen once for each name; the ports, and the options of serving() that have them passed."""
    with contextlib.ExitStack() as stack:
        def make(*names):
            made = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in names]
            fds = [listener.fileno() for listener in made]
            return [listener.getsockname()[1] for listener in made], {
                "program": [sys.executable, "-c", ACTIVATE, ":".join(names),
                            ",".join(map(str, fds)), PROGRAM],
                "pass_fds": tuple(fds)}
        yield make


def test_all_are_passed(serve, directory, pass_sockets):
    """Each for what its name says, several of one kind as well; that without a name of ours is for
    agents."""
    write_users(directory, {USER: API_PASSWORD})
    ports, options = pass_sockets("enroll", "agent-registrar.socket", "api", "enroll")
    registrar = serve("--api-port", str(ports[2]), **options)
    assert registrar.ports == [ports[0], ports[2]] and registrar.port == ports[1]
    assert registrar.ask(f"OSSEC PASS: {PASSWORD} OSSEC A:'web'\n").agent
    for port in (ports[0], ports[3], ports[2]):
        assert enroll(port).status == 200
    assert ask(ports[0], "GET", "/agents").status == ask(ports[3], "GET", "/agents").status == 404
    assert ask(ports[2], "GET", "/agents").status == 401
    assert "is systemd's" not in registrar.log


def test_only_the_enrollment_is_passed(serve, pass_sockets):
    """The port for agents is opened as ever."""
    ports, options = pass_sockets("enroll")
    registrar = serve("--enroll-port", "1", "--listen", "127.0.0.1", "-p", "0", **options)
    assert registrar.ports == ports and registrar.port not in ports
    assert registrar.ask(f"OSSEC PASS: {PASSWORD} OSSEC A:'web'\n").agent
    assert enroll(ports[0]).status == 200
    registrar.wait_for_line("--enroll-port is systemd's.*agent-registrar-enroll.socket")


def test_api_that_is_passed_and_not_wanted(serve, directory, pass_sockets):
    """Its users have not been asked for."""
    write_users(directory, {USER: API_PASSWORD})
    ports, options = pass_sockets("api", "authd", "enroll")
    registrar = serve(**options)
    registrar.wait_for_line("not served without --api-port")
    assert registrar.port == ports[1] and registrar.ports == [ports[2]]
    assert "The API listens" not in registrar.log
