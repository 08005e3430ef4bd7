# SPDX-License-Identifier: ISC
"""The errors that managers answer with, in every way they can cut them up."""
import re

import pytest
from machine import KEY, reply
from fake_manager import answer, in_records

UNABLE = b"ERROR: Unable to add agent"

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
