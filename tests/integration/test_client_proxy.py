# SPDX-License-Identifier: ISC
"""Managers behind an HTTP proxy: the tunnel, and everything that can be wrong with a proxy. For
its authentication see test_client_proxy_auth.py."""
import os
import re
import signal
import socket
import threading

import pytest
from machine import EXIT_CODES, KEY, PROMPT
from ports import refusing_port
from proxies import OK, basic, read_request, says, through, tunnel
from registrar_tools import PROGRAM, serving

SHORT = {"manager.connect_timeout": "300 ms", "manager.attempt_timeout": "20 s"}
LONG = {"manager.connect_timeout": "1 h", "manager.attempt_timeout": "1 h"}


# ------------------------------------------------------------------ the tunnel


def test_register_through_a_proxy(machine, start_manager, start_proxy):
    """The request is the method's form to the byte, and the proxy resolves the manager's name,
    which is verified."""
    manager = start_manager()
    proxy = start_proxy(tunnel({"manager.test:1515": manager.address}))
    result = machine.registers(manager="manager.test", settings=through(proxy))
    assert (
        f"Requesting a key from manager.test:1515 as web-01, through the proxy {proxy.address}\n"
        in result.stderr
    )
    assert re.fullmatch(
        r"CONNECT manager\.test:1515 HTTP/1\.1\r\nHost: manager\.test:1515\r\n"
        r"User-Agent: agent-register/\S+\r\n\r\n",
        proxy.conversation.request.decode(),
    )
    assert manager.conversation.sni == "manager.test"
    assert manager.requests == [b"OSSEC A:'web-01'\n"]


def test_the_manager_behind_the_proxy_is_verified(machine, start_manager, start_proxy):
    manager = start_manager(certificate="wrong-name")
    machine.fails("untrusted", "manager.test", manager="manager.test",
                  settings=through(start_proxy(tunnel({"manager.test:1515": manager.address}))))
    assert manager.requests == []


@pytest.mark.parametrize("form", ["http://{}", "{}", "http://{}/"])
def test_forms_of_the_setting(machine, start_manager, start_proxy, form):
    manager = start_manager()
    machine.registers(manager=manager,
                      settings={"manager.proxy": form.format(start_proxy().address)})


def test_ipv6_on_both_sides(machine, start_manager, start_proxy, ipv6):
    manager, proxy = start_manager(address="::1"), start_proxy(address="::1")
    machine.registers(manager=manager, settings=through(proxy))
    assert proxy.conversation.request.startswith(
        b"CONNECT [::1]:%d HTTP/1.1\r\nHost: [::1]:%d\r\n" % (manager.port, manager.port)
    )


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 200\r\n\r\n",
        b"HTTP/1.1 204 Well\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nA: b\r\n\r\n" + OK,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nTransfer-Encoding: chunked\r\nVia: 1.1 "
        b"a,\r\n\t1.1 b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 16000 + b"\r\n\r\n",
    ],
    ids=["HTTP/1.0", "204", "interim", "length and encoding", "long"],
)
def test_answers_that_make_a_tunnel(machine, start_manager, start_proxy, answer):
    machine.registers(manager=start_manager(), settings=through(start_proxy(tunnel(answer=answer))))


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\n\n", b"HTTP/1.1 200 OK\r\nVia: a\n\r\n"])
def test_bare_line_feed_makes_no_tunnel(machine, start_manager, start_proxy, answer):
    """Where the header ends must not depend on who reads it."""
    machine.fails("protocol-error", "line feed without a carriage return", manager=start_manager(),
                  settings=through(start_proxy(tunnel(answer=answer))))


def test_answer_in_pieces(machine, start_manager, start_proxy):
    """Each byte is read before the next is sent."""
    machine.registers(manager=start_manager(), settings=through(start_proxy(tunnel(bytewise=True))))


def test_bytes_behind_the_header_are_the_managers(machine, start_proxy):
    """They are not swallowed with the header: TLS finds them, and they are no TLS."""
    proxy = start_proxy(says(OK + b"SSH-2.0-OpenSSH_9.2\r\n", ending="open"))
    machine.fails("protocol-error", "does not speak TLS", manager="manager.test",
                  settings=through(proxy))


@pytest.mark.skipif(not os.path.exists(PROGRAM), reason=f"needs {PROGRAM}")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_real_registrar(machine, start_proxy, directory, certificates, host, request):
    """With use of the source address, which is the proxy's."""
    if ":" in host:
        request.getfixturevalue("ipv6")
    certificate, key = certificates.pair("good")
    password = (directory / "etc" / "authd.pass").read_text().strip()
    proxy = start_proxy(tunnel(credentials=basic("web", "open sesame")), address=host)
    with serving(directory, "-x", certificate, "-k", key, "-i", listen=host) as registrar:
        settings = through(
            proxy,
            "web",
            **{
                "auth.proxy_password_file": machine.password("open sesame\n", "proxy-password"),
                "auth.password_file": machine.password(password),
            }
        )
        address = f"[{host}]:{registrar.port}" if ":" in host else f"{host}:{registrar.port}"
        result = machine.register(manager=address, settings=settings)
        assert result.status == 0 and result.failures == [], result
        assert machine.read_keys().decode().split() == registrar.keys()[-1]
        assert registrar.keys()[-1][2] == host


# ------------------------------------------------------------------ what proxies say

STATUSES = {
    "403 Forbidden": ("refused", ["403 Forbidden", "allow CONNECT", "SSL_ports"]),
    "400 Bad Request": ("refused", ["400 Bad Request", "check that it is an HTTP proxy"]),
    "404 Not Found": ("refused", ["404", "check that it is an HTTP proxy"]),
    "405 Method Not Allowed": ("refused", ["405", "check that it is an HTTP proxy"]),
    "501 Not Implemented": ("refused", ["501", "check that it is an HTTP proxy"]),
    "408 Request Timeout": ("busy", ["408"]),
    "429 Too Many Requests": ("busy", ["429"]),
    "401 Unauthorized": ("refused", ["401 Unauthorized", "http://USER@HOST:PORT"]),
    "500 Unable to connect": ("unreachable", ["500 Unable to connect", "cannot reach the manager"]),
    "505 HTTP Version Not Supported": ("busy", ["505"]),
    "599": ("busy", ["599"]),
    "502 Bad Gateway": ("unreachable", ["502 Bad Gateway", "cannot reach the manager"]),
    "503 Service Unavailable": ("unreachable", ["503", "cannot reach the manager"]),
    "504 Gateway Timeout": ("unreachable", ["504", "cannot reach the manager"]),
    "302 Found": ("protocol-error", ["302 Found", "captive portal"]),
    "101 Switching Protocols": ("protocol-error", ["101"]),
    "999 Denied": ("busy", ["999"]),
    "403 \x1b[31m\xff": ("refused", ["403 \\x1b[31m"]),
}


@pytest.mark.parametrize("status", STATUSES)
def test_statuses(machine, start_manager, start_proxy, status):
    outcome, words = STATUSES[status]
    manager = start_manager()
    body = b"<html>" + b"x" * 100000  # nobody reads it
    proxy = start_proxy(
        says(
            f"HTTP/1.1 {status}\r\nLocation: http://a/\r\nContent-Length: 100006\r\n\r\n".encode(
                "latin-1"
            )
            + body,
            ending="open",
        )
    )
    machine.install_key()
    machine.fails(outcome, f"Proxy {proxy.address} refused the tunnel to {manager.address}: ",
                  *words, manager=manager, settings=through(proxy), force=True)
    assert manager.conversations == []


PROTOCOL_ERROR = {
    "SSH": (b"SSH-2.0-OpenSSH_9.2\r\n", "with: SSH-2.0-OpenSSH_9.2"),
    "TLS alert": (b"\x15\x03\x01\x00\x02\x02\x16", "with: \\x15\\x03\\x01\\x00\\x02\\x02\\x16"),
    "HTML": (b"<html>", "with: <html>"),
    "HTTP/2": (b"HTTP/2 200\r\n\r\n", "with: HTTP/2 200"),
    "no status": (b"HTTP/1.1 OK\r\n\r\n", "with: HTTP/1.1 OK"),
    "NUL": (b"HTTP/1.1 200 O\0K\r\n\r\n", "with: HTTP/1.1 200 O\\x00K"),
    "no field": (b"HTTP/1.1 200 OK\r\nwhat is this\r\n\r\n", "with: what is this"),
    "long line": (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20000, "more than 16384 bytes"),
    "many lines": (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000, "more than 16384 bytes"),
    "many interim answers": (b"HTTP/1.1 100 Continue\r\n\r\n" * 2000, "more than 16384 bytes"),
}


@pytest.mark.parametrize("data, words", PROTOCOL_ERROR.values(), ids=PROTOCOL_ERROR.keys())
def test_no_http(machine, start_proxy, data, words):
    machine.install_key()
    proxy = start_proxy(says(data, ending="open"))
    machine.fails("protocol-error", f"Proxy {proxy.address} ", words, manager="manager.test",
                  settings=through(proxy), force=True)


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 200 OK\r\n"], ids=["at once", "amid the header"])
@pytest.mark.parametrize("ending", ["close", "reset"])
def test_proxy_hangs_up(machine, start_proxy, data, ending):
    proxy = start_proxy(says(data, ending=ending))
    machine.fails("unreachable", f"Proxy {proxy.address} closed the connection",
                  "manager.test:1515", manager="manager.test", settings=through(proxy))


def test_manager_hangs_up_behind_the_tunnel(machine, start_manager, start_proxy):
    manager = start_manager(lambda conversation: None)
    machine.fails("busy", manager.address, "during the TLS handshake", manager=manager,
                  settings=through(start_proxy()))


# ------------------------------------------------------------------ reaching it, and deadlines


def test_nobody_listens(machine, start_manager):
    with refusing_port() as port:
        machine.fails("unreachable", f"127.0.0.1:{port}: 127.0.0.1: Connection refused",
                      "it is the proxy for manager.test:1515", manager="manager.test",
                      settings=through(f"127.0.0.1:{port}"))


def test_name_that_does_not_resolve(machine):
    machine.fails("unreachable", "Cannot resolve no-such-proxy.invalid",
                  "it is the proxy for manager.test:1515", manager="manager.test",
                  settings=through("no-such-proxy.invalid"))


def test_default_port(machine):
    """3128, where nothing of ours listens."""
    result = machine.register(manager="manager.test", settings=through("127.255.254.253"))
    assert result.status == 75, result
    assert "Cannot connect to 127.255.254.253:3128: " in result.failure, result


def test_proxy_that_does_not_accept(machine, full_backlog):
    machine.fails("unreachable", "timed out", "it is the proxy for",
                  manager="manager.test", settings={**through(full_backlog()), **SHORT})


def test_silent_proxy(machine, start_proxy):
    """It counts against the time to connect, not against that of the whole attempt."""
    proxy = start_proxy(says(b"HTTP/1.1 20", ending="open"))
    machine.fails("unreachable", f"Timed out waiting for a response from proxy {proxy.address}",
                  "manager.test:1515", manager="manager.test", settings={**through(proxy), **SHORT})


def test_dripping_proxy(machine, start_proxy):
    """A byte now and then does not prolong the time."""
    done = threading.Event()

    def script(conversation):
        read_request(conversation)
        conversation.socket.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not done.wait(0.02):
            conversation.socket.sendall(b"x")
    try:
        machine.fails("unreachable", "Timed out waiting for a response", manager="manager.test",
                      settings={**through(start_proxy(script)), **SHORT})
    finally:
        done.set()


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 200 OK\r\n"], ids=["silent", "amid the header"])
def test_stop_while_the_proxy_thinks(machine, start_proxy, data):
    proxy = start_proxy(says(data, ending="open"))
    machine.install_key()
    before = machine.snapshot()
    run = machine.start(manager="manager.test", settings={**through(proxy), **LONG}, force=True)
    proxy.wait_for("request")
    run.kill()
    result = run.finish()
    assert result.status == -signal.SIGTERM and result.failures == [], result
    assert result.seconds < PROMPT, result
    assert machine.snapshot() == before


# ------------------------------------------------------------------ beside it


def test_next_manager_when_the_proxy_cannot_reach_the_first(machine, start_manager, start_proxy):
    manager = start_manager()
    proxy = start_proxy(tunnel(refuse=["manager.test:1515"]))
    result = machine.register(manager=["manager.test", manager], settings=through(proxy))
    assert result.status == 0 and "503" in result.failure, result
    assert machine.read_keys() == f"001 web-01 any {KEY}\n".encode()


def test_scope_means_nothing_to_a_proxy(machine, start_proxy):
    proxy = start_proxy()
    machine.fails("misconfigured", "fe80::1%lo", "only valid on this machine", manager="fe80::1%lo",
                  settings=through(proxy))
    assert proxy.requests == []


@pytest.mark.parametrize("name", ["http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_environment_is_not_read(machine, start_manager, name):
    with refusing_port() as port:
        machine.registers(manager=start_manager(), environment={name: f"http://127.0.0.1:{port}"})


def test_changed_password_ends_the_wait(machine, start_manager, start_proxy, notify_socket):
    """The wait after a 407 is long and holds for systemd's restarts, but not for a new password."""
    proxy = start_proxy(tunnel(credentials=basic("web", "right-one")))
    password = machine.password("right-one")
    options = {
        "manager": start_manager(),
        "settings": through(proxy, "web", **{"auth.proxy_password_file": password}),
    }
    machine.password("wrong-one")
    for path in (password, machine.config):
        os.utime(path, (1, 1))
    assert machine.register_as_service(notify_socket, **options).status == EXIT_CODES["refused"]
    assert machine.register_as_service(notify_socket, **options).status == EXIT_CODES["not-ready"]
    assert len(proxy.conversations) == 1
    machine.password("right-one")
    os.utime(password, (4e9, 4e9))
    assert machine.register_as_service(notify_socket, **options).status == 0


# ------------------------------------------------------------------ check and pin


def test_check(machine, start_manager, start_proxy):
    manager = start_manager()
    proxy = start_proxy(tunnel({"manager.test:1515": manager.address}))
    before = machine.snapshot()
    result = machine.register("check", manager="manager.test", settings=through(proxy))
    assert result.status == 0 and all(good for _, good, _ in result.layers), result
    assert [layer for layer, _, _ in result.layers] == [
        "config", "credentials", "name", "key file", "DNS", "TCP", "proxy", "TLS", "chain",
        "name match", "validity", "pin"
    ]
    assert f"{proxy.address} opens a tunnel to manager.test:1515" in result.stdout
    assert not any(each.tls and each.records for each in manager.conversations)
    assert machine.snapshot() == before


def test_check_finds_the_proxys_fault(machine, start_proxy):
    proxy = start_proxy(says(b"HTTP/1.1 403 Forbidden\r\n\r\n"))
    result = machine.register("check", manager="manager.test", settings=through(proxy))
    assert result.status == 77 and result.layers[-1][:2] == ("proxy", False), result
    assert "SSL_ports" in result.stdout, result


def test_check_reads_the_password(machine, start_manager):
    result = machine.register("check", manager=start_manager(), settings=through(
        "proxy.test", "web", **{"auth.proxy_password_file": "/nowhere/password"}))
    assert result.status == 78, result
    assert ("credentials", False) in [layer[:2] for layer in result.layers], result


def test_pin(machine, start_manager, start_proxy):
    """The proxy is the configured one."""
    manager = start_manager()
    proxy = start_proxy(
        tunnel({"manager.test:1515": manager.address}, credentials=basic("web", "open sesame"))
    )
    config = machine.write(
        "proxy.conf",
        f"[manager]\nproxy = web@{proxy.address}\n[auth]\n"
        f"proxy_password_file = {machine.password('open sesame')}\n",
    )
    result = machine.register("pin", "manager.test", trust=None, name=None, config=config)
    assert result.status == 0 and re.search(r"^pin = sha256//", result.stdout, re.M), result
    assert len(proxy.conversations) == 1
