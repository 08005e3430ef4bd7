# SPDX-License-Identifier: ISC
"""Beside a running wazuh-authd, client.keys is its own: the commands have it make their changes,
and the service refuses to run."""

import re
import socket
import threading

import pytest

from mock_authd import WazuhAuthd
from registrar_tools import KEY, run, serving

OLD_KEY = "5a" * 32
PLACES = pytest.mark.parametrize("place", ["sockets", "ossec"])


@pytest.fixture(name="keys")
def fixture_keys(directory):
    path = directory / "etc" / "client.keys"
    path.write_text(f"001 web 10.0.0.1 {OLD_KEY}\n002 db any {OLD_KEY}\n003 !gone any {OLD_KEY}\n")
    return path


@pytest.fixture(name="authd")
def fixture_authd(directory, keys):  # pylint: disable=unused-argument
    with WazuhAuthd(directory) as running:
        yield running


def command(directory, *arguments, status=0, **options):
    done = run("-D", directory, *arguments, **options)
    assert done.returncode == status, done
    return done


def names(keys):
    return [line.split(" ")[1] for line in keys.read_text().splitlines()]


# ------------------------------------------------------------------ add


@PLACES
def test_add(directory, keys, place):
    with WazuhAuthd(directory, place) as authd:
        assert command(directory, "add", "-n", "new", "-a", "2001:db8::1").stdout == (
            "004 new 2001:0DB8:0000:0000:0000:0000:0000:0001\n")
        assert authd.requests == [{"function": "add", "arguments": {
            "name": "new", "ip": "2001:0DB8:0000:0000:0000:0000:0000:0001"}}]
        assert re.search(rf"^004 new \S+ {KEY}$", keys.read_text(), re.M)
        authd.registers("other")  # it does not undo what it did itself
    assert names(keys) == ["web", "db", "new", "other", "!gone"]


def test_success_is_a_line_in_client_keys(directory, keys):
    with WazuhAuthd(directory, writes=False) as authd:
        done = []
        thread = threading.Thread(
            target=lambda: done.append(command(directory, "add", "-n", "new")))
        thread.start()
        thread.join(1)
        assert thread.is_alive() and "new" not in names(keys)
        authd.let_write()
        thread.join(30)
        assert done[0].stdout == "004 new any\n"


@pytest.mark.parametrize("arguments,text", [
    (["-n", "b d"], "Invalid agent name: b d"),
    (["-n", ".hidden"], "Invalid agent name: .hidden"),
    (["-n", "new", "-a", "10.0.0.0/08"], "Invalid IP: 10.0.0.0/08"),
    (["-n", "web"], "Duplicate agent name: web (it belongs to agent 001)"),
    (["-n", "new", "-a", "10.0.0.1"], 
     "Duplicate IP: 10.0.0.1 (10.0.0.1 belongs to agent 001, web)"),
    (["-n", "new", "--id", "2"], "Duplicate ID: 2 (it belongs to agent 002)"),
    (["-n", "new", "--id", "3"], "Duplicate ID: 3 (it was an agent's before"),
])
def test_what_is_refused_is_never_asked_for(directory, authd, arguments, text):
    """authd itself would take most of it."""
    assert text in command(directory, "add", *arguments, status=65).stderr
    assert not authd.requests


def test_what_only_authd_knows(directory, keys, authd):
    authd.refuse["new"] = (9008, "Duplicate name")
    before = keys.read_text()
    stderr = command(directory, "add", "-n", "new", status=65).stderr
    assert "wazuh-authd refuses new: Duplicate name (9008)" in stderr
    assert keys.read_text() == before


def test_id_and_replacing(directory, keys, authd):
    assert command(directory, "add", "-n", "new", "--id", "17").stdout == "017 new any\n"
    done = command(directory, "add", "-n", "web", "--on-duplicate", "replace")
    assert done.stdout == "018 web any\n"
    assert authd.requests[1]["arguments"]["force"] == {
        "enabled": True, "key_mismatch": False,
        "disconnected_time": {"enabled": False, "value": 0}, "after_registration_time": 0}
    assert "001 !web 10.0.0.1" in keys.read_text()


def test_behind_the_highest_id(directory, keys):
    """authd would go on with 100000000, which no agent can have (seen with 4.14.7)."""
    keys.write_text(f"001 web any {OLD_KEY}\n99999999 last any {OLD_KEY}\n")
    with WazuhAuthd(directory):
        assert command(directory, "add", "-n", "new").stdout == "002 new any\n"
        done = command(directory, "import-file", "-", input="any,first\nany,second\n")
        assert done.stdout == "003 first any\n004 second any\n"


def test_what_authd_makes_of_an_address(directory, keys, authd):  # pylint: disable=unused-argument
    """What is printed is what is in client.keys (seen with 4.14.7)."""
    done = command(directory, "add", "-n", "new", "-a", "192.0.2.1/255.0.255.0")
    assert done.stdout == "004 new 192.0.2.1\n" and "004 new 192.0.2.1 " in keys.read_text()


def test_import_file_is_all_or_nothing(directory, keys, authd):
    before = keys.read_text()
    authd.refuse["third"] = (9001, "Internal error")
    done = command(directory, "import-file", "-", status=65,
                   input="any,first\nany,second\nany,third\n")
    assert "wazuh-authd refuses third: Internal error (9001)" in done.stderr
    assert keys.read_text() == before
    done = command(directory, "import-file", "-", input="any,web\nany,first\n10.1.1.1,second\n",
                   status=65)
    assert "Line 1: Duplicate agent name: web" in done.stderr and keys.read_text() == before
    done = command(directory, "import-file", "-", input="any,first\n10.1.1.1,second\n")
    assert done.stdout == "004 first any\n005 second 10.1.1.1\n"
    assert "2 added, 0 already present" in done.stderr


# ------------------------------------------------------------------ remove


@PLACES
def test_remove(directory, keys, place):
    with WazuhAuthd(directory, place) as authd:
        done = command(directory, "remove", "1", "002")
        assert done.stdout == "001 web 10.0.0.1\n002 db any\n"
        assert "stops accepting the keys within about 10 seconds" in done.stderr
        assert [request["arguments"] for request in authd.requests] == [
            {"id": "001", "purge": False}, {"id": "002", "purge": False}]
        authd.registers("other")  # and they do not come back
    assert names(keys) == ["other", "!gone", "!web", "!db"]


def test_purge(directory, keys, authd):
    assert command(directory, "remove", "--purge", "2").stdout == "002 db any\n"
    assert names(keys) == ["web", "!gone"]
    done = command(directory, "remove", "--purge", "3", status=65)
    assert "Agent 003: wazuh-authd is running, and keeps its line in memory" in done.stderr
    assert names(keys) == ["web", "!gone"]
    assert len(authd.requests) == 1


def test_remove_all_or_nothing(directory, keys, authd):
    before = keys.read_text()
    command(directory, "remove", "1", "9", status=65)
    assert not authd.requests and keys.read_text() == before


def test_one_of_several_is_refused(directory, keys, authd):
    """authd removes one after the other, and takes nothing back: which, is said."""
    keys.write_text(keys.read_text() + f"004 mail any {OLD_KEY}\n")
    authd.reads_again()
    authd.refuse["002"] = (9001, "Internal error")
    done = command(directory, "remove", "1", "2", "4", status=65)
    assert done.stdout == "001 web 10.0.0.1\n004 mail any\n"
    assert "wazuh-authd refuses db: Internal error (9001)" in done.stderr
    assert "stops accepting the keys" in done.stderr and "not removed" not in done.stderr
    assert names(keys) == ["db", "!gone", "!web", "!mail"]


def test_authd_ends_in_the_middle(directory, keys, authd):
    keys.write_text(keys.read_text() + f"004 mail any {OLD_KEY}\n")
    authd.reads_again()
    authd.mute_at = 2
    done = command(directory, "remove", "1", "2", "4", status=75)
    assert done.stdout == "001 web 10.0.0.1\n"
    assert "Agent 002 (db) is not removed" in done.stderr
    assert "Agent 004 (mail) is not removed" in done.stderr
    assert len(authd.requests) == 2 and names(keys) == ["db", "mail", "!gone", "!web"]


def test_what_cannot_be_taken_back(directory, keys, authd):
    authd.refuse["second"] = (9001, "Internal error")
    authd.refuse["004"] = (9001, "Internal error")
    done = command(directory, "import-file", "-", status=65, input="any,first\nany,second\n")
    assert "Agent 004 (first) was added and stays: Internal error" in done.stderr
    assert "first" in names(keys)


def test_one_of_two_with_the_same_id(directory, keys):
    keys.write_text(f"001 web any {OLD_KEY}\n001 db any {OLD_KEY}\n")
    with WazuhAuthd(directory) as authd:
        stderr = command(directory, "remove", "1", status=65).stderr
        assert "knows only one of the agents with this id" in stderr
        assert not authd.requests
    assert command(directory, "--dialect", "wazuh", "remove", "1").stdout == (
        "001 web any\n001 db any\n")
    assert names(keys) == ["!web", "!db"]


# ------------------------------------------------------------------ authds that are none


def test_worker_of_a_cluster(directory, keys):
    with WazuhAuthd(directory, worker=True):
        stderr = command(directory, "add", "-n", "new", status=65).stderr
        assert "Cannot execute this request on a worker node (9015)" in stderr
    assert "new" not in names(keys)


@pytest.mark.parametrize("arguments", [["--dialect", "wazuh", "remove", "1"], ["-n", "serve"]])
def test_one_that_does_not_answer(directory, keys, arguments):
    """Nothing is written behind its back."""
    before = keys.read_text()
    with WazuhAuthd(directory, mute=True) as authd:
        done = command(directory, *arguments, status=78 if "serve" in arguments else 75)
        assert f"wazuh-authd does not answer at {authd.path}" in done.stderr
    assert keys.read_text() == before


def test_left_over_socket(directory, keys):
    """A socket at which nobody listens is no authd."""
    with WazuhAuthd(directory):
        pass
    assert (directory / "queue" / "sockets" / "auth").exists()
    assert command(directory, "--dialect", "wazuh", "add", "-n", "new").stdout == "004 new any\n"
    with serving(directory, "-n", "--dialect", "wazuh") as registrar:
        assert registrar.register("other")[0] == "005"
    assert names(keys)[-2:] == ["new", "other"]


def test_nonsense_for_an_answer(directory, keys):
    for answer in (b"\xff\xff\xff\xff", b"\x02\0\0\0{}", b"\x02\0\0\0", b"\x0b\0\0\0{\"error\":x}"):
        with WazuhAuthd(directory, mute=True) as authd:
            done = threading.Thread(target=command, kwargs={"status": 75},
                                    args=(directory, "--dialect", "wazuh", "add", "-n", "new"))
            done.start()
            while not authd.held:
                authd.accepted.wait(30)
            authd.held[0].sendall(answer)
            authd.held[0].shutdown(socket.SHUT_WR)
            done.join(30)
            assert not done.is_alive()
    assert "new" not in names(keys)


# ------------------------------------------------------------------ the service


@PLACES
@pytest.mark.parametrize("test", [[], ["-t"]])
def test_service_refuses(directory, keys, place, test):
    before = keys.read_text()
    with WazuhAuthd(directory, place) as authd:
        done = command(directory, "-n", *test, "serve", status=78)
        assert f"wazuh-authd is running ({authd.path})" in done.stderr
        assert "<auth><disabled>yes</disabled></auth>" in done.stderr
        assert f"{directory}/etc/ossec.conf" in done.stderr
    assert keys.read_text() == before


def test_service_looks_again_before_it_writes(directory, keys):
    with serving(directory, "-n", "--dialect", "wazuh") as registrar:
        assert registrar.register("first")[0] == "004"
        before = keys.read_text()
        with WazuhAuthd(directory) as authd:
            reply = registrar.ask("OSSEC A:'second'\n")
            assert reply.records == [
                "ERROR: Internal manager error adding agent: second. Unable to add agent"]
            assert registrar.process.wait(30) == 78
            registrar.wait_for_line(re.escape(f"wazuh-authd is running ({authd.path})"))
        assert keys.read_text() == before


def test_service_looks_again_without_agents(directory):
    with serving(directory, "-n") as registrar:
        with WazuhAuthd(directory):
            assert registrar.process.wait(30) == 78
        registrar.wait_for_line("disabled>yes")


# ------------------------------------------------------------------ what it is to know


def test_running_authd_says_that_it_is_wazuh(directory, authd):  # pylint: disable=unused-argument
    """Nothing else shows the dialect here."""
    choice = directory / "etc" / "agent-registrar.dialect"
    choice.unlink()
    assert command(directory, "add", "-n", "new", "-a", "::2").stdout.endswith(":0000:0002\n")
    choice.write_text("ossec\n")  # from an earlier life of the directory
    assert command(directory, "add", "-n", "other", "-a", "::3").stdout.endswith(":0000:0003\n")
    command(directory, "add", "-n", ".hidden", status=65)
    choice.unlink()
    assert "<disabled>yes</disabled>" in command(directory, "-n", "serve", status=78).stderr
    assert not choice.exists()
