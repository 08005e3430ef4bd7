# SPDX-License-Identifier: ISC
"""What agent-registrar's API does when a client has ended its side, and with what is no HTTP at
all."""
import contextlib
import fcntl
import http.client
import os
import re
import select
import socket
import ssl

import pytest
import registrar_tools
from api_tools import (Client, check_alive, count_descriptors, login_request, raw, read_all,
                       serving, wait_for_descriptors)
from registrar_tools import PATIENCE

# ------------------------------------------------------------------ the end of what a client says


def end_of_tls(tls):
    """Say that no more comes, in TLS alone; answers can still be read."""
    tls.settimeout(0)
    with pytest.raises(ssl.SSLWantReadError):
        tls.unwrap()
    tls.settimeout(PATIENCE)


def end_of_tcp(tls):
    socket.socket.shutdown(tls, socket.SHUT_WR)


def end_of_both(tls):
    end_of_tls(tls)
    end_of_tcp(tls)


@pytest.mark.parametrize("head", [
    "GET / HTTP/1.0\r\n\r\n",
    "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n",
], ids=["HTTP 1.0", "HTTP 1.1", "more than it reads"])
def test_answer_ends_with_close_notify(registrar, head):
    """Without it, the answer may have been cut off: curl says so, and fails."""
    context = registrar_tools.client_context()
    with socket.create_connection(("127.0.0.1", registrar.api_port), PATIENCE) as connection:
        with context.wrap_socket(connection, suppress_ragged_eofs=False) as tls:
            tls.sendall(head.encode())
            answer = b""
            while piece := tls.recv(65536):  # an end without close_notify is an error here
                answer += piece
    assert answer.startswith(b"HTTP/1.")


@contextlib.contextmanager
def lock_held(registrar):
    """No answer can come meanwhile."""
    fd = os.open(registrar.directory / "etc", os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(fd)


@pytest.mark.parametrize("say_the_end", [end_of_tls, end_of_tcp, end_of_both])
@pytest.mark.parametrize("request_line",
                         ["GET /agents", "POST /agents/insert/quick?agent_name=web-02"])
def test_client_that_says_no_more_gets_its_answer(registrar, say_the_end, request_line):
    with Client(registrar) as client, raw(registrar) as tls:
        client.log_in().add("web-01")
        token = client.headers["Authorization"]
        with lock_held(registrar):
            tls.sendall(
                f"{request_line} HTTP/1.1\r\nAuthorization: {token}\r\nContent-Length: "
                f"0\r\n\r\n".encode()
            )
            say_the_end(tls)
            assert not select.select([tls], [], [], 0.2)[0]
        assert read_all(tls).startswith(b"HTTP/1.1 200 ")
        assert len(registrar.keys()) == 1 + request_line.startswith("POST")


def test_client_that_says_no_more_gets_all_its_answers(registrar):
    with Client(registrar) as client, raw(registrar) as tls:
        token = client.log_in().headers["Authorization"]
        for i in range(60):
            client.add(f"web-{i:02}")
        with lock_held(registrar):
            tls.sendall(f"GET /agents HTTP/1.1\r\nAuthorization: {token}\r\n\r\n".encode() * 5)
            end_of_both(tls)
        assert read_all(tls).count(b"HTTP/1.1 200 OK") == 5


def test_client_that_says_no_more_is_logged_in(registrar):
    with raw(registrar) as tls:
        tls.sendall(login_request())
        end_of_tcp(tls)
        assert read_all(tls).startswith(b"HTTP/1.1 200 ")


def test_client_that_does_not_read_is_cut_off(directory):
    """While its answer waits, nothing is read from it either; its time ends all the same."""
    with serving(directory, "--timeout", "1") as registrar:
        with socket.socket() as connection, Client(registrar) as client:
            token = client.log_in().headers["Authorization"]
            (directory / "etc" / "client.keys").write_text(
                "".join(f"{i} {'a' * 100}{i} any {'5a' * 32}\n" for i in range(1, 5000))
            )
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connection.close()
            before = count_descriptors(registrar)
            connection.settimeout(PATIENCE)
            connection.connect(("127.0.0.1", registrar.api_port))
            with registrar_tools.client_context().wrap_socket(connection) as tls:
                request = f"GET /agents?limit=100000 HTTP/1.1\r\nAuthorization: {token}\r\n\r\n"
                for _ in range(4):
                    tls.sendall(request.encode())
                assert wait_for_descriptors(registrar, lambda count: count > before)
                assert wait_for_descriptors(registrar, lambda count: count == before)
                assert b"HTTP/1.1 200 OK" in tls.recv(65536)
        check_alive(registrar)


# --------------------------------------------------------------- no HTTP, or too much of it at once

CHUNKED = b"POST /agents HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "request_bytes, status",
    [
        (b"\r\n\r\n", 400),
        (b"\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET /agents\r\n\r\n", 400),
        (b"GET /agents HTTP/9.9\r\n\r\n", 400),
        (b"FOO /agents HTTP/1.1\r\n\r\n", 405),
        (b"GET http://[::1 HTTP/1.1\r\n\r\n", 400),
        (b"GET /agents HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET /agents HTTP/1.1\r\n: empty\r\n\r\n", 400),
        (b"POST /agents HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /agents HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (CHUNKED + b"zz\r\n", 413),
        (CHUNKED + b"ffffffffffffffff\r\n", 413),
        (CHUNKED + b"-1\r\n", 413),
        (b"OSSEC A:'web-01'\n", 400),
        (b"GET /%ff%fe%00 HTTP/1.1\r\n\r\n", 404),
        (b"GET /\xff\xfe HTTP/1.1\r\n\r\n", 404),
        (b"OPTIONS * HTTP/1.1\r\n\r\n", 404),
        (b"CONNECT a:1 HTTP/1.1\r\n\r\n", 404),
        (b"TRACE / HTTP/1.1\r\n\r\n", 405),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ],
)
def test_no_http(registrar, request_bytes, status):
    with raw(registrar) as tls:
        tls.sendall(request_bytes)
        assert re.match(rb"HTTP/1\.[01] %d " % status, tls.recv(65536))
    check_alive(registrar)
    assert registrar.keys_file.read_text() == ""


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /agents HTTP/1.1\r\n",
        b"POST /agents HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"\0" * 1000,
        b"POST /agents HTTP/1.1\r\nContent-Length: 10\r\n\r\n{",
        CHUNKED + b"5\r\nab",
    ],
)
def test_request_that_breaks_off(registrar, request_bytes):
    with raw(registrar) as tls:
        tls.sendall(request_bytes)
    check_alive(registrar)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /agents/insert/quick?agent_name=web-01 HTTP/1.1\r\nConnection: keep-alive\r\n",
        b"GET https://a/agents?search=a{b} HTTP/1.1\r\n",
        b"GET /agents?q=name~web;id!=000 HTTP/1.1\r\n",
        b"GET /agents HTTP/1.1\r\nContent-Length: 2\r\n",
    ],
)
def test_what_clients_do_as_well(registrar, request_bytes):
    """No length with a POST, a whole URL, characters that should be escaped, a body where none
    is wanted."""
    with Client(registrar) as client, raw(registrar) as tls:
        token = client.log_in().headers["Authorization"].encode()
        tls.sendall(
            request_bytes
            + b"Authorization: "
            + token
            + b"\r\n\r\n"
            + (b"{}" if b"Length" in request_bytes else b"")
        )
        assert tls.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_http_without_tls(registrar):
    with socket.create_connection(("127.0.0.1", registrar.api_port), PATIENCE) as connection:
        connection.sendall(b"GET /agents HTTP/1.1\r\n\r\n")
        assert b"HTTP" not in read_all(connection)
    check_alive(registrar)


def test_old_tls_is_refused(registrar):
    context = registrar_tools.client_context(version=ssl.TLSVersion.TLSv1_1,
                                             ciphers="DEFAULT:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        http.client.HTTPSConnection(
            "127.0.0.1", registrar.api_port, context=context, timeout=PATIENCE
        ).connect()


def test_client_certificate_is_demanded_as_from_agents(directory, tmp_path):
    authority = registrar_tools.Authority(tmp_path, "site")
    with serving(directory, "-v", authority.certificate) as registrar:
        with pytest.raises((ssl.SSLError, ConnectionError)), Client(registrar) as client:
            client.try_login()
        with Client(registrar, certificate=authority.issue("script")) as client:
            assert client.try_login().status == 200


@pytest.mark.usefixtures("ipv6")
def test_own_addresses(directory):
    with serving(directory, "--api-listen", "::1", "--api-listen", "127.0.0.2") as registrar:
        with Client(registrar, address="::1") as client:
            assert client.try_login().status == 200
        registrar.wait_for_line(r"User admin of the API logged in from ::1 port \d+")
        with pytest.raises(ConnectionError), Client(registrar) as client:
            client.try_login()
        registrar.api_port = int(
            registrar.wait_for_line(r"The API listens on 127.0.0.2 port (\d+)").group(1)
        )
        with Client(registrar, address="127.0.0.2") as client:
            assert client.try_login().status == 200


def test_port_that_is_taken(directory):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = registrar_tools.run("-D", directory, "-n", "-p", "0", "--listen", "127.0.0.1",
                                   "--api-port", port, "serve")
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1 port {port}: Address already in use" in done.stderr


def test_pipelined_requests(registrar):
    with Client(registrar) as client, raw(registrar) as tls:
        token = client.log_in().headers["Authorization"]
        body = b'{"name": "web-%02d"}'
        head = (f"POST /agents HTTP/1.1\r\nHost: a\r\nAuthorization: {token}\r\n"
                "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n")
        last = f"GET /agents HTTP/1.1\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n"
        tls.sendall(
            b"".join((head % len(body % i)).encode() + body % i for i in range(10)) + last.encode()
        )
        answer = read_all(tls)
    assert answer.count(b"HTTP/1.1 200 OK") == 11
    assert [line[0] for line in registrar.keys()] == [f"{i + 1:03}" for i in range(10)]


def test_http_1_0(registrar):
    with raw(registrar) as tls:
        tls.sendall(login_request().replace(b"HTTP/1.1", b"HTTP/1.0"))
        answer = read_all(tls)
    assert b" 200 OK\r\n" in answer and b'"token"' in answer


def test_expect_100_continue(registrar):
    with Client(registrar) as client, raw(registrar) as tls:
        token = client.log_in().headers["Authorization"]
        tls.sendall(
            f"POST /agents HTTP/1.1\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n"
            "Content-Length: 18\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n".encode()
        )
        assert tls.recv(1000).startswith(b"HTTP/1.1 100 ")
        tls.sendall(b'{"name": "web-01"}')
        assert b"HTTP/1.1 200 OK" in read_all(tls)
