# SPDX-License-Identifier: ISC
"""Method enroll: whom it trusts, what it makes of a token file, whose clock counts, and the
command check."""
import os
import re

import pytest
import wazuh5_manager
from enroll_tools import CREDENTIAL, PASSWORD, SECRET, TOKEN_ID, read


# ------------------------------------------------------------------ whom to trust


def test_wrong_pin(start_wazuh5, enrollment):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, pin=bytes(32), credential=CREDENTIAL)
    enrollment.fails("untrusted", "token", "pin", token=token)
    assert [request.path for request in server.requests] == ["/wazuh-manager/cacerts"]


def test_ca_that_did_not_issue_the_certificate(start_wazuh5, enrollment, ca_pin):
    """Whoever is in between can hand out the right CA; but not prove to be what it issued."""
    server = start_wazuh5(certificate="other-ca", tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)
    enrollment.fails("untrusted", "was not issued by a CA in the enrollment token", token=token)
    assert server.enrollments == []


def test_only_the_pinned_ca_is_believed(start_wazuh5, enrollment, ca_pin, certificates):
    with open(certificates.ca(), "rb") as one, open(certificates.ca("other"), "rb") as other:
        server = start_wazuh5(certificate="other-ca", tokens={TOKEN_ID: SECRET},
                              cacerts=one.read() + other.read())
    token = wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)
    enrollment.fails("untrusted", "was not issued", token=token)
    assert server.enrollments == []


def test_only_the_pinned_ca_is_stored(start_wazuh5, enrollment, ca_pin, certificates):
    with open(certificates.ca(), "rb") as one, open(certificates.ca("other"), "rb") as other:
        server = start_wazuh5(
            tokens={TOKEN_ID: SECRET}, cacerts=b"# both\n" + other.read() + one.read()
        )
    enrollment.succeeds(
        server, token=wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)
    )
    assert enrollment.read(enrollment.anchor_file) == read(certificates.ca())


def test_name_is_checked(start_wazuh5, enrollment, ca_pin):
    server = start_wazuh5(certificate="wrong-name", tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)
    enrollment.fails("untrusted", "elsewhere.test", token=token)
    assert server.enrollments == []


def test_embedded_ca_of_another_manager(start_wazuh5, enrollment, certificates):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, ca=read(certificates.ca("other")),
                                 credential=CREDENTIAL)
    enrollment.fails("untrusted", "was not issued", token=token)
    assert server.requests == []


@pytest.mark.parametrize(
    "answer, outcome, word",
    [
        ((404, {"error": "not_found"}), "untrusted", "HTTP 404"),
        ((503, {"error": "ca_mismatch"}), "busy", "HTTP 503"),
        ((200, b"", {"Content-Type": "application/x-pem-file"}), "untrusted",
         "did not send a CA certificate"),
        ((200, b"<html>"), "untrusted", "did not send a CA certificate"),
        ((200, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "untrusted",
         "did not send a CA"),
        ((200, b"x" * (2 << 20)), "protocol-error", "too large"),
        ((302, b"", {"Location": "https://192.0.2.1/"}), "untrusted", "HTTP 302"),
        (b"", "busy", "instead of responding"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx", "busy", "in the middle"),
        (b"SSH-2.0-OpenSSH\r\n", "protocol-error", "HTTP"),
    ],
    ids=["404", "503", "empty", "html", "damaged", "huge", "redirect", "nothing", "cut", "ssh"],
)
def test_no_ca(start_wazuh5, enrollment, ca_pin, answer, outcome, word):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET})
    server.forced = [answer]
    token = wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)
    enrollment.fails(outcome, word, token=token)
    assert server.enrollments == []


def test_embedded_text_that_is_no_certificate(start_wazuh5, enrollment):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, ca="hello", credential=CREDENTIAL)
    enrollment.fails("misconfigured", "is not a certificate", token=token)


# ------------------------------------------------------------------ the token file


@pytest.mark.parametrize("text, word", [
    ("", "empty"),
    ("\n", "empty"),
    ("a\nb\n", "more than one line"),
    ("abc\r\n", "carriage return"),
    ("abc=", "base64url"),
    ("not a token", "base64url"),
    ("abcd", "JSON object"),
    ("A" * 300000, "longer"),
], ids=["none", "newline", "two-lines", "crlf", "padded", "blanks", "no-json", "long"])
def test_unusable_token_files(enrollment, text, word):
    enrollment.fails("misconfigured", word, os.path.join(enrollment.machine.directory, "token"),
                     token=text)


def test_unusable_tokens_are_not_shown(enrollment, ca_pin):
    token = wazuh5_manager.token("manager", pin=ca_pin, credential=CREDENTIAL, extra=1)
    result = enrollment.fails("misconfigured", "a member that version 1 does not have", token=token)
    assert wazuh5_manager.encode(CREDENTIAL) not in result.stderr


def test_missing_token_file(enrollment):
    enrollment.machine.fails(
        "misconfigured",
        "enrollment token",
        "/nonexistent",
        trust=None,
        settings={"manager.method": "enroll", "auth.token_file": "/nonexistent"},
    )


def test_exposed_token_file(start_wazuh5, enrollment, ca_pin):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)
    path = enrollment.machine.password(token, mode=0o644)
    result = enrollment.machine.register(
        trust=None, settings={"manager.method": "enroll", "auth.token_file": path}
    )
    assert result.status == 0
    assert "is world-readable" in result.warnings[0]


def test_token_wants_the_method(enrollment):
    path = enrollment.machine.password("abcd")
    enrollment.machine.fails("misconfigured", "requires method = enroll", manager="127.0.0.1:1",
                             settings={"auth.token_file": path})


def test_token_contradicts_no_verification(enrollment, ca_pin):
    token = wazuh5_manager.token("manager", pin=ca_pin)
    enrollment.fails("misconfigured", "verify = no", "token_file", token=token, trust=None,
                     tls__verify="no")


def test_without_token_trust_must_be_configured(enrollment):
    enrollment.fails("misconfigured", "No way to verify the manager is configured",
                     password=PASSWORD, trust=None, manager__address="127.0.0.1")


# ------------------------------------------------------------------ clocks


@pytest.mark.parametrize("clock", [-86400, -35, 95, 400 * 86400])
def test_clocks_that_differ(start_wazuh5, enrollment, clock):
    server = start_wazuh5(password=PASSWORD, clock=clock)
    result = enrollment.succeeds(server, manager=server, password=PASSWORD)
    assert len(server.enrollments) == 2
    assert ("ahead of" if clock < 0 else "behind") in result.warnings[0]
    assert "This machine's clock is" in result.warnings[0]
    assert "timedatectl set-ntp true" in result.warnings[0]


@pytest.mark.parametrize("clock", [-25, 60])
def test_clocks_within_the_window(start_wazuh5, enrollment, clock):
    server = start_wazuh5(password=PASSWORD, clock=clock)
    assert enrollment.succeeds(server, manager=server, password=PASSWORD).warnings == []
    assert len(server.enrollments) == 1


def stale(headers=None):
    return (
        401,
        {"error": {"code": "stale_token", "message": "Invalid client authentication"}},
        {
            "WWW-Authenticate": 'Bearer error="invalid_token", error_description="stale_token"',
            **(headers or {}),
        },
    )


def test_stale_again(start_wazuh5, enrollment):
    """A manager that is not content with its own time either is not asked for ever."""
    server = start_wazuh5(password=PASSWORD, clock=86400)
    server.forced = [stale(), stale(), stale()]
    result = enrollment.fails("busy", "stale_token", f"behind that of {server.address} (its Date)",
                              "timedatectl set-ntp true", manager=server, password=PASSWORD)
    assert re.search(r"clock is (1 d|23 h 59 min 59 s) behind", result.failure), result
    assert len(server.enrollments) == 2


def test_stale_without_a_difference(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    server.forced = [stale()]
    enrollment.fails("busy", "stale_token", "its time (Date) is this machine's", manager=server,
                     password=PASSWORD)
    assert len(server.enrollments) == 1


@pytest.mark.parametrize("date",
                         [b"", b"Date: yesterday\r\n", b"Date: Thu, 99 Jan 2026 00:00:00 GMT\r\n"])
def test_stale_without_a_date(start_wazuh5, enrollment, date):
    server = start_wazuh5(password=PASSWORD)
    server.forced = [
        b"HTTP/1.1 401 Unauthorized\r\n"
        + date
        + b"WWW-Authenticate: Bearer error=\"invalid_token\", "
        b"error_description=\"stale_token\"\r\nContent-Length: 0\r\n\r\n"
    ]
    enrollment.fails("busy", "stale_token", "no time (Date)", manager=server, password=PASSWORD)
    assert len(server.enrollments) == 1


# ------------------------------------------------------------------ the command check


def check(enrollment, **options):
    """The layers that `check` prints, by their names."""
    before = enrollment.machine.snapshot()
    result = enrollment.run("check", **options)
    assert enrollment.machine.snapshot() == before
    assert enrollment.machine.files() in ([], ["client.keys"])
    lines = [
        line.removeprefix("ok  ").removeprefix("FAIL").strip()
        for line in result.stdout.splitlines()
    ]
    return result, {re.split(r"  +", line)[0]: line for line in lines}


def test_check_with_a_pin(start_wazuh5, enrollment, ca_pin):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)
    result, layers = check(enrollment, token=token)
    assert result.status == 0 and "FAIL" not in result.stdout, result
    assert "the manager of the enrollment token, method enroll" in layers["config"]
    assert "an enrollment token, no password" in layers["credentials"]
    assert server.address in result.stdout
    assert "its pin matches a CA" in layers["token"]
    assert "leads to a CA in the enrollment token" in layers["chain"]
    assert "127.0.0.1 is among" in layers["name match"]
    assert server.enrollments == []


def test_check_with_a_ca(start_wazuh5, enrollment, certificates):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, ca=read(certificates.ca()))
    result, layers = check(enrollment, token=token, password=PASSWORD)
    assert result.status == 0, result
    assert "without a credential, a password" in layers["credentials"]
    assert "holds the manager's CA" in layers["token"]
    assert server.requests == []


def test_check_with_another_pin(start_wazuh5, enrollment):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET})
    result, layers = check(enrollment, token=wazuh5_manager.token(server.address, pin=bytes(32)))
    assert result.status == 75, result
    assert "matches the token's pin" in layers["token"] and "chain" not in layers


def test_check_with_another_chain(start_wazuh5, enrollment, ca_pin):
    server = start_wazuh5(certificate="other-ca", tokens={TOKEN_ID: SECRET})
    result, layers = check(enrollment, token=wazuh5_manager.token(server.address, pin=ca_pin))
    assert result.status == 75, result
    assert "was not issued by a CA in the enrollment token" in layers["chain"]


def test_check_with_a_bad_token(enrollment):
    result, layers = check(enrollment, token="abcd")
    assert result.status == 78, result
    assert "JSON object" in layers["credentials"]


def test_check_where_the_ca_cannot_be_stored(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    with open(os.path.join(enrollment.machine.etc, "certs"), "w", encoding="ascii"):
        pass
    result = enrollment.run("check", manager=server, password=PASSWORD)
    assert result.status == 73 and "certs" in result.stdout, result


# ------------------------------------------------------------------ what Wazuh 5 refuses


@pytest.mark.parametrize("command", [(), ("check",)], ids=["run", "check"])
@pytest.mark.parametrize("ip, words", [
    ("10.1.0.0/255.255.0.0", ["dotted mask", ": 10.1.0.0/16"]),
    ("10.0.0.0/255.0.255.0", ["dotted mask", "number of bits"]),
], ids=["network", "holes"])
def test_dotted_mask(start_wazuh5, enrollment, command, ip, words):
    server = start_wazuh5(password=PASSWORD)
    result = enrollment.run(*command, manager=server, password=PASSWORD, agent__ip=ip)
    assert result.status == 78, result
    for word in words:
        assert word in result.stdout + result.stderr, result
    assert server.requests == []


def test_dotted_mask_of_the_agents_own_file(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    path = os.path.join(enrollment.machine.etc, "ossec.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write("<ossec_config><client><enrollment>"
                   "<agent_address>10.1.0.0/255.255.0.0</agent_address>"
                   "</enrollment></client></ossec_config>\n")
    chosen = enrollment.options(manager=server, password=PASSWORD)
    result = enrollment.machine.register(**{**chosen, "name": None})
    assert result.status == 78 and "ossec.conf:1" in result.failure, result
    assert "dotted mask" in result.failure and server.requests == [], result


@pytest.mark.parametrize("command", [(), ("check",)], ids=["run", "check"])
def test_leading_dot(start_wazuh5, enrollment, command, tmp_path):
    server = start_wazuh5(password=PASSWORD)
    (tmp_path / "name").write_text(".web-01\n")
    chosen = enrollment.options(manager=server, password=PASSWORD)
    result = enrollment.machine.register(
        *command, **{**chosen, "name": f"%{{file:{tmp_path}/name}}"})
    said = result.stdout + result.stderr
    assert result.status == 78 and "not beginning with a dot" in said, result
    assert server.requests == []


def test_values_that_only_the_manager_refuses(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    server.forced = [(400, {"error": {"code": 0, "message": "Invalid agent IP"}})]
    enrollment.fails("refused", "Invalid agent IP", "name, ip, groups and version in [agent]",
                     "no ip with a dotted mask", manager=server, password=PASSWORD)
