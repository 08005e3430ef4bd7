# SPDX-License-Identifier: ISC
"""Method enroll, against an independent manager of Wazuh 5 (wazuh5_manager.py): ways to enroll,
what is stored."""
import os
import re
import stat

import machine as machine_module
import pytest
import wazuh5_manager
from enroll_tools import CREDENTIAL, PASSWORD, SECRET, TOKEN_ID, read
from proxies import tunnel


# ------------------------------------------------------------------ the ways to enroll


def test_password(start_wazuh5, enrollment, certificates):
    server = start_wazuh5(password=PASSWORD)
    result = enrollment.succeeds(server, manager=server, password=PASSWORD)
    assert result.warnings == []
    assert enrollment.read(enrollment.anchor_file) == read(certificates.ca())
    assert [request.path for request in server.requests] == ["/wazuh-manager/enroll"]
    assert result.state["method"] == "enroll"


def test_request(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    request, = server.enrollments
    assert request.method == "POST"
    assert request.headers["protocol-version"] == "1"
    assert request.headers["Content-Type"] == "application/json"
    assert request.header == {"alg": "HS256", "typ": "wazuh-enroll+jwt"}
    assert request.claims["exp"] - request.claims["iat"] == 60
    assert abs(request.claims["iat"] - server.now) < 10
    assert request.members == {"name": "web-01", "version": "5.0.0"}


def test_request_with_everything(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    enrollment.machine.install_key()
    result = enrollment.run(manager=server, password=PASSWORD, agent__groups=["default", "web"],
                            agent__ip="10.0.0.15", agent__version="v5.0.1", force=True)
    assert result.status == 0, result
    assert server.enrollments[0].members == {
        "name": "web-01",
        "version": "v5.0.1",
        "groups": "default,web",
        "ip": "10.0.0.15",
    }


def test_every_bearer_has_its_own_nonce(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    os.unlink(enrollment.machine.keys)
    os.unlink(enrollment.secret_file)
    server.agents.clear()
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    first, second = server.enrollments
    assert first.claims["jti"] != second.claims["jti"]


def test_no_credential(start_wazuh5, enrollment):
    server = start_wazuh5()
    enrollment.succeeds(server, manager=server)
    assert server.enrollments[0].headers["Authorization"] is None


def test_token_with_pin(start_wazuh5, enrollment, ca_pin, certificates):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET}, password="another")
    token = wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)
    result = enrollment.succeeds(server, token=token)
    assert result.warnings == []
    assert server.enrollments[0].header["kid"] == TOKEN_ID
    assert enrollment.read(enrollment.anchor_file) == read(certificates.ca())
    first = server.requests[0]
    assert (first.method, first.path) == ("GET", "/wazuh-manager/cacerts")
    assert first.headers["Authorization"] is None and first.body == b""
    assert result.state["manager"] == server.address


def test_token_with_embedded_ca(start_wazuh5, enrollment, certificates):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET}, cacerts=None)
    bundle = read(certificates.ca("other")) + "\n" + read(certificates.ca())
    token = wazuh5_manager.token(server.address, ca=bundle, credential=CREDENTIAL)
    enrollment.succeeds(server, token=token)
    assert len(server.requests) == 1
    assert enrollment.read(enrollment.anchor_file).count("BEGIN CERTIFICATE") == 2


def test_long_token(start_wazuh5, enrollment, certificates):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, ca=read(certificates.ca()) * 60,
                                 credential=CREDENTIAL)
    assert len(token) > 40000
    enrollment.succeeds(server, token=token)


def test_token_without_credential_and_a_password(start_wazuh5, enrollment, ca_pin):
    server = start_wazuh5(password=PASSWORD)
    enrollment.succeeds(server, token=wazuh5_manager.token(server.address, pin=ca_pin),
                        password=PASSWORD)
    assert "kid" not in server.enrollments[0].header


def test_token_goes_before_the_password(start_wazuh5, enrollment, ca_pin):
    server = start_wazuh5(password=PASSWORD, tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)
    enrollment.succeeds(server, token=token, password=PASSWORD)
    assert server.enrollments[0].header["kid"] == TOKEN_ID


def test_token_names_the_prefix(start_wazuh5, enrollment, ca_pin):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET}, prefix="siem/a")
    token = wazuh5_manager.token(server.address + "/siem/a/", pin=ca_pin, credential=CREDENTIAL)
    enrollment.succeeds(server, token=token)
    assert [request.path for request in server.requests] == ["/siem/a/cacerts", "/siem/a/enroll"]


def test_configured_prefix(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD, prefix="siem")
    enrollment.succeeds(server, manager=server, password=PASSWORD, manager__prefix="siem")


def test_configured_address_goes_before_the_token(start_wazuh5, enrollment, ca_pin):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token("192.0.2.1:9", pin=ca_pin, credential=CREDENTIAL)
    enrollment.succeeds(server, manager=server, token=token)


def test_configured_trust_goes_before_the_token(start_wazuh5, enrollment, ca_pin, certificates):
    server = start_wazuh5(certificate="other-ca", tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)
    enrollment.succeeds(server, token=token, trust=["--ca", certificates.ca("other")])
    assert len(server.requests) == 1
    assert enrollment.read(enrollment.anchor_file) == read(certificates.ca("other"))


def test_pinned_manager_gives_the_ca(start_wazuh5, enrollment, certificates):
    server = start_wazuh5(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD,
                        trust=["--pin", certificates.pin("good")])
    assert enrollment.read(enrollment.anchor_file) == read(certificates.ca())


def test_pinned_manager_without_a_ca(start_wazuh5, enrollment, certificates):
    server = start_wazuh5(password=PASSWORD, cacerts=None)
    result = enrollment.succeeds(server, manager=server, password=PASSWORD,
                                 trust=["--pin", certificates.pin("good")])
    assert enrollment.read(enrollment.anchor_file) is None
    assert "does not serve a CA certificate" in result.warnings[0]


def test_unverified_manager_gives_no_ca(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD, trust=None, tls__verify="no")
    assert enrollment.read(enrollment.anchor_file) is None
    assert len(server.requests) == 1


def test_credentials_of_the_service(start_wazuh5, enrollment, ca_pin, tmp_path):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)
    (tmp_path / "agent-register.token").write_text(token + "\n")
    result = enrollment.machine.register(trust=None, settings={"manager.method": "enroll"},
                                         environment={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert result.status == 0, result
    assert server.enrollments[0].header["kid"] == TOKEN_ID


def test_default_port(enrollment):
    result = enrollment.run(manager=None, password=PASSWORD, manager__address="127.0.0.1")
    assert "127.0.0.1:1517" in result.failure


# ------------------------------------------------------------------ what is stored


def test_modes(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    for path in (enrollment.machine.keys, enrollment.secret_file, enrollment.anchor_file):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o640, path
    assert stat.S_IMODE(os.stat(os.path.dirname(enrollment.anchor_file)).st_mode) == 0o1770
    assert enrollment.machine.files() == ["certs", "client.keys", "reenroll.secret"]
    assert os.listdir(os.path.dirname(enrollment.anchor_file)) == ["root-ca.pem"]


@pytest.mark.usefixtures("as_root")
def test_group(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD, agent__group="daemon")
    for path in (enrollment.machine.keys, enrollment.secret_file, enrollment.anchor_file,
                 os.path.dirname(enrollment.anchor_file)):
        assert os.stat(path).st_gid == os.stat(enrollment.machine.keys).st_gid != 0, path


def test_bundle_that_holds_the_ca_stays(start_wazuh5, enrollment, certificates):
    server = start_wazuh5(password=PASSWORD)
    bundle = read(certificates.ca("other")) + read(certificates.ca())
    os.mkdir(os.path.dirname(enrollment.anchor_file))
    with open(enrollment.anchor_file, "w", encoding="ascii") as file:
        file.write(bundle)
    before = os.stat(enrollment.anchor_file)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    assert read(enrollment.anchor_file) == bundle
    assert os.stat(enrollment.anchor_file).st_ino == before.st_ino


def test_other_ca_is_kept_aside(start_wazuh5, enrollment, certificates):
    server = start_wazuh5(password=PASSWORD)
    os.mkdir(os.path.dirname(enrollment.anchor_file))
    with open(enrollment.anchor_file, "w", encoding="ascii") as file:
        file.write(read(certificates.ca("other")))
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    assert read(enrollment.anchor_file) == read(certificates.ca())
    assert read(enrollment.anchor_file + ".old") == read(certificates.ca("other"))


def test_nothing_is_asked_for_when_the_secret_cannot_be_stored(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    os.mkdir(os.path.join(enrollment.machine.etc, ".reenroll.secret.new"))
    os.mkdir(os.path.join(enrollment.machine.etc, ".reenroll.secret.new", "full"))
    enrollment.fails("storage-error", "reenroll.secret", manager=server, password=PASSWORD)
    assert server.requests == []


def test_nothing_is_asked_for_when_the_ca_cannot_be_stored(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    with open(os.path.join(enrollment.machine.etc, "certs"), "w", encoding="ascii"):
        pass
    enrollment.fails("storage-error", "certs", manager=server, password=PASSWORD)
    assert server.requests == []


def test_failure_leaves_nothing(start_wazuh5, enrollment):
    server = start_wazuh5(password="another")
    enrollment.fails("refused", manager=server, password=PASSWORD)
    assert enrollment.machine.files() == []


def test_forget_secret(start_wazuh5, enrollment, ca_pin):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)
    enrollment.succeeds(server, token=token, password=PASSWORD, auth__forget_secret="yes")
    assert not os.path.exists(os.path.join(enrollment.machine.directory, "token"))
    assert not os.path.exists(os.path.join(enrollment.machine.directory, "password"))


def test_second_run_does_nothing(start_wazuh5, enrollment, ca_pin):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET})
    options = {"token": wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)}
    enrollment.succeeds(server, **options)
    count = len(server.requests)
    assert enrollment.run(**options).status == 0
    assert len(server.requests) == count


def test_manager_without_secrets(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    server.gives_secret = False
    result = enrollment.run(manager=server, password=PASSWORD)
    assert result.status == 0, result
    assert enrollment.machine.files() == ["certs", "client.keys"]
    assert "sent no re-enrollment secret" in result.warnings[0]


# ------------------------------------------------------------------ enrolling again


def test_lost_key_uses_the_secret(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    enrollment.lose_key()
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    assert server.enrollments[1].header["kid"] == "001"
    assert list(server.agents) == ["001"]


def test_clone_does_not_use_the_secret(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
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
    assert "key_hash" not in server.enrollments[1].members
    assert read(enrollment.secret_file).startswith("002 ")
    assert read(enrollment.secret_file + ".clone") == f"001 {first[2]}\n"


def test_secret_of_nobody_we_know_is_not_used(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    with open(enrollment.secret_file, "w", encoding="ascii") as file:
        file.write(f"009 {'0' * 64}\n")
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    assert "kid" not in server.enrollments[0].header


def test_dead_secret_falls_back(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    server.agents = {}
    enrollment.lose_key()
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    assert server.kids == [None, "001", None]


def test_dead_secret_alone(start_wazuh5, enrollment):
    server = start_wazuh5(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    server.agents = {}
    before = enrollment.machine.snapshot()
    result = enrollment.run(manager=server, force=True)
    assert result.status == 77, result
    assert "unknown_agent" in result.failure and "re-enrollment secret" in result.failure
    assert enrollment.machine.snapshot() == before


@pytest.mark.parametrize("number", ["077", "001"])
def test_other_method_retires_the_secret(start_wazuh5, enrollment, start_manager, number):
    """The same id at another manager, or after that agent was removed, is another agent all the
    same."""
    server = start_wazuh5(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    secret = read(enrollment.secret_file)
    other = start_manager(
        lambda conversation: (conversation.handshake(), conversation.read_request(),
                              conversation.send(machine_module.reply(id=number)))
    )
    result = enrollment.machine.register(manager=other, force=True)
    assert result.status == 0, result
    assert not os.path.exists(enrollment.secret_file)
    assert read(enrollment.secret_file + ".old") == secret


# ------------------------------------------------------------------ reset


def write_anchor(enrollment, content):
    os.makedirs(os.path.dirname(enrollment.anchor_file), exist_ok=True)
    with open(enrollment.anchor_file, "w", encoding="ascii") as file:
        file.write(content)


def reset(enrollment):
    """Returns what is left of the CA: the names, and the lines that say why."""
    result = enrollment.machine.register("reset", "--yes", "--force")
    assert result.status == 0, result
    assert enrollment.machine.files() == ["certs"]
    return os.listdir(os.path.dirname(enrollment.anchor_file)), result.stderr


def test_reset_removes_secret_and_ca(start_wazuh5, enrollment):
    """An agent that finds the CA in its image would delete the enrollment token beside it."""
    server = start_wazuh5(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    enrollment.succeeds(server, manager=server, force=True)
    assert "reenroll.secret.old" in enrollment.machine.files()
    assert reset(enrollment) == ([], "")
    # and once more: there is nothing to say about
    assert reset(enrollment) == ([], "")


def test_reset_keeps_a_ca_that_was_there_before(start_wazuh5, enrollment, certificates):
    server = start_wazuh5(password=PASSWORD)
    bundle = read(certificates.ca("other")) + read(certificates.ca())
    write_anchor(enrollment, bundle)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    names, said = reset(enrollment)
    assert names == ["root-ca.pem"] and read(enrollment.anchor_file) == bundle
    assert "root-ca.pem stays" in said and "deletes an enrollment token" in said


def test_reset_keeps_what_has_replaced_our_ca(start_wazuh5, enrollment, certificates):
    """The agent has taken over a new CA of its manager, or an administrator has: no agent of the
    image finds it, and it is not lost."""
    server = start_wazuh5(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    rotated = "## 2\n" + read(certificates.ca()) + read(certificates.ca("other"))
    write_anchor(enrollment, rotated)
    assert reset(enrollment) == (["root-ca.pem.old"], "")
    assert read(enrollment.anchor_file + ".old") == rotated


def test_reset_does_not_follow_a_link_of_the_agent(start_wazuh5, enrollment, tmp_path):
    server = start_wazuh5(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    target = tmp_path / "target"
    os.rename(enrollment.anchor_file, target)
    os.symlink(target, enrollment.anchor_file)
    assert reset(enrollment)[0] == ["root-ca.pem.old"]
    assert os.path.islink(enrollment.anchor_file + ".old") and target.exists()


def test_ca_of_a_key_that_could_not_be_stored(start_wazuh5, enrollment, certificates):
    """What was put back is not ours."""
    server = start_wazuh5(password=PASSWORD)
    other = read(certificates.ca("other"))
    write_anchor(enrollment, other)
    os.makedirs(os.path.join(enrollment.machine.etc, "client.keys", "full"))
    enrollment.run(manager=server, password=PASSWORD)
    assert read(enrollment.anchor_file) == other
    os.rmdir(os.path.join(enrollment.machine.etc, "client.keys", "full"))
    os.rmdir(os.path.join(enrollment.machine.etc, "client.keys"))
    assert reset(enrollment)[0] == ["root-ca.pem"]


# ------------------------------------------------------------------ ways there


@pytest.mark.usefixtures("ipv6")
def test_address_of_ipv6(start_wazuh5, enrollment, ca_pin):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET}, address="::1")
    token = wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)
    enrollment.succeeds(server, token=token)


def test_failover(start_wazuh5, enrollment):
    first, second = start_wazuh5(password="another"), start_wazuh5(password=PASSWORD)
    chosen = enrollment.options(password=PASSWORD)
    chosen["manager"] = [first.address, second.address]
    result = enrollment.machine.register(**chosen)
    assert result.status == 0, result
    assert result.state["manager"] == second.address
    assert len(first.enrollments) == len(second.enrollments) == 1


def test_client_certificate(start_wazuh5, enrollment, certificates):
    server = start_wazuh5(password=PASSWORD, client_ca=certificates.ca())
    certificate, key = certificates.pair("agent")
    enrollment.succeeds(server, manager=server, password=PASSWORD,
                        tls__certificate_file=certificate, tls__private_key_file=key)


def test_missing_client_certificate(start_wazuh5, enrollment, certificates):
    server = start_wazuh5(password=PASSWORD, client_ca=certificates.ca())
    enrollment.fails("refused", "certificate_file", manager=server, password=PASSWORD)


def test_proxy(start_wazuh5, enrollment, ca_pin, start_manager):
    """Every connection goes through it, the one for the CA as well; the proxy resolves the
    manager's name."""
    server = start_wazuh5(tokens={TOKEN_ID: SECRET})
    proxy = start_manager(tunnel({"manager.test:1517": server.address}), certificate=None)
    token = wazuh5_manager.token("manager.test", pin=ca_pin, credential=CREDENTIAL)
    enrollment.succeeds(server, token=token, manager__proxy=f"http://{proxy.address}")
    assert [each.request.split(b"\r\n")[0] for each in proxy.conversations] == [
        b"CONNECT manager.test:1517 HTTP/1.1"
    ] * 2
