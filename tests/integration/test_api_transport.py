# SPDX-License-Identifier: ISC
"""Below method = api: whom it trusts, what a peer can do to HTTP, deadlines, signals, proxies,
and memory."""
import gzip
import signal
import threading

import pytest
from machine import KEY, PROMPT
from fake_manager import PATIENCE, end
from proxies import basic, says, tunnel
from scripted_api import (TOKEN, Api, Reply, export, granted, needs_module, read_call, send,
                          settings)
from trust_cases import BOTH_VERSIONS, NAMES, TRUST, VERSIONS, own_certificate

pytestmark = needs_module

LOGIN, AGENTS = "POST /security/user/authenticate", "POST /agents"

# --------------------------------------------------------- trust: as with authd, by the same tables


@pytest.mark.parametrize("certificate, host, verify_name, right", NAMES.values(), ids=NAMES.keys())
def test_name(machine, start_manager, certificates, certificate, host, verify_name, right, request):
    ipv6 = host == "::1"
    if ipv6:
        request.getfixturevalue("ipv6")
    api = Api()
    manager = start_manager(api, certificate=certificate, address=host if ipv6 else "127.0.0.1")
    trust = (
        ["--ca", certificates.pair("wazuh-default")[0]] if certificate == "wazuh-default" else "ca"
    )
    how = {
        "manager": f"[{host}]:{manager.port}" if ipv6 else f"{host}:{manager.port}",
        "trust": trust,
        "settings": settings(machine, **({"tls.verify_name": verify_name} if verify_name else {})),
    }
    if right:
        machine.registers(**how)
        assert manager.conversation.sni == (host if host.lower() == "localhost" else None)
    else:
        machine.fails("untrusted", f"not for {verify_name or host}", "verify_name", **how)
        assert api.calls == []


@pytest.mark.parametrize("certificate, trust, refusal", TRUST.values(), ids=TRUST.keys())
def test_trust(machine, start_manager, certificates, certificate, trust, refusal):
    api = Api()
    manager = start_manager(api, certificate=certificate)
    for placeholder, value in {"CA": certificates.ca(), "PIN": certificates.pin(certificate),
                               "OTHERPIN": certificates.pin("other-ca"),
                               "ITSELF": certificates.pair(certificate)[0]}.items():
        trust = [value if word == placeholder else word for word in trust]
    if refusal is None:
        machine.registers(manager=manager, trust=trust, settings=settings(machine))
        return
    machine.fails("untrusted", manager.address, refusal, manager=manager, trust=trust,
                  settings=settings(machine))
    manager.settle()
    assert api.calls == [] and manager.conversation.records == []


@pytest.mark.parametrize("lowest, highest, more, version", VERSIONS.values(), ids=VERSIONS.keys())
def test_version(machine, start_manager, lowest, highest, more, version):
    api = Api()
    manager = start_manager(api, lowest=lowest, highest=highest)
    if version:
        machine.registers(manager=manager, settings=settings(machine, **more))
        assert manager.conversation.version == version
    else:
        machine.fails("untrusted", "no TLS version or cipher in common", "min_version",
                      manager=manager, settings=settings(machine, **more))
        assert api.calls == []


def test_every_connection_is_verified(machine, start_manager):
    """The manager that answers the second call is another one."""
    api = Api(close=True)
    manager = start_manager(api)
    other = start_manager(certificate="other-ca")

    def change_places(_):
        manager.context = other.context
        return {"data": {"token": TOKEN}, "error": 0}
    api.answers[LOGIN] = change_places
    machine.fails("untrusted", "not issued by a CA in", manager=manager, settings=settings(machine))
    assert api.made == [LOGIN]


@BOTH_VERSIONS
def test_client_certificate(machine, start_manager, certificates, version):
    api = Api()
    manager = start_manager(api, lowest=version, highest=version, client_ca=certificates.ca())
    machine.registers(manager=manager,
                      settings=settings(machine, **own_certificate(certificates, "agent")))
    assert (("commonName", "web-01"),) in manager.conversation.client_certificate["subject"]


@BOTH_VERSIONS
def test_missing_client_certificate(machine, start_manager, certificates, version):
    manager = start_manager(Api(), lowest=version, highest=version, client_ca=certificates.ca())
    machine.fails("refused", "requires a client certificate",
                  "certificate_file and private_key_file",
                  manager=manager, settings=settings(machine))


@BOTH_VERSIONS
def test_refused_client_certificate(machine, start_manager, certificates, version):
    manager = start_manager(Api(), lowest=version, highest=version, client_ca=certificates.ca())
    machine.fails("refused", "rejected our client certificate", manager=manager,
                  settings=settings(machine, **own_certificate(certificates, "agent-other-ca")))


def test_pinned_certificate_that_has_expired_warns(machine, start_manager, certificates):
    result = machine.registers(manager=start_manager(Api(), certificate="expired"),
                               settings=settings(machine),
                               trust=["--pin", certificates.pin("expired")])
    assert "expired on 2021-01-01" in result.failure and "pinned" in result.failure


def test_no_verification_warns(machine, start_manager):
    result = machine.registers(manager=start_manager(Api(), certificate="other-ca"),
                               settings=settings(machine), trust=["--set", "tls.verify=no"])
    assert "verify = no" in result.failure


def test_plain_http_is_not_spoken(machine, start_manager):
    def script(conversation):
        conversation.socket.recv(65536)
        conversation.socket.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    machine.fails("protocol-error", "does not speak TLS", "check the port",
                  settings=settings(machine), manager=start_manager(script, certificate=None))


# ------------------------------------------------------------------ HTTP

BODY = Reply(body=granted()).body
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"".join(
        b"%x;x=y\r\n%s\r\n" % (len(BODY[i : i + 7]), BODY[i : i + 7])
        for i in range(0, len(BODY), 7)
    )
    + b"0\r\nX-Trailer: 1\r\n\r\n"
)
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)

FORMS = {
    "chunks": CHUNKED,
    "up to the end": b"HTTP/1.1 200 OK\r\n\r\n" + BODY,
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
    "interim answers": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: "
                       b"</x>\r\n\r\n"
    + PLAIN,
    "no phrase": PLAIN.replace(b" OK", b""),
    "more than its length": PLAIN + b"more",
    "another type": PLAIN.replace(b"OK\r\n", b"OK\r\nContent-Type: text/html\r\n"),
    "many fields": PLAIN.replace(b"OK\r\n", b"OK\r\n" + b"X: y\r\n" * 500),
    "cookies": PLAIN.replace(b"OK\r\n", b"OK\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n"),
}


@pytest.mark.parametrize("data", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("bytewise", [False, True], ids=["at once", "bytewise"])
def test_form(machine, start_manager, data, bytewise):
    def script(conversation):
        conversation.handshake()
        call, rest = read_call(conversation)
        send(conversation, Reply(body={"data": {"token": TOKEN}, "error": 0}).encode())
        call, rest = read_call(conversation, rest)
        assert f"{call.method} {call.path}" == AGENTS and not rest
        for i in range(0, len(data), 1 if bytewise else len(data)):
            conversation.send(data[i:i + (1 if bytewise else len(data))])
        conversation.finish()
    machine.registers(manager=start_manager(script), settings=settings(machine))


@pytest.mark.parametrize("tail", [b"", PLAIN], ids=["the end", "an answer to no question"])
def test_a_connection_that_is_not_kept_after_all(machine, start_manager, tail):
    """With the first reply comes what makes the connection useless for the next call."""
    def script(conversation):
        conversation.handshake()
        call, _ = read_call(conversation)
        if f"{call.method} {call.path}" == LOGIN:
            conversation.tls.write(Reply(body={"data": {"token": TOKEN}, "error": 0}).encode())
            if tail:
                conversation.tls.write(tail)
            conversation.close_notify()  # all of it in one segment
            conversation.wait_for_end()
            return
        conversation.send(PLAIN)
        conversation.finish()
    manager = start_manager(script)
    machine.registers(manager=manager, settings=settings(machine))
    assert len(manager.conversations) == 2


HUGE = b"HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n" + b" " * 10485760

# What the manager sends to the second call, and how it ends; the outcome and words of it.
FAULTS = {
    "nothing": (b"", "close", "busy", ["closed the connection instead of responding"]),
    "nothing, politely": (b"", "close_notify", "busy",
                          ["closed the connection instead of responding"]),
    "a reset": (b"", "reset", "busy", ["reset the connection instead of responding"]),
    "half a status line": (b"HTTP/1.1 20", "close", "busy", ["in the middle of its response"]),
    "half a header": (b"HTTP/1.1 200 OK\r\nContent-", "close", "busy",
                      ["in the middle of its response"]),
    "half a body": (PLAIN[:-9], "close", "busy", ["in the middle of its response"]),
    "half a body, reset": (PLAIN[:-9], "reset", "busy", ["in the middle of its response"]),
    "half a chunk": (CHUNKED[:-30], "close", "busy", ["in the middle of its response"]),
    "10 MB": (HUGE, "open", "protocol-error", ["too large"]),
    "10 MB in chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA00000\r\n" + b" " * 0xA00000,
        "open",
        "protocol-error",
        ["too large"],
    ),
    "an endless header": (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 30000, "open", "protocol-error",
                          ["too large"]),
    # "HTTP/1.1 200 OK", a newline, and a field without one are the 64 KiB that are kept.
    "a field that just fits": (b"HTTP/1.1 200 OK\r\nX: " + b"y" * (65536 - 19) + b"\r\n\r\n",
                               "open", "protocol-error", ["too large"]),
    "an endless field": (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300000, "open", "protocol-error", []),
    "an endless status": (b"HTTP/1.1 200 " + b"y" * 300000, "open", "protocol-error", []),
    "endless interim answers": (b"HTTP/1.1 103 Early\r\n\r\n" * 50, "open", "busy",
                                ["stopped in the middle"]),
    "authd": (b"OSSEC K:'001 web-01 any " + KEY.encode() + b"'", "close", "protocol-error",
              ["did not respond with HTTP"]),
    "SSH": (b"SSH-2.0-OpenSSH_9.2p1\r\n", "close", "protocol-error", ["did not respond with HTTP"]),
    "HTTP/2": (b"\0\0\x12\4\0\0\0\0\0" + b"\0" * 18, "close", "protocol-error",
               ["did not respond with HTTP"]),
    "HTTP/3.0": (b"HTTP/3.0 200 OK\r\n\r\n", "close", "protocol-error", []),
    "a negative length": (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "close",
                          "protocol-error", []),
    "a length that is none": (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n" + BODY, "close",
                              "protocol-error", []),
    "a chunk's length that is none": (CHUNKED.replace(b"7;x=y", b"z;x=y", 1), "close",
                                      "protocol-error", []),
    "bare newlines": (PLAIN.replace(b"\r\n", b"\n"), "close", "protocol-error",
                      ["a line feed without a carriage return"]),
    "a bare newline at the end": (b"HTTP/1.1 200 OK\r\nX: y\r\n\n" + BODY, "close",
                                  "protocol-error", ["a line feed without a carriage return"]),
    "two lengths": (PLAIN.replace(b"OK\r\n", b"OK\r\nContent-Length: 1\r\n"), "close",
                    "protocol-error", ["two Content-Length fields"]),
    "the same length twice": (
        PLAIN.replace(b"OK\r\n", b"OK\r\nContent-Length: %d\r\n" % len(BODY)), "close",
        "protocol-error", ["two Content-Length fields"]),
    "length and chunks": (CHUNKED.replace(b"OK\r\n", b"OK\r\nContent-Length: 5\r\n"), "close",
                          "protocol-error", ["both Content-Length and Transfer-Encoding"]),
    "chunks and length": (CHUNKED.replace(b"chunked\r\n", b"chunked\r\nContent-Length: 5\r\n"),
                          "close", "protocol-error",
                          ["both Content-Length and Transfer-Encoding"]),
    "a folded line": (PLAIN.replace(b"OK\r\n", b"OK\r\nX: y\r\n z\r\n"), "close",
                      "protocol-error", []),
    "a blank before a colon": (PLAIN.replace(b"Length:", b"Length :"), "close", "protocol-error",
                               ["a blank before a colon"]),
    "a status that is none": (b"HTTP/1.1 abc OK\r\n\r\n", "close", "protocol-error", []),
    "a NUL in the header": (b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", "close", "protocol-error", []),
    "compressed": (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(BODY),
                   "close", "protocol-error", ["not in the format of the Wazuh API"]),
    "an upgrade": (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        "open",
        None,
        [],
    ),
    "a login page": (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "close",
                     "protocol-error", ["not in the format of the Wazuh API"]),
}


@pytest.mark.parametrize("data, ending, outcome, words", FAULTS.values(), ids=FAULTS.keys())
def test_fault(machine, start_manager, data, ending, outcome, words):
    def script(conversation):
        conversation.handshake()
        _, rest = read_call(conversation)
        send(conversation, Reply(body={"data": {"token": TOKEN}, "error": 0}).encode())
        read_call(conversation, rest)
        send(conversation, data)
        end(conversation, ending)
    manager = start_manager(script)
    machine.install_key()
    more = settings(machine, **{"manager.attempt_timeout": "3 s"})
    if outcome:
        machine.fails(outcome, *words, manager=manager, settings=more, force=True)
    else:
        assert machine.register(manager=manager, settings=more, force=True).status in (75, 76)
    assert len(manager.conversations) == 1  # whatever happens: one request is sent once


def test_endless_redirects(machine, start_manager):
    """Not one of them is followed."""
    api = Api({AGENTS: Reply(308, b"", [("Location", "/agents")])})
    machine.fails("protocol-error", "308", manager=start_manager(api), settings=settings(machine))
    assert api.made == [LOGIN, AGENTS]


def test_environment_has_no_say(machine, start_manager):
    """No proxy, .netrc or trust of the environment; nor a module."""
    machine.write(".netrc", "default login mallory password secret\n")
    environment = {
        "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9", "HOME": machine.directory, "SSL_CERT_FILE": "/dev/null",
        "CURL_CA_BUNDLE": "/dev/null", "LD_LIBRARY_PATH": machine.directory
    }
    machine.registers(manager=start_manager(Api()), settings=settings(machine),
                      environment=environment)


# ------------------------------------------------------------------ deadlines and signals

def silent_at(step):
    """A script that stops there, and waits for the client to leave."""
    def script(conversation):
        if step == "before TLS":
            conversation.wait_for_end()
            return
        conversation.handshake()
        if step == "after the handshake":
            conversation.wait_for_end()
            return
        _, rest = read_call(conversation)
        if step != "after the login":
            send(conversation, Reply(body={"data": {"token": TOKEN}, "error": 0}).encode())
            read_call(conversation, rest)
        conversation.manager.reached.put(("request", conversation))
        if step == "amid the answer":
            conversation.send(PLAIN[:-9])
        elif step == "dripping the answer":
            for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000:
                conversation.send(bytes([byte]))
                conversation.wait_until_read()
                conversation.manager.pause.wait(0.05)
        conversation.wait_for_end()
    return script


STEPS = {
    "before TLS": ("accepted", "unreachable", "did not finish the TLS handshake in time"),
    "after the handshake": ("handshake", "busy", "did not respond to the request in time"),
    "after the login": ("request", "busy", "did not respond to the request in time"),
    "after the request": ("request", "busy", "did not respond to the request in time"),
    "amid the answer": ("request", "busy", "stopped in the middle of its response"),
    "dripping the answer": ("request", "busy", "stopped in the middle of its response"),
}


@pytest.mark.parametrize("step", STEPS)
def test_silence(machine, start_manager, step):
    manager = start_manager(silent_at(step))
    manager.pause = threading.Event()
    machine.install_key()
    _, outcome, words = STEPS[step]
    result = machine.fails(outcome, manager.address, words, manager=manager, force=True,
                           settings=settings(machine, **{"manager.attempt_timeout": "700 ms"}))
    assert result.seconds > 0.65


@pytest.mark.parametrize("step", STEPS)
def test_stop(machine, start_manager, step):
    manager = start_manager(silent_at(step))
    manager.pause = threading.Event()
    machine.install_key()
    before = machine.snapshot()
    run = machine.start(manager=manager, force=True, settings=settings(machine, **{
        "manager.attempt_timeout": "1 h", "manager.connect_timeout": "1 h"}))
    manager.wait_for(STEPS[step][0])
    run.kill()
    result = run.finish()
    assert result.status == -signal.SIGTERM and result.failures == [], result
    assert result.seconds < PROMPT, result
    assert machine.snapshot() == before


def test_silent_name_server(machine, silent_resolver):
    """No resolver of libcurl's is waited for."""
    before, _ = silent_resolver
    machine.fails("unreachable", "no name server answered in time", manager="manager.example",
                  before=before,
                  settings=settings(machine, **{"manager.connect_timeout": "500 ms"}))


def test_failover(machine, start_manager):
    refusing, api = Api({AGENTS: Reply(503, b"")}), Api()
    result = machine.register(manager=[start_manager(refusing), start_manager(api)],
                              settings=settings(machine))
    assert result.status == 0 and "503" in result.failure, result


def test_default_port(machine):
    machine.fails("unreachable", "127.0.0.9:55000", manager="127.0.0.9", settings=settings(machine))


# ------------------------------------------------------------------ proxies

@pytest.mark.parametrize("close", [False, True], ids=["one connection", "several"])
def test_through_a_proxy(machine, start_manager, close):
    api = Api(close=close)
    manager = start_manager(api)
    proxy = start_manager(
        tunnel({"manager.test:55000": manager.address}, basic("us", "Proxy-Secret-7")),
        certificate=None,
    )
    machine.registers(manager="manager.test", settings=settings(machine, **{
        "manager.proxy": f"http://us@{proxy.address}",
        "auth.proxy_password_file": machine.password("Proxy-Secret-7", "proxy-password")}))
    assert len(proxy.conversations) == (2 if close else 1)
    assert all(
        call.fields["Host"] == "manager.test:55000" and "Proxy-Authorization" not in call.fields
        for call in api.calls
    )


def test_proxy_that_refuses(machine, start_manager):
    proxy = start_manager(says(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\n\r\n"),
                          certificate=None)
    machine.fails("refused", proxy.address, manager="manager.test",
                  settings=settings(machine, **{"manager.proxy": f"http://{proxy.address}"}))


# ------------------------------------------------------------------ memory

def test_nothing_secret_stays_in_memory(machine, start_manager, as_root):
    """What libcurl, jansson and we have freed is wiped: while the last call (a group) is under
    way, all memory is read."""
    seen = {}
    started = threading.Event()

    def look(_):
        assert started.wait(PATIENCE)
        with open(f"/proc/{run.pid}/maps", encoding="ascii") as maps, open(
            f"/proc/{run.pid}/mem", "rb", 0
        ) as memory:
            for line in maps:
                begin, finish = (int(number, 16) for number in line.split()[0].split("-"))
                # not a sanitizer's shadow
                if "rw" in line.split()[1] and "[v" not in line and finish - begin < 1 << 26:
                    memory.seek(begin)
                    seen[line.strip()] = memory.read(finish - begin)
        return {"error": 0, "data": {}}
    secret_key = export(key=KEY)
    api = Api({"PUT /agents/001/group/web": look})
    run = machine.start(manager=start_manager(api),
                        settings=settings(machine, **{"agent.groups": "web"}))
    started.set()
    result = run.finish()
    assert result.status == 0, result
    places = {
        name: [where for where, content in seen.items() if text.encode() in content]
        for name, text in {"key of the API": secret_key, "answer": f'"key": "{secret_key}"'}.items()
    }
    assert seen and not any(places.values()), places
