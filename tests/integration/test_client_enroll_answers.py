# SPDX-License-Identifier: ISC
"""Method enroll: refusals, and managers that misbehave."""
import json

import machine as machine_module
import pytest
import wazuh5_manager
from enroll_tools import CREDENTIAL, PASSWORD, SECRET, TOKEN_ID


# ------------------------------------------------------------------ refusals


def test_wrong_password(start_wazuh5, enrollment):
    server = start_wazuh5(password="another")
    enrollment.fails("refused", "invalid_signature",
                     "the password in password_file is not the one in its etc/authd.pass",
                     manager=server, password=PASSWORD)


def test_no_password(start_wazuh5, enrollment):
    server = start_wazuh5(password="another")
    enrollment.fails("refused", "invalid_request", "set token_file or password_file",
                     manager=server)


@pytest.mark.parametrize(
    "state, word",
    [("token_expired", "token_expired"), ("token_revoked", "token_revoked"), (9022, "9022"),
     (9023, "9023"), (9024, "9024")],
)
def test_tokens_that_ended(start_wazuh5, enrollment, ca_pin, state, word):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET})
    server.token_state[TOKEN_ID] = state
    token = wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)
    enrollment.fails("refused", word, "create another token", token=token)


def test_unknown_token(start_wazuh5, enrollment, ca_pin):
    server = start_wazuh5(tokens={})
    token = wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)
    enrollment.fails("busy", "token_unknown", "create another token", token=token)


def test_token_with_another_secret(start_wazuh5, enrollment, ca_pin):
    server = start_wazuh5(tokens={TOKEN_ID: bytes(16)})
    token = wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)
    enrollment.fails("refused", "invalid_signature", "token_file is not one of its own",
                     token=token)


def test_duplicate(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    server.agents["001"] = ("web-01", "0" * 64, "0" * 64)
    enrollment.fails("duplicate", "Duplicate name", manager=server, password=PASSWORD)


def test_duplicate_with_suffix(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    server.agents["077"] = ("web-01", "0" * 64, "0" * 64)
    result = enrollment.succeeds(server, manager=server, password=PASSWORD,
                                 identity__on_duplicate="suffix")
    assert [name for name, _, _ in server.agents.values()][1].startswith("web-01-"), result


def test_newer_version(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    enrollment.fails("refused", "version must be lower", manager=server, password=PASSWORD,
                     agent__version="v5.1.0")


@pytest.mark.parametrize(
    "status, code, outcome",
    [
        (400, 9014, "refused"), (401, "enrollment_key_unavailable", "busy"), (403, 0, "refused"),
        (409, 9007, "duplicate"), (409, 9012, "duplicate"), (409, 9030, "busy"),
        (413, 0, "refused"), (415, 0, "refused"), (429, 0, "busy"), (500, 9001, "busy"),
        (503, 9013, "busy"), (503, -1, "busy"), (404, 0, "protocol-error"),
        (301, 0, "protocol-error")
    ],
)
def test_errors(start_wazuh5, enrollment, status, code, outcome):
    server = start_wazuh5(password=PASSWORD)
    server.forced = [(status, {"error": {"code": code, "message": f"because of {code}"}})]
    result = enrollment.fails(outcome, f"because of {code}", f"HTTP {status}", manager=server,
                              password=PASSWORD)
    assert len(server.requests) == 1
    assert ("unanswered" in result.state) == (status in (301, 500, 503)), result.state


# ------------------------------------------------------------------ fake_manager managers

AGENT = {
    "id": "003", "name": "web-01", "ip": "any", "key": machine_module.KEY,
    "reenroll_secret": "0" * 64
}


def without(name):
    return {member: value for member, value in AGENT.items() if member != name}


@pytest.mark.parametrize(
    "body, word",
    [
        (b"", "JSON"),
        (b"OK", "JSON"),
        (b"<html><body>Welcome</body></html>", "JSON"),
        ([AGENT], "JSON"),
        (json.dumps(AGENT)[:-1].encode() + b',"id":"004"}', "duplicate member"),
        (json.dumps(AGENT)[:-1].encode() + b',"key":"' + b"1" * 64 + b'"}', "duplicate member"),
        (without("id"), "without id"),
        (without("name"), "without name"),
        (without("ip"), "without ip"),
        (without("key"), "without key"),
        ({**AGENT, "id": 3}, "without id"),
        ({**AGENT, "key": None}, "without key"),
        ({**AGENT, "id": "../3"}, "an invalid id"),
        ({**AGENT, "name": "a b"}, "an invalid name"),
        ({**AGENT, "name": "!x"}, "an invalid name"),
        ({**AGENT, "ip": "somewhere"}, "an invalid ip"),
        ({**AGENT, "key": "00"}, "an invalid key"),
        ({**AGENT, "key": machine_module.KEY.upper()}, "an invalid key"),
        ({**AGENT, "key": "0" * 63 + "\n"}, "an invalid key"),
        ({**AGENT, "reenroll_secret": ""}, "an invalid reenroll_secret"),
        ({**AGENT, "reenroll_secret": None}, "without reenroll_secret"),
        ({**AGENT, "reenroll_secret": "0" * 66}, "an invalid reenroll_secret"),
        (b"[" * 100000, "JSON"),
        (b"\xff\xfe{}", "JSON"),
    ],
    ids=range(24),
)
def test_garbled_answers(start_wazuh5, enrollment, body, word):
    server = start_wazuh5(password=PASSWORD)
    server.forced = [(200, body)]
    enrollment.fails("protocol-error", word, manager=server, password=PASSWORD)


@pytest.mark.parametrize(
    "raw, outcome, word",
    [
        (b"", "busy", "instead of responding"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"id\"", "busy", "in the middle"),
        (b"OSSEC K:'001 web-01 any " + machine_module.KEY.encode() + b"'", "protocol-error",
         "HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"y" * 1000 + b"\r\n") * 200 + b"\r\n",
         "protocol-error", "too large"),
    ],
    ids=["nothing", "cut", "authd", "header"],
)
def test_broken_answers(start_wazuh5, enrollment, raw, outcome, word):
    server = start_wazuh5(password=PASSWORD)
    server.forced = [raw]
    result = enrollment.fails(outcome, word, manager=server, password=PASSWORD)
    assert result.state["unanswered"].split()[1:] == ["web-01", server.address]


def test_huge_answer(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    server.forced = [(200, b" " * (10 << 20))]
    enrollment.fails("protocol-error", "too large", manager=server, password=PASSWORD)


def test_manager_that_never_answers(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    server.forced = [lambda handler: handler.rfile.read(1) and None]  # until we leave
    enrollment.fails("busy", "did not respond to the request in time", manager=server,
                     password=PASSWORD, manager__attempt_timeout="500 ms")


def test_manager_that_echoes(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)

    def echo(handler):
        return 400, {
            "error": {"code": 0, "message": f"you sent {handler.headers['Authorization']}"}
        }
    server.forced = [echo]
    result = enrollment.fails("refused", "HTTP 400", manager=server, password=PASSWORD)
    assert "Bearer" not in result.stderr
    assert server.requests[0].headers["Authorization"][7:50] not in result.stderr


def test_escapes(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    server.forced = [(400, {"error": {"code": 0, "message": "a\x1b[31m\nb"}})]
    enrollment.fails("refused", "a\\x1b[31m\\nb", manager=server, password=PASSWORD)


def test_lost_answer(start_wazuh5, enrollment):
    """The agent is made, the answer is lost: the next run says whose the duplicate probably is."""
    server = start_wazuh5(password=PASSWORD)

    def lose(handler):
        server.agents["001"] = ("web-01", "0" * 64, "0" * 64)
        handler.connection.close()
        return b""
    server.forced = [lose]
    enrollment.fails("busy", "instead of responding", manager=server, password=PASSWORD)
    enrollment.fails("duplicate", "probably this machine's own", manager=server, password=PASSWORD)


def test_renamed(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    server.forced = [(200, {**AGENT, "name": "web-012"})]
    result = enrollment.run(manager=server, password=PASSWORD)
    assert result.status == 0
    assert "knows this agent as web-012" in result.warnings[0]


def test_members_of_the_future(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    server.forced = [(200, {**AGENT, "expires": {"never": True}})]
    assert enrollment.run(manager=server, password=PASSWORD).status == 0


def test_too_many_groups(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    groups = [f"{'g' * 200}{number}" for number in range(100)]
    enrollment.fails("misconfigured", "fewer groups", manager=server, password=PASSWORD,
                     agent__groups=groups)
    assert server.requests == []
