# SPDX-License-Identifier: ISC
"""What agent-registrar's API does with too much, too slow, too long, and with what is no HTTP at
all."""

import base64
import concurrent.futures
import contextlib
import fcntl
import http.client
import json
import os
import re
import select
import socket
import ssl
import time

import api_tools
import pytest
import registrar_tools
from api_tools import LIST, LOGIN, PASSWORD, USER, Client, problem, raw, read_all, serving
from registrar_tools import PATIENCE

BLOCKED = (
    403,
    "Permission Denied",
    "Limit of login attempts reached. The current IP has been blocked due to a high number of "
    "login attempts",
    6000,
)
TOO_MANY = (429, "Too Many Requests", "Maximum number of requests per minute reached", 6001)
BODY_MAX = 65536


@pytest.fixture
def registrar(directory):
    with serving(directory) as running:
        yield running


# ------------------------------------------------------------------ too much

def test_lock_out(directory):
    with serving(directory, "--api-max-login-attempts", "3") as registrar, Client(
        registrar
    ) as client:
        token = client.log_in().headers["Authorization"]
        for user in (USER, "nobody", USER):
            assert client.try_login(user, "wrong").status == 401
        registrar.wait_for_line(
            "Too many failed logins to the API: 127.0.0.1 is locked out for 300 seconds"
        )
        assert problem(client.try_login()) == BLOCKED  # the right password does not help
        # a token does
        assert client.ask("GET", LIST, headers={"Authorization": token}).status == 200
        assert client.add("web-01")[0] == "001"
        with Client(registrar, source="127.0.0.2") as other:
            assert other.try_login().status == 200


def test_lock_out_ends(directory):
    with serving(directory, "--api-max-login-attempts", "1", "--api-block-time", "1") as registrar:
        with Client(registrar) as client:
            assert client.try_login(password="wrong").status == 401
            end = time.monotonic() + PATIENCE
            while client.try_login().status == 403:
                assert time.monotonic() < end


def test_good_logins_are_no_failures(directory):
    with serving(directory, "--api-max-login-attempts", "2") as registrar, Client(
        registrar
    ) as client:
        for _ in range(5):
            assert client.try_login().status == 200


def test_request_limit(directory):
    with serving(directory, "--api-max-requests", "5") as registrar, Client(registrar) as client:
        client.log_in()
        statuses = [client.ask("GET", LIST).status for _ in range(4)]
        assert statuses == [200] * 4
        answer = client.ask("GET", LIST)
        assert problem(answer) == TOO_MANY and answer.headers["Retry-After"] == "60"
        assert problem(client.try_login()) == TOO_MANY
        with Client(registrar, source="127.0.0.2") as other:
            assert other.try_login().status == 200
        assert registrar.register("web-01")[1] == "web-01"  # agents have nothing to do with it


def test_many_logins_at_once(directory):
    """More than the queue holds: some are told to come again, and none is lost."""
    def log_in(_):
        with Client(registrar) as client:
            return client.try_login().status
    with serving(directory, "--api-max-requests", "0") as registrar:
        api_tools.write_users(directory, {USER: PASSWORD}, log2_n=15)
        with concurrent.futures.ThreadPoolExecutor(60) as pool:
            futures = [pool.submit(log_in, i) for i in range(60)]
            assert registrar.register("web-01")[1] == "web-01"
            statuses = [future.result() for future in futures]
    assert set(statuses) <= {200, 429} and statuses.count(200) >= 32, statuses


def test_connection_limit(directory):
    with serving(directory) as registrar, Client(registrar) as client:
        client.log_in()
        idle = [
            socket.create_connection(("127.0.0.1", registrar.api_port), PATIENCE,
                                     (f"127.0.0.{2 + i % 3}", 0))
            for i in range(255)
        ]
        with Client(registrar) as waiting:
            waiting.connection.timeout = PATIENCE
            assert client.ask("GET", LIST).status == 200  # who is in goes on
            assert registrar.register("web-01")[1] == "web-01"
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                future = pool.submit(waiting.try_login)
                for each in idle:
                    each.close()
                assert future.result().status == 200


def test_connection_limit_of_an_address(directory):
    """Nobody takes all that there are: the 129th is closed, and others come in."""
    with serving(directory) as registrar:
        idle = [
            socket.create_connection(("127.0.0.1", registrar.api_port), PATIENCE)
            for _ in range(128)
        ]
        assert wait_for_descriptors(registrar, lambda count: count >= 128)
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", registrar.api_port), PATIENCE) as further:
                assert read_all(further) == b""
        registrar.wait_for_line(
            "127.0.0.1 has 128 connections to the API; further ones are closed until one of them "
            "ends"
        )
        assert len(re.findall("further ones are closed", registrar.log)) == 1
        assert select.select(idle, [], [], 0)[0] == []
        with Client(registrar, source="127.0.0.2") as other:
            assert other.try_login().status == 200
        before = count_descriptors(registrar)
        idle.pop().close()
        assert wait_for_descriptors(registrar, lambda count: count < before)
        with Client(registrar) as client:
            assert client.try_login().status == 200


# ------------------------------------------------------------------ too long

def test_long_body(registrar):
    with Client(registrar) as client:
        client.log_in()
        answer = client.ask("POST", LIST, "x" * (BODY_MAX + 1),
                            {"Content-Type": "application/json"})
        assert problem(answer) == (
            413,
            "Content size exceeded.",
            f"Maximum content size limit ({BODY_MAX}) exceeded " f"({BODY_MAX + 1} bytes read)",
            None,
        )
        fits = '{"name": "web-01"}'.ljust(BODY_MAX)
        assert client.ask("POST", LIST, fits, {"Content-Type": "application/json"}).status == 200


def test_very_long_body(registrar):
    """Refused by its announced length, and read to its end, so that the refusal arrives."""
    with Client(registrar) as client:
        client.log_in()
        assert (
            client.ask("POST", LIST, "x" * 20_000_000, {"Content-Type": "application/json"}).status
            == 413
        )


def test_long_body_in_chunks(registrar):
    with Client(registrar) as client:
        client.log_in()
        answer = client.ask("POST", LIST, iter([b"x" * 16384] * 8),
                            {"Content-Type": "application/json"}, encode_chunked=True)
        assert answer.status == 413


def test_body_in_chunks(registrar):
    with Client(registrar) as client:
        client.log_in()
        body = iter([b'{"na', b'me": "web', b'-01"}'])
        assert (
            client.ask(
                "POST", LIST, body, {"Content-Type": "application/json"}, encode_chunked=True
            ).status
            == 200
        )


@pytest.mark.parametrize("head", [b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n",
                                  b"GET /agents HTTP/1.1\r\nX: " + b"a" * 20000 + b"\r\n\r\n",
                                  b"GET /agents HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
                                  b"G" * 100000], ids=["path", "header", "headers", "word"])
def test_long_head(registrar, head):
    with raw(registrar) as tls:
        try:
            tls.sendall(head)
        except (ConnectionError, ssl.SSLError):
            pass
        assert re.match(rb"HTTP/1\.[01] 4\d\d |$", read_all(tls))
    check_alive(registrar)


def test_many_parameters(registrar):
    with Client(registrar) as client:
        client.log_in()
        assert client.ask("GET", LIST + "?" + "pretty=true&" * 33).status == 400


def test_answer_to_connect_ends(registrar):
    """evhttp says no length for it, and keeps the connection."""
    with Client(registrar) as client:
        client.log_in()
        assert client.ask("CONNECT", "example.org:443").status in (404, 405)
        assert client.ask("CONNECT", LIST).status in (404, 405)
        assert client.ask("GET", LIST).status == 200


# ------------------------------------------------------------------ too slow

@pytest.mark.parametrize(
    "sent",
    [None, b"", b"GET /agents HT", b"GET /agents HTTP/1.1\r\nHost: a\r\n",
     b"POST /agents HTTP/1.1\r\nContent-Length: 100\r\n\r\n{"],
)
def test_slow_request_is_cut_off(directory, sent):
    """Even if a byte comes now and then."""
    with serving(directory, "--timeout", "1") as registrar:
        if sent is None:
            with socket.create_connection(
                ("127.0.0.1", registrar.api_port), PATIENCE
            ) as connection:
                assert connection.recv(1) == b""
            return
        with raw(registrar) as tls:
            if sent:
                tls.sendall(sent)
            while not select.select([tls], [], [], 0.2)[0]:
                try:
                    tls.sendall(b"X" if sent else b"")
                except (ConnectionError, ssl.SSLError):
                    break
            assert b"200" not in read_all(tls)


def test_idle_connection_is_closed(directory):
    with serving(directory, "--timeout", "1") as registrar, Client(registrar) as client:
        client.log_in()
        assert read_all(client.connection.sock) == b""


def test_slow_clients_hold_up_nobody(registrar):
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            tls = stack.enter_context(raw(registrar))
            tls.sendall(b"POST /agents HTTP/1.1\r\nContent-Length: 60000\r\n\r\n")
        assert registrar.register("web-01")[1] == "web-01"
        check_alive(registrar)


def test_client_that_is_gone_before_its_answer(directory):
    """A login takes a while: who leaves meanwhile does no harm."""
    with serving(directory, "--api-max-requests", "0") as registrar:
        api_tools.write_users(directory, {USER: PASSWORD}, log2_n=14)
        for _ in range(20):
            with raw(registrar) as tls:
                tls.sendall(login_request())
        check_alive(registrar)


def test_stopping_while_a_login_is_tried(directory):
    with serving(directory) as registrar:
        api_tools.write_users(directory, {USER: PASSWORD}, log2_n=15)
        with raw(registrar) as tls, raw(registrar) as other:
            for _ in range(3):
                tls.sendall(login_request())
                other.sendall(login_request())
            assert registrar.stop() == 0


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
        (b"GET /agents HTTP/1.1\r\n: empty\r\n\r\n", 401),
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
        b"GET https://a/agents?search=a|b HTTP/1.1\r\n",
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


# ------------------------------------------------------------------ together with agents

def test_api_and_agents_at_once(registrar):
    """Nobody gets anybody else's name or id, and every key that was handed out is in the file."""
    def by_api(i):
        with Client(registrar) as client:
            client.headers["Authorization"] = token
            return [client.add(f"api-{i}-{n}") for n in range(10)]

    def by_authd(i):
        return [registrar.register(f"authd-{i}-{n}") for n in range(10)]

    with Client(registrar) as client:
        token = client.log_in().headers["Authorization"]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(by, i) for i in range(8) for by in (by_api, by_authd)]
        agents = [agent for future in futures for agent in future.result()]
    assert len({agent[0] for agent in agents}) == len(agents) == 160
    assert sorted(map(list, agents)) == sorted(registrar.keys())


def test_lock_that_is_held(registrar):
    """A call waits for another program to be done with client.keys."""
    with Client(registrar) as client, concurrent.futures.ThreadPoolExecutor(1) as pool:
        client.log_in()
        fd = os.open(registrar.directory / "etc", os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_EX)
        future = pool.submit(client.add, "web-01")
        assert not concurrent.futures.wait([future], 0.3).done
        os.close(fd)
        assert future.result()[0] == "001"


def test_lock_that_is_held_for_too_long(registrar):
    with Client(registrar) as client:
        client.log_in()
        fd = os.open(registrar.directory / "etc", os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_EX)
        answer = client.ask("POST", LIST, {"name": "web-01"})
        assert problem(answer) == (500, "Wazuh Internal Error", "Timeout executing API request",
                                   3021)
        os.close(fd)
        assert client.add("web-01")[0] == "001"
    registrar.wait_for_line("client.keys stayed locked")


def test_disk_that_takes_nothing(directory):
    """A key that cannot be stored is not handed out."""
    program = ["prlimit", "--fsize=300", registrar_tools.PROGRAM]
    registrar_tools.need("prlimit")
    with serving(directory, program=program) as registrar, Client(registrar) as client:
        client.log_in()
        answers = [client.ask("POST", LIST, {"name": f"web-0{i}"}) for i in range(5)]
        good = [answer for answer in answers if answer.status == 200]
        assert len(good) == len(registrar.keys()) < 5
        assert problem(answers[-1]) == (500, "Wazuh Internal Error",
                                        "Error registering a new agent", 1725)
        assert registrar.keys_file.read_text().endswith("\n")
        registrar.wait_for_line(
            r"Cannot append to .*client.keys.* \(client 127.0.0.1 port \d+, user admin of the API\)"
        )


# ------------------------------------------------------------------ the users file

def test_users_change_while_serving(directory, registrar):
    with Client(registrar) as client:
        client.log_in()
        api_tools.write_users(directory, {USER: PASSWORD, "second": "other password"})
        assert client.ask("GET", LIST).status == 200
        with Client(registrar) as other:
            assert other.log_in("second", "other password").ask("GET", LIST).status == 200
            api_tools.write_users(directory, {USER: PASSWORD})
            assert other.ask("GET", LIST).status == 401
        api_tools.write_users(directory, {USER: "changed password"})
        assert client.ask("GET", LIST).status == 401
        assert client.try_login().status == 401
        assert client.log_in(password="changed password").ask("GET", LIST).status == 200


def test_password_that_changes_while_it_is_tried(directory, registrar):  # noqa: F811
    """The old one is refused, although it was right when it was sent: an
    attempt takes its time, and others wait for it."""
    api_tools.write_users(directory, {USER: PASSWORD}, log2_n=15)
    credentials = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(Client(registrar)).connection for _ in range(16)]
        for connection in connections:
            connection.request("POST", LOGIN, headers={"Authorization": f"Basic {credentials}"})
        assert connections[0].getresponse().status == 200
        api_tools.write_users(directory, {USER: "changed password"})
        assert connections[-1].getresponse().status == 401
    with Client(registrar) as client:
        client.log_in(password="changed password")


@pytest.mark.parametrize("content", ["admin:secret\n", "admin\n", ":x\n", "x" * 2_000_000],
                         ids=["no hash", "no colon", "no name", "too long"])
def test_users_file_that_is_wrong(directory, registrar, content):
    with Client(registrar) as client:
        client.log_in()
        (directory / "etc" / "api.users").write_text(content)
        assert client.ask("GET", LIST).status == 401
        assert client.try_login().status == 500
        registrar.wait_for_line("the API cannot be used")
        assert len(re.findall("the API cannot be used", registrar.log)) == 1
        assert "secret" not in registrar.log
        api_tools.write_users(directory, {USER: PASSWORD})
        assert client.log_in().ask("GET", LIST).status == 200


def test_users_file_that_is_missing(directory, registrar):
    (directory / "etc" / "api.users").unlink()
    with Client(registrar) as client:
        assert client.try_login().status == 401


def test_users_file_that_everybody_can_read(directory):
    with serving(directory) as registrar, Client(registrar) as client:
        (directory / "etc" / "api.users").chmod(0o644)
        client.log_in()
        registrar.wait_for_line("The users file .* is world-readable; run: chmod 0600 ")


def test_wrong_users_file_at_the_start(directory):
    (directory / "etc" / "api.users").write_text("admin:secret\n")
    done = registrar_tools.run("-D", directory, "-n", "--api-port", "0", "-p", "0", "serve")
    assert done.returncode == 78
    assert re.search("Line 1 of .*api.users is not a user of the API", done.stderr)
    assert "secret" not in done.stderr


def test_no_users_at_the_start(directory):
    with serving(directory, users={}) as registrar, Client(registrar) as client:
        registrar.wait_for_line(
            r"The API has no users in .*api\.users; create one with: agent-registrar user NAME"
        )
        assert client.try_login().status == 401


# ------------------------------------------------------------------ helpers

def count_descriptors(registrar):
    return len(os.listdir(f"/proc/{registrar.process.pid}/fd"))


def wait_for_descriptors(registrar, is_right):
    end = time.monotonic() + PATIENCE
    while not is_right(count_descriptors(registrar)) and time.monotonic() < end:
        select.select([], [], [], 0.02)
    return is_right(count_descriptors(registrar))


def login_request():
    credentials = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    return (f"POST {LOGIN} HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {credentials}\r\n"
            "Content-Length: 0\r\n\r\n").encode()


def check_alive(registrar):
    with Client(registrar) as client:
        assert json.loads(client.log_in().ask("GET", LIST).text)["error"] == 0


def test_few_descriptors(directory):  # noqa: F811
    """Without descriptors it accepts nobody for a moment, and serves again when there are some."""
    program = [registrar_tools.need("prlimit"), "--nofile=90:90", registrar_tools.PROGRAM]
    with serving(directory, program=program) as registrar:
        with contextlib.ExitStack() as idle:
            for _ in range(100):
                idle.enter_context(
                    socket.create_connection(("127.0.0.1", registrar.api_port), PATIENCE)
                )
            registrar.wait_for_line("Cannot accept connections to the API for a moment")
        with Client(registrar) as client:
            assert client.log_in().add("after")[1] == "after"
