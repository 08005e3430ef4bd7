# SPDX-License-Identifier: ISC
"""Replays what real managers were sent, and compares with what they answered
(tests/data/*-authd.jsonl).

Ids and keys are normalised. Every recorded case is replayed, or differs on purpose, or is left
out: the last two are listed here, each with its reason."""

import json
import re
import socket
import ssl

import pytest

from registrar_tools import DATA, KEY, PATIENCE, serving

VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}

# ------------------------------------------------------------------ on purpose

GRAMMAR = "Wazuh's fields are understood in both dialects"
RECORDS = "requests in several records work"
LINE = "a request ends at its newline, so a name cannot hold one"
WAITS = "waits for the rest of the request"
UNTERMINATED = "a request without newline is answered"
TLS13 = "TLS 1.3 is offered as well"
PASSWORD_FILE = "refuses such a password file at the start"
ONE_CHARACTER = "a password of one character is a password"
NAME_129 = "a renamed duplicate does not grow beyond 128 characters, which the agent would refuse"

DIFFERENT = {  # (recording, authd, case): (records, reason)
    ("ossec", "-n", "IP suffix (wazuh style)"): (["OSSEC K:'ID wz2 10.0.0.9 KEY'\n\n"], GRAMMAR),
    ("ossec", "-n", "split into two TLS records no delay"): (
        ["OSSEC K:'ID split1 any KEY'\n\n"],
        RECORDS,
    ),
    ("ossec", "-n", "split into two TLS records 0.3s"): (
        ["OSSEC K:'ID split2 any KEY'\n\n"],
        RECORDS,
    ),
    ("ossec", "-n", "split, first piece 1 byte"): (["OSSEC K:'ID split3 any KEY'\n\n"], RECORDS),
    ("ossec", "-n", "name 128 chars #2 (dup => 129)"): (
        ["ERROR: Invalid agent name: " + "q" * 128 + "\n\n", "ERROR: Unable to add agent.\n\n"],
        NAME_129,
    ),
    ("ossec", "-n", "newline in name"): ([], LINE),
    ("ossec", "-n", "TLS1.3 only"): (["OSSEC K:'ID t13 any KEY'\n\n"], TLS13),
    ("wazuh", "v4.14.5 default(template)", "no newline (one record), wait 6 s"): (
        ["OSSEC K:'ID web-03 any KEY'"],
        UNTERMINATED,
    ),
    ("wazuh", "v4.14.5 default(template)", "no newline, client half-closes TCP after the request"):
    # "web-03" is registered by now, because of the case above
    (["ERROR: Duplicate agent name: web-03. Unable to add agent"], UNTERMINATED),
    ("wazuh", "v4.14.5 groups in db", "two TLS records in ONE TCP segment"): (
        ["OSSEC K:'ID seg-two any KEY'"],
        RECORDS,
    ),
    ("wazuh", "v4.14.5 groups in db", "two TLS records in ONE TCP segment, TLS1.2"): (
        ["OSSEC K:'ID seg-two12 any KEY'"],
        RECORDS,
    ),
    ("wazuh", "v4.14.5 password of 1 char", "PASS: 'x'"): (
        ["OSSEC K:'ID pw-0 any KEY'"],
        ONE_CHARACTER,
    ),
    ("wazuh", "v4.14.5 password of 1 char", "PASS: ''"): (
        ["ERROR: Invalid password. Unable to add agent"],
        ONE_CHARACTER,
    ),
}
LEFT_OUT = {  # (recording, case): reason
    (
        "ossec",
        "idle after handshake (no data)",
    ): "takes 30 s; test_registrar_load.py has the deadline",
    ("ossec", "partial then idle"): WAITS + "; test_registrar_load.py has the deadline",
    ("ossec", "empty TLS record then idle"): WAITS + "; test_registrar_load.py has the deadline",
    ("wazuh", "empty record then wait"): WAITS + "; test_registrar_load.py has the deadline",
    ("wazuh", "client closes TCP immediately after the request"): "test_registrar_protocol.py",
    (
        "wazuh",
        "client sends close_notify immediately after the request",
    ): "test_registrar_protocol.py",
    ("wazuh", "plain TCP, no TLS"): "test_registrar_protocol.py",
    ("wazuh", "after the closes: client.keys / wazuh-db"): "a look at the files, no exchange",
    ("wazuh", "LOCAL SOCKET"): "the manager's own socket is not authd's network protocol",
    (
        "wazuh",
        "next id after an inserted id 5000",
    ): "follows from the local socket; test-roster has it",
    (
        "wazuh",
        "TLS1.2 AES128-SHA (RSA kx)",
    ): "needs an RSA certificate; the one made by --init is ECDSA",
    (
        "wazuh",
        "TLS1.2 ECDHE-RSA-CHACHA20",
    ): "needs an RSA certificate; the one made by --init is ECDSA",
}
LEFT_OUT_SETUPS = {  # (recording, authd): reason
    ("ossec", "-n -v ca.crt"): "test_registrar_tls.py",
    ("wazuh", "v4.14.5 password file CRLF"): PASSWORD_FILE + "; test_registrar_options.py",
    ("wazuh", "v4.14.5 use_password, no file"): PASSWORD_FILE + "; test_registrar_options.py",
    ("wazuh", "v4.14.5 use_password, file = newline"): PASSWORD_FILE
    + "; test_registrar_options.py",
    (
        "wazuh",
        "v4.14.5 force default",
    ): "the old agents' ages come from wazuh-db; test_registrar_force.py has them all",
    (
        "wazuh",
        "v4.14.5 force times 0",
    ): "the hash belongs to a recorded key; test_registrar_force.py has it",
    ("wazuh", "v4.14.5 ssl_agent_ca, verify_host no"): "test_registrar_tls.py",
    ("wazuh", "v4.14.5 ssl_agent_ca, verify_host yes"): "test_registrar_tls.py",
    ("wazuh", "v4.14.5 disabled yes BUT started with -f (which overrides it)"): "no such option",
    ("wazuh", "v4.14.5 default"): "idle connections: test_registrar_load.py",
    ("wazuh", "v4.14.5 kill -9 right after the reply"): "test_registrar_durability.py",
    ("wazuh", "v4.14.5 wazuh-db down"): "there is no wazuh-db",
}

SETUPS = {  # (recording, authd): arguments
    ("ossec", "-n"): ["-n"],
    ("ossec", "-n -i"): ["-n", "-i"],
    ("ossec", "-n (keys file holds fixed-IP entries)"): ["-n"],
    ("ossec", "-n, 2047 of 2048 ids used"): ["-n", "--max-agents", "2048"],
    ("ossec", "authd.pass='s3cret\\n'"): "s3cret\n",
    ("wazuh", "v4.14.5 default(template)"): ["-n", "--manager-version", "v4.14.5"],
    ("wazuh", "v4.14.5 groups in db"): ["-n"],
    ("wazuh", 'v4.14.5 password "s3cret"'): "s3cret\n",
    ("wazuh", "v4.14.5 password file 2 lines"): "s3cret\nsecond line\n",
    ("wazuh", "v4.14.5 password with spaces and quotes"): "it's a pass phrase\n",
    ("wazuh", "v4.14.5 password file without newline"): "s3cret",
    ("wazuh", "v4.14.5 password file trailing blank"): "s3cret \n",
    ("wazuh", "v4.14.5 password of 1 char"): "x\n",
    ("wazuh", "v4.14.5 password of 2 chars"): "xy\n",
    ("wazuh", "v4.14.5 allow_higher_versions"): ["-n", "--manager-version", "v4.14.5",
                                                 "--allow-higher-versions"],
    ("wazuh", "v4.14.5 force disabled"): ["-n", "--on-duplicate", "refuse"],
    ("wazuh", "v4.14.5 use_source_ip yes"): ["-n", "-i"],
    ("wazuh", "v4.14.5 ipv6 yes, bound to ::1"): ["-n", "-i"],
}

FIRST = {  # requests that have to come before, because the recording has only the interesting one
    "duplicate name exhausted": [b"OSSEC A:'dup'\n"] * 255,
    "name 128 chars #2": [b"OSSEC A:'" + b"q" * 128 + b"'\n"],
    "IP duplicate exact": [],
}

# Where a case came from another address.
SOURCES = {
    "peer 127.0.0.2": "127.0.0.2", "-i from 127.0.0.2": "127.0.0.2",
    "-i dup name from 127.0.0.3": "127.0.0.3", "IP src, other peer": "127.0.0.9",
    "no IP, other peer": "127.0.0.7"
}


def load(recording):
    setups = {}
    with open(DATA / f"{recording}-authd.jsonl", encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            setups.setdefault(case["authd"], []).append(case)
    return setups


RECORDED = {recording: load(recording) for recording in ("ossec", "wazuh")}


def restore(piece):
    """The bytes of a piece; the longest ones are abbreviated in the recording."""
    short = re.fullmatch(r"(.*?)(.)\2*\.\.\.\((\d+) bytes\)", piece.rstrip("\n"), re.DOTALL)
    if not short:
        return piece.encode("latin-1")
    size = int(short[3])
    head, fill = short[1].encode(), short[2].encode()
    tail = b"'\n" if size == 69011 else b""
    return head + fill * (size - len(head) - len(tail)) + tail


def normalise(text):
    text = re.sub(r"(?<![0-9a-f])" + KEY + r"(?![0-9a-f])", "KEY", text)
    text = re.sub(r"^(OSSEC K:')\d+ ", r"\1ID ", text)
    text = re.sub(r"^(ERROR: Invalid IP address: )\d+$", r"\1ID", text, flags=re.MULTILINE)
    return re.sub(r"(^| )grp-\d+ ", r"\1grp ", text)


def expected_end(recording, case, records):
    """OSSEC sends no close_notify after a key, and agent-auth 3.8 then exits with 1: here it is
    sent."""
    if recording == "ossec":
        return "close_notify" if records and records[0].startswith("OSSEC K:") else "eof"
    return "close_notify"


def replay(registrar, recording, case):
    name = case["case"]
    for begin, requests in FIRST.items():
        if name.startswith(begin):
            for request in requests:
                registrar.ask(request)
    version = VERSIONS.get((case.get("tls") or ["TLSv1.3"])[0])
    pieces = [restore(piece) for piece in case["sent"] if piece]
    with registrar.open(source=SOURCES.get(name), version=version) as client:
        for piece in pieces:
            client.send(piece)
        if "half-closes" in name or "half close" in name:
            client.half_close()
        reply = client.reply()
    return [
        normalise(record.encode("utf-8", "surrogateescape").decode("latin-1"))
        for record in reply.records
    ], reply.end


def is_refused_in_handshake(case):
    return case["end"].startswith(
        ("handshake:", "SSL error: TLSV1_ALERT_PROTOCOL", "SSL error: SSLV3_ALERT_HANDSHAKE")
    )


def arrange(directory, recording, authd):
    arguments = SETUPS[recording, authd]
    etc = directory / "etc"
    if isinstance(arguments, str):
        (etc / "authd.pass").write_text(arguments)
        arguments = []
    if "fixed-IP" in authd:
        (etc / "client.keys").write_text(f"1024 fixed 127.0.0.1 {'5a' * 32}\n")
    if authd == "v4.14.5 force disabled":
        (etc / "client.keys").write_text(
            f"001 dup-a any {'5a' * 32}\n002 dup-ip 10.2.2.2 {'5a' * 32}\n"
        )
    if recording == "wazuh":
        for group in ("default", "web", "db",
                      *(f"g{i}" for i in range(129) if "groups in db" in authd)):
            (etc / "shared" / group).mkdir(parents=True)
    if "2047" in authd:
        (etc / "client.keys").write_text(
            "".join(f"{i} a{i} any {'5a' * 32}\n" for i in range(1024, 3071))
        )
    return [*arguments, "--dialect", recording]


def cases_of(recording, authd):
    """The cases to replay, with what is expected: (label, case, records, end)."""
    for number, case in enumerate(RECORDED[recording][authd]):
        name = case["case"]
        if (recording, name) in LEFT_OUT:
            continue
        if is_refused_in_handshake(case) and (recording, authd, name) not in DIFFERENT:
            continue  # test_registrar_tls.py
        different = DIFFERENT.get((recording, authd, name)) or DIFFERENT.get(
            (recording, authd, number)
        )
        records = (
            different[0] if different else [normalise(record) for record in case["recv_records"]]
        )
        yield f"{number} {name}", case, records, expected_end(recording, case, records)


@pytest.mark.parametrize("recording,authd", list(SETUPS), ids=lambda value: value)
def test_answers_like_the_recorded_manager(directory, recording, authd, monkeypatch):
    arguments = arrange(directory, recording, authd)
    wrong, own = [], socket.gethostname()
    options = {"listen": "::1"} if "::1" in authd else {}
    with serving(directory, *arguments, **options) as registrar:
        if options:
            monkeypatch.setattr(
                registrar,
                "connect",
                lambda source=None, patience=PATIENCE: socket.create_connection(
                    ("::1", registrar.port), patience),
            )
        for label, case, records, end in cases_of(recording, authd):
            if "manager hostname" in label:
                case = {**case, "sent": [f"OSSEC A:'{own}'\n"]}
            if case["sent"] == [f"OSSEC A:'{own}'\n"]:  # also where this machine is "localhost"
                records = [f"ERROR: Invalid agent name: {own}. Unable to add agent"]
            seen = replay(registrar, recording, case)
            stored = case.get("client_keys")
            if seen[0] and isinstance(stored, str) and records[0].startswith("OSSEC K:"):
                # what went into the file need not be what was answered
                last = registrar.keys()[-1]
                if normalise(" ".join(last[1:3])) != normalise(" ".join(stored.split(" ")[1:3])):
                    wrong.append((label, stored, last[:3]))
            if seen != (records, end):
                wrong.append(
                    (label, [r[:100] for r in records], end, [r[:100] for r in seen[0]], seen[1])
                )
    assert not wrong, "\n".join(map(str, wrong))


def test_every_recorded_case_is_accounted_for():
    accounted = set(SETUPS) | set(LEFT_OUT_SETUPS)
    for recording, setups in RECORDED.items():
        for authd in setups:
            assert (recording, authd) in accounted or authd.startswith("v4.12.0"), (
                "neither replayed nor left out for a reason", recording, authd)
    names = {
        (recording, case["case"])
        for recording, setups in RECORDED.items()
        for cases in setups.values()
        for case in cases
    }
    assert set(LEFT_OUT) <= names
    for recording, authd, case in DIFFERENT:
        cases = RECORDED[recording][authd]
        assert (
            isinstance(case, int) and case < len(cases) or case in [c["case"] for c in cases]
        ), case
