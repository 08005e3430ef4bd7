# SPDX-License-Identifier: ISC
"""The keys that managers answer with, in every way they can cut them up, and what is none."""
import pytest
from machine import KEY, PATIENCE, reply
from fake_manager import answer, in_records

# ------------------------------------------------------------------ how the bytes arrive

DELIVERIES = {
    "one record": [reply()],
    "OSSEC's two newlines": [reply(tail="\n\n")],
    "newlines in a record of their own": [reply(), b"\n\n"],
    "newlines in front": [b"\n\n" + reply()],
    "two records": [reply()[:20], reply()[20:]],
    "split inside the prefix": [b"OSS", reply()[3:]],
    "split behind the quote": [b"OSSEC K:'", reply()[9:]],
    "closing quote alone": [reply()[:-1], b"'"],
    "records of one byte": in_records(reply(), 1),
    "empty records between": [b"", reply()[:10], b"", reply()[10:], b""],
    "key then an error": [reply(), b"ERROR: Unable to add agent"],
    "key and an error glued": [reply() + b"ERROR: Unable to add agent"],
    "two keys": [reply(), reply(id="002", key="f" * 64)],
    "two keys glued": [reply() + reply(id="002", key="f" * 64)],
    "key then a megabyte": [reply(), *[b"x" * 16384] * 64],
    "key then NUL bytes": [reply() + b"\0\0\0"],
}


@pytest.mark.parametrize("ending", ["close", "close_notify", "reset", "open"])
@pytest.mark.parametrize("records", DELIVERIES.values(), ids=DELIVERIES.keys())
def test_key(machine, start_manager, records, ending):
    machine.registers(manager=start_manager(answer(*records, ending=ending)))


@pytest.mark.parametrize("size", [1, 7, 50])
def test_key_in_tcp_segments(machine, start_manager, size):
    """Each segment is read before the next one is sent."""
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        conversation.segment = size
        conversation.send(reply())
        conversation.finish()
    machine.registers(manager=start_manager(script), within=PATIENCE)


def test_whole_session_in_tcp_segments(machine, start_manager):
    """The handshake as well."""
    def script(conversation):
        conversation.segment = 50
        answer(reply())(conversation)
    machine.registers(manager=start_manager(script), within=PATIENCE)


def test_key_in_records_that_are_read_one_by_one(machine, start_manager):
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        for record in in_records(reply(), 10):
            conversation.send(record)
            conversation.wait_until_read()
        conversation.finish()
    machine.registers(manager=start_manager(script))


def test_key_before_the_request_was_read(machine, start_manager):
    """A manager that answers and resets without having read anything: the answer counts if it
    was delivered."""
    def script(conversation):
        conversation.handshake()
        conversation.send(reply())
        conversation.finish()
    machine.registers(manager=start_manager(script))


# ------------------------------------------------------------------ what the record says

OTHER_RECORDS = {
    "id of 8 digits": reply(id="12345678"),
    "id of 1 digit": reply(id="7"),
    "id 000": reply(id="000"),
    "address": reply(ip="10.1.2.3"),
    "network": reply(ip="10.1.2.0/24"),
    "dotted mask": reply(ip="10.1.2.0/255.255.255.0"),
    "ipv6": reply(ip="2001:0DB8:0000:0000:0000:0000:0000:0001"),
}


@pytest.mark.parametrize("record", OTHER_RECORDS.values(), ids=OTHER_RECORDS.keys())
def test_valid_record(machine, start_manager, record):
    result = machine.registers(record[9:-1].decode() + "\n", manager=start_manager(answer(record)))
    assert result.failures == []


UNUSUAL_KEYS = {
    "128 characters": "k" * 128,
    "not hexadecimal": "g" * 64,
    "65 digits": "0" * 65,
}


@pytest.mark.parametrize("key", UNUSUAL_KEYS.values(), ids=UNUSUAL_KEYS.keys())
def test_unusual_key_is_stored_with_a_warning(machine, start_manager, key):
    result = machine.registers(f"001 web-01 any {key}\n",
                               manager=start_manager(answer(reply(key=key))))
    assert "64 hexadecimal digits" in result.failure and result.warnings
    assert key not in result.failure


# Words that programs print for "nothing", and what else is beside a key in such answers.
NO_KEYS = ["null", "None", "undefined", "false", "-", "ab", "A-Z.a_z.0-9", "<nil>", KEY[:63],
           "5f0c0c1e-7a1e-4f0e-9d6b-1a2b3c4d5e6f", "k" * 129]


@pytest.mark.parametrize("key", NO_KEYS)
def test_what_no_manager_generates_is_no_key(machine, start_manager, key):
    machine.fails("protocol-error", "the key is not", manager=start_manager(answer(reply(key=key))))


@pytest.mark.parametrize("address", ["10.0.0.0/08", "10.0.0.0/00", "::1/032", "64:ff9b::1.2.3.4"])
def test_address_that_ends_the_agent_is_refused(machine, start_manager, address):
    machine.fails("protocol-error", "the address is neither",
                  manager=start_manager(answer(reply(ip=address))))


def test_name_with_a_leading_dot_is_refused(machine, start_manager):
    machine.fails("protocol-error", "begins with a dot",
                  manager=start_manager(answer(reply(name=".web"))))


def test_upper_case_key_is_usual(machine, start_manager):
    result = machine.registers(f"001 web-01 any {'AB' * 32}\n",
                               manager=start_manager(answer(reply(key="AB" * 32))))
    assert result.failures == []


def test_renamed_agent_is_stored_with_a_warning(machine, start_manager):
    """OSSEC's manager glues a number to a name that is taken."""
    manager = start_manager(answer(reply(name="web-012", id="1024")))
    result = machine.registers(f"1024 web-012 any {KEY}\n", manager=manager)
    assert "web-012" in result.failure and "not as web-01 " in result.failure and result.warnings
    assert result.state["agent_name"] == "web-012"


BAD_RECORDS = {
    "empty": b"",
    "1 field": b"001",
    "3 fields": b"001 web-01 any",
    "5 fields": f"001 web-01 any {KEY} more".encode(),
    "blank behind": f"001 web-01 any {KEY} ".encode(),
    "two blanks": f"001  web-01 any {KEY}".encode(),
    "tabs": f"001\tweb-01\tany\t{KEY}".encode(),
    "no id": f" web-01 any {KEY}".encode(),
    "id of 9 digits": f"123456789 web-01 any {KEY}".encode(),
    "id with letters": f"0x1 web-01 any {KEY}".encode(),
    "negative id": f"-01 web-01 any {KEY}".encode(),
    "name of 1 character": f"001 w any {KEY}".encode(),
    "name of 129 characters": f"001 {'w' * 129} any {KEY}".encode(),
    "removed name": f"001 !web-01 any {KEY}".encode(),
    "name with a slash": f"001 ../../web any {KEY}".encode(),
    "name in UTF-8": f"001 wäb any {KEY}".encode(),
    "address": f"001 web-01 foo {KEY}".encode(),
    "address with a hash": f"001 web-01 #10.0.0.1 {KEY}".encode(),
    "address 256": f"001 web-01 10.0.0.256 {KEY}".encode(),
    "prefix 33": f"001 web-01 10.0.0.0/33 {KEY}".encode(),
    "key of 1 character": b"001 web-01 any k",
    "key of 129 characters": f"001 web-01 any {'k' * 129}".encode(),
    "key with a colon": f"001 web-01 any {KEY[:-1]}:".encode(),
    "newline in the key": f"001 web-01 any {KEY[:30]}\n{KEY[30:]}".encode(),
    "carriage return behind": f"001 web-01 any {KEY}\r".encode(),
    "NUL inside": f"001 web-01 any {KEY[:30]}\0{KEY[30:]}".encode(),
    "NUL behind the id": f"001\0 web-01 any {KEY}".encode(),
    "second line": f"001 web-01 any {KEY}\n002 evil any {KEY}".encode(),
}


@pytest.mark.parametrize("record", BAD_RECORDS.values(), ids=BAD_RECORDS.keys())
def test_invalid_record(machine, start_manager, record):
    machine.install_key()
    result = machine.fails("protocol-error",
                           manager=start_manager(answer(b"OSSEC K:'" + record + b"'")), force=True)
    assert KEY[:30] not in result.failure


# ------------------------------------------------------------------ not the protocol

NOT_THE_PROTOCOL = {
    "no closing quote": ([reply()[:-1]], "truncated"),
    "cut in the key": ([reply()[:40]], "truncated"),
    "cut in the prefix": ([b"OSSEC K"], "OSSEC K"),
    "text in front": ([b"hello " + reply()], "an invalid byte"),
    "HTTP": ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], r"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "lower case": ([b"ossec k:'001 web-01 any abc'"], "ossec"),
    "NUL bytes": ([b"\0" * 100], r"\x00\x00"),
    "NUL first": ([b"\0" + reply()], "key"),
    "escape codes": ([b"\x1b[31mred\x07"], r"\x1b[31mred\x07"),
    "only newlines": ([b"\n\n\n"], "did not respond in the authd protocol"),
    "ERROR without a colon": ([b"ERROR out of order"], "ERROR out of order"),
}


@pytest.mark.parametrize("ending", ["close", "close_notify", "reset"])
@pytest.mark.parametrize("records, word", NOT_THE_PROTOCOL.values(), ids=NOT_THE_PROTOCOL.keys())
def test_not_the_protocol(machine, start_manager, records, word, ending):
    machine.install_key()
    machine.fails("protocol-error", word, manager=start_manager(answer(*records, ending=ending)),
                  force=True)


ENDLESS = {
    "junk": (b"", "protocol-error"),
    "newlines": (b"\n", "protocol-error"),
    "a key": (b"OSSEC K:'", "protocol-error"),
    "an error": (b"ERROR: ", "refused"),
}


@pytest.mark.parametrize("begin, outcome", ENDLESS.values(), ids=ENDLESS.keys())
def test_a_megabyte_in_one_line(machine, start_manager, begin, outcome):
    filler = begin if begin == b"\n" else b"x"
    records = [begin + filler * 16000, *[filler * 16384] * 63]
    machine.install_key()
    result = machine.fails(outcome, manager=start_manager(answer(*records)), force=True)
    assert len(result.failure) < 1000
