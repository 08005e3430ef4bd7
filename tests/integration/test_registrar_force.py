# SPDX-License-Identifier: ISC
"""The force rules of Wazuh 4.3 and later, with what the files of a manager tell about its
agents."""

import hashlib
import os
import time

import pytest

from registrar_tools import run, serving

OLD_KEY = "5a" * 32
HOUR = 3600


class Manager:
    """A manager's directory with one agent, web, in it."""

    def __init__(self, directory):
        self.directory = directory
        self.queue = directory / "queue"
        self.keys = directory / "etc" / "client.keys"
        self.keys.write_text(f"001 web 10.1.1.1 {OLD_KEY}\n")

    def registered(self, ago, name="web", number="001"):
        self.queue.mkdir(exist_ok=True)
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time.time() - ago))
        with open(self.queue / "agents-timestamp", "a", encoding="ascii") as file:
            file.write(f"{number} {name} any {stamp}\n")

    def seen(self, ago, path="rids/001"):
        file = self.queue / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("0:1:")
        os.utime(file, (time.time() - ago,) * 2)

    def serving(self, *options):
        return serving(self.directory, "-n", "--dialect", "wazuh", *options)


@pytest.fixture
def manager(directory):
    return Manager(directory)


def is_replaced(manager, *options, request="OSSEC A:'web'\n", log=None):
    with manager.serving(*options) as registrar:
        reply = registrar.ask(request)
        if not reply.agent:
            assert reply.records[0].startswith("ERROR: Duplicate ")
            assert manager.keys.read_text().startswith("001 web")
        if log:
            registrar.wait_for_line(log)
    return bool(reply.agent)


@pytest.mark.parametrize("registered,seen,replaced,log", [
    (2 * HOUR, None, True, "replacing 001"),
    (2 * HOUR, 2 * HOUR, True, "replacing 001"),
    (60, None, False, "is replaced only after 3600"),
    (None, None, False, "When agent 001 was registered is not known"),
    (2 * HOUR, 600, False, "is replaced only after 3600"),
    (60, 2 * HOUR, False, "is replaced only after 3600"),
])
def test_by_default(manager, registered, seen, replaced, log):
    """As recorded from Wazuh 4.14.5: young, unknown and connected agents stay."""
    if registered is not None:
        manager.registered(registered)
    if seen is not None:
        manager.seen(seen)
    assert is_replaced(manager, log=log) == replaced


def test_by_address(manager):
    manager.registered(2 * HOUR)
    assert is_replaced(manager, request="OSSEC A:'new' IP:'10.1.1.1'\n")


def test_keepalives_of_older_managers(manager):
    manager.registered(2 * HOUR)
    manager.seen(2 * HOUR)
    manager.seen(60, "agent-info/web-10.1.1.1")
    assert not is_replaced(manager)


@pytest.mark.parametrize("options,registered,seen,replaced", [
    (["--force-after-registration-time", "0"], None, None, True),
    (["--force-after-registration-time", "30"], 60, None, True),
    (["--force-after-registration-time", "1m"], 30, None, False),
    (["--force-disconnected-time", "no"], 2 * HOUR, 1, True),
    (["--force-disconnected-time", "10m"], 2 * HOUR, 700, True),
    (["--force-disconnected-time", "1d"], 2 * HOUR, 2 * HOUR, False),
    (["--force-disconnected-time", "0"], 2 * HOUR, 1, True),
])
def test_times(manager, options, registered, seen, replaced):
    if registered is not None:
        manager.registered(registered)
    if seen is not None:
        manager.seen(seen)
    assert is_replaced(manager, *options) == replaced


@pytest.mark.parametrize("option,case,replaced", [
    ([], str, False), ([], str.upper, True), (["--force-key-mismatch", "no"], str, True)])
def test_key(manager, option, case, replaced):
    manager.registered(2 * HOUR)
    digest = hashlib.sha1(f"001web{OLD_KEY}".encode()).hexdigest()
    assert is_replaced(manager, *option, request=f"OSSEC A:'web' K:'{case(digest)}'\n") == replaced


def test_registrations_are_remembered(manager):
    """In Wazuh's own format, with one line an agent, and gone with the agent."""
    before = int(time.time())
    with manager.serving("--on-duplicate", "replace") as registrar:
        assert registrar.register("db")[0] == "002"
        (manager.queue / "rids").mkdir()
        (manager.queue / "rids" / "002").write_text("0:1:")
        assert registrar.register("db")[0] == "003"
        registrar.wait_for_line("replacing 002")
    words = (manager.queue / "agents-timestamp").read_text().split(" ")
    assert words[:3] == ["003", "db", "any"] and words[4].endswith("\n") and len(words) == 5
    assert (
        before
        <= time.mktime(time.strptime(" ".join(words[3:]).strip(), "%Y-%m-%d %H:%M:%S"))
        <= time.time()
    )
    assert not (manager.queue / "rids" / "002").exists()


def test_what_was_registered_a_moment_ago_stays(manager):
    with manager.serving() as registrar:
        assert registrar.register("db")
        assert not registrar.ask("OSSEC A:'db'\n").agent


def test_last_line_of_an_id_counts(manager):
    manager.registered(2 * HOUR, "other")
    manager.registered(9 * HOUR)
    manager.registered(60)
    assert not is_replaced(manager)


def test_line_of_another_agent_tells_nothing(manager):
    manager.registered(2 * HOUR, "other")
    manager.registered(2 * HOUR, number="0001")
    assert not is_replaced(manager, log="not known")


def test_damaged_timestamps(manager):
    manager.queue.mkdir()
    (manager.queue / "agents-timestamp").write_bytes(b"001 web any soon\n\0\0 001 web\n001")
    assert not is_replaced(manager, log="not known")


def test_ossec_keeps_no_timestamps(directory):
    with serving(directory, "-n") as registrar:
        registrar.register("web")
    assert not (directory / "queue").exists()


def test_queue_that_cannot_be_written_does_not_stop_registrations(manager):
    manager.queue.write_text("a file where the directory should be")
    with manager.serving() as registrar:
        registrar.wait_for_line("cannot be remembered")
        assert registrar.register("db")


@pytest.mark.parametrize("options,text", [
    (["--on-duplicate", "refuse", "--force-key-mismatch", "no"], "needs --on-duplicate force"),
    (["--dialect", "wazuh", "--force-disconnected-time", "soon"], "is a time like"),
    (["--dialect", "wazuh", "--force-disconnected-time", "1y"], "is a time like"),
    (["--dialect", "wazuh", "--force-disconnected-time", "999999999w"], "is a time like"),
    (["--dialect", "wazuh", "--force-after-registration-time", "no"], "is a time like"),
    (["--dialect", "wazuh", "--force-key-mismatch", "maybe"], "yes or no"),
    (["--on-duplicate", "never"], "rename, refuse, replace or force"),
    (["--groups", "some"], "any or existing"),
    (["--max-agents", "0"], "number from 1"),
])
def test_usage(directory, options, text):
    done = run("-D", directory, "-n", *options, "serve")
    assert done.returncode == 64 and text in done.stderr
