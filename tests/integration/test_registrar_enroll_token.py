# SPDX-License-Identifier: ISC
"""Enrolling with a token at the registrar: with agent-register, and with bearers that are written
here once more."""
import json

import pytest
from enroll_tools import PASSWORD, bearer
from enrolling import BODY, at_once, enroll, failure
from registrar_tools import run
from wazuh5_manager import decode, encode

TOKENS = "enrollment.tokens"


class Token:
    """One that the registrar has printed."""

    def __init__(self, tokens, text):
        self.tokens, self.text = tokens, text
        self.members = json.loads(decode(text))
        key = decode(self.members["key"])
        self.id = encode(key[:16])
        self.secret = key[16:]

    def bearer(self, secret=None, **more):
        header = {"alg": "HS256", "kid": self.id, "typ": "wazuh-enroll+jwt"}
        return bearer(secret or self.secret, header=header, kind="token", **more)

    def enroll(self, registrar, name="web-01", **more):
        return enroll(registrar, {**BODY, "name": name}, authorization=self.bearer(**more))

    def shown(self):
        return json.loads(self.tokens("show", self.id, "--json"))

    @property
    def uses(self):
        return self.shown()["uses"]


def create(tokens, *arguments, port=1517):
    text = tokens.create("--port", str(port), *arguments, address="localhost")
    return Token(tokens, text.strip())


def refusal(answer):
    """(status, code), and with 401 the class in the challenge as well."""
    status, code = failure(answer)
    if status == 401:
        assert answer.headers["WWW-Authenticate"] == (
            f'Bearer error="invalid_token", error_description="{code}"'), answer
    return status, code


# ------------------------------------------------------------------ with the client


@pytest.mark.parametrize("arguments", [[], ["--embed-ca"]], ids=["pin", "ca"])
@pytest.mark.parametrize("password", [PASSWORD, None], ids=["password", "open"])
def test_the_client_enrolls_with_what_is_printed(serve_enrolling, tokens, enrollment, arguments,
                                                 password):
    registrar = serve_enrolling(password=password)
    token = create(tokens, "--max-uses", "2", *arguments, port=registrar.api_port)
    result = enrollment.run(token=token.text)
    assert result.status == 0, result
    [line] = registrar.keys()
    assert enrollment.machine.read_keys().decode().split() == line
    assert token.uses == 1
    registrar.wait_for_line(rf"Registered \S+ as 001, .*enrolling with token {token.id}")
    for text in (token.text, token.members["key"], token.secret.hex()):
        assert text not in registrar.log and text not in result.stderr


def test_without_a_credential_the_client_has_its_password(serve_enrolling, tokens, enrollment):
    registrar = serve_enrolling()
    text = tokens.create("--port", str(registrar.api_port), "--no-credential",
                         address="localhost").strip()
    result = enrollment.run(token=text, password=PASSWORD)
    assert result.status == 0, result
    assert not tokens.file.exists()


# ------------------------------------------------------------------ what becomes of tokens


def test_commands_count_at_once(serve_enrolling, tokens):
    """Without a signal or a restart of the service."""
    registrar = serve_enrolling()
    token = create(tokens)
    assert token.enroll(registrar, "web-01").status == 200
    tokens("revoke", token.id)
    assert refusal(token.enroll(registrar, "web-02")) == (401, "token_revoked")
    tokens("purge")
    assert refusal(token.enroll(registrar, "web-02")) == (401, "token_unknown")
    assert create(tokens).enroll(registrar, "web-02").status == 200
    assert len(registrar.keys()) == 2


def test_expires(serve_enrolling, tokens):
    registrar = serve_enrolling()
    token = create(tokens)
    tokens.expire()
    assert refusal(token.enroll(registrar)) == (401, "token_expired")
    assert token.uses == 0


def test_is_used_up(serve_enrolling, tokens):
    registrar = serve_enrolling()
    token = create(tokens, "--max-uses", "2")
    assert token.enroll(registrar, "web-01").status == 200
    assert token.enroll(registrar, "web-02").status == 200
    assert refusal(token.enroll(registrar, "web-03")) == (403, 9024)
    assert token.shown()["state"] == "used-up"
    assert len(registrar.keys()) == 2


@pytest.mark.parametrize("state", ["active", "revoked", "expired", "used-up"])
def test_without_the_secret_nothing_is_said_of_the_token(serve_enrolling, tokens, state):
    registrar = serve_enrolling()
    token = create(tokens, "--max-uses", "1")
    if state == "revoked":
        tokens("revoke", token.id)
    elif state == "expired":
        tokens.expire()
    elif state == "used-up":
        tokens.edit(" 0 1 valid", " 1 1 valid")
    assert token.shown()["state"] == state
    assert refusal(token.enroll(registrar, secret=bytes(16))) == (401, "invalid_signature")


def test_what_is_refused_costs_no_use(serve_enrolling, tokens):
    registrar = serve_enrolling("--on-duplicate", "refuse")
    token = create(tokens, "--max-uses", "2")
    assert token.enroll(registrar, "web-01").status == 200
    assert refusal(token.enroll(registrar, "web-01")) == (409, 9008)
    assert refusal(token.enroll(registrar, "a/b"))[0] == 400
    assert refusal(token.enroll(registrar, made=-91)) == (401, "stale_token")
    assert token.uses == 1
    assert token.enroll(registrar, "web-02").status == 200
    assert refusal(token.enroll(registrar, "web-01")) == (403, 9024)


def test_a_registrar_without_password_checks_tokens(serve_enrolling, tokens):
    registrar = serve_enrolling(password=None)
    token = create(tokens, "--max-uses", "1")
    assert refusal(token.enroll(registrar, secret=bytes(16))) == (401, "invalid_signature")
    assert token.enroll(registrar, "web-01").status == 200
    assert refusal(token.enroll(registrar, "web-02")) == (403, 9024)
    assert enroll(registrar, {**BODY, "name": "web-02"}, authorization="").status == 200
    assert token.uses == 1


# ------------------------------------------------------------------ races and crashes


@pytest.mark.parametrize("left", [1, 5])
def test_many_at_once(serve_enrolling, tokens, left):
    """As many win as there are uses, and nobody gets a key without one."""
    registrar = serve_enrolling()
    token = create(tokens, "--max-uses", str(left))
    answers = at_once(16, lambda number: token.enroll(registrar, f"web-{number:02}"))
    assert sum(answer.status == 200 for answer in answers) == left
    assert {refusal(answer) for answer in answers if answer.status != 200} == {(403, 9024)}
    assert token.uses == left and len(registrar.keys()) == left


def test_survives_a_kill(serve_enrolling, tokens):
    registrar = serve_enrolling()
    token = create(tokens, "--max-uses", "2")
    assert token.enroll(registrar, "web-01").status == 200
    registrar.kill()
    registrar = serve_enrolling()
    assert token.uses == 1
    assert token.enroll(registrar, "web-02").status == 200
    assert refusal(token.enroll(registrar, "web-03")) == (403, 9024)


def test_what_cannot_be_counted_is_not_granted(serve_enrolling, tokens):
    """A use that is not on the disk would be one more after a crash."""
    registrar = serve_enrolling()
    token = create(tokens, "--max-uses", "2")
    (tokens.file.parent / f".{TOKENS}.new").mkdir()
    assert refusal(token.enroll(registrar)) == (500, 9001)
    assert registrar.keys() == [] and token.uses == 0
    (tokens.file.parent / f".{TOKENS}.new").rmdir()
    assert token.enroll(registrar).status == 200
    assert token.uses == 1


# ------------------------------------------------------------------ a file that is not understood


def test_a_broken_file_speaks_against_nobody(serve_enrolling, tokens):
    registrar = serve_enrolling()
    token = create(tokens)
    good = tokens.file.read_text()
    tokens.file.write_text('{"tokens":[]}\n')
    assert token.enroll(registrar).status == 503
    registrar.wait_for_line("is no file of agent-registrar's enrollment tokens")
    assert enroll(registrar).status == 200  # by the password
    assert tokens.file.read_text() == '{"tokens":[]}\n'
    tokens.file.write_text(good)
    assert token.enroll(registrar, "web-02").status == 200


def test_nothing_is_served_with_a_broken_file(directory, certificates):
    certificate, key = certificates.chain("good")
    (directory / "etc" / TOKENS).write_text("{}\n")
    done = run("-D", directory, "-n", "-x", certificate, "-k", key, "--dialect", "wazuh", "-p", "0",
               "serve", "--test")
    assert done.returncode == 78, done
    assert str(directory / "etc" / TOKENS) in done.stderr and "move it away" in done.stderr
