# SPDX-License-Identifier: ISC
"""The enrollment of Wazuh 5 at the registrar: with agent-register, and with bearers that are
written here once more."""
import hashlib
import hmac
import os
import subprocess
import time

import pytest
import wazuh5_manager
from api_tools import Client
from enroll_tools import PASSWORD, bearer, read
from enrolling import BODY, at_once, enroll, failure
from wazuh5_manager import CACERTS

# ------------------------------------------------------------------ agent-register


@pytest.mark.parametrize("password", [PASSWORD, None], ids=["password", "open"])
def test_client(serve_enrolling, enrollment, password):
    registrar = serve_enrolling(password=password)
    result = enrollment.enrolls_at(registrar, registrar.api_port, password=password)
    assert [line[1:3] for line in registrar.keys()] == [["web-01", "any"]]
    assert enrollment.machine.files() == ["certs", "client.keys", "reenroll.secret"]
    assert result.warnings == []
    registrar.wait_for_line(r"web-01.*\(enrolling\)")


def test_client_with_a_token(serve_enrolling, enrollment, certificates, ca_pin):
    """A token without a credential, made by hand; the CA comes from the registrar."""
    registrar = serve_enrolling()
    token = wazuh5_manager.token(f"127.0.0.1:{registrar.api_port}", pin=ca_pin)
    result = enrollment.run(token=token, password=PASSWORD)
    assert result.status == 0, result
    assert read(enrollment.anchor_file) == read(certificates.ca())


def test_client_with_a_wrong_password(serve_enrolling, enrollment):
    registrar = serve_enrolling()
    chosen = enrollment.options(password="another")
    enrollment.machine.fails("refused", "invalid_signature", "password_file",
                             manager=f"127.0.0.1:{registrar.api_port}",
                             **{name: value for name, value in chosen.items() if name != "manager"})
    registrar.wait_for_line("Refused an enrollment from 127.0.0.1")
    assert PASSWORD not in registrar.log and registrar.keys() == []


def test_client_whose_name_is_taken(serve_enrolling, enrollment):
    registrar = serve_enrolling("--on-duplicate", "refuse")
    assert enroll(registrar).status == 200
    chosen = enrollment.options(password=PASSWORD)
    enrollment.machine.fails("duplicate", "Duplicate name",
                             manager=f"127.0.0.1:{registrar.api_port}",
                             **{name: value for name, value in chosen.items() if name != "manager"})


def test_client_with_the_secret_of_another_manager(serve_enrolling, start_wazuh5, enrollment):
    """It is not known here, so the password counts."""
    server = start_wazuh5(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    registrar = serve_enrolling()
    enrollment.lose_key()
    enrollment.enrolls_at(registrar, registrar.api_port, password=PASSWORD)
    [line] = registrar.keys()
    assert read(enrollment.secret_file).split()[0] == line[0]


# ------------------------------------------------------------------ others


def test_answer(serve_enrolling, directory):
    (directory / "etc" / "shared" / "default").mkdir(parents=True)
    registrar = serve_enrolling()
    answer = enroll(registrar, {**BODY, "ip": "10.0.0.15", "groups": "default"})
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    assert set(answer.json) == {"id", "name", "ip", "key", "reenroll_secret"}
    assert [answer.json[name] for name in ("id", "name", "ip", "key")] == list(registrar.keys()[0])
    assert answer.json["ip"] == "10.0.0.15"
    assert "Date" in answer.headers


def test_cacerts(serve_enrolling, certificates):
    registrar = serve_enrolling()
    with Client(registrar) as client:
        answer = client.ask("GET", CACERTS)
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/x-pem-file"
    assert answer.text == read(certificates.ca())


def test_cacerts_of_a_certificate_that_issued_itself(serve_enrolling, certificates):
    registrar = serve_enrolling(certificate="self-signed")
    with Client(registrar) as client:
        assert client.ask("GET", CACERTS).text == read(certificates.pair("self-signed")[0])


def test_no_cacerts(serve_enrolling):
    registrar = serve_enrolling(certificate="good")
    with Client(registrar) as client:
        assert failure(client.ask("GET", CACERTS)) == (404, 0)


@pytest.mark.parametrize(
    "authorization, wanted",
    [
        ("", "invalid_request"),
        ("Basic YTpi", "invalid_request"),
        ("Bearer", "invalid_request"),
        ("Bearer x", "invalid_request"),
        ("Bearer a.b.c", "invalid_request"),
        ("Bearer ..", "invalid_request"),
        (lambda: bearer("another"), "invalid_signature"),
        (lambda: bearer(kind="token"), "invalid_signature"),
        (lambda: bearer()[:-1], "invalid_signature"),
        (lambda: bearer() + "A", "invalid_signature"),
        (lambda: bearer(made=-100), "stale_token"),
        (lambda: bearer(made=40), "stale_token"),
        (lambda: bearer(made=-85), None),
        (lambda: bearer(made=25), None),
        (lambda: bearer(exp=int(time.time()) + 3600), "invalid_signature"),
        (lambda: bearer(nbf=0), "invalid_signature"),
        (lambda: bearer(sub="x"), "invalid_signature"),
        (lambda: bearer(iat=-1), "invalid_request"),
        (lambda: bearer(iat="now"), "invalid_request"),
        (lambda: bearer(jti="AA"), "invalid_request"),
        (lambda: bearer(iat=2**70), "invalid_request"),
        (lambda: bearer(header={"alg": "none", "typ": "wazuh-enroll+jwt"}), "token_unknown"),
        (
            lambda: bearer(
                header={"alg": "HS256", "kid": "AAECAwQFBgcICQoLDA0ODw", "typ": "wazuh-enroll+jwt"}
            ),
            "token_unknown",
        ),
        (lambda: bearer(header={"alg": "HS256", "kid": "", "typ": "wazuh-enroll+jwt"}),
         "token_unknown"),
        (lambda: bearer(header={"alg": "HS256", "kid": 1, "typ": "wazuh-enroll+jwt"}),
         "token_unknown"),
        (lambda: bearer(header={"alg": "HS256", "kid": "123456789", "typ": "wazuh-enroll+jwt"}),
         "unknown_agent"),
        (lambda: bearer(header={"alg": "HS256", "kid": "001", "typ": "wazuh-enroll+jwt"}),
         "unknown_agent"),
    ],
    ids=range(27),
)
def test_bearers(serve_enrolling, authorization, wanted):
    registrar = serve_enrolling()
    answer = enroll(registrar,
                    authorization=authorization() if callable(authorization) else authorization)
    if wanted is None:
        assert answer.status == 200, answer
        return
    assert failure(answer) == (401, wanted)
    assert (
        answer.headers["WWW-Authenticate"]
        == ('Bearer error="invalid_request"' if wanted == "invalid_request" else
            f'Bearer error="invalid_token", error_description="{wanted}"')
    )
    assert registrar.keys() == []


@pytest.mark.parametrize(
    "body, wanted",
    [
        (b"", (400, 0)),
        (b"[]", (400, 0)),
        (b"{", (400, 0)),
        (b'{"name":"a1","name":"a2","version":"5.0.0"}', (400, 0)),
        ({"name": "web-01"}, (400, 0)),
        ({"version": "5.0.0"}, (400, 0)),
        ({**BODY, "version": None}, (400, 0)),
        ({**BODY, "groups": 5}, (400, 0)),
        ({**BODY, "name": 7}, (400, 0)),
        ({**BODY, "name": "a b"}, (400, 0)),
        ({**BODY, "ip": "somewhere"}, (400, 0)),
        ({**BODY, "groups": "a,,b"}, (400, 9014)),
        ({**BODY, "name": "web'01"}, (400, 0)),
        (b" " * 16385, (413, 0)),
        (b" " * 100000, None),
    ],
    ids=range(15),
)
def test_bodies(serve_enrolling, body, wanted):
    registrar = serve_enrolling()
    answer = enroll(registrar, body)
    if wanted is None:
        assert answer.status == 413
    else:
        assert failure(answer) == wanted
    assert registrar.keys() == []


@pytest.mark.parametrize("headers, wanted", [
    ({"protocol_version": None}, (400, 0)), ({"protocol_version": "2"}, (400, 0)),
    ({"Content_Encoding": "zstd"}, (415, 0)), ({"Content_Encoding": "gzip"}, (415, 0)),
    ({"Content_Encoding": "identity, zstd"}, (415, 0)),
])
def test_headers(serve_enrolling, headers, wanted):
    registrar = serve_enrolling()
    assert failure(enroll(registrar, **headers)) == wanted
    assert registrar.keys() == []


@pytest.mark.parametrize("headers", [
    {"Content_Type": "text/plain"}, {"Content_Type": None}, {"Content_Encoding": "Identity"},
    {"Content_Encoding": ""},
])
def test_headers_that_do_not_matter(serve_enrolling, headers):
    registrar = serve_enrolling()
    assert enroll(registrar, **headers).status == 200


def test_compressed_request_is_sent_again_as_it_is(serve_enrolling):
    """As agents of Wazuh 5 do: what is compressed comes first."""
    registrar = serve_enrolling()
    compressed = bytes.fromhex("28b52ffd") + os.urandom(60)
    assert failure(enroll(registrar, compressed, Content_Encoding="zstd")) == (415, 0)
    assert enroll(registrar).status == 200


@pytest.mark.parametrize("more", [
    {"id": "005"}, {"of_the_future": {"a": [1]}}, {"ip": None, "groups": None, "key_hash": None},
])
def test_members_that_do_not_matter(serve_enrolling, more):
    registrar = serve_enrolling()
    answer = enroll(registrar, {**BODY, **more})
    assert answer.status == 200 and answer.json["id"] == "001", answer
    assert answer.json["ip"] == "any", answer


def test_policy(serve_enrolling):
    registrar = serve_enrolling("--manager-version", "v5.0.0", "--max-agents", "1",
                                "--on-duplicate", "refuse")
    assert failure(enroll(registrar, {**BODY, "version": "v5.1.0"})) == (400, 0)
    assert enroll(registrar).status == 200
    assert failure(enroll(registrar)) == (409, 9008)
    assert failure(enroll(registrar, {**BODY, "name": "web-02"})) == (503, 9013)


def test_lock_out(serve_enrolling):
    registrar = serve_enrolling("--api-max-login-attempts", "3")
    for _ in range(3):
        assert failure(enroll(registrar, authorization=bearer("another"))) == (
            401,
            "invalid_signature",
        )
    assert failure(enroll(registrar, authorization=bearer("another"))) == (429, 0)
    registrar.wait_for_line("Too many enrollments with a wrong password or secret: 127.0.0.1")
    # Others behind the same address have the right one.
    assert enroll(registrar).status == 200


def test_too_many_at_once(serve_enrolling):
    """They are told to come back, at different times; other limits do not count."""
    registrar = serve_enrolling("--enroll-rate", "1", "--api-max-requests", "3")
    answers = at_once(40, lambda number: enroll(registrar, {**BODY, "name": f"web-{number:02}"}))
    late = [answer for answer in answers if answer.status != 200]
    assert late and [failure(answer) for answer in late] == len(late) * [(429, 0)]
    assert len(answers) - len(late) >= 10
    waits = {int(answer.headers["Retry-After"]) for answer in late}
    assert len(waits) > 1 and 1 <= min(waits) <= max(waits) <= 60
    registrar.wait_for_line(r"too many from this address \(--enroll-rate\)")
    with Client(registrar) as client:
        assert client.ask("GET", CACERTS).status == 200


def test_a_fleet_behind_one_address(serve_enrolling):
    """More than the API would take."""
    registrar = serve_enrolling("--api-max-requests", "3", "--exempt-source", "127.0.0.1")
    for i in range(30):
        assert enroll(registrar, {**BODY, "name": f"web-{i:02}"}).status == 200


def test_a_user_of_the_api_is_not_let_in(serve_enrolling):
    registrar = serve_enrolling()
    with Client(registrar) as client:
        token = client.log_in().headers["Authorization"]
    assert failure(enroll(registrar, authorization=token)) == (401, "invalid_request")


def test_openssl_agrees(serve_enrolling):
    """The key, by another implementation of HKDF."""
    out = subprocess.run(
        ["openssl", "kdf", "-keylen", "32", "-binary", "-kdfopt", "digest:SHA256", "-kdfopt",
         f"key:{PASSWORD}", "-kdfopt", "hexsalt:" + "00" * 32, "-kdfopt",
         "hexinfo:" + b"WAZUH-ENROLL-JWT-KEY\x01".hex(), "HKDF"],
        capture_output=True,
        check=True,
    ).stdout
    assert out == wazuh5_manager.derive("password", PASSWORD.encode())
    text = bearer()[7:].rpartition(".")[0]
    mac = wazuh5_manager.encode(hmac.new(out, text.encode(), hashlib.sha256).digest())
    assert enroll(serve_enrolling(), authorization=f"Bearer {text}.{mac}").status == 200
