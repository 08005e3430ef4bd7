# SPDX-License-Identifier: ISC
"""How requests arrive: in pieces, slowly, without a newline, and from clients that leave."""

import re
import socket
import threading
import time

import pytest

from registrar_tools import KEY, PATIENCE, Client, run, serving

REQUEST = "OSSEC A:'web-01'\n"


def test_ossec_key_in_one_record_with_close_notify(registrar):
    reply = registrar.ask(REQUEST)
    assert len(reply.records) == 1
    assert re.fullmatch(r"OSSEC K:'1024 web-01 any " + KEY + r"'\n\n", reply.records[0])
    assert reply.end == "close_notify"
    assert registrar.keys() == [list(reply.agent)]


def test_wazuh_key_without_newline(wazuh):
    reply = wazuh.ask(REQUEST)
    assert re.fullmatch(r"OSSEC K:'001 web-01 any " + KEY + "'", reply.records[0])
    assert reply.end == "close_notify"
    assert wazuh.register("web-02")[0] == "002"


def test_ossec_error_is_two_records_and_a_bare_end(registrar):
    assert registrar.ask("OSSEC A:'a b'\n") == (
        ["ERROR: Invalid agent name: a b\n\n", "ERROR: Unable to add agent.\n\n"], "eof")


def test_wazuh_error_is_one_record(wazuh):
    assert wazuh.ask("OSSEC A:'a b'\n") == (["ERROR: Invalid agent name: a b. Unable to add agent"],
                                            "close_notify")


@pytest.mark.parametrize("split", range(1, len(REQUEST)))
def test_split_into_two_records_anywhere(registrar, split):
    assert registrar.ask(REQUEST[:split], REQUEST[split:]).agent


def test_one_record_for_every_byte(wazuh):
    assert wazuh.ask(*REQUEST).agent


def test_one_record_dripping_in_tcp(registrar):
    """The TLS session itself comes in pieces of a few bytes."""
    front = socket.create_server(("127.0.0.1", 0))

    def drip():
        client, _ = front.accept()
        with client, registrar.connect() as server:
            def back():
                while data := server.recv(65536):
                    client.sendall(data)
                client.shutdown(socket.SHUT_WR)
            answers = threading.Thread(target=back)
            answers.start()
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                while data := client.recv(65536):
                    for start in range(0, len(data), 5):
                        server.sendall(data[start:start + 5])
            except OSError:
                pass
            answers.join(PATIENCE)

    thread = threading.Thread(target=drip)
    thread.start()
    with front:
        with Client(socket.create_connection(front.getsockname(), PATIENCE)) as client:
            client.send(REQUEST)
            assert client.reply().agent
    thread.join(PATIENCE)


@pytest.mark.parametrize("dialect", ["ossec", "wazuh"])
def test_no_newline(directory, dialect):
    with serving(directory, "-n", "--dialect", dialect) as registrar:
        begin = time.monotonic()
        assert registrar.ask(REQUEST[:-1]).agent
        assert time.monotonic() - begin < 5


def test_incomplete_request_is_not_taken_for_one(registrar):
    """A pause in the middle does not end the request: what follows still belongs to it."""
    with registrar.open() as client:
        client.send("OSSEC A:'we")
        time.sleep(0.5)  # longer than the pause that ends a complete one: the point of the test
        client.send("b-01'\n")
        assert client.reply().agent[1] == "web-01"


@pytest.mark.parametrize("request_text", [REQUEST, REQUEST[:-1]])
def test_half_close_still_gets_the_answer(registrar, request_text):
    with registrar.open() as client:
        client.send(request_text)
        client.half_close()
        assert client.reply().agent


def test_half_close_after_half_a_request(wazuh):
    with wazuh.open() as client:
        client.send("OSSEC A:'we")
        client.half_close()
        assert client.reply() == (["ERROR: Invalid request for new agent. Unable to add agent"],
                                  "close_notify")


def test_only_the_first_of_two_requests(registrar):
    reply = registrar.ask("OSSEC A:'one'\nOSSEC A:'two'\n")
    assert reply.agent[1] == "one"
    assert len(registrar.keys()) == 1


def test_bytes_after_the_request_do_not_cost_the_answer(registrar):
    """Unread bytes at the time of closing must not turn the answer into a reset."""
    with registrar.open() as client:
        client.send("OSSEC A:'one'\n" + "x" * 16000)
        client.send("y" * 16000)
        reply = client.reply()
    assert reply.agent and reply.end == "close_notify"


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_client_that_leaves_at_once(registrar, leave):
    client = registrar.open()
    client.send("OSSEC A:'gone'\n")
    getattr(client, leave)()
    registrar.wait_for_line("Registered gone|Lost 127")
    assert registrar.register("next")


def test_plain_text(registrar):
    with registrar.connect() as connection:
        connection.sendall(REQUEST.encode())
        received = b""
        try:
            while data := connection.recv(4096):
                received += data
        except ConnectionResetError:
            pass
        assert b"OSSEC" not in received
    registrar.wait_for_line("received a request without TLS")
    assert registrar.register("next")


def test_port_check_leaves_no_line(registrar):
    registrar.connect().close()
    registrar.register("next")
    assert "Refused" not in registrar.log and "Lost" not in registrar.log


@pytest.mark.parametrize("dialect,end", [("ossec", "eof"), ("wazuh", "close_notify")])
def test_endless_request(directory, dialect, end):
    with serving(directory, "-n", "--dialect", dialect) as registrar:
        assert registrar.ask("OSSEC A:'" + "A" * 80000) == ([], end)
        registrar.wait_for_line("longer than 69632 bytes")
        assert registrar.register("next")


def test_longest_request(wazuh):
    assert wazuh.ask("OSSEC A:'" + "A" * 69000 + "'\n") == (
        ["ERROR: Invalid agent name: " + "A" * 2020 + ". Unable to add agent"], "close_notify")


def test_foreign_bytes_are_escaped_in_the_log(registrar):
    registrar.ask(b"OSSEC A:'a\rb\x1b[31m\xff'\n")
    assert r"a\rb\x1b[31m\xff" in registrar.wait_for_line("Refused .*Invalid agent name.*").group(0)
    assert "\x1b" not in registrar.log


def test_no_key_in_the_log(directory):
    with serving(directory, "-n", "-d") as registrar:
        key = registrar.register("web-01")[3]
        registrar.wait_for_line("Registered web-01 as 1024, address any")
        assert key not in registrar.log


@pytest.mark.parametrize("dialect,version,taken", [
    ("ossec", None, True), ("wazuh", None, False), ("wazuh", "v4.14.6", False),
    ("wazuh", "v4.14.5", True)])
def test_name_with_a_leading_dot(directory, dialect, version, taken):
    options = ("--manager-version", version) if version else ()
    with serving(directory, "-n", "--dialect", dialect, *options) as registrar:
        reply = registrar.ask("OSSEC A:'.web'\n")
        assert bool(reply.agent) == taken
        assert taken or reply.records == ["ERROR: Invalid agent name: .web. Unable to add agent"]


@pytest.mark.parametrize(
    "groups,text",
    [
        ("web", None),
        ("web,db", None),
        ("", "Empty Group"),
        (",web", ",web... cannot start or end with ','"),
        ("web,,db", "web,,db... consecutive ',' are not allowed"),
        ("we b", "we b... characters '\\/:*?\"<>|,' are prohibited"),
        ("..", ".."),
        ("a,web@db", "web@db"),
        ("g" * 256, "g" * 255 + "... group is too large"),
    ],
)
def test_groups(wazuh, groups, text):
    for group in ("a", "db", "web"):
        (wazuh.directory / "etc" / "shared" / group).mkdir(parents=True)
    reply = wazuh.ask(f"OSSEC A:'web-01' G:'{groups}'\n")
    if text is None:
        assert reply.agent
        wazuh.wait_for_line(f"groups {groups}")
    else:
        assert reply.records == [f"ERROR: Invalid group name: {text}. Unable to add agent"]


@pytest.mark.parametrize("dialect,option,answers", [
    ("wazuh", None, False), ("wazuh", "existing", False), ("wazuh", "any", True),
    ("ossec", None, True), ("ossec", "existing", False), ("ossec", "any", True)])
def test_groups_that_do_not_exist(directory, dialect, option, answers):
    """A group is a directory, and nothing else; it counts from the moment in which it is made."""
    shared = directory / "etc" / "shared"
    shared.mkdir()
    (shared / "file").write_text("")
    with serving(
        directory, "-n", "--dialect", dialect, *(["--groups", option] if option else [])
    ) as registrar:
        for number, groups in enumerate(("nogroup", "file")):
            reply = registrar.ask(f"OSSEC A:'web-{number}' G:'{groups}'\n")
            assert bool(reply.agent) == answers
            assert answers or reply.records[0].startswith(f"ERROR: Invalid group: {groups}")
        (shared / "nogroup").mkdir()
        assert registrar.ask("OSSEC A:'web-9' G:'nogroup'\n").agent


def test_groups_are_stored(wazuh):
    """Where Wazuh looks for them, each once; gone with the agent. In OSSEC's dialect there is no
    place for them."""
    stored = wazuh.directory / "queue" / "agent-groups"
    for group in ("db", "web", "g" * 255):
        (wazuh.directory / "etc" / "shared" / group).mkdir(parents=True)
    assert wazuh.register("none") and not stored.exists()
    number = wazuh.ask(f"OSSEC A:'web-01' G:'web,db,web,{'g' * 255}'\n").agent[0]
    assert (stored / number).read_text() == f"web,db,{'g' * 255}\n"
    assert run("-D", wazuh.directory, "remove", number).returncode == 0
    assert not (stored / number).exists()


@pytest.mark.parametrize("dialect,text", [
    ("ossec", "ERROR: Internal manager error adding agent: cc\n\n"),
    ("wazuh", "ERROR: The maximum number of agents has been reached. Unable to add agent")])
def test_agent_limit(directory, dialect, text):
    (directory / "etc" / "client.keys").write_text(
        f"2000 !gone any {'5a' * 32}\n2001 aa any {'5a' * 32}\n"
    )
    with serving(
        directory, "-n", "--dialect", dialect, "--max-agents", "2", "--on-duplicate", "replace"
    ) as registrar:
        assert registrar.register("bb")
        assert registrar.ask("OSSEC A:'cc'\n").records[0] == text
        registrar.wait_for_line("--max-agents")
        assert registrar.register("aa")  # in place of another: no more than before
        assert not registrar.ask("OSSEC A:'dd'\n").agent


def test_higher_versions_on_request(directory):
    with serving(
        directory, "-n", "--manager-version", "v4.14.5", "--allow-higher-versions"
    ) as registrar:
        assert registrar.ask("OSSEC A:'web-01' V:'v5.0.0'\n").agent


@pytest.mark.parametrize(
    "limit,version,accepted",
    [("v4.14.5", "v4.14.5", True), ("v4.14.5", "v4.14.9", True), ("v4.14.5", "v4.15.0", False),
     ("v4.14.5", "v5.0.0", False), ("v4.14.5", "junk", True), ("v4.14.5", "", True),
     ("v4.14.5", "4.14.5", True), ("4.14", "a v4.15.0", False),
     ("4.14", "Wazuh v4.15.0", True),  # nine characters count
     (None, "v99.0.0", True)],
)
def test_manager_version(directory, limit, version, accepted):
    with serving(
        directory, "-n", "--dialect", "wazuh", *(["--manager-version", limit] if limit else [])
    ) as registrar:
        reply = registrar.ask(f"OSSEC A:'web-01' V:'{version}'\n")
        assert bool(reply.agent) == accepted
        if not accepted:
            assert "Agent version must be lower or equal to manager version" in reply.records[0]
