# SPDX-License-Identifier: ISC
"""What a connection costs the registrar in memory before it has said who it is.

Each test has many connections at one stage, makes sure that the registrar has taken in what they
sent, and looks at the most memory that it ever had."""

import contextlib
import os
import re
import socket
import ssl

import pytest

import api_tools
from process_tree import processes
from registrar_tools import PATIENCE, client_context, serving
from wazuh5_manager import CACERTS, ENROLL

CONNECTIONS = 150
# KiB for each connection, of which OpenSSL has most; tests/bench/connection-memory measures them
BOUND = 72
PASSWORD = "the password"
HELLO_OF_128_KIB = bytes([22, 3, 1, 0, 4, 1, 2, 1, 0x44])
LONGEST_REQUEST = 65536 + 4096


def memory_of(pid):
    if os.geteuid() != 0:
        pytest.skip("needs root: what is not dumpable belongs to it")
    with open(f"/proc/{pid}/maps") as file:
        if "libasan" in file.read():
            pytest.skip("a program with sanitizers, which need memory of their own")
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))


def memory(registrar):
    """KiB, at the most, of both processes."""
    pids = processes(registrar.process.pid)
    assert len(pids) == 2
    return sum(memory_of(pid) for pid in pids)


def source(number):
    """One of a hundred addresses."""
    return f"127.0.1.{number % 100 + 1}"


def send_long(client, beginning=""):
    """As much of a request as may come, without its end."""
    text = beginning.ljust(LONGEST_REQUEST - 1, "A")
    for at in range(0, len(text), 16384):
        client.send(text[at:at + 16384])


@pytest.fixture
def guarded(directory):
    """A registrar that demands a password."""
    path = directory / "etc" / "authd.pass"
    path.write_text(PASSWORD + "\n")
    path.chmod(0o600)
    with serving(directory, "-P", str(path), "--dialect", "wazuh") as running:
        yield running


def check_long_lines(registrar, beginning, reply):
    assert registrar.ask("warm up\n").records
    before = memory(registrar)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(registrar.open(source=source(i)))
                   for i in range(CONNECTIONS)]
        for client in clients:
            send_long(client, beginning)
        for client in clients:
            client.send("\n")
            assert client.reply().records[0].startswith(reply)
        assert memory(registrar) - before < BOUND * CONNECTIONS


@pytest.mark.parametrize("beginning", ["", "OSSEC PASS: ", "OSSEC PASS: other OSSEC A:'x' G:'"])
def test_much_without_the_password(guarded, beginning):
    check_long_lines(guarded, beginning, "ERROR: Invalid password")


@pytest.mark.parametrize("beginning", ["", "OSSEC PASS: other OSSEC A:'x' G:'"])
def test_much_that_is_no_request(wazuh, beginning):
    check_long_lines(wazuh, beginning, "ERROR: Invalid request for new agent")


def test_who_has_the_password_may_send_much(guarded):
    groups = ",".join(["group"] * 8000)
    with guarded.open() as client:
        for piece in (f"OSSEC PASS: {PASSWORD} OSSEC A:'web-01' V:'v4.7.0' G:'", groups[:16000],
                      groups[16000:32000], groups[32000:], "'\n"):
            client.send(piece)
        assert "roup" in client.reply().records[0]  # which do not exist


def test_long_hello_is_refused_at_its_header(registrar):
    """Before OpenSSL makes room for it."""
    with registrar.connect() as connection:
        connection.sendall(HELLO_OF_128_KIB)
        while connection.recv(100):
            pass
        registrar.wait_for_line("Refused 127.0.0.1 .*: a handshake message is too long")


def begin_handshake(connection):
    """Send a ClientHello, and take the answer."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client_context().wrap_bio(incoming, outgoing)
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    connection.sendall(outgoing.read())
    assert connection.recv(100)


def test_handshakes_that_do_not_end(registrar):
    assert registrar.register("warm-up")
    before = memory(registrar)
    with contextlib.ExitStack() as stack:
        for i in range(CONNECTIONS):
            begin_handshake(stack.enter_context(registrar.connect(source(i))))
        assert memory(registrar) - before < BOUND * CONNECTIONS


# ------------------------------------------------------------------ the API


def connect_api(registrar, number=0):
    return socket.create_connection(("127.0.0.1", registrar.api_port), PATIENCE,
                                    source_address=(source(number), 0))


def test_long_hello_at_the_api(directory):
    with api_tools.serving(directory) as registrar, connect_api(registrar) as connection:
        connection.sendall(HELLO_OF_128_KIB)
        with contextlib.suppress(ConnectionResetError):
            while connection.recv(100):
                pass


@pytest.mark.parametrize("length, bound", [(30000, 128), (250000, 336)])
def test_long_bodies_without_a_bearer(directory, length, bound):
    """256 KiB are read, for a refusal in JSON; not twice as much is kept for it."""
    head = (f"POST {ENROLL} HTTP/1.1\r\nHost: m\r\nprotocol-version: 1\r\n"
            f"Content-Length: {length}\r\n\r\n")
    with api_tools.serving(directory, "--api-max-requests", "0") as registrar:
        with api_tools.Client(registrar) as client:
            assert client.ask("GET", CACERTS).status == 200
        before = memory(registrar)
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(client_context().wrap_socket(connect_api(registrar, i)))
                       for i in range(CONNECTIONS)]
            for tls in clients:
                tls.sendall(head.encode() + b" " * (length - 1))
            for tls in clients:
                tls.sendall(b" ")
                assert re.match(rb"HTTP/1.1 413 ", tls.recv(100))
            assert memory(registrar) - before < bound * CONNECTIONS


def test_many_fields(directory):
    """Each costs a hundred bytes, however short it is."""
    with api_tools.serving(directory) as registrar:
        before = memory(registrar)
        with contextlib.ExitStack() as stack:
            for i in range(CONNECTIONS):
                tls = stack.enter_context(client_context().wrap_socket(connect_api(registrar, i)))
                tls.sendall(b"GET /agents HTTP/1.1\r\n" + b"a:\r\n" * 8000)
                assert re.match(rb"HTTP/1.[01] 400 ", tls.recv(100))
            assert memory(registrar) - before < BOUND * CONNECTIONS


def send_much(tls, piece, total):
    """Returns how much could be sent before the registrar closed the connection."""
    sent = 0
    with contextlib.suppress(OSError):
        while sent < total:
            tls.sendall(piece)
            sent += len(piece)
    return sent


@pytest.mark.parametrize("beginning", ["", "5\r\nhello\r\n", "0\r\n"],
                         ids=["size", "later size", "trailer"])
def test_chunked_body_without_end(directory, beginning):
    """evhttp would wait for the end of the line."""
    head = "POST /agents HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\n"
    with api_tools.serving(directory) as registrar:
        before = memory(registrar)
        with client_context().wrap_socket(connect_api(registrar)) as tls:
            tls.sendall((head + beginning).encode())
            send_much(tls, b"1" * 16384, 1 << 25)
            assert memory(registrar) - before < 2048  # KiB, of 32 MiB; OpenSSL 3.5 takes more
        api_tools.check_alive(registrar)
