# SPDX-License-Identifier: ISC
"""A front that was taken over says to the keeper whatever it likes. What it may not do is refused,
once in the log; another front is served meanwhile, and client.keys stays what it was."""
import base64
import hashlib
import hmac
import json
import os
import signal
import socket
import struct
import subprocess
import time

import api_tools
import keeper_wire as wire
import pytest
import registrar_tools
import wazuh5_manager
from api_tools import PASSWORD, USER

REGISTRATION_PASSWORD = "the registration password"
OTHER_KEY = "f" * 64
TOKEN_ID, SECRET = "AAECAwQFBgcICQoLDA0ODw", "EBESExQVFhcYGRobHB0eHw"
TOKEN = f"{TOKEN_ID} {SECRET} 1700000000 9000000000 0 0 valid manager\n"


@pytest.fixture
def manager(tmp_path):
    """A manager's directory with two agents and a user of the API."""
    directory = tmp_path / "manager"
    registrar_tools.prepare(directory, dialect="wazuh")
    (directory / "etc" / "authd.pass").write_text(f"{REGISTRATION_PASSWORD}\n")
    (directory / "etc" / "client.keys").write_text(
        f"001 web-01 any {'1' * 64}\n002 db-01 any {'2' * 64}\n")
    (directory / "etc" / "shared" / "default").mkdir(parents=True)
    api_tools.write_users(directory, {USER: PASSWORD})
    return directory


@pytest.fixture
def keeper(manager):
    with wire.keeping(manager, "--dialect", "wazuh", "--api-port", "0") as running:
        yield running


@pytest.fixture
def honest(keeper):
    """Another front, which is served whatever the hostile one does."""
    with keeper.front() as front:
        yield front
        before = keeper.keys()
        _, name, _, key = front.register("honest")
        assert [line.split()[1] for line in keeper.keys()] == [
            *(line.split()[1] for line in before), name]
        assert key in keeper.keys()[-1]


@pytest.fixture
def hostile(keeper):
    with keeper.front() as front:
        yield front


# ------------------------------------------------------------------ what is no packet

def as_packet(body):
    return wire.packet(wire.REQUEST, 1, struct.pack("<Q", 0) + body)


MISSHAPEN = {
    "garbage": b"GET / HTTP/1.1\r\nHost: keeper\r\n\r\n",
    "a huge length": wire.HEADER.pack(0xffffffff, wire.REQUEST, 0, 1),
    "more than all agents take": wire.HEADER.pack(wire.LONGEST + 1000, wire.REQUEST, 0, 1),
    "less than a header": wire.HEADER.pack(15, wire.REQUEST, 0, 1),
    "a header with more": wire.HEADER.pack(16, wire.REQUEST, 1, 1),
}
WRONG_REQUESTS = {
    "nothing": as_packet(b""),
    "number 0": wire.packet(wire.REQUEST, 0, struct.pack("<Q", 0) + wire.registration()),
    "no such type": as_packet(bytes([wire.TYPES]) + wire.user("x")),
    "something behind it": as_packet(wire.registration() + b"x"),
    "a part of it": as_packet(wire.registration()[:-3]),
    "a NUL in a name": as_packet(wire.registration(b"web\0-02")),
    "a way that there is not": as_packet(wire.registration(way=3)),
    "force rules without a token": as_packet(wire.registration(more=b"\0" + wire.by_api("")[-10:])),
    "a text longer than the packet": as_packet(
        bytes([wire.KEY]) + wire.client() + struct.pack("<I", 0xffffffff)),
    "a token that is too long": as_packet(bytes([wire.SESSION]) + wire.user("t" * 1024)),
    "a group name that is too long": as_packet(
        bytes([wire.JOIN]) + wire.user("t") + wire.text("001") + wire.text("g" * 256) + b"\0"),
    "more agents than it names": as_packet(
        bytes([wire.REMOVE]) + wire.user("t") + b"\0" + struct.pack("<I", 0xffffffff)),
    "more ids than there may be": as_packet(
        bytes([wire.AGENTS]) + wire.user("t") + struct.pack("<BQH", 7, 0, 257) +
        257 * wire.text("1")),
    "more tokens than there may be": as_packet(
        bytes([wire.TOKEN_END]) + wire.user("t") + wire.ending(wire.REVOKE, *257 * ["1"])),
    "a way to end tokens that there is not": as_packet(
        bytes([wire.TOKEN_END]) + wire.user("t") + wire.ending(3)),
    "an id of a token that is too long": as_packet(
        bytes([wire.TOKEN_END]) + wire.user("t") + wire.ending(wire.REVOKE, 23 * "1")),
    "an address that is too long": as_packet(
        bytes([wire.TOKEN_MAKE]) + wire.user("t") + wire.making(512 * "a")),
    "a flag that is none": as_packet(
        bytes([wire.TOKEN_MAKE]) + wire.user("t") + wire.making("a", embeds_ca=2)),
}
WRONG_PACKETS = {
    "a second greeting": wire.hello(),
    "what a keeper says": wire.packet(wire.WELCOME, 0, struct.pack("<I", wire.VERSION)),
    "an answer": wire.packet(wire.ANSWER, 1, b"\0\0"),
    "news": wire.packet(wire.NEWS, 0, b"\0"),
    "no such packet": wire.packet(77, 1),
}
OFFENCES = [
    *((name, data, "it sent no packet") for name, data in MISSHAPEN.items()),
    *((name, data, "it sent a request that is none") for name, data in WRONG_REQUESTS.items()),
    *((name, data, "it sent a packet of a type that there is not")
      for name, data in WRONG_PACKETS.items()),
    ("a withdrawal that is none", wire.packet(wire.WITHDRAW, 1, b"x"),
     "it sent a withdrawal that is none"),
    ("a report that is none", wire.packet(wire.REPORT, 0, b"x"), "it sent a report that is none"),
]


@pytest.mark.parametrize("data, words", [pytest.param(*case[1:], id=case[0]) for case in OFFENCES])
def test_form(keeper, honest, hostile, data, words):
    """Whatever breaks the form ends the connection, with one line."""
    del honest
    before = keeper.keys()
    hostile.send(data)
    assert hostile.is_cut_off()
    told = [line for line in keeper.log() if " a front" in line]
    assert len(told) == 1 and f"Cut off a front: {words}" in told[0], told
    assert keeper.keys() == before


@pytest.mark.parametrize("first", [wire.hello(wire.VERSION + 1), as_packet(wire.registration()),
                                   wire.packet(wire.HELLO, 0)],
                         ids=["another version", "no greeting", "an empty greeting"])
def test_greeting(keeper, honest, first):
    before = keeper.keys()
    del honest
    with keeper.front(greet=False) as front:
        front.send(first)
        assert front.is_cut_off()
    assert keeper.keys() == before


def test_length_without_greeting(keeper, honest):
    """A stranger has no longer packet than anybody else, however many agents there are."""
    del honest
    with keeper.front(greet=False) as front:
        front.send(wire.HEADER.pack(wire.LONGEST + 1, wire.HELLO, 0, 0))
        assert front.is_cut_off()


@pytest.mark.parametrize("second", [5, 4], ids=["reused", "decreasing"])
def test_numbers(keeper, honest, hostile, second):
    del honest
    hostile.last = 4
    hostile.register("web-05")
    hostile.last = second - 1
    hostile.send(hostile.request(wire.registration("web-06")))
    assert hostile.is_cut_off()
    assert not any("web-06" in line for line in keeper.keys())


def test_half_a_packet(keeper, honest):
    """Whoever goes in between has said nothing."""
    del honest
    before = keeper.keys()
    data = wire.hello() + as_packet(wire.registration("web-07"))
    for length in range(1, len(data)):
        with keeper.front(greet=False) as front:
            front.send(data[:length])
            front.leave()
    assert keeper.keys() == before
    assert not any(" a front" in line for line in keeper.log())


# ------------------------------------------------------------------ what belongs to users

def forge(token, **claims):
    """The token with another content, and the MAC that it had."""
    head, body, mac = token.split(".")
    content = json.loads(base64.urlsafe_b64decode(body + "=="))
    body = wazuh5_manager.encode(json.dumps({**content, **claims}).encode())
    return ".".join((head, body, mac))


def with_other_key(token):
    head, body, _ = token.split(".")
    mac = hmac.new(b"a key of ours", f"{head}.{body}".encode(), hashlib.sha256).digest()
    return ".".join((head, body, wazuh5_manager.encode(mac)))


def without_algorithm(token):
    head = wazuh5_manager.encode(b'{"alg":"none","typ":"JWT"}')
    return ".".join((head, token.split(".")[1], ""))


FORGED = {
    "none": lambda token: "",
    "any text": lambda token: "x" * 1000,
    "no algorithm": without_algorithm,
    "another key": with_other_key,
    "longer": lambda token: forge(token, exp=int(time.time()) + 10 ** 6),
    "another user": lambda token: forge(token, sub="root"),
    "cut": lambda token: token[:-1],
}
OF_USERS = {"key": wire.KEY, "join": wire.JOIN, "session": wire.SESSION, "logout": wire.LOGOUT,
            "remove": wire.REMOVE, "agents": wire.AGENTS, "groups": wire.GROUPS,
            "making a token": wire.TOKEN_MAKE, "tokens": wire.TOKENS,
            "ending tokens": wire.TOKEN_END}


@pytest.fixture
def tokens_file(manager):
    """That of a manager with an enrollment token."""
    path = manager / "etc" / "enrollment.tokens"
    path.write_text(f"agent-registrar enrollment tokens 1\n{TOKEN}")
    return path


@pytest.mark.parametrize("kind", OF_USERS.values(), ids=OF_USERS)
def test_rights(tokens_file, keeper, honest, hostile, kind):
    """No user's request without a session that the keeper has made; and with one, it is one."""
    token, before = wire.log_in(honest), keeper.keys()
    for name, made in FORGED.items():
        answer = hostile.ask(wire.of_user(kind, made(token)))
        assert answer.outcome == wire.DENIED, (name, answer)
        assert b"1111" not in answer.rest and b"web-01" not in answer.rest, (name, answer)
        assert TOKEN_ID.encode() not in answer.rest and b"manager" not in answer.rest, answer
    assert keeper.keys() == before
    assert tokens_file.read_text().endswith(f"1\n{TOKEN}")
    assert hostile.ask(wire.of_user(kind, token)).outcome == wire.DECIDED


def test_wishes_for_tokens(tokens_file, keeper, honest, hostile):
    """What a front lets through is checked all the same, and a list has no secret."""
    token = wire.log_in(honest)

    def ask(kind, more):
        return hostile.ask(bytes([kind]) + wire.user(token) + more)

    for wish, fault in [
            (wire.making(""), wire.TOKEN_ADDRESS),
            (wire.making("a b"), wire.TOKEN_ADDRESS),
            (wire.making("a\nb"), wire.TOKEN_ADDRESS),
            (wire.making("a", prefix="x y"), wire.TOKEN_PREFIX),
            (wire.making("a", ttl=3650 * 86400 + 1), wire.TOKEN_TTL),
            (wire.making("a", description="a\nb"), wire.TOKEN_DESCRIPTION),
            (wire.making("a", description=129 * "x"), wire.TOKEN_DESCRIPTION),
            (wire.making("a", most=1, has_no_credential=1), wire.TOKEN_NOT_KEPT)]:
        answer = ask(wire.TOKEN_MAKE, wish)
        assert (answer.outcome, answer.fault) == (wire.DECIDED, fault), (wish, answer)
    assert tokens_file.read_text().endswith(f"1\n{TOKEN}")
    listed = ask(wire.TOKENS, struct.pack("<I", 0))
    assert TOKEN_ID.encode() in listed.rest and SECRET.encode() not in listed.rest
    assert ask(wire.TOKENS, struct.pack("<I", 2 ** 32 - 1)).rest == struct.pack("<BII", 0, 1, 0)
    ended = ask(wire.TOKEN_END, wire.ending(wire.REVOKE, "", "x\ny", TOKEN_ID, "valid"))
    assert ended.rest == struct.pack("<BI", 0, 1) + wire.text(TOKEN_ID)
    assert " revoked manager" in tokens_file.read_text()


def test_after_logout(keeper, honest, hostile):
    """A session that has passed through a front ends all the same."""
    token, before = wire.log_in(honest), keeper.keys()
    assert hostile.ask(wire.of_user(wire.KEY, token)).agent()[3] == "1" * 64
    assert honest.ask(wire.of_user(wire.LOGOUT, token)).outcome == wire.DECIDED
    for kind in OF_USERS.values():
        assert hostile.ask(wire.of_user(kind, token)).outcome == wire.DENIED
    assert keeper.keys() == before


def test_what_only_users_may(keeper, honest, hostile):
    """Id, key, and whom a new agent replaces."""
    before = keeper.keys()
    for name, made in FORGED.items():
        answer = hostile.ask(wire.by_api(made(wire.log_in(honest)), "web-01", "077", OTHER_KEY))
        assert answer.outcome == wire.DENIED, (name, answer)
    assert keeper.keys() == before
    answer = hostile.ask(wire.by_api(wire.log_in(honest), "web-03", "077", OTHER_KEY))
    assert answer.agent() == ("077", "web-03", "any", OTHER_KEY)


def test_bearers(keeper, honest, hostile):
    """The MAC is made with the password that the keeper has, and lately."""
    before, key = keeper.keys(), wazuh5_manager.derive("password", REGISTRATION_PASSWORD.encode())

    def signed(made, key=key, nonce=bytes(16)):
        claims = {"exp": made + 60, "iat": made, "jti": wazuh5_manager.encode(nonce), "nbf": made}
        parts = ({"alg": "HS256", "typ": "wazuh-enroll+jwt"}, claims)
        content = ".".join(wazuh5_manager.encode(
            json.dumps(part, separators=(",", ":"), sort_keys=True).encode()) for part in parts)
        return wire.bearer(hmac.new(key, content.encode(), hashlib.sha256).digest(), made, nonce)

    now = int(time.time())
    for wrong in (wire.bearer(), wire.bearer(os.urandom(32)), signed(now, bytes(32)),
                  signed(now - 3600), signed(now + 3600), wire.bearer(made=2 ** 64 - 1),
                  wire.bearer(key_id="001"), signed(now)[:-1] + b"x"):
        answer = hostile.ask(wire.registration("web-08", wire.BY_ENROLL, wrong))
        assert answer.outcome == wire.DENIED, answer
        assert hostile.ask(bytes([wire.BEARER]) + wire.client() + wrong).fault != 0
    assert keeper.keys() == before
    answer = hostile.ask(wire.registration("web-08", wire.BY_ENROLL, signed(now)))
    assert (answer.outcome, answer.fault) == (wire.DECIDED, wire.REGISTERED), answer


# ------------------------------------------------------------------ rules for registrations

@pytest.mark.parametrize("name", ["a\nb", "a b", "", "x", "n" * 129, "web\r01", "../../etc",
                                  "#web", "!web", "n\u00e4me", "a\x7f", "x" * 60000])
def test_names(keeper, honest, hostile, name):
    """The front has not looked at them: the keeper does."""
    del honest
    before = keeper.keys()
    answer = hostile.ask(wire.registration(name))
    assert (answer.outcome, answer.fault) == (wire.DECIDED, wire.NAME), answer
    assert keeper.keys() == before
    assert all(line.isprintable() for line in keeper.log())


@pytest.mark.parametrize("fault, fields", [
    (wire.IP, {"ip": "no address"}), (wire.IP, {"ip": "192.0.2.1\n003 x any x"}),
    (wire.BAD_GROUPS, {"groups": "a b"}), (wire.BAD_GROUPS, {"groups": "../../etc"}),
    (wire.GROUP_ABSENT, {"groups": "absent"}), (wire.BAD_GROUPS, {"groups": "g," * 30000}),
])
def test_fields(keeper, honest, hostile, fault, fields):
    del honest
    before = keeper.keys()
    answer = hostile.ask(wire.registration("web-09", **fields))
    assert (answer.outcome, answer.fault) == (wire.DECIDED, fault), answer
    assert keeper.keys() == before


def test_duplicates(keeper, honest, hostile):
    """Whom a new agent replaces, the policy says: an agent that was registered just now stays."""
    name = honest.register("web-10")[1]
    answer = hostile.ask(wire.registration(name, key_hash="0" * 40))
    assert (answer.outcome, answer.fault) == (wire.DECIDED, wire.NAME_TAKEN), answer
    assert sum(f" {name} " in line for line in keeper.keys()) == 1


def test_withdrawing_for_others(manager):
    """Numbers are a front's own."""
    api_tools.write_users(manager, {USER: PASSWORD}, log2_n=14)
    with wire.keeping(manager, "--dialect", "wazuh", "--api-port", "0") as keeper:
        with keeper.front() as honest, keeper.front() as hostile:
            honest.send(honest.request(wire.login(USER, PASSWORD)))
            for number in range(100):
                hostile.send(wire.packet(wire.WITHDRAW, number))
            assert honest.answer().fault == wire.LOGGED_IN
            hostile.register("web-11")


def test_never_reloading(manager, keeper, hostile):
    """It does not hold up the reload: it is cut off, and told in one line."""
    hostile.register("web-12")
    (manager / "notify.sock").unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.settimeout(registrar_tools.PATIENCE)
        systemd.bind(str(manager / "notify.sock"))
        keeper.process.send_signal(signal.SIGHUP)
        while not systemd.recv(4096).startswith(b"RELOADING=1"):
            pass
        while b"READY=1" not in systemd.recv(4096):
            pass
    hostile.next()  # the news
    assert hostile.is_cut_off()
    assert [line for line in keeper.log() if "Cut off" in line] == [
        "agent-registrar: error: Cut off a front: it has not reloaded in time"]
    with keeper.another_front() as honest:
        honest.register("web-13")


def test_strangers_do_not_fill_the_log(manager):
    """At keeper.sock, where whoever may write there can connect."""
    if os.geteuid() != 0:
        pytest.skip("being another user needs root")
    with wire.keeping(manager, "--dialect", "wazuh") as keeper:
        keeper.path.chmod(0o666)
        manager.chmod(0o711)
        stranger = subprocess.run(
            ["/usr/bin/python3", "-c", "import socket\nfor _ in range(100):\n"
             "    s = socket.socket(socket.AF_UNIX)\n    s.connect('keeper.sock')\n    s.recv(1)"],
            cwd=manager, user=65534, group=65534, extra_groups=[], check=False)
        assert stranger.returncode == 0
    refused = [line for line in keeper.lines if "Refused a connection of the user 65534" in line]
    assert 1 <= len(refused) <= 30  # 10 in five seconds
    assert any("more fronts were refused or cut off" in line for line in keeper.lines)
