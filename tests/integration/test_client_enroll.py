# SPDX-License-Identifier: ISC
"""Method enroll, against an independent manager of Wazuh 5 (wazuh5_manager.py)."""
import json
import os
import re
import stat

import machine as machine_module
import pytest
import wazuh5_manager
from wazuh5_manager import Wazuh5Manager

SECRET = bytes(range(16, 32))
CREDENTIAL = bytes(range(16)) + SECRET
TOKEN_ID = wazuh5_manager.encode(CREDENTIAL[:16])
PASSWORD = "MyEnrollmentSecret123"


@pytest.fixture(scope="module", autouse=True)
def module_is_built():
    built = os.path.join(os.path.dirname(machine_module.AGENT_REGISTER), "agent-register-https.so")
    if not os.path.exists(built):
        pytest.skip("needs a build with the module (not --without-api)")


@pytest.fixture
def start(certificates):
    managers = []

    def start_one(certificate="good", **options):
        if "cacerts" not in options:
            with open(certificates.ca(), "rb") as file:
                options["cacerts"] = file.read()
        managers.append(Wazuh5Manager(certificates.pair(certificate), **options))
        return managers[-1]
    yield start_one
    for each in managers:
        each.close()


@pytest.fixture
def pin(certificates):
    return wazuh5_manager.spki_pin(certificates.ca(), certificates)


class Enrollment:
    """The options of a run, and what it leaves behind."""

    def __init__(self, machine):
        self.machine = machine
        self.secret_file = os.path.join(machine.etc, "reenroll.secret")
        self.anchor_file = os.path.join(machine.etc, "certs", "root-ca.pem")

    def options(self, manager=None, token=None, password=None, trust="ca", **settings):
        """`manager` None: the token names it; `token` and `password` are texts."""
        chosen = {"manager.method": "enroll", **{name.replace("__", "."): value for name, value in settings.items()}}
        if token is not None:
            chosen["auth.token_file"] = self.machine.password(token, name="token")
            trust = trust if trust != "ca" else None
        if password is not None:
            chosen["auth.password_file"] = self.machine.password(password)
        return {"manager": manager.address if manager else None, "trust": trust, "settings": chosen}

    def run(self, *arguments, force=False, **options):
        return self.machine.register(*arguments, force=force, **self.options(**options))

    def succeeds(self, server, **options):
        """Run, and expect what the manager gave: the key, the secret and the CA."""
        result = self.run(**options)
        assert result.status == 0, result
        assert result.errors == [], result
        number, (name, key, secret) = list(server.agents.items())[-1]
        self.machine.secrets += [key, secret]
        assert self.machine.read_keys() == f"{number} {name} any {key}\n".encode(), result
        assert self.read(self.secret_file) == f"{number} {secret}\n", result
        assert not os.path.exists(self.machine.counter), result
        assert key not in result.stderr and secret not in result.stderr, result
        return result

    def fails(self, outcome, *words, **options):
        chosen = self.options(**{name: value for name, value in options.items() if name not in ("in_state", "within")})
        more = {name: options[name] for name in ("in_state", "within") if name in options}
        return self.machine.fails(outcome, *words, **chosen, **more)

    @staticmethod
    def read(path):
        try:
            with open(path, encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return None


@pytest.fixture
def enrollment(machine):
    return Enrollment(machine)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


# -------------------------------------------------------------------- the ways to enroll

def test_password(start, enrollment, certificates):
    server = start(password=PASSWORD)
    result = enrollment.succeeds(server, manager=server, password=PASSWORD)
    assert result.warnings == []
    assert enrollment.read(enrollment.anchor_file) == read(certificates.ca())
    assert [request.path for request in server.requests] == ["/wazuh-manager/enroll"]
    assert result.state["method"] == "enroll"


def test_request(start, enrollment):
    server = start(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    request, = server.enrollments
    assert request.method == "POST"
    assert request.headers["protocol-version"] == "1"
    assert request.headers["Content-Type"] == "application/json"
    assert request.header == {"alg": "HS256", "typ": "wazuh-enroll+jwt"}
    assert request.claims["exp"] - request.claims["iat"] == 60
    assert abs(request.claims["iat"] - server.now) < 10
    assert request.members == {"name": "web-01", "version": "5.0.0"}


def test_request_with_everything(start, enrollment):
    server = start(password=PASSWORD)
    enrollment.machine.install_key()
    result = enrollment.run(manager=server, password=PASSWORD, agent__groups=["default", "web"], agent__ip="10.0.0.15",
                            agent__version="v5.0.1", force=True)
    assert result.status == 0, result
    assert server.enrollments[0].members == {
        "name": "web-01", "version": "v5.0.1", "groups": "default,web", "ip": "10.0.0.15",
        "key_hash": machine_module.hashlib.sha1(f"007web-01{machine_module.OLD_KEY}".encode()).hexdigest()}


def test_every_bearer_has_its_own_nonce(start, enrollment):
    server = start(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    os.unlink(enrollment.machine.keys)
    os.unlink(enrollment.secret_file)
    server.agents.clear()
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    first, second = server.enrollments
    assert first.claims["jti"] != second.claims["jti"]


def test_no_credential(start, enrollment):
    server = start()
    enrollment.succeeds(server, manager=server)
    assert server.enrollments[0].headers["Authorization"] is None


def test_token_with_pin(start, enrollment, pin, certificates):
    server = start(tokens={TOKEN_ID: SECRET}, password="another")
    token = wazuh5_manager.token(server.address, pin=pin, credential=CREDENTIAL)
    result = enrollment.succeeds(server, token=token)
    assert result.warnings == []
    assert server.enrollments[0].header["kid"] == TOKEN_ID
    assert enrollment.read(enrollment.anchor_file) == read(certificates.ca())
    first = server.requests[0]
    assert (first.method, first.path) == ("GET", "/wazuh-manager/cacerts")
    assert first.headers["Authorization"] is None and first.body == b""
    assert result.state["manager"] == server.address


def test_token_with_embedded_ca(start, enrollment, certificates):
    server = start(tokens={TOKEN_ID: SECRET}, cacerts=None)
    bundle = read(certificates.ca("other")) + "\n" + read(certificates.ca())
    token = wazuh5_manager.token(server.address, ca=bundle, credential=CREDENTIAL)
    enrollment.succeeds(server, token=token)
    assert len(server.requests) == 1
    assert enrollment.read(enrollment.anchor_file).count("BEGIN CERTIFICATE") == 2


def test_long_token(start, enrollment, certificates):
    server = start(tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, ca=read(certificates.ca()) * 60, credential=CREDENTIAL)
    assert len(token) > 40000
    enrollment.succeeds(server, token=token)


def test_token_without_credential_and_a_password(start, enrollment, pin):
    server = start(password=PASSWORD)
    enrollment.succeeds(server, token=wazuh5_manager.token(server.address, pin=pin), password=PASSWORD)
    assert "kid" not in server.enrollments[0].header


def test_token_goes_before_the_password(start, enrollment, pin):
    server = start(password=PASSWORD, tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, pin=pin, credential=CREDENTIAL)
    enrollment.succeeds(server, token=token, password=PASSWORD)
    assert server.enrollments[0].header["kid"] == TOKEN_ID


def test_token_names_the_prefix(start, enrollment, pin):
    server = start(tokens={TOKEN_ID: SECRET}, prefix="siem/a")
    token = wazuh5_manager.token(server.address + "/siem/a/", pin=pin, credential=CREDENTIAL)
    enrollment.succeeds(server, token=token)
    assert [request.path for request in server.requests] == ["/siem/a/cacerts", "/siem/a/enroll"]


def test_configured_prefix(start, enrollment):
    server = start(password=PASSWORD, prefix="siem")
    enrollment.succeeds(server, manager=server, password=PASSWORD, manager__prefix="siem")


def test_configured_address_goes_before_the_token(start, enrollment, pin):
    server = start(tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token("192.0.2.1:9", pin=pin, credential=CREDENTIAL)
    enrollment.succeeds(server, manager=server, token=token)


def test_configured_trust_goes_before_the_token(start, enrollment, pin, certificates):
    server = start(certificate="other-ca", tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, pin=pin, credential=CREDENTIAL)
    enrollment.succeeds(server, token=token, trust=["--ca", certificates.ca("other")])
    assert len(server.requests) == 1
    assert enrollment.read(enrollment.anchor_file) == read(certificates.ca("other"))


def test_pinned_manager_gives_the_ca(start, enrollment, certificates):
    server = start(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD, trust=["--pin", certificates.pin("good")])
    assert enrollment.read(enrollment.anchor_file) == read(certificates.ca())


def test_pinned_manager_without_a_ca(start, enrollment, certificates):
    server = start(password=PASSWORD, cacerts=None)
    result = enrollment.succeeds(server, manager=server, password=PASSWORD, trust=["--pin", certificates.pin("good")])
    assert enrollment.read(enrollment.anchor_file) is None
    assert "hands out no CA" in result.warnings[0]


def test_unverified_manager_gives_no_ca(start, enrollment):
    server = start(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD, trust=None, tls__verify="no")
    assert enrollment.read(enrollment.anchor_file) is None
    assert len(server.requests) == 1


def test_credentials_of_the_service(start, enrollment, pin, tmp_path):
    server = start(tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, pin=pin, credential=CREDENTIAL)
    (tmp_path / "agent-register.token").write_text(token + "\n")
    result = enrollment.machine.register(trust=None, settings={"manager.method": "enroll"},
                                         environment={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert result.status == 0, result
    assert server.enrollments[0].header["kid"] == TOKEN_ID


def test_default_port(enrollment):
    result = enrollment.run(manager=None, password=PASSWORD, manager__address="127.0.0.1")
    assert "127.0.0.1:1517" in result.failure


# -------------------------------------------------------------------- what is stored

def test_modes(start, enrollment):
    server = start(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    for path in (enrollment.machine.keys, enrollment.secret_file, enrollment.anchor_file):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o640, path
    assert stat.S_IMODE(os.stat(os.path.dirname(enrollment.anchor_file)).st_mode) == 0o1770
    assert enrollment.machine.files() == ["certs", "client.keys", "reenroll.secret"]
    assert os.listdir(os.path.dirname(enrollment.anchor_file)) == ["root-ca.pem"]


def test_group(start, enrollment, as_root):  # pylint: disable=unused-argument
    server = start(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD, agent__group="daemon")
    for path in (enrollment.machine.keys, enrollment.secret_file, enrollment.anchor_file,
                 os.path.dirname(enrollment.anchor_file)):
        assert os.stat(path).st_gid == os.stat(enrollment.machine.keys).st_gid != 0, path


def test_bundle_that_holds_the_ca_stays(start, enrollment, certificates):
    server = start(password=PASSWORD)
    bundle = read(certificates.ca("other")) + read(certificates.ca())
    os.mkdir(os.path.dirname(enrollment.anchor_file))
    with open(enrollment.anchor_file, "w", encoding="ascii") as file:
        file.write(bundle)
    before = os.stat(enrollment.anchor_file)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    assert read(enrollment.anchor_file) == bundle
    assert os.stat(enrollment.anchor_file).st_ino == before.st_ino


def test_other_ca_is_kept_aside(start, enrollment, certificates):
    server = start(password=PASSWORD)
    os.mkdir(os.path.dirname(enrollment.anchor_file))
    with open(enrollment.anchor_file, "w", encoding="ascii") as file:
        file.write(read(certificates.ca("other")))
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    assert read(enrollment.anchor_file) == read(certificates.ca())
    assert read(enrollment.anchor_file + ".old") == read(certificates.ca("other"))


def test_nothing_is_asked_for_when_the_secret_cannot_be_stored(start, enrollment):
    server = start(password=PASSWORD)
    os.mkdir(os.path.join(enrollment.machine.etc, ".reenroll.secret.new"))
    os.mkdir(os.path.join(enrollment.machine.etc, ".reenroll.secret.new", "full"))
    enrollment.fails("unstorable", "reenroll.secret", manager=server, password=PASSWORD)
    assert server.requests == []


def test_nothing_is_asked_for_when_the_ca_cannot_be_stored(start, enrollment):
    server = start(password=PASSWORD)
    with open(os.path.join(enrollment.machine.etc, "certs"), "w", encoding="ascii"):
        pass
    enrollment.fails("unstorable", "certs", manager=server, password=PASSWORD)
    assert server.requests == []


def test_failure_leaves_nothing(start, enrollment):
    server = start(password="another")
    enrollment.fails("refused", manager=server, password=PASSWORD)
    assert enrollment.machine.files() == []


def test_forget_secret(start, enrollment, pin):
    server = start(tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, pin=pin, credential=CREDENTIAL)
    enrollment.succeeds(server, token=token, password=PASSWORD, auth__forget_secret="yes")
    assert not os.path.exists(os.path.join(enrollment.machine.directory, "token"))
    assert not os.path.exists(os.path.join(enrollment.machine.directory, "password"))


def test_second_run_does_nothing(start, enrollment, pin):
    server = start(tokens={TOKEN_ID: SECRET})
    options = {"token": wazuh5_manager.token(server.address, pin=pin, credential=CREDENTIAL)}
    enrollment.succeeds(server, **options)
    count = len(server.requests)
    assert enrollment.run(**options).status == 0
    assert len(server.requests) == count


def test_manager_without_secrets(start, enrollment):
    server = start(password=PASSWORD)
    server.gives_secret = False
    result = enrollment.run(manager=server, password=PASSWORD)
    assert result.status == 0, result
    assert enrollment.machine.files() == ["certs", "client.keys"]
    assert "gave no re-enrollment secret" in result.warnings[0]


# -------------------------------------------------------------------- enrolling again

def test_force_uses_the_secret(start, enrollment):
    server = start(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    before = server.agents["001"]
    enrollment.succeeds(server, manager=server, password=PASSWORD, force=True)
    assert server.enrollments[1].header["kid"] == "001"
    assert list(server.agents) == ["001"]
    assert server.agents["001"][1:] != before[1:]
    assert read(enrollment.secret_file + ".old") == f"001 {before[2]}\n"


def test_lost_key_uses_the_secret(start, enrollment):
    server = start(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    os.unlink(enrollment.machine.keys)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    assert server.enrollments[1].header["kid"] == "001"
    assert list(server.agents) == ["001"]


def test_clone_does_not_use_the_secret(start, enrollment):
    server = start(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    path = os.path.join(enrollment.machine.state_directory, "state")
    state = re.sub(r"(?m)^bound_machine=.*$", "bound_machine=" + "0" * 32, read(path))
    assert "bound_machine=000" in state
    with open(path, "w", encoding="utf-8") as file:
        file.write(state)
    first = server.agents["001"]
    result = enrollment.run(manager=server, password=PASSWORD, agent__name="web-02")
    assert result.status == 0, result
    assert server.agents["001"] == first
    assert "kid" not in server.enrollments[1].header
    assert read(enrollment.secret_file).startswith("002 ")
    assert read(enrollment.secret_file + ".clone") == f"001 {first[2]}\n"


def test_secret_of_nobody_we_know_is_not_used(start, enrollment):
    server = start(password=PASSWORD)
    with open(enrollment.secret_file, "w", encoding="ascii") as file:
        file.write(f"009 {'0' * 64}\n")
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    assert "kid" not in server.enrollments[0].header


def test_dead_secret_falls_back(start, enrollment):
    server = start(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    server.agents = {}
    enrollment.succeeds(server, manager=server, password=PASSWORD, force=True)
    assert [request.header.get("kid") for request in server.enrollments] == [None, "001", None]


def test_dead_secret_alone(start, enrollment):
    server = start(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    server.agents = {}
    before = enrollment.machine.snapshot()
    result = enrollment.run(manager=server, force=True)
    assert result.status == 77, result
    assert "unknown_agent" in result.failure and "re-enrollment secret" in result.failure
    assert enrollment.machine.snapshot() == before


def test_other_method_retires_the_secret(start, enrollment, start_manager):
    server = start(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    secret = read(enrollment.secret_file)
    other = start_manager(lambda conversation: (conversation.handshake(), conversation.read_request(),
                                                conversation.send(machine_module.reply(id="077"))))
    result = enrollment.machine.register(manager=other, force=True)
    assert result.status == 0, result
    assert not os.path.exists(enrollment.secret_file)
    assert read(enrollment.secret_file + ".old") == secret


def test_reset_removes_the_secret_and_keeps_the_ca(start, enrollment):
    server = start(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD, force=True)
    assert "reenroll.secret.old" in enrollment.machine.files()
    result = enrollment.machine.register("reset", "--yes", "--force")
    assert result.status == 0, result
    assert enrollment.machine.files() == ["certs"]
    assert os.path.exists(enrollment.anchor_file)


# -------------------------------------------------------------------- whom to trust

def test_wrong_pin(start, enrollment):
    server = start(tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, pin=bytes(32), credential=CREDENTIAL)
    enrollment.fails("untrusted", "token", "pin", token=token)
    assert [request.path for request in server.requests] == ["/wazuh-manager/cacerts"]


def test_ca_that_did_not_issue_the_certificate(start, enrollment, pin):
    """Whoever is in between can hand out the right CA; but not prove to be what it issued."""
    server = start(certificate="other-ca", tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, pin=pin, credential=CREDENTIAL)
    enrollment.fails("untrusted", "was not issued by a CA in the enrollment token", token=token)
    assert server.enrollments == []


def test_only_the_pinned_ca_is_believed(start, enrollment, pin, certificates):
    with open(certificates.ca(), "rb") as one, open(certificates.ca("other"), "rb") as other:
        server = start(certificate="other-ca", tokens={TOKEN_ID: SECRET}, cacerts=one.read() + other.read())
    token = wazuh5_manager.token(server.address, pin=pin, credential=CREDENTIAL)
    enrollment.fails("untrusted", "was not issued", token=token)
    assert server.enrollments == []


def test_only_the_pinned_ca_is_stored(start, enrollment, pin, certificates):
    with open(certificates.ca(), "rb") as one, open(certificates.ca("other"), "rb") as other:
        server = start(tokens={TOKEN_ID: SECRET}, cacerts=b"# both\n" + other.read() + one.read())
    enrollment.succeeds(server, token=wazuh5_manager.token(server.address, pin=pin, credential=CREDENTIAL))
    assert enrollment.read(enrollment.anchor_file) == read(certificates.ca())


def test_name_is_checked(start, enrollment, pin):
    server = start(certificate="wrong-name", tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, pin=pin, credential=CREDENTIAL)
    enrollment.fails("untrusted", "elsewhere.test", token=token)
    assert server.enrollments == []


def test_embedded_ca_of_another_manager(start, enrollment, certificates):
    server = start(tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, ca=read(certificates.ca("other")), credential=CREDENTIAL)
    enrollment.fails("untrusted", "was not issued", token=token)
    assert server.requests == []


@pytest.mark.parametrize("answer, outcome, word", [
    ((404, {"error": "not_found"}), "untrusted", "HTTP 404"),
    ((503, {"error": "ca_mismatch"}), "busy", "HTTP 503"),
    ((200, b"", {"Content-Type": "application/x-pem-file"}), "untrusted", "did not answer with a CA certificate"),
    ((200, b"<html>"), "untrusted", "did not answer with a CA certificate"),
    ((200, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "untrusted", "did not answer with a CA"),
    ((200, b"x" * (2 << 20)), "garbled", "longer than any"),
    ((302, b"", {"Location": "https://192.0.2.1/"}), "untrusted", "HTTP 302"),
    (b"", "busy", "instead of answering"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx", "busy", "in the middle"),
    (b"SSH-2.0-OpenSSH\r\n", "garbled", "HTTP"),
], ids=["404", "503", "empty", "html", "damaged", "huge", "redirect", "nothing", "cut", "ssh"])
def test_no_ca(start, enrollment, pin, answer, outcome, word):
    server = start(tokens={TOKEN_ID: SECRET})
    server.forced = [answer]
    token = wazuh5_manager.token(server.address, pin=pin, credential=CREDENTIAL)
    enrollment.fails(outcome, word, token=token)
    assert server.enrollments == []


def test_embedded_text_that_is_no_certificate(start, enrollment):
    server = start(tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, ca="hello", credential=CREDENTIAL)
    enrollment.fails("misconfigured", "no certificate", token=token)


# -------------------------------------------------------------------- the token file

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
    enrollment.fails("misconfigured", word, os.path.join(enrollment.machine.directory, "token"), token=text)


def test_unusable_tokens_are_not_shown(enrollment, pin):
    token = wazuh5_manager.token("manager", pin=pin, credential=CREDENTIAL, extra=1)
    result = enrollment.fails("misconfigured", "a member that version 1 does not have", token=token)
    assert wazuh5_manager.encode(CREDENTIAL) not in result.stderr


def test_missing_token_file(enrollment):
    enrollment.machine.fails("misconfigured", "enrollment token", "/nonexistent", trust=None,
                             settings={"manager.method": "enroll", "auth.token_file": "/nonexistent"})


def test_exposed_token_file(start, enrollment, pin):
    server = start(tokens={TOKEN_ID: SECRET})
    path = enrollment.machine.password(wazuh5_manager.token(server.address, pin=pin, credential=CREDENTIAL), mode=0o644)
    result = enrollment.machine.register(trust=None, settings={"manager.method": "enroll", "auth.token_file": path})
    assert result.status == 0
    assert "can be read by everybody" in result.warnings[0]


def test_token_wants_the_method(enrollment):
    path = enrollment.machine.password("abcd")
    enrollment.machine.fails("misconfigured", "set method = enroll", manager="127.0.0.1:1", settings={"auth.token_file": path})


def test_token_contradicts_no_verification(enrollment, pin):
    token = wazuh5_manager.token("manager", pin=pin)
    enrollment.fails("misconfigured", "verify = no", "token_file", token=token, trust=None, tls__verify="no")


def test_without_token_trust_must_be_configured(enrollment):
    enrollment.fails("misconfigured", "Nothing says which manager to trust", password=PASSWORD, trust=None,
                     manager__address="127.0.0.1")


# -------------------------------------------------------------------- clocks

@pytest.mark.parametrize("clock", [-86400, -35, 95, 400 * 86400])
def test_clocks_that_differ(start, enrollment, clock):
    server = start(password=PASSWORD, clock=clock)
    result = enrollment.succeeds(server, manager=server, password=PASSWORD)
    assert len(server.enrollments) == 2
    assert ("ahead of" if clock < 0 else "behind") in result.warnings[0]
    assert "clock" in result.warnings[0]


@pytest.mark.parametrize("clock", [-25, 60])
def test_clocks_within_the_window(start, enrollment, clock):
    server = start(password=PASSWORD, clock=clock)
    assert enrollment.succeeds(server, manager=server, password=PASSWORD).warnings == []
    assert len(server.enrollments) == 1


def stale(headers=None):
    return (401, {"error": {"code": "stale_token", "message": "Invalid client authentication"}},
            {"WWW-Authenticate": 'Bearer error="invalid_token", error_description="stale_token"', **(headers or {})})


def test_stale_again(start, enrollment):
    """A manager that is not content with its own time either is not asked for ever."""
    server = start(password=PASSWORD, clock=86400)
    server.forced = [stale(), stale(), stale()]
    enrollment.fails("busy", "stale_token", "clock", manager=server, password=PASSWORD)
    assert len(server.enrollments) == 2


def test_stale_without_a_difference(start, enrollment):
    server = start(password=PASSWORD)
    server.forced = [stale()]
    enrollment.fails("busy", "stale_token", manager=server, password=PASSWORD)
    assert len(server.enrollments) == 1


@pytest.mark.parametrize("date", [b"", b"Date: yesterday\r\n", b"Date: Thu, 99 Jan 2026 00:00:00 GMT\r\n"])
def test_stale_without_a_date(start, enrollment, date):
    server = start(password=PASSWORD)
    server.forced = [b"HTTP/1.1 401 Unauthorized\r\n" + date + b"WWW-Authenticate: Bearer error=\"invalid_token\", "
                     b"error_description=\"stale_token\"\r\nContent-Length: 0\r\n\r\n"]
    enrollment.fails("busy", "stale_token", manager=server, password=PASSWORD)
    assert len(server.enrollments) == 1


# -------------------------------------------------------------------- refusals

def test_wrong_password(start, enrollment):
    server = start(password="another")
    enrollment.fails("refused", "invalid_signature", "password_file", manager=server, password=PASSWORD)


def test_no_password(start, enrollment):
    server = start(password="another")
    enrollment.fails("refused", "invalid_request", "set token_file or password_file", manager=server)


@pytest.mark.parametrize("state, word", [
    ("token_expired", "token_expired"), ("token_revoked", "token_revoked"), (9022, "9022"), (9023, "9023"), (9024, "9024"),
])
def test_tokens_that_ended(start, enrollment, pin, state, word):
    server = start(tokens={TOKEN_ID: SECRET})
    server.token_state[TOKEN_ID] = state
    token = wazuh5_manager.token(server.address, pin=pin, credential=CREDENTIAL)
    enrollment.fails("refused", word, "--create-enrollment-token", token=token)


def test_unknown_token(start, enrollment, pin):
    server = start(tokens={})
    token = wazuh5_manager.token(server.address, pin=pin, credential=CREDENTIAL)
    enrollment.fails("refused", "token_unknown", "--create-enrollment-token", token=token)


def test_token_with_another_secret(start, enrollment, pin):
    server = start(tokens={TOKEN_ID: bytes(16)})
    token = wazuh5_manager.token(server.address, pin=pin, credential=CREDENTIAL)
    enrollment.fails("refused", "invalid_signature", token=token)


def test_duplicate(start, enrollment):
    server = start(password=PASSWORD)
    server.agents["001"] = ("web-01", "0" * 64, "0" * 64)
    enrollment.fails("duplicate", "Duplicate name", manager=server, password=PASSWORD)


def test_duplicate_with_suffix(start, enrollment):
    server = start(password=PASSWORD)
    server.agents["001"] = ("web-01", "0" * 64, "0" * 64)
    result = enrollment.succeeds(server, manager=server, password=PASSWORD, identity__on_duplicate="suffix")
    assert server.agents["002"][0].startswith("web-01-"), result


def test_newer_version(start, enrollment):
    server = start(password=PASSWORD)
    enrollment.fails("refused", "version must be lower", manager=server, password=PASSWORD, agent__version="v5.1.0")


@pytest.mark.parametrize("status, code, outcome", [
    (400, 9014, "refused"), (401, "enrollment_key_unavailable", "busy"), (403, 0, "refused"), (409, 9007, "duplicate"),
    (409, 9012, "duplicate"), (409, 9030, "busy"), (413, 0, "refused"), (415, 0, "refused"), (429, 0, "busy"),
    (500, 9001, "busy"), (503, 9013, "busy"), (503, -1, "busy"), (404, 0, "garbled"), (301, 0, "garbled"),
])
def test_errors(start, enrollment, status, code, outcome):
    server = start(password=PASSWORD)
    server.forced = [(status, {"error": {"code": code, "message": f"because of {code}"}})]
    result = enrollment.fails(outcome, f"because of {code}", f"HTTP {status}", manager=server, password=PASSWORD)
    assert len(server.requests) == 1
    assert bool(result.state.get("asked_at")) == (status in (301, 500, 503)), result.state


# -------------------------------------------------------------------- misbehaving managers

AGENT = {"id": "003", "name": "web-01", "ip": "any", "key": machine_module.KEY, "reenroll_secret": "0" * 64}


def without(name):
    return {member: value for member, value in AGENT.items() if member != name}


@pytest.mark.parametrize("body, word", [
    (b"", "JSON"),
    (b"OK", "JSON"),
    (b"<html><body>Welcome</body></html>", "JSON"),
    ([AGENT], "JSON"),
    (json.dumps(AGENT)[:-1].encode() + b',"id":"004"}', "twice"),
    (json.dumps(AGENT)[:-1].encode() + b',"key":"' + b"1" * 64 + b'"}', "twice"),
    (without("id"), "without id"), (without("name"), "without name"), (without("ip"), "without ip"),
    (without("key"), "without key"),
    ({**AGENT, "id": 3}, "without id"), ({**AGENT, "key": None}, "without key"),
    ({**AGENT, "id": "../3"}, "whose id"), ({**AGENT, "name": "a b"}, "whose name"), ({**AGENT, "name": "!x"}, "whose name"),
    ({**AGENT, "ip": "somewhere"}, "whose ip"), ({**AGENT, "key": "00"}, "whose key"),
    ({**AGENT, "key": machine_module.KEY.upper()}, "whose key"), ({**AGENT, "key": "0" * 63 + "\n"}, "whose key"),
    ({**AGENT, "reenroll_secret": ""}, "whose reenroll_secret"), ({**AGENT, "reenroll_secret": None}, "without reenroll_secret"),
    ({**AGENT, "reenroll_secret": "0" * 66}, "whose reenroll_secret"),
    (b"[" * 100000, "JSON"),
    (b"\xff\xfe{}", "JSON"),
], ids=range(24))
def test_garbled_answers(start, enrollment, body, word):
    server = start(password=PASSWORD)
    server.forced = [(200, body)]
    enrollment.fails("garbled", word, manager=server, password=PASSWORD)


@pytest.mark.parametrize("raw, outcome, word", [
    (b"", "busy", "instead of answering"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"id\"", "busy", "in the middle"),
    (b"OSSEC K:'001 web-01 any " + machine_module.KEY.encode() + b"'", "garbled", "HTTP"),
    (b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"y" * 1000 + b"\r\n") * 200 + b"\r\n", "garbled", "longer"),
], ids=["nothing", "cut", "authd", "header"])
def test_broken_answers(start, enrollment, raw, outcome, word):
    server = start(password=PASSWORD)
    server.forced = [raw]
    result = enrollment.fails(outcome, word, manager=server, password=PASSWORD)
    assert result.state["asked_manager"] == server.address


def test_huge_answer(start, enrollment):
    server = start(password=PASSWORD)
    server.forced = [(200, b" " * (10 << 20))]
    enrollment.fails("garbled", "longer than any", manager=server, password=PASSWORD)


def test_manager_that_never_answers(start, enrollment):
    server = start(password=PASSWORD)
    server.forced = [lambda handler: handler.rfile.read(1) and None]  # until we leave
    enrollment.fails("busy", "did not answer the request in time", manager=server, password=PASSWORD,
                     manager__attempt_timeout="500 ms")


def test_manager_that_echoes(start, enrollment):
    server = start(password=PASSWORD)

    def echo(handler):
        return 400, {"error": {"code": 0, "message": f"you sent {handler.headers['Authorization']}"}}
    server.forced = [echo]
    result = enrollment.fails("refused", "HTTP 400", manager=server, password=PASSWORD)
    assert "Bearer" not in result.stderr and server.requests[0].headers["Authorization"][7:50] not in result.stderr


def test_escapes(start, enrollment):
    server = start(password=PASSWORD)
    server.forced = [(400, {"error": {"code": 0, "message": "a\x1b[31m\nb"}})]
    enrollment.fails("refused", "a\\x1b[31m\\nb", manager=server, password=PASSWORD)


def test_lost_answer(start, enrollment):
    """The agent is made, the answer is lost: the next run says whose the duplicate probably is."""
    server = start(password=PASSWORD)

    def lose(handler):
        server.agents["001"] = ("web-01", "0" * 64, "0" * 64)
        handler.connection.close()
        return b""
    server.forced = [lose]
    enrollment.fails("busy", "instead of answering", manager=server, password=PASSWORD)
    enrollment.fails("duplicate", "probably this machine's own", manager=server, password=PASSWORD)


def test_renamed(start, enrollment):
    server = start(password=PASSWORD)
    server.forced = [(200, {**AGENT, "name": "web-012"})]
    result = enrollment.run(manager=server, password=PASSWORD)
    assert result.status == 0
    assert "knows this agent as web-012" in result.warnings[0]


def test_members_of_the_future(start, enrollment):
    server = start(password=PASSWORD)
    server.forced = [(200, {**AGENT, "expires": {"never": True}})]
    assert enrollment.run(manager=server, password=PASSWORD).status == 0


def test_too_many_groups(start, enrollment):
    server = start(password=PASSWORD)
    groups = [f"{'g' * 200}{number}" for number in range(100)]
    enrollment.fails("misconfigured", "fewer groups", manager=server, password=PASSWORD, agent__groups=groups, in_state=True)
    assert server.requests == []
