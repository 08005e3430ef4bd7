# SPDX-License-Identifier: ISC
"""What agent-registrar's API does with too much, too long and too slow."""
import concurrent.futures
import contextlib
import os
import re
import select
import socket
import ssl
import subprocess
import threading
import time

import api_tools
import pytest
import registrar_tools
from api_tools import (LIST, PASSWORD, USER, Client, check_alive, count_descriptors, login_request,
                       problem, raw, read_all, serving, wait_for_descriptors)
from registrar_tools import LONG, PATIENCE

BLOCKED = (
    403,
    "Permission Denied",
    "Limit of login attempts reached. The current IP has been blocked due to a high number of "
    "login attempts",
    6000,
)
TOO_MANY = (429, "Too Many Requests", "Maximum number of requests per minute reached", 6001)
BODY_MAX = 65536

# ------------------------------------------------------------------ too much


def test_lock_out(directory):
    with serving(directory, "--api-max-login-attempts", "3") as registrar, Client(
        registrar
    ) as client:
        token = client.log_in().headers["Authorization"]
        for _ in range(3):
            assert client.try_login("nobody", "wrong").status == 401
        registrar.wait_for_line("127.0.0.1 is locked out as an unknown user for 300 seconds")
        assert problem(client.try_login("nobody", "wrong")) == BLOCKED
        for _ in range(3):
            assert client.try_login(password="wrong").status == 401
        registrar.wait_for_line(
            f"Too many failed logins to the API: 127.0.0.1 is locked out as {USER} for 300 seconds"
        )
        assert problem(client.try_login()) == BLOCKED  # the right password does not help
        assert "nobody" not in registrar.log  # it could have been a password
        # a token does
        assert client.ask("GET", LIST, headers={"Authorization": token}).status == 200
        assert client.add("web-01")[0] == "001"
        with Client(registrar, source="127.0.0.2") as other:
            assert other.try_login().status == 200


def test_lock_out_spares_the_neighbours(directory):
    """Behind one address there can be many: who guesses locks out nobody with another name."""
    with serving(directory, "--api-max-login-attempts", "2") as registrar, Client(
        registrar
    ) as client:
        api_tools.write_users(directory, {USER: PASSWORD, "other": "another password"})
        for _ in range(2):
            assert client.try_login(password="wrong").status == 401
        assert problem(client.try_login()) == BLOCKED
        assert client.try_login("other", "another password").status == 200


def test_exempt_sources_have_no_limits(directory):
    with serving(directory, "--api-max-login-attempts", "2", "--api-max-requests", "3",
                 "--exempt-source", "127.0.0.0/30") as registrar, Client(registrar) as client:
        for _ in range(4):
            assert client.try_login(password="wrong").status == 401
        assert client.try_login().status == 200
        with Client(registrar, source="127.0.0.4") as other:
            for _ in range(2):
                assert other.try_login(password="wrong").status == 401
            assert problem(other.try_login()) == BLOCKED


def test_an_administrator_logs_in_while_others_guess(directory):
    """Sixty addresses guess without a pause; each password takes a while."""
    def guess(number):
        with Client(registrar, source=f"127.0.1.{number}", patience=LONG) as client:
            while not done.is_set():
                assert client.try_login(password=f"wrong {number}").status in (401, 403, 429)
                guessed.release()
    done, guessed = threading.Event(), threading.Semaphore(0)
    with serving(directory, "--api-max-requests", "0") as registrar:
        api_tools.write_users(directory, {USER: PASSWORD}, log2_n=12)
        with concurrent.futures.ThreadPoolExecutor(60) as pool:
            guesses = [pool.submit(guess, 1 + i) for i in range(60)]
            try:
                registrar.wait_for_line("127.0.1.* more in 5 seconds|Refused a login")
                for _ in range(3):
                    assert guessed.acquire(timeout=LONG)  # they go on
                    with Client(registrar, patience=LONG) as client:
                        assert client.try_login().status == 200
            finally:
                done.set()
            for each in guesses:
                each.result()


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
    """More than the queue holds: some are refused with 429, and none is lost."""
    def log_in(_):
        with Client(registrar, patience=LONG) as client:
            client.ask("GET", "/")
            ready.wait(LONG)
            return client.try_login().status
    ready = threading.Barrier(60)
    with serving(directory, "--api-max-requests", "0") as registrar:
        api_tools.write_users(directory, {USER: PASSWORD}, log2_n=13)
        with concurrent.futures.ThreadPoolExecutor(60) as pool:
            futures = [pool.submit(log_in, i) for i in range(60)]
            assert registrar.register("web-01", patience=LONG)[1] == "web-01"
            statuses = [future.result() for future in futures]
    assert set(statuses) <= {200, 429} and statuses.count(200) >= 32, statuses


def fill(registrar, stack, sources, port="api_port"):
    """Open one connection after the other, each from the next of the sources, and send nothing."""
    return [
        stack.enter_context(
            socket.create_connection(("127.0.0.1", getattr(registrar, port)), PATIENCE,
                                     source_address=(source, 0))
        )
        for source in sources
    ]


def crowd_out(registrar, stack, idle, source):
    """Further connections from the source, one after the other, until the first idle one goes."""
    while not select.select(idle[:1], [], [], 0.05)[0]:
        fill(registrar, stack, [source])
    assert idle[0].recv(1) == b""
    registrar.wait_for_line("Closed 127.0.0.* port .* no room for others by HTTPS")


def test_connection_limit(directory):
    """Nobody has to wait: of the source with the most, the longest idle connection goes."""
    with serving(directory) as registrar, Client(registrar) as client, (
        contextlib.ExitStack()
    ) as stack:
        client.log_in()
        idle = fill(registrar, stack, [f"127.0.0.{2 + i % 4}" for i in range(255)])
        assert wait_for_descriptors(registrar, lambda count: count >= 256)
        assert select.select(idle, [], [], 0)[0] == []
        crowd_out(registrar, stack, idle, "127.0.0.6")
        with Client(registrar) as other:
            assert other.try_login().status == 200
        assert client.ask("GET", LIST).status == 200  # who is in goes on
        assert registrar.register("web-01")[1] == "web-01"


def test_connection_limit_of_an_address(directory):
    """When room gets short, who has half of all takes the place of its own connections."""
    with serving(directory) as registrar, contextlib.ExitStack() as stack:
        idle = fill(registrar, stack, ["127.0.0.1"] * 192)
        assert wait_for_descriptors(registrar, lambda count: count >= 192)
        assert select.select(idle, [], [], 0)[0] == []
        crowd_out(registrar, stack, idle, "127.0.0.1")
        with Client(registrar, source="127.0.0.2") as other:
            assert other.try_login().status == 200
        with Client(registrar) as client:
            assert client.try_login().status == 200


def limit_descriptors(pid, count):
    """By a process of the same user, where even root may not do that to others."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        user, group = (int(re.search(rf"{name}:\s+(\d+)", text).group(1))
                       for text in [status.read()] for name in ("Uid", "Gid"))
    subprocess.run([registrar_tools.need("prlimit"), f"--pid={pid}", f"--nofile={count}:{count}"],
                   check=True, user=user, group=group)


@pytest.mark.usefixtures("as_root")
def test_few_descriptors(directory):
    """Without descriptors it accepts nobody for a moment, and serves again when there are some."""
    with serving(directory) as registrar:
        few = len(os.listdir(f"/proc/{registrar.front}/fd")) + 20
        limit_descriptors(registrar.front, few)
        with contextlib.ExitStack() as idle:
            for _ in range(100):
                idle.enter_context(
                    socket.create_connection(("127.0.0.1", registrar.api_port), PATIENCE)
                )
            registrar.wait_for_line("Cannot accept connections by HTTPS for a moment")
        with Client(registrar) as client:
            assert client.log_in().add("after")[1] == "after"


def test_descriptors_are_shared_with_the_other_port(directory):
    """As many connections as there are descriptors, on one port, leave some for the other."""
    program = [registrar_tools.need("prlimit"), "--nofile=300:300", registrar_tools.PROGRAM]
    for crowded in "port", "api_port":
        with serving(directory, program=program) as registrar, contextlib.ExitStack() as idle:
            fill(registrar, idle, [f"127.0.0.{2 + i % 8}" for i in range(300)], crowded)
            registrar.wait_for_line("no room for others")
            if crowded == "port":
                with Client(registrar) as client:
                    assert client.try_login().status == 200
            else:
                assert registrar.register("web")
            assert "Cannot accept" not in registrar.log


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


def test_more_long_answers_than_are_made_at_a_time(directory):
    """Some are made at a time; who waits gets all of it, too, and who leaves keeps no place."""
    count, wanted = 5000, f"{LIST}?limit=100000"
    with open(directory / "etc" / "client.keys", "w") as file:
        file.writelines(f"{i:03} agent-{i} any {i:064x}\n" for i in range(1, count + 1))
    with serving(directory) as registrar, Client(registrar) as client, (
        contextlib.ExitStack()
    ) as stack:
        headers = client.log_in().headers
        clients = [stack.enter_context(Client(registrar)) for _ in range(15)]
        for other in clients:
            other.connection.request("GET", wanted, headers=headers)
        for gone in clients[::3]:
            gone.connection.close()
        assert client.ask("GET", f"{LIST}?agents_list=001").data["total_affected_items"] == 1
        for other in clients[1::3] + clients[2::3]:
            answer = api_tools.Answer(other.connection.getresponse())
            assert len(answer.items) == count
        assert len(client.ask("GET", wanted).items) == count


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
