# SPDX-License-Identifier: ISC
"""Replays the recorded runs of Wazuh's agent-auth 4.14.5 (tests/data/wazuh-agent-auth.jsonl): the
same options, files and answers must give the same request, byte for byte, the same key file and the
same success.

Every recorded run is replayed, or differs on purpose, or is left out: the last two are listed
here, each with its reason. What is different in all of them: no version is sent, and a password
comes from a file."""
import json
import os
import re
import ssl

import pytest
from agent_auth import errors, output_lines
from fake_manager import answer
from machine import PATIENCE
from registrar_tools import DATA

VERSION = " V:'v4.14.5'"
OLD_LINE = f"003 oldname any {'a' * 64}\n"
KEY = "0123456789abcdef" * 4

# ------------------------------------------------------------------ on purpose

GROUPS = "a bad group is refused before the manager is asked"
LENGTH = "a name of 128 characters would be read back with 127"
NO_PASSWORD = "a password file that holds no password, or one that no manager takes, is refused"
SHORT = "a short password is a password"
WHOLE = "a long request is not cut"
NUMBER = "1515x is no number"
DIRECTORY = "-D is the agent's directory"
BRACKETS = "an IPv6 address may have brackets"
PIECES = "how a reply is cut up does not matter"
FIRST = "the first answer counts"
ID = "a key needs an id"
CRASH = "a key with a field missing is refused, where the original crashes"
LINK = "a symbolic link as key file is refused"
BEFORE = "a key that cannot be stored is not asked for"
TORN = "a key file that no agent can use is kept as a backup and replaced"

DIFFERENT = {  # case: (exit status; the request, None: none, ...: as recorded; reason)
    "-G with a blank and a quote": (1, None, GROUPS),
    "END TO END -G with space": (1, None, GROUPS),
    "-A 128": (1, None, LENGTH),
    "-P empty": (1, None, NO_PASSWORD),
    "-P 2100 chars": (0, f"OSSEC PASS: {'p' * 2100} OSSEC A:'web-01'\n", WHOLE),
    "authd.pass CRLF": (1, None, NO_PASSWORD),
    "END TO END pw file CRLF on the agent only": (1, None, NO_PASSWORD),
    "authd.pass empty": (1, None, NO_PASSWORD),
    "authd.pass only LF": (1, None, NO_PASSWORD),
    "authd.pass leading empty line": (1, None, NO_PASSWORD),
    "authd.pass 5000 chars": (1, None, NO_PASSWORD),
    "authd.pass 1 char + LF": (0, "OSSEC PASS: x OSSEC A:'web-01'\n", SHORT),
    "authd.pass 2 chars no LF": (0, "OSSEC PASS: xy OSSEC A:'web-01'\n", SHORT),
    "-p 15155x": (1, None, NUMBER),
    "-D": (1, None, DIRECTORY),
    "[::1]": (0, "OSSEC A:'w1'\n", BRACKETS),
    "reply: split in 2 records mid-key": (0, ..., PIECES),
    "reply: banner record then key": (1, ..., FIRST),
    "reply: ERROR then key": (1, ..., FIRST),
    "reply: id empty": (1, ..., ID),
    "reply: 3 fields": (1, ..., CRASH),
    "reply: 1 field": (1, ..., CRASH),
    "reply: empty K": (1, ..., CRASH),
    "reply: client.keys symlink": (1, None, LINK),
    "reply: client.keys is a directory": (1, None, BEFORE),
    "reply: client.keys with a bad ip": (0, "OSSEC A:'web-01'\n", TORN),
}

LEFT_OUT = {
    "reply: as user ossec": "root is not demanded; test_another_user",
    "normal (strace)": "a trace; test_client_storage looks at the same",
    "TCP connect blocked (backlog full)": "test_client_deadlines",
    "junk byte every 2 s for ever": "test_hang_without_timeout",
    "ERROR line, then silence": "test_refusal, with an open end",
    "etc full (ENOSPC)": "test_full_disk",
    "END TO END no client certificate": "the manager has said nothing that could be replayed; "
                                        "reply: server asks client cert",
    "END TO END wrong CA certificate": "the same",
}

# ------------------------------------------------------------------ what was there

PASSWORD_FILES = {
    "authd.pass no LF": "s3cret",
    "authd.pass CRLF": "s3cret\r\n",
    "authd.pass blank at end": "s3cret \n",
    "authd.pass empty": "",
    "authd.pass only LF": "\n",
    "authd.pass 1 char + LF": "x\n",
    "authd.pass 2 chars no LF": "xy",
    "authd.pass leading blank": " s3\n",
    "authd.pass leading empty line": "\ns3cret\n",
    "authd.pass 5000 chars": "p" * 5000,
    "authd.pass mode 0000 (root)": "file\n",
    "-P beats authd.pass": "file\n",
    "END TO END pw file CRLF on the agent only": "s3cret\r\n",
}

KEY_FILES = {
    "-A + existing key => K": OLD_LINE,
    "all": OLD_LINE,
    "reply: client.keys absent": None,
    "reply: client.keys with a bad ip": f"003 old 999.9.9.9 {'a' * 64}\n",
    "reply: client.keys 2 entries": OLD_LINE + f"004 second any {'b' * 64}\n",
    "reply: client.keys only a comment": "# nothing\n",
    "reply: client.keys removed entry": f"003 !oldname any {'a' * 64}\n",
}


def key(fields="007 web-01 any " + KEY):
    return f"OSSEC K:'{fields}'".encode()


REPLIES = {
    "normal, server keeps open": answer(key(), ending="open"),
    "normal + \\n\\n": answer(key() + b"\n\n"),
    "split in 2 records mid-key": answer(key()[:40], key()[40:]),
    "banner record then key": answer(b"welcome\n", key()),
    "glued after text": answer(b"welcome " + key()),
    "no closing quote": answer(key()[:-1]),
    "ERROR then key": answer(b"ERROR: nope\n", key()),
    "name differs": answer(key("007 other any " + KEY)),
    "ip differs": answer(key("007 web-01 10.9.9.9 " + KEY)),
    "CIDR": answer(key("007 web-01 10.0.0.0/24 " + KEY)),
    "id 9 digits": answer(key("123456789 web-01 any " + KEY)),
    "id 8 digits": answer(key("12345678 web-01 any " + KEY)),
    "id empty": answer(key(" web-01 any " + KEY)),
    "id letters": answer(key("0a7 web-01 any " + KEY)),
    "id 000": answer(key("000 web-01 any " + KEY)),
    "key 1 char": answer(key("007 web-01 any k")),
    "key not hex": answer(key("007 web-01 any " + "z" * 64)),
    "key 128 chars": answer(key("007 web-01 any " + "a" * 128)),
    "key upper case": answer(key("007 web-01 any " + KEY.upper())),
    "key empty": answer(key("007 web-01 any ")),
    "3 fields": answer(key("007 web-01 any")),
    "1 field": answer(key("007")),
    "empty K": answer(key("")),
    "5 fields": answer(key(f"007 web-01 any {KEY} more")),
    "two spaces": answer(key("007  web-01 any " + KEY)),
    "ip bad": answer(key("007 web-01 10.0.0.999 " + KEY)),
    "ip has hash": answer(key("007 web-01 #10.0.0.1 " + KEY)),
    "ERROR two records (<=4.12)": answer(b"ERROR: Duplicate agent name: web-01",
                                         b"ERROR: Unable to add agent"),
    "ERROR two records glued": answer(b"ERROR: Invalid passwordERROR: Unable to add agent"),
    "ERROR with escape codes": answer(b"ERROR: \x1b[2Jx\nfake line"),
    "nothing, close_notify": answer(ending="close_notify"),
    "nothing, abrupt": answer(),
    "close before request": lambda conversation: conversation.handshake(),
    "garbage": answer(b"\x00\xff garbage"),
    "80 KiB of x": answer(*[b"x" * 16384] * 5),
    "NUL first": answer(b"\0" + key()),
    "closes TCP": lambda conversation: None,
}

ONLY_12 = {"highest": ssl.TLSVersion.TLSv1_2}
ONLY_11 = {"lowest": ssl.TLSVersion.TLSv1_1, "highest": ssl.TLSVersion.TLSv1_1}
MANAGERS = {  # how its side of TLS is set up; a certificate authority is named
    "server TLS1.2 only": ONLY_12,
    "server TLS1.3 only": {"lowest": ssl.TLSVersion.TLSv1_3},
    "server TLS1.1 only": ONLY_11,
    "-a, server TLS1.1": ONLY_11,
    "server asks client cert, none given, TLS1.3": {"client_ca": "ca"},
    "same TLS1.2": {"client_ca": "ca", **ONLY_12},
    "-x only": {"client_ca": "ca"},
    "-v right CA, CN = IP": {"certificate": "cn-ipv4"},
    "-v right CA, name mismatch": {"certificate": "wrong-name"},
    "-v right CA, SAN other IP": {"certificate": "wrong-name"},
    "-v = default self-signed Wazuh cert": {"certificate": "wazuh-default"},
}


def load():
    with open(DATA / "wazuh-agent-auth.jsonl", encoding="utf-8") as file:
        return {row["case"]: row for row in map(json.loads, file)}


RECORDED = load()
REPLAYED = [case for case in RECORDED if case not in LEFT_OUT]


def said_by_manager(row):
    """What the manager said in this run, as its record."""
    for line in row["output"]:
        match = re.search(r"ERROR: (.*) \(from manager\)$", line)
        if match:
            return f"ERROR: {match[1]}".encode()
    return None


def stored_by(row):
    """The key file after this run."""
    return (
        row["client_keys"].get("content")
        if isinstance(row["client_keys"], dict)
        else row["client_keys"]
    )


def script_of(case, row):
    stored = stored_by(row)
    if case.startswith("END TO END"):
        return answer(said_by_manager(row) or key(stored.rstrip("\n")))
    if case.startswith("reply: "):
        return REPLIES.get(case.removeprefix("reply: "), answer(key()))
    fields = (stored or "").rstrip("\n")
    return answer(key(fields or "007 web-01 any " + KEY))


def arguments_of(row, manager, machine):
    """The recorded command line with this manager's address and this machine's files; -P as a
    file."""
    certificates = machine.certificates
    files = {"pki/ca.pem": certificates.ca, "pki/good.pem": lambda: certificates.pair("agent")[0],
             "pki/good.key": lambda: certificates.pair("agent")[1],
             "pki/wrong.pem": lambda: certificates.pair("agent-other-ca")[0],
             "pki/wrong.key": lambda: certificates.pair("agent-other-ca")[1],
             "DIR/wazuh/sslmanager.cert": lambda: certificates.pair("wazuh-default")[0]}
    recorded = row["argv"]
    words = (
        recorded[1:]
        if recorded[0] == "agent-auth"
        else ["-m", "127.0.0.1", "-p", "15155", *recorded]
    )
    arguments = []
    for word in words:
        if arguments and arguments[-1] == "-P":
            arguments.append(machine.write("password", word, 0o600))
        elif word in files:
            arguments.append(files[word]())
        else:
            arguments.append(word.replace("15155", str(manager.port)))
    return arguments


def prepare(case, machine):
    """The files that were there."""
    if case in PASSWORD_FILES:
        machine.write("ossec/etc/authd.pass", PASSWORD_FILES[case],
                      0 if "mode 0000" in case and os.geteuid() == 0 else 0o600)
    content = KEY_FILES.get(case, OLD_LINE if case.startswith("reply: ") else None)
    if "symlink" in case:
        os.symlink(machine.write("real", OLD_LINE), machine.keys)
    elif "is a directory" in case:
        os.mkdir(machine.keys)
    elif content is not None:
        machine.install_key(content)


def expected(case, row):
    """Exit status and request of this run."""
    sent = row.get("sent_records")
    request = sent[0].replace(VERSION, "") if sent else None
    if case.startswith("END TO END"):
        request = ...
    status = row["exit"]
    if case in DIFFERENT:
        status, different, _ = DIFFERENT[case]
        request = request if different is ... else different
    return status, request


@pytest.mark.parametrize("case", REPLAYED)
def test_recorded(case, agent_auth, start_manager, certificates):
    row = RECORDED[case]
    if case in ("::1", "[::1]") and not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("needs IPv6")
    settings = dict(MANAGERS.get(case.removeprefix("reply: "), {}))
    if "client_ca" in settings:
        settings["client_ca"] = certificates.ca(settings["client_ca"])
    manager = start_manager(script_of(case, row), address="::1" if "::1" in case else "127.0.0.1",
                            **settings)
    prepare(case, agent_auth)
    before = agent_auth.read_keys() if "is a directory" not in case else None
    needs_host_name = "-A" not in row["argv"]
    if needs_host_name and os.geteuid() != 0:
        pytest.skip("needs root for a host name")
    umask = os.umask(int(case[-3:], 8)) if "umask" in case else None
    try:
        result = agent_auth.register(*arguments_of(row, manager, agent_auth), name=None,
                                     host_name="vm" if needs_host_name else None)
    finally:
        if umask is not None:
            os.umask(umask)
    manager.settle()

    status, request = expected(case, row)
    assert result.status == status, result
    assert result.seconds < PATIENCE
    if request is not ...:
        assert [each.decode("latin-1") for each in manager.requests] == (
            [request] if request else []
        ), result
    if status == 0 and row["exit"] == 0 and case not in ("-V", "-t"):
        assert agent_auth.read_keys().decode() == stored_by(row)
    if status == 0 and request:
        assert os.stat(agent_auth.keys).st_mode & 0o7777 == 0o640
    if status == 1 and "is a directory" not in case:
        assert agent_auth.read_keys() == before
    if case not in DIFFERENT:
        compare_lines(row, result)


def compare_lines(row, result):
    """The manager's words, and whether it was looked at."""
    said = said_by_manager(row)
    if said:
        words = re.split(r"ERROR: ", said.decode())[1]
        assert f"{words} (from manager)" in errors(result)[0], result
    verifying = "INFO: Verifying manager's certificate"
    if result.status == 0 and row["argv"][-1] not in ("-V", "-t"):
        assert (verifying in output_lines(result)) == any(
            verifying in line for line in row["output"]
        ), result
    for line in row["output"]:
        name = re.search(r"INFO: Using agent name as: (.*)", line)
        if name and output_lines(result):
            assert name[0] in output_lines(result), result


def test_every_recorded_run_is_accounted_for():
    assert set(DIFFERENT) <= set(REPLAYED) and set(LEFT_OUT) <= set(RECORDED)
    replies = {case.removeprefix("reply: ") for case in RECORDED if case.startswith("reply: ")}
    assert set(REPLIES) | set(MANAGERS) <= replies
    plain = {case for case in replies - set(REPLIES) - set(MANAGERS)
             if not case.startswith(("client.keys", "umask", "-", "as user", "normal, abrupt"))}
    assert plain == set(), "answered with a key, and nobody has said so"
    assert set(PASSWORD_FILES) | set(KEY_FILES) <= set(RECORDED)
    assert all(reason for _, _, reason in DIFFERENT.values()) and len(REPLAYED) > 110
