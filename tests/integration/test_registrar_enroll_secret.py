# SPDX-License-Identifier: ISC
"""Agents of Wazuh 5 that have a key, and get a secret for enrolling again from the registrar."""
import pytest
from api_tools import Client
from enroll_tools import bearer
from enrolling import (BODY, SECRET, agent_bearer, at_once, enroll, enroll_again,
                       request_bearer)


def ask(registrar, number, key, **more):
    return enroll(registrar, body="{}", path=SECRET, authorization=request_bearer(number, key,
                                                                                  **more))


def secret_of(answer):
    assert answer.status == 200, answer
    assert set(answer.json) == {"id", "reenroll_secret"}, answer
    return answer.json["reenroll_secret"]


def test_an_agent_that_registered_by_authd(serve_enrolling, directory):
    registrar = serve_enrolling(password=None)
    number, _, _, key = registrar.register("web-01")
    before = registrar.keys()
    first = secret_of(ask(registrar, number, key))
    second = secret_of(ask(registrar, number, key))
    assert first != second and registrar.keys() == before
    file = directory / "etc" / "reenroll_secrets"
    assert first not in file.read_text() and key not in file.read_text()
    registrar.wait_for_line(f"Agent {number} has got another secret")
    # The first one works until the second was used.
    answer = enroll_again(registrar, number, first)
    assert answer.status == 200 and answer.json["id"] == number, answer
    assert enroll_again(registrar, number, answer.json["reenroll_secret"]).status == 200
    assert enroll_again(registrar, number, second).status == 401


def test_only_the_key_of_now(serve_enrolling):
    registrar = serve_enrolling()
    answer = enroll(registrar).json
    number, key = answer["id"], answer["key"]
    new = enroll_again(registrar, number, secret_of(ask(registrar, number, key))).json["key"]
    old = ask(registrar, number, key)
    assert old.status == 401 and old.json["code"] == "invalid_signature", old
    secret_of(ask(registrar, number, new))


@pytest.mark.parametrize("make, wanted", [
    (lambda number, key, secret: None, "invalid_request"),
    (lambda number, key, secret: "Bearer x", "invalid_request"),
    (lambda number, key, secret: bearer(), "invalid_request"),
    (lambda number, key, secret: agent_bearer(number, secret), "invalid_request"),
    (lambda number, key, secret: request_bearer(number, key, sub="002"), "invalid_request"),
    (lambda number, key, secret: request_bearer(number, key, iss="002"), "invalid_request"),
    (lambda number, key, secret: request_bearer("999", "ab" * 32), "unknown_agent"),
    (lambda number, key, secret: request_bearer("1", key), "unknown_agent"),
    (lambda number, key, secret: request_bearer(number, "ab" * 32), "invalid_signature"),
    (lambda number, key, secret: request_bearer(number, key, made=-100), "stale_token"),
    (lambda number, key, secret: request_bearer(number, key, made=40), "stale_token"),
], ids=range(11))
def test_bearers(serve_enrolling, make, wanted):
    registrar = serve_enrolling()
    agent = enroll(registrar).json
    authorization = make(agent["id"], agent["key"], agent["reenroll_secret"])
    answer = enroll(registrar, body="", path=SECRET, authorization=authorization or "")
    assert answer.status == 401, answer
    assert answer.json == {"error": "Invalid client authentication", "code": wanted}
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer error="invalid_request"' if wanted == "invalid_request" else
        f'Bearer error="invalid_token", error_description="{wanted}"')
    assert enroll_again(registrar, agent["id"], agent["reenroll_secret"]).status == 200


def test_shares_the_limit_of_enrollments(serve_enrolling):
    registrar = serve_enrolling("--enroll-rate", "1")
    agent = enroll(registrar).json
    assert 429 in {answer.status for answer in at_once(
        20, lambda number: enroll(registrar, {**BODY, "name": f"web-{number:02}"}))}
    # as many as there may be at once, had none enrolled
    answers = at_once(10, lambda _: ask(registrar, agent["id"], agent["key"]))
    refused = [answer for answer in answers if answer.status != 200]
    assert refused
    for answer in refused:
        assert answer.status == 429 and answer.json == {"error": "rate_limited"}, answer
        assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_wrong_keys_are_counted(serve_enrolling):
    registrar = serve_enrolling("--api-max-login-attempts", "2")
    agent = enroll(registrar).json
    wrong = [ask(registrar, agent["id"], "ab" * 32).status for _ in range(3)]
    assert wrong == [401, 401, 429]
    secret_of(ask(registrar, agent["id"], agent["key"]))


def test_others(serve_enrolling, directory):
    registrar = serve_enrolling()
    agent = enroll(registrar).json
    authorization = request_bearer(agent["id"], agent["key"])
    answer = enroll(registrar, path=SECRET, authorization=authorization, protocol_version="2")
    assert answer.status == 400 and answer.json == {"error": "Unsupported protocol-version"}
    with Client(registrar) as client:
        assert client.ask("GET", SECRET).status == 405
    file = directory / "etc" / "reenroll_secrets"
    file.unlink()
    file.mkdir()
    answer = enroll(registrar, path=SECRET, authorization=authorization)
    assert answer.status == 503 and answer.json == {"error": "identity_unrecorded"}
