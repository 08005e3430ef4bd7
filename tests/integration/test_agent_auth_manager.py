# SPDX-License-Identifier: ISC
"""agent-auth and the manager: whether it is verified, what it answers, how it is reached; and
what a failure looks like in agent-auth's words."""
from agent_auth import AgentAuth, errors, output_lines, warnings
from fake_manager import answer
from machine import KEY, PATIENCE, reply, shell_words
import pytest

PASSWORD = "Correct-Horse-Battery"
UNVERIFIED = "not verified"

# ------------------------------------------------------------------ verification


def test_unverified_manager_is_warned_of(agent_auth, start_manager):
    result = agent_auth.registers(manager=start_manager(certificate="wazuh-default"))
    assert len(warnings(result)) == 1
    for words in (UNVERIFIED, "-v", "127.0.0.1:"):
        assert words in warnings(result)[0]
    assert "INFO: Verifying manager's certificate" not in output_lines(result)


VERIFIED = {
    "subject alternative name": ("san-ipv4", "127.0.0.1"),
    "common name": ("cn-ipv4", "127.0.0.1"),
    "host name": ("san-dns", "localhost"),
    "common name, host name": ("cn-dns", "localhost"),
    "common name beside others": ("cn-dns-beside-san", "localhost"),
}


@pytest.mark.parametrize("certificate, host", VERIFIED.values(), ids=VERIFIED.keys())
def test_verified_manager(agent_auth, start_manager, certificate, host):
    manager = start_manager(certificate=certificate)
    result = agent_auth.registers(manager=(host, manager.port), trust="ca")
    assert output_lines(result)[:2] == [f"INFO: Connected to {host}:{manager.port}",
                                "INFO: Verifying manager's certificate"]
    assert result.stderr == ""


UNTRUSTED = {
    "other CA": "other-ca", "self-signed": "self-signed", "expired": "expired",
    "wrong name": "wrong-name", "not yet valid": "not-yet-valid", "Wazuh's own": "wazuh-default",
    "for clients": "client-only", "an address as common name beside others": "cn-beside-san"
}


@pytest.mark.parametrize("certificate", UNTRUSTED.values(), ids=UNTRUSTED.keys())
def test_untrusted_manager_gets_nothing(agent_auth, start_manager, certificate):
    agent_auth.install_key()
    agent_auth.password(PASSWORD, name="ossec/etc/authd.pass")
    manager = start_manager(certificate=certificate)
    result = agent_auth.fails("Unable to verify server certificate: ", manager=manager, trust="ca")
    assert output_lines(result)[-1] == "INFO: Verifying manager's certificate"
    manager.settle()
    assert manager.requests == []


# ------------------------------------------------------------------ the manager's answers

REFUSALS = {
    "Wazuh 4.14": ([b"ERROR: Invalid password. Unable to add agent"],
                   "Invalid password. Unable to add agent (from manager) -- "),
    "Wazuh 4.12": ([b"ERROR: Duplicate agent name: web-01", b"ERROR: Unable to add agent"],
                   "Duplicate agent name: web-01 (from manager) -- "),
    "OSSEC": ([b"ERROR: Invalid agent name: web-01\n\n", b"ERROR: Unable to add agent.\n\n"],
              "Invalid agent name: web-01 (from manager) -- "),
    "busy": ([b"ERROR: Internal manager error adding agent: web-01\n\n"],
             "Internal manager error adding agent: web-01 (from manager) -- "),
    "unknown": ([b"ERROR: Come back tomorrow\n"], "Come back tomorrow (from manager)"),
    "escape codes": ([b"ERROR: \x1b[2Jx\n"], r"\x1b[2Jx (from manager)"),
    "dashes": ([b"ERROR: a -- b\n"], "a -- b (from manager)"),
    "a setting": ([b"ERROR: correct groups\n"], "correct groups (from manager)"),
    "nothing": ([b"ERROR: \n"], "says: "),
    "one digit": ([b"ERROR: 1\n"], "ERROR: 1 (from manager)"),
    "per cent": ([b"ERROR: %s%n%s\n"], "%s%n%s (from manager)"),
    "long": ([b"ERROR: " + b"x" * 5000 + b"\n"], "xxx"),
}


@pytest.mark.parametrize("ending", ["close", "close_notify", "open"])
@pytest.mark.parametrize("records, words", REFUSALS.values(), ids=REFUSALS.keys())
def test_refusal(agent_auth, start_manager, records, words, ending):
    """OSSEC's exit status is 0 when the manager says goodbye politely."""
    agent_auth.install_key()
    manager = start_manager(answer(*records, ending=ending))
    result = agent_auth.fails(words.removeprefix("ERROR: "), manager=manager, trust="ca")
    assert words in result.stderr
    assert output_lines(result)[-1] == "INFO: Send request to manager. Waiting for reply."


ANSWERS = {
    "nothing": (
        [],
        "Unable to create key. Either wrong password or connection not accepted by the manager: ",
    ),
    "garbage": ([b"hello\n"], "Invalid key received. Closing connection: "),
    "empty key": ([b"OSSEC K:''"], "Invalid key received. Closing connection: "),
    "three fields": ([b"OSSEC K:'001 web-01 any'"], "Invalid key received. Closing connection: "),
    "empty id": ([b"OSSEC K:' web-01 any " + KEY.encode() + b"'"],
                 "Invalid key received. Closing connection: "),
    "no closing quote": ([reply()[:-1]], "Invalid key received. Closing connection: "),
    "refusal, then a key": ([b"ERROR: no\n", reply()], "no (from manager)"),
}


@pytest.mark.parametrize("ending", ["close", "close_notify"])
@pytest.mark.parametrize("records, words", ANSWERS.values(), ids=ANSWERS.keys())
def test_answers_without_a_key(agent_auth, start_manager, records, words, ending):
    """Both originals crash, hang, or end with 0 for some of these."""
    agent_auth.install_key()
    agent_auth.fails(words, manager=start_manager(answer(*records, ending=ending)))


def test_reset_after_the_request(agent_auth, start_manager):
    agent_auth.fails("SSL read (unable to receive message): ", "reset",
                     manager=start_manager(answer(ending="reset")))


def test_key_in_pieces(agent_auth, start_manager):
    """Neither original understands it."""
    agent_auth.registers(manager=start_manager(answer(reply()[:30], reply()[30:])))


def test_key_and_no_goodbye(agent_auth, start_manager):
    """OSSEC's waits for the end of the connection, for ever."""
    agent_auth.registers(manager=start_manager(answer(reply(), ending="open")))


def test_renamed(agent_auth, start_manager):
    result = agent_auth.registers(f"1024 web-012 any {KEY}\n", trust="ca",
                                  manager=start_manager(answer(reply(id="1024", name="web-012"))))
    assert len(warnings(result)) == 1 and "web-012, not as web-01" in warnings(result)[0]


def test_manager_wants_a_certificate(agent_auth, start_manager, certificates):
    agent_auth.fails("give -x and -k", manager=start_manager(client_ca=certificates.ca()))


def test_manager_wants_a_password(agent_auth, start_manager):
    silent, telling = answer(), answer(b"ERROR: Invalid password")
    agent_auth.fails("give -P", manager=start_manager(silent))
    agent_auth.fails("Invalid password (from manager) -- ", "-P", manager=start_manager(telling))


# ------------------------------------------------------------------ ways to a manager


def test_connection_refused(agent_auth):
    agent_auth.fails("Unable to connect to", "127.0.0.1:1", "refused", manager=("127.0.0.1", 1))


def test_unresolvable_name(agent_auth):
    """OSSEC's crashes."""
    agent_auth.fails("Unable to connect to", "no-such-host.invalid",
                     manager=("no-such-host.invalid", 1515), within=PATIENCE)


@pytest.mark.usefixtures("mount_namespace")
def test_all_addresses_are_tried(agent_auth, start_manager):
    """The originals take the first."""
    manager = start_manager(address="127.0.0.2")
    hosts = agent_auth.write("hosts", "127.0.0.3 manager.test\n127.0.0.2 manager.test\n")
    agent_auth.registers(manager=("manager.test", manager.port), trust="ca",
                         before=f"mount --bind {shell_words(hosts)} /etc/hosts")


def test_plain_text_server(agent_auth, start_manager):
    def script(conversation):
        conversation.socket.sendall(b"220 mail ESMTP\r\n")
        conversation.wait_for_end()
    agent_auth.fails("SSL error", "does not speak TLS", manager=start_manager(script))


def silent_after_connecting(conversation):
    conversation.wait_for_end()


def silent_after_the_request(conversation):
    conversation.handshake()
    conversation.read_request()
    conversation.wait_for_end()


def silent_within_the_answer(conversation):
    conversation.handshake()
    conversation.read_request()
    conversation.send(b"OSSEC K:'001 web")
    conversation.wait_for_end()


def test_hang_without_timeout(agent_auth, start_manager, certificates, tmp_path):
    """The originals wait for ever; here an attempt ends after 30 seconds. All at once, so that
    they pass only once."""
    runs = []
    for number, script in enumerate(
        (silent_after_connecting, silent_after_the_request, silent_within_the_answer)
    ):
        each = AgentAuth(tmp_path / str(number), certificates)
        each.install_key()
        runs.append((each, each.snapshot(), each.start(manager=start_manager(script))))
    for each, before, run in runs:
        run.process.wait(2 * PATIENCE)
        result = run.finish()
        assert result.status == 1 and len(errors(result)) == 1, result
        assert "127.0.0.1:" in errors(result)[0], result
        assert result.seconds < 2 * PATIENCE and each.snapshot() == before
