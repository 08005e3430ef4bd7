# SPDX-License-Identifier: ISC
"""Method enroll with credentials that the manager does not take any more: the next one is tried,
each once, and nothing is lost until there is a new key."""
import os
import re

import pytest
import wazuh5_manager
from enroll_tools import CREDENTIAL, PASSWORD, SECRET, TOKEN_ID, read


@pytest.fixture
def server(start_wazuh5):
    return start_wazuh5(password=PASSWORD, tokens={TOKEN_ID: SECRET})


@pytest.fixture
def token(server, ca_pin):
    return wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)


@pytest.fixture
def enrolled(server, enrollment):
    """The machine was agent 001, of which the secret is left."""
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    enrollment.lose_key()
    server.requests.clear()
    return read(enrollment.secret_file)


# ------------------------------------------------------------------ a secret that is dead


def test_answer_that_was_lost(server, enrollment, enrolled, token):
    """The manager has made a new key and a new secret, of which the machine knows nothing."""
    def lose(handler):
        del handler
        assert server.answer(server.requests[-1])[0] == 200
        return b""
    server.forced = [None, lose]  # its CA comes first
    lost = enrollment.run(token=token)
    assert lost.status == 75 and read(enrollment.secret_file) == enrolled, lost
    server.replaces = True
    result = enrollment.succeeds(server, token=token)
    assert server.kids == ["001", "001", TOKEN_ID]
    warning, = [line for line in result.warnings if "re-enrollment secret" in line]
    assert enrollment.secret_file in warning and "invalid_signature" in warning, warning
    assert "the enrollment token was tried instead" in warning, warning
    assert read(enrollment.secret_file + ".old") == enrolled


@pytest.mark.parametrize("refusal", [
    (401, "unknown_agent", None), (401, "invalid_signature", None),
    (401, "invalid_request", 'Bearer error="invalid_request"'),
    (401, "enrollment_key_unavailable", "Bearer"), (401, 9026, None), (401, 9027, None),
    (403, 9022, None), (401, "of_the_future", None), (401, 9032, None),
], ids=lambda refusal: str(refusal[1]))
def test_for_whatever_reason(server, enrollment, enrolled, refusal):
    status, code, challenge = refusal
    challenge = challenge or f'Bearer error="invalid_token", error_description="{code}"'
    server.agents.clear()
    server.forced = [(status, {"error": {"code": code, "message": "no"}},
                      {"WWW-Authenticate": challenge} if status == 401 else {})]
    result = enrollment.succeeds(server, manager=server, password=PASSWORD)
    assert server.kids == ["001", None]
    assert any(enrollment.secret_file in line for line in result.warnings), result
    assert read(enrollment.secret_file + ".old") == enrolled


def test_id_of_another_machine(server, enrollment, enrolled):
    """A manager was built anew, and has given our id to another machine."""
    server.agents = {"001": ("another", "0" * 64, "0" * 64)}
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    assert server.kids == ["001", None]
    assert server.agents["001"] == ("another", "0" * 64, "0" * 64)
    assert read(enrollment.secret_file + ".old") == enrolled


def test_manager_that_is_busy_is_no_refusal(server, enrollment, enrolled):
    """The secret may be good: nothing is enrolled anew."""
    server.forced = [(503, {"error": {"code": 9031, "message": "later"}})]
    result = enrollment.run(manager=server, password=PASSWORD)
    assert result.status == 75, result
    assert server.kids == ["001"] and read(enrollment.secret_file) == enrolled


# ------------------------------------------------------------------ one after the other


def test_all_of_them_once(server, enrollment, enrolled, token):
    server.agents.clear()
    server.token_state[TOKEN_ID] = "token_expired"
    result = enrollment.succeeds(server, token=token, password=PASSWORD)
    assert server.kids == ["001", TOKEN_ID, None]
    warning, = [line for line in result.warnings if "token_expired" in line]
    assert "unknown_agent" in warning and "the password was tried instead" in warning, warning
    assert read(enrollment.secret_file + ".old") == enrolled


def test_none_is_taken(server, enrollment, enrolled, token):
    before = enrollment.machine.snapshot()
    server.agents.clear()
    server.token_state[TOKEN_ID] = 9024
    server.password = "another"
    result = enrollment.run(token=token, password=PASSWORD)
    assert result.status == 77 and "invalid_signature" in result.state["last_error"], result
    assert server.kids == ["001", TOKEN_ID, None]
    assert enrollment.machine.snapshot() == before
    assert read(enrollment.secret_file) == enrolled


def test_no_loop_with_names_that_are_taken(server, enrollment, enrolled):
    """The dead secret is not tried for each of them."""
    server.agents = {"007": ("web-01", "0" * 64, "0" * 64)}
    result = enrollment.run(manager=server, password=PASSWORD,
                            identity__on_duplicate="suffix")
    assert result.status == 0, result
    assert server.kids == ["001", None, None]
    assert re.match(r"\d+ web-01-", enrollment.machine.read_keys().decode())
    assert read(enrollment.secret_file + ".old") == enrolled


def test_answer_to_the_second_is_lost(server, enrollment, enrolled):
    """That the first one was refused is no answer to the second."""
    def lose(handler):
        del handler
        assert server.answer(server.requests[-1])[0] == 200
        return b""
    server.agents.clear()
    server.forced = [None, lose]
    result = enrollment.run(manager=server, password=PASSWORD)
    assert result.status == 75, result
    assert server.kids == ["001", None]
    assert result.state["unanswered"].split()[1] == "web-01", result.state
    assert read(enrollment.secret_file) == enrolled


def test_each_warning_is_told(server, enrollment, enrolled):
    """Of the refused secret, of the clock, and of the secret that was not sent."""
    server.agents.clear()
    server.clock = 86400
    server.gives_secret = False
    result = enrollment.run(manager=server, password=PASSWORD)
    assert result.status == 0, result
    # a second may pass between the manager's answer and its being read
    for words in ("unknown_agent", "clock is (1 d|8639[0-9] s) behind",
                  "sent no re-enrollment secret"):
        assert len([line for line in result.warnings if re.search(words, line)]) == 1, (words,
                                                                                         result)
    assert read(enrollment.secret_file + ".old") == enrolled


def test_failure_to_store_keeps_the_secret(server, enrollment, enrolled):
    """Kept aside until the new key is there."""
    server.agents.clear()
    os.mkdir(enrollment.machine.keys)  # nothing can be renamed over it
    result = enrollment.run(manager=server, password=PASSWORD)
    assert result.status == 73, result
    assert read(enrollment.secret_file) == enrolled


# ------------------------------------------------------------------ a token that is new


def test_token_that_is_not_known_yet(server, enrollment, token):
    server.tokens = {}
    result = enrollment.run(token=token)
    assert result.status == 75 and "token_unknown" in result.failure, result
    assert result.state["last_outcome"] == "busy", result.state


def test_token_that_becomes_known(server, enrollment, token):
    """As on a node of a cluster, within a run."""
    def learn(handler):
        del handler
        server.tokens = {TOKEN_ID: SECRET}
        return (401, {"error": {"code": "token_unknown", "message": "no"}},
                {"WWW-Authenticate": 'Bearer error="invalid_token", '
                                     'error_description="token_unknown"'})
    server.forced = [None, learn]
    result = enrollment.run(token=token, retry__budget="30 s", retry__initial="10 ms")
    assert result.status == 0, result
    assert server.kids == [TOKEN_ID, TOKEN_ID]


def test_unknown_token_and_wrong_password(server, enrollment, token):
    """The token may help soon, the password never will."""
    server.tokens = {}
    server.password = "another"
    result = enrollment.run(token=token, password=PASSWORD)
    assert result.status == 75 and "token_unknown" in result.state["last_error"], result
    assert server.kids == [TOKEN_ID, None]
