# SPDX-License-Identifier: ISC
"""What goes to the journal when standard error is connected to it: one entry an event, with its
fields."""
import os
import re

import pytest
from machine import HERE, OLD_LINE, reply
from fake_manager import answer
from scripted_api import Api, error, needs_module, settings

with open(
    os.path.join(HERE, "..", "..", "src", "client", "system", "message-ids.h"), encoding="ascii"
) as header:
    MESSAGE_IDS = dict(re.findall(r'^#define MESSAGE_(\w+) "([0-9a-f]{32})"', header.read(), re.M))

ERROR, WARNING, NOTICE, INFO = "3", "4", "5", "6"


def test_registered(machine, start_manager, journal):
    manager = start_manager()
    status, entries, printed = journal("-d", manager=manager, settings={
        "auth.password_file": machine.password("Correct-Horse")})
    assert status == 0 and printed == ""
    entry = next(each for each in entries if each.get("MESSAGE_ID") == MESSAGE_IDS["REGISTERED"])
    assert entry.pop("MESSAGE").startswith("Registered as web-01 (id 001)")
    fields = {
        name: entry[name]
        for name in ("PRIORITY", "SYSLOG_IDENTIFIER", "OUTCOME", "AGENT_NAME", "AGENT_ID",
                     "MANAGER", "METHOD")
    }
    assert fields == {
        "PRIORITY": INFO, "SYSLOG_IDENTIFIER": "agent-register", "OUTCOME": "registered",
        "AGENT_NAME": "web-01", "AGENT_ID": "001", "MANAGER": manager.address, "METHOD": "authd"
    }


# A script (null: nobody listens), the event, its level and outcome.
FAILURES = {
    "unreachable": (None, "UNREACHABLE", WARNING),
    "busy": (answer(b"ERROR: Internal validation error"), "BUSY", WARNING),
    "duplicate": (answer(b"ERROR: Duplicate agent name: web-01"), "DUPLICATE", WARNING),
    "refused": (answer(b"ERROR: Invalid password"), "REFUSED", ERROR),
    "protocol-error": (answer(b"hello\nMESSAGE=forged\nPRIORITY=0"), "PROTOCOL_ERROR", ERROR),
}


@pytest.mark.parametrize("script, event, level", FAILURES.values(), ids=FAILURES.keys())
def test_failure_is_one_entry(machine, start_manager, journal, script, event, level):
    manager = start_manager(script)
    if not script:
        manager.close()
    _, entries, printed = journal(manager=manager.address)
    assert printed == ""
    failures = [each for each in entries if each["PRIORITY"] <= WARNING]
    assert len(failures) == 1, entries
    assert failures[0]["MESSAGE_ID"] == MESSAGE_IDS[event] and failures[0]["PRIORITY"] == level
    assert failures[0]["OUTCOME"] == event.lower().replace("_", "-")
    assert failures[0]["MANAGER"] == manager.address and failures[0]["AGENT_NAME"] == "web-01"
    assert failures[0]["ATTEMPT"] == "1" and failures[0]["METHOD"] == "authd"
    assert "\n" not in failures[0]["MESSAGE"]


@pytest.mark.parametrize(
    "records, said",
    [([b"ERROR: Invalid group: a -- b\n"], "Invalid group: a -- b"),
     ([b"ERROR: a\nMESSAGE=b"], "a"), ([b"ERROR: a\x1b[2J"], r"a\x1b[2J"), ([], None)],
    ids=["text", "several lines", "escape codes", "nothing"],
)
def test_words_of_the_manager(machine, start_manager, journal, records, said):
    """Apart from the hint that we add in MESSAGE."""
    _, entries, _ = journal(manager=start_manager(answer(*records)))
    failure = next(each for each in entries if each["PRIORITY"] <= WARNING)
    assert failure.get("MANAGER_SAYS") == said
    assert said is None or f" says: {said}" in failure["MESSAGE"]


@needs_module
def test_words_of_the_api(machine, start_manager, journal):
    api = Api({"POST /agents": error(400, 1705, "There is\x1b such an agent")})
    _, entries, _ = journal(manager=start_manager(api), settings=settings(machine))
    failure = next(each for each in entries if each["PRIORITY"] <= WARNING)
    assert failure["MANAGER_SAYS"] == r"There is\x1b such an agent" and failure["METHOD"] == "api"
    assert f" says: {failure['MANAGER_SAYS']}" in failure["MESSAGE"]


OTHER_EVENTS = {
    "already registered": ("ALREADY_REGISTERED", INFO, {}),
    "untrusted": ("UNTRUSTED", ERROR, {"trust": "other", "force": True}),
    "misconfigured": ("MISCONFIGURED", ERROR, {"trust": None, "force": True}),
    "mistake in the configuration": ("MISCONFIGURED", ERROR, {"settings": {"tls.pn": "x"}}),
    "storage-error": ("STORAGE_ERROR", ERROR,
                      {"settings": {"agent.group": "no-such-group"}, "force": True}),
    "not verified": ("UNVERIFIED", WARNING, {"trust": ["--set", "tls.verify=no"], "force": True}),
    "renamed": ("RENAMED", WARNING, {"name": "other", "force": True}),
}


@pytest.mark.parametrize("event, level, options", OTHER_EVENTS.values(), ids=OTHER_EVENTS.keys())
def test_event(machine, start_manager, journal, event, level, options):
    machine.install_key(OLD_LINE)
    manager = start_manager(answer(reply()))
    _, entries, printed = journal(manager=manager, **options)
    found = [each for each in entries if each.get("MESSAGE_ID") == MESSAGE_IDS[event]]
    assert len(found) == 1 and found[0]["PRIORITY"] == level and printed == "", entries
    if level == ERROR:
        assert found[0]["OUTCOME"] == event.lower().replace("_", "-")


def test_unconfigured(machine, journal):
    status, entries, printed = journal(trust=None, name=None)
    assert status == 0 and printed == ""
    assert [(each["MESSAGE_ID"], each["PRIORITY"]) for each in entries] == [
        (MESSAGE_IDS["UNCONFIGURED"], NOTICE)
    ]


def test_without_a_journal_the_lines_are_printed(machine, start_manager):
    """$JOURNAL_STREAM of a parent says nothing about our standard error."""
    result = machine.register(manager=start_manager(), environment={"JOURNAL_STREAM": "8:12345"})
    assert result.status == 0 and "Registered as web-01 (id 001)" in result.stderr
