# SPDX-License-Identifier: ISC
"""What the client sends: one record, one line, the fields in the order that managers look for
them."""
import hashlib
import ssl

import pytest
from machine import KEY, OLD_KEY, reply
from fake_manager import answer

# What is configured, and the line that goes out. Where agent-auth sends the same, the case has the
# name that agent-auth's option has.
REQUESTS = {
    "plain": ({}, "OSSEC A:'web-01'"),
    "group": ({"agent.groups": "web,db"}, "OSSEC A:'web-01' G:'web,db'"),
    "groups line by line": ({"agent.groups": ["web", "db"]}, "OSSEC A:'web-01' G:'web,db'"),
    "network": ({"agent.ip": "10.0.0.0/24"}, "OSSEC A:'web-01' IP:'10.0.0.0/24'"),
    "any": ({"agent.ip": "any"}, "OSSEC A:'web-01' IP:'any'"),
    "ipv6": ({"agent.ip": "2001:db8::1"}, "OSSEC A:'web-01' IP:'2001:db8::1'"),
    "src": ({"agent.ip": "src"}, "OSSEC A:'web-01' IP:'src'"),
    "version": ({"agent.version": "v4.14.5"}, "OSSEC A:'web-01' V:'v4.14.5'"),
    "all": ({"agent.ip": "src", "agent.groups": "web", "agent.version": "v4.14.5"},
            "OSSEC A:'web-01' V:'v4.14.5' G:'web' IP:'src'"),
    "128 groups": (
        {"agent.groups": ",".join(f"group-number-{i}" for i in range(128))},
        "OSSEC A:'web-01' G:'" + ",".join(f"group-number-{i}" for i in range(128)) + "'",
    ),
}


@pytest.mark.parametrize("settings, line", REQUESTS.values(), ids=REQUESTS.keys())
def test_request_is_one_record(machine, start_manager, settings, line):
    manager = start_manager()
    machine.registers(manager=manager, settings=settings)
    assert manager.conversation.records == [line.encode() + b"\n"]


PASSWORDS = {
    "plain": ("TopSecret", "TopSecret"),
    "newline": ("TopSecret\n", "TopSecret"),
    "blanks": (" a b ", " a b "),
    "quote": ("a'b c", "a'b c"),
    "bytes": (b"p\xc3\xa4ss\xff", b"p\xc3\xa4ss\xff"),
    "looks like the name": ("x OSSEC A:'other'", "x OSSEC A:'other'"),
    "longest": ("p" * 4094, "p" * 4094),
}


@pytest.mark.parametrize("text, sent", PASSWORDS.values(), ids=PASSWORDS.keys())
def test_password(machine, start_manager, text, sent):
    manager = start_manager()
    machine.registers(manager=manager, settings={"auth.password_file": machine.password(text)})
    sent = sent if isinstance(sent, bytes) else sent.encode()
    assert manager.conversation.records == [b"OSSEC PASS: " + sent + b" OSSEC A:'web-01'\n"]


def test_request_of_16_kilobytes_is_one_record(machine, start_manager):
    """All groups, a long password and a long name still go out as one record."""
    groups = ",".join(f"{i:03}" + "g" * 86 for i in range(126))
    manager = start_manager()
    machine.registers(
        manager=manager,
        name="n" * 127,
        settings={
            "agent.groups": groups,
            "agent.ip": "src",
            "auth.password_file": machine.password("p" * 4000),
        },
    )
    assert len(manager.conversation.records) == 1
    assert len(manager.conversation.request) > 15000
    assert manager.conversation.request.endswith(b" IP:'src'\n")


def test_request_that_no_record_holds(machine, start_manager):
    groups = ",".join(f"{i:03}" + "g" * 120 for i in range(128))
    manager = start_manager()
    machine.fails("misconfigured", "exceeds", "groups", manager=manager, settings={
        "agent.groups": groups, "auth.password_file": machine.password("p" * 4000)})
    assert manager.requests == []


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3],
                         ids=["TLSv1.2", "TLSv1.3"])
def test_one_record_in_each_tls_version(machine, start_manager, version):
    manager = start_manager(lowest=version, highest=version)
    machine.registers(manager=manager)
    assert (
        manager.conversation.version
        == {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}[version]
    )
    assert manager.conversation.records == [b"OSSEC A:'web-01'\n"]


# The key on disk, and whether its hash is sent when a new one is asked for.
OLD_FILES = {
    "a key": (f"007 web-01 any {OLD_KEY}\n", f"007web-01{OLD_KEY}"),
    "of another name": (f"012 old-name 10.0.0.1 {OLD_KEY}\n", f"012old-name{OLD_KEY}"),
    "known answer": (
        "001 test_user any 48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db\n",
        "001test_user48a99873149358e48b13273c4ad07c44ed402bcb71fc94869f3e76b2f27637db",
    ),
    "without a newline": (f"007 web-01 any {OLD_KEY}", f"007web-01{OLD_KEY}"),
    "two entries": (f"007 web-01 any {OLD_KEY}\n008 web-02 any {KEY}\n", f"007web-01{OLD_KEY}"),
    "a removed entry in front": (f"001 !gone any {KEY}\n007 web-01 any {OLD_KEY}\n",
                                 f"007web-01{OLD_KEY}"),
    "only a comment": ("# nothing\n", None),
    "empty": ("", None),
    "torn": ("007 web-01 an", None),
}


@pytest.mark.parametrize("old, hashed", OLD_FILES.values(), ids=OLD_FILES.keys())
def test_hash_of_the_old_key(machine, start_manager, old, hashed):
    manager = start_manager()
    machine.install_key(old)
    machine.registers(manager=manager, force=True)
    field = f" K:'{hashlib.sha1(hashed.encode()).hexdigest()}'" if hashed else ""
    assert manager.conversation.records == [f"OSSEC A:'web-01'{field}\n".encode()]


def test_known_hash(machine, start_manager):
    manager = start_manager()
    machine.install_key(OLD_FILES["known answer"][0])
    machine.registers(manager=manager, force=True)
    assert b" K:'504f2f52d0e9d5fd9a12875aa86fa588dab2a43e'\n" in manager.conversation.request


def test_all_fields_in_their_order(machine, start_manager):
    manager = start_manager()
    machine.install_key()
    machine.registers(manager=manager, force=True, settings={
        "agent.ip": "src", "agent.groups": "web", "agent.version": "v4.14.5",
        "auth.password_file": machine.password("TopSecret")})
    digest = hashlib.sha1(f"007web-01{OLD_KEY}".encode()).hexdigest()
    line = f"OSSEC PASS: TopSecret OSSEC A:'web-01' V:'v4.14.5' G:'web' IP:'src' K:'{digest}'\n"
    assert manager.conversation.records == [line.encode()]


def test_server_name_goes_out_for_names_only(machine, start_manager):
    manager = start_manager()
    machine.registers(manager=f"localhost:{manager.port}")
    assert manager.conversation.sni == "localhost"


def test_no_server_name_for_addresses(machine, start_manager):
    manager = start_manager()
    machine.registers(manager=manager)
    assert manager.conversation.sni is None


def test_failover_in_the_order_of_the_configuration(machine, start_manager):
    busy = start_manager(
        answer(b"ERROR: Internal manager error adding agent: web-01. Unable to add agent")
    )
    good, unasked = start_manager(answer(reply())), start_manager()
    result = machine.registers(manager=[busy, good, unasked])
    assert [len(each.requests) for each in (busy, good, unasked)] == [1, 1, 0]
    assert result.state["manager"] == good.address
    assert len(result.failures) == 1 and busy.address in result.failure
