# SPDX-License-Identifier: ISC
"""What managers answer, in every way they can cut it up, and what becomes of it."""
import re
import ssl

import pytest
from machine import EXIT_CODES, KEY, OLD_LINE, PATIENCE, PROMPT, reply
from fake_manager import answer, end

UNABLE = b"ERROR: Unable to add agent"

# ------------------------------------------------------------------ how the bytes arrive


def in_records(data, size):
    return [data[i:i + size] for i in range(0, len(data), size)]


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


# ------------------------------------------------------------------ errors

# Every text that OSSEC and Wazuh 2 to 5 send behind "ERROR: ", and what it means (reference:
# os_auth/auth.c, agent_op.c, main-server.c).
ERRORS = [
    ("Invalid password", "refused"),
    ("Invalid request for new agent", "refused"),
    ("Invalid agent name: web-01", "refused"),
    ("Unterminated version field", "refused"),
    ("Unterminated group field", "refused"),
    ("Unterminated IP field", "refused"),
    ("Unterminated key field", "refused"),
    ("Agent version must be lower or equal to manager version", "refused"),
    ("Invalid group name: Empty Group", "refused"),
    ("Invalid group name: gggg... group is too large", "refused"),
    ("Invalid group name: gggg... multigroup is too large", "refused"),
    ("Invalid group name: a b... white spaces are not allowed", "refused"),
    ("Invalid group name: a,,b... consecutive ',' are not allowed", "refused"),
    ("Invalid group name: we b... characters '\\/:*?\"<>|,' are prohibited", "refused"),
    ("Invalid group name: ,a... cannot start or end with ','", "refused"),
    ("Invalid group: nope", "refused"),
    ("Maximum multigroup reached: Limit is 128", "refused"),
    ("Insuficient memory", "busy"),
    ("Invalid IP: foo", "refused"),
    ("Invalid IP address: foo", "duplicate"),
    ("Invalid IP address: 1024", "duplicate"),
    ("Duplicate IP: 10.0.0.1", "duplicate"),
    ("Duplicated IP: 10.0.0.1", "duplicate"),
    ("Duplicate agent name: web-01", "duplicate"),
    ("Duplicated agent name: web-01", "duplicate"),
    ("Internal manager error adding agent: web-01", "busy"),
    ("Internal manager error setting agent centralized group: web", "busy"),
    ("The maximum number of agents has been reached", "busy"),
    ("Internal validation error", "busy"),
    ("Cannot comunicate with master", "busy"),
    ("Invalid message format", "refused"),
    ("Duplicate name", "duplicate"),
    ("Duplicate IP", "duplicate"),
    ("Duplicate ID", "duplicate"),
    ("Invalid Group(s) Name(s)", "refused"),
    ("Issue generating key", "busy"),
    ("Maximum number of agents reached", "busy"),
    ("Agent limit (5) reached", "busy"),
    ("Enrollment password not available", "busy"),
    ("Something nobody has heard of", "refused"),
    ("", "refused"),
]


@pytest.mark.parametrize("text, outcome", ERRORS, ids=[text or "(empty)" for text, _ in ERRORS])
def test_error_text(machine, start_manager, text, outcome):
    """As managers from 4.13 on say it: one record, close_notify."""
    machine.install_key()
    manager = start_manager(
        answer(f"ERROR: {text}. Unable to add agent".encode(), ending="close_notify")
    )
    result = machine.fails(outcome, manager.address, text.replace("\\", "\\\\"), manager=manager,
                           force=True)
    assert len(manager.requests) == 1
    assert result.errors if outcome == "refused" else result.warnings


def test_every_known_text_but_the_last_names_a_remedy(machine, start_manager):
    """A sample: the remedy stands behind the manager's words."""
    manager = start_manager(answer(b"ERROR: Invalid group: nope. Unable to add agent"))
    result = machine.fails("refused", "Invalid group: nope. Unable to add agent -- ",
                           manager=manager)
    assert "groups" in result.failure.split(" -- ")[1]


ERROR_FORMS = {
    "one record (4.13)": [b"ERROR: Invalid group: x. Unable to add agent"],
    "two records (4.12)": [b"ERROR: Invalid group: x", UNABLE],
    "two records glued (4.12)": [b"ERROR: Invalid group: x" + UNABLE],
    "two records with newlines (OSSEC)": [b"ERROR: Invalid group: x\n\n", UNABLE + b".\n\n"],
    "glued with newlines (OSSEC)": [b"ERROR: Invalid group: x\n\n" + UNABLE + b".\n\n"],
    "records of one byte": in_records(b"ERROR: Invalid group: x\n\n", 1),
    "split inside the prefix": [b"ERR", b"OR: Invalid group: x\n"],
    "error then key": [b"ERROR: Invalid group: x\n", reply()],
    "error and key glued": [b"ERROR: Invalid group: x\n" + reply()],
    "error then key, no newline": [b"ERROR: Invalid group: x", reply()],
    "error and key glued, no newline": [b"ERROR: Invalid group: x" + reply()],
}


@pytest.mark.parametrize("ending", ["close", "close_notify", "reset"])
@pytest.mark.parametrize("records", ERROR_FORMS.values(), ids=ERROR_FORMS.keys())
def test_error_form(machine, start_manager, records, ending):
    machine.install_key()
    manager = start_manager(answer(*records, ending=ending))
    result = machine.fails("refused", "says: Invalid group: x", manager=manager, force=True)
    assert KEY[:8] not in result.failure
    assert re.search(r"Invalid group: x(\. Unable to add agent)? -- ", result.failure), result


def test_error_with_a_key_for_a_text(machine, start_manager):
    machine.fails("refused", manager=start_manager(answer(b"ERROR: " + reply())))


@pytest.mark.parametrize("text", [b"Invalid group: x", b"Invalid group: x\n"],
                         ids=["without", "with"])
def test_error_and_then_silence(machine, start_manager, text):
    """An error text without its newline may still grow; that is waited for only shortly."""
    manager = start_manager(answer(b"ERROR: " + text, ending="open"))
    machine.fails("refused", "Invalid group: x", manager=manager,
                  settings={"manager.attempt_timeout": "20 s"})


def test_unknown_error_is_escaped_and_cut(machine, start_manager):
    text = b"\x1b]0;owned\x07 100% %s %n \\ \xc3\xa4" + b"y" * 5000 + b"\n"
    result = machine.fails("refused", r"\x1b]0;owned\x07 100% %s %n \\ \xc3\xa4yyy",
                           manager=start_manager(answer(b"ERROR: " + text)))
    assert result.failure.endswith("y...")


# ------------------------------------------------------------------ no answer

SILENT_ENDINGS = {
    "closed": lambda conversation: conversation.finish(),
}


@pytest.mark.parametrize("ending", SILENT_ENDINGS.values(), ids=SILENT_ENDINGS.keys())
@pytest.mark.parametrize(
    "password, words",
    [(None, "usually it requires a password"),
     ("TopSecret", "password_file is wrong, or it requires none")],
    ids=["without a password", "with a password"],
)
def test_silent_close_is_taken_for_a_wrong_password(machine, start_manager, ending, password,
                                                    words):
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        ending(conversation)
    machine.install_key()
    settings = {"auth.password_file": machine.password(password)} if password else {}
    machine.fails("refused", "without a response", words, manager=start_manager(script), force=True,
                  settings=settings)


@pytest.mark.parametrize("version, named", [(ssl.TLSVersion.TLSv1_2, False),
                                            (ssl.TLSVersion.TLSv1_3, True)])
def test_silent_close_of_what_is_no_ossec(machine, start_manager, version, named):
    """OSSEC has no TLS 1.3: then it may also be a load balancer in front of a manager."""
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        end(conversation, "close")
    result = machine.fails("refused", "usually it requires a password",
                           manager=start_manager(script, lowest=version, highest=version))
    assert ("load balancer" in result.failure) is named, result


@pytest.mark.parametrize("password", [None, "TopSecret"])
def test_silent_close_notify_is_no_wrong_password(machine, start_manager, password):
    """No manager sends it without a text; a load balancer that terminates TLS may."""
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        end(conversation, "close_notify")
    settings = {"auth.password_file": machine.password(password)} if password else {}
    result = machine.fails("refused", "load balancer or proxy in front of it terminates TLS",
                           manager=start_manager(script), settings=settings)
    assert "password_file" not in result.failure


def test_reset_is_no_refusal(machine, start_manager):
    """Managers close in an orderly way when the password is wrong; a reset is trouble on the
    way, and soon tried again."""
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        conversation.reset()
    machine.install_key()
    machine.fails("busy", "reset the connection", manager=start_manager(script), force=True)


def test_request_that_comes_back_is_not_shown(machine, start_manager):
    """An echo server behind the address: its answer holds the password."""
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        conversation.send(conversation.request)
        conversation.finish()
    settings = {"auth.password_file": machine.password("TopSecretPassword")}
    machine.fails("protocol-error", "echoes our credentials", manager=start_manager(script),
                  settings=settings)


def before_tls(conversation):
    conversation.finish()


def reset_before_tls(conversation):
    conversation.socket.recv(65536)
    conversation.reset()


def amid_the_handshake(conversation):
    conversation.socket.recv(65536)
    conversation.socket.sendall(b"\x16\x03\x03\x00\x7a\x02\x00")
    conversation.finish()


EARLY_ENDINGS = {
    "closed before TLS": (before_tls, "busy", "during the TLS handshake"),
    "reset before TLS": (reset_before_tls, "busy", "Connection reset"),
    "closed amid the handshake": (amid_the_handshake, "busy", "during the TLS handshake"),
}


@pytest.mark.parametrize("script, outcome, words", EARLY_ENDINGS.values(), ids=EARLY_ENDINGS.keys())
def test_end_before_the_request(machine, start_manager, script, outcome, words):
    machine.install_key()
    machine.fails(outcome, words, manager=start_manager(script), force=True)


def close_after_the_handshake(conversation):
    conversation.handshake()
    conversation.close_notify()
    conversation.finish()


def reset_after_the_handshake(conversation):
    conversation.handshake()
    conversation.reset()


@pytest.mark.parametrize("script", [close_after_the_handshake, reset_after_the_handshake])
def test_end_right_after_the_handshake(machine, start_manager, script):
    """Whether the request was already out is a matter of luck; nothing else is."""
    machine.install_key()
    before = machine.snapshot()
    result = machine.register(manager=start_manager(script), force=True)
    assert result.state["last_outcome"] in ("busy", "refused"), result
    assert result.status == EXIT_CODES[result.state["last_outcome"]]
    assert "closed the connection" in result.failure or "reset the connection" in result.failure
    assert result.seconds < PROMPT
    assert machine.snapshot() == before


@pytest.mark.parametrize(
    "greeting",
    [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 64],
    ids=["ssh", "http", "zeros"],
)
def test_not_tls(machine, start_manager, greeting):
    def script(conversation):
        conversation.socket.recv(65536)
        conversation.socket.sendall(greeting)
        conversation.finish()
    machine.install_key()
    machine.fails("protocol-error", "does not speak TLS", "port", manager=start_manager(script),
                  force=True)


def test_damaged_record(machine, start_manager):
    """A byte that changed on its way: nothing of the answer is believed."""
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        conversation.tls.write(reply())
        record = bytearray(conversation.outgoing.read())
        record[-1] ^= 1
        conversation.socket.sendall(record)
        conversation.wait_for_end()
    machine.install_key(OLD_LINE)
    machine.fails("protocol-error", "Cannot read from", manager=start_manager(script), force=True)
