# SPDX-License-Identifier: ISC
"""Requests with fields that cannot be read, or that break a rule: what Wazuh 4.14.7 answers, in
the form of each dialect, and nothing that was requested is dropped without a word."""

import select

import pytest

from registrar_tools import serving

GROUP = "Unterminated group field"
VERSION = "Unterminated version field"
IP = "Unterminated IP field"
KEY = "Unterminated key field"
PROHIBITED = "characters '\\/:*?\"<>|,' are prohibited"
NEWER = "Agent version must be lower or equal to manager version"

REFUSED = [  # (what follows "OSSEC A:'", text)
    ("u1' G:g1", GROUP),
    ("u1' G:g1'", GROUP),
    ("u1' G:'g1", GROUP),
    ("u1' G:", GROUP),
    ("u1' G:\"g1\"", GROUP),
    ("u1' G:'g1\0'", GROUP),
    ("u1' V:v4.14.0 G:'g1'", VERSION),
    ("u1' V:'" + "4" * 2049 + "'", VERSION),
    ("u1' IP:10.0.0.1", IP),
    ("u1' IP:any'", IP),
    ("u1' IP:'10.0.0.1 '", IP),
    ("u1' G:'g1' IP:src K:'k'", IP),
    ("u1' K:abc", KEY),
    ("u1' K:'" + "a" * 41 + "'", KEY),
    # the first fault is named, in the order of the fields
    ("a b' G:g1", "Invalid agent name: a b"),
    ("u1' V:'v5.0.0' G:g1", NEWER),
    ("u1' G:'' IP:any'", "Invalid group name: Empty Group"),
    ("u1' IP:'x' K:abc", "Invalid IP: x"),
    ("u1' G:'none' IP:'x'", "Invalid IP: x"),
    # lists of groups
    ("u1' G:x'", "Invalid group name: Empty Group"),
    ("u1' G:','", "Invalid group name: ,... " + PROHIBITED),
    ("u1' G:'g1,'", "Invalid group name: g1,... cannot start or end with ','"),
    ("u1' G:'g1,,g2'", "Invalid group name: g1,,g2... consecutive ',' are not allowed"),
    ("u1' G:'g 1'", "Invalid group name: g 1... " + PROHIBITED),
    ("u1' G:'g 1,g2'", "Invalid group name: g 1,g2... white spaces are not allowed"),
    ("u1' G:'g1,..'", "Invalid group name: .."),
    ("u1' G:'g1;g2'", "Invalid group name: g1;g2"),
    ("u1' G:'g1,none'", "Invalid group: none"),
    ("u1' G:'" + "g" * 256 + "'", "Invalid group name: " + "g" * 255 + "... group is too large"),
    ("u1' G:'" + "g1," * 21845 + "g'",
     "Invalid group name: " + "g1," * 85 + "... multigroup is too large"),
]

ACCEPTED = [  # (what follows "OSSEC A:'NAME", whether the log says that something was ignored)
    ("' V:'" + "3." * 1024 + "'", False),
    ("' V:'Wazuh v4.99'", False),  # nine characters count
    ("' V:x' G:'g1'", False),
    ("' G:'g1,g1,g2'", False),
    ("' G:'" + "g1," * 253 + "g1'", False),
    ("' K:'" + "a" * 40 + "'\r", False),
    ("' K:x'", False),
    ("' IP:'any' G:'g1'", True),
    ("'  G:'g1'", True),
    ("' g:'g1'", True),
    ("'\0 G:'g1'", True),
]


def serving_groups(directory, dialect):
    for group in ("g1", "g2"):
        (directory / "etc" / "shared" / group).mkdir(parents=True)
    return serving(directory, "-n", "--dialect", dialect, "--groups", "existing",
                   "--manager-version", "v4.14.7")


def expected(dialect, text):
    if dialect == "wazuh":
        return ([f"ERROR: {text}. Unable to add agent"], "close_notify")
    return ([f"ERROR: {text}\n\n", "ERROR: Unable to add agent.\n\n"], "eof")


@pytest.mark.parametrize("dialect", ["ossec", "wazuh"])
def test_refusals(directory, dialect):
    with serving_groups(directory, dialect) as registrar:
        for request, text in REFUSED:
            reply = registrar.ask(f"OSSEC A:'{request}\n")
            assert reply == expected(dialect, text), request[:80]
        assert registrar.keys() == []


@pytest.mark.parametrize("dialect", ["ossec", "wazuh"])
def test_what_is_ignored_is_in_the_log(directory, dialect):
    with serving_groups(directory, dialect) as registrar:
        for number, (request, warns) in enumerate(ACCEPTED):
            name = f"agent-{number:02}"
            assert registrar.ask(f"OSSEC A:'{name}{request}\n").agent[1] == name, request[:80]
            registrar.wait_for_line(f"Registered {name} ")
            said = f"Ignored the end of the request for {name} " in registrar.log
            assert said == warns, request[:80]
        assert "bytes, with G:)" in registrar.log


def test_a_field_that_comes_late_is_not_lost(directory):
    """A pause ends a request without newline only where no field can have begun."""
    with serving_groups(directory, "wazuh") as registrar, registrar.open() as client:
        client.send("OSSEC A:'web-01' G")
        # longer than that pause
        assert select.select([client.tls], [], [], 0.6) == ([], [], [])
        client.send(":'g1'\n")
        assert client.reply().agent[1] == "web-01"
        registrar.wait_for_line("Registered web-01 as 001, address any, groups g1,")
