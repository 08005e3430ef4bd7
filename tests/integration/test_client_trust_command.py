# SPDX-License-Identifier: ISC
"""`agent-register trust`: the CA of a manager that has changed it, fetched again and stored for an
agent that has its key."""
import base64
import os
import socket
import subprocess

import pytest
import wazuh5_manager
from killing import kill_at, kill_at_every_call, needs_killer
from machine import Machine
from scripted_api import needs_module
from trust_tools import CACERTS, CREDENTIAL, SECRET, TOKEN_ID, TrustedManager, bundle, read

pytestmark = needs_module


@pytest.fixture
def agent(machine):
    """Make the agent: agent(STORED)."""
    machine.secrets += [wazuh5_manager.encode(CREDENTIAL), CREDENTIAL[16:].hex(), "7" * 64]
    return lambda stored=None: TrustedManager(machine, stored)


def token_for(server, **options):
    return wazuh5_manager.token(server.address, credential=CREDENTIAL, **options)


def pin_of(certificates, name="ca"):
    return "sha256//" + base64.b64encode(
        wazuh5_manager.spki_pin(certificates.ca(name))).decode()


def paths(server):
    return [(request.method, request.path) for request in server.requests]


# ------------------------------------------------------------------ what is taken


def test_by_the_pin_of_a_token(agent, start_wazuh5, certificates, ca_pin):
    """A manager that was built anew, say: nothing of the old trust counts."""
    both = bundle(certificates, "ca", "other")
    server = start_wazuh5(cacerts=both.encode(), tokens={TOKEN_ID: SECRET})
    result = agent(bundle(certificates, "constrained")).takes(
        both, f"new       O = test, CN = Test CA ca, valid from 2020-01-01 00:00:00 UTC to "
        f"2086-01-01 00:00:00 UTC, {pin_of(certificates)}\n",
        "removed   O = test, CN = Test CA constrained, valid from 2020-01-01",
        pin_of(certificates, "constrained"), pin_of(certificates, "other"),
        token=token_for(server, pin=ca_pin))
    assert result.stdout.count("new  ") == 2
    assert paths(server) == [("GET", CACERTS)] * 2, "nothing else is asked for"
    assert all("Authorization" not in request.headers for request in server.requests)


def test_first_ca(agent, start_wazuh5, certificates, ca_pin):
    """An agent that was registered in another way has none."""
    server = start_wazuh5()
    here = agent()
    here.takes(bundle(certificates, "ca"), "new ", token=token_for(server, pin=ca_pin))
    assert os.stat(os.path.dirname(here.anchor_file)).st_mode & 0o7777 == 0o1770


def test_by_the_ca_of_a_token(agent, start_wazuh5, certificates):
    both = bundle(certificates, "other", "ca")
    server = start_wazuh5(cacerts=both.encode())
    agent().takes(both, token=token_for(server, ca=read(certificates.ca())))
    assert paths(server) == [("GET", CACERTS)]


@pytest.mark.parametrize("configured", ["ca_file", "pin", "both"])
def test_by_the_configuration(agent, start_wazuh5, certificates, configured):
    both = bundle(certificates, "other", "ca")
    server = start_wazuh5(cacerts=both.encode())
    settings = {}
    if configured != "pin":
        settings["tls__ca_file"] = certificates.ca()
    if configured != "ca_file":
        settings["tls__pin"] = certificates.pin("good")
    agent().takes(both, server=server, **settings)
    assert paths(server) == [("GET", CACERTS)]


def test_rotation_by_what_is_stored(agent, start_wazuh5, certificates):
    """Both CAs are handed out, over a connection that the old one verifies."""
    both = bundle(certificates, "ca", "other")
    server = start_wazuh5(cacerts=both.encode())
    agent(bundle(certificates, "ca")).takes(
        both, "new       O = test, CN = Test CA other, ", "kept      O = test, CN = Test CA ca, ",
        pin_of(certificates, "other"), server=server)


def test_end_of_a_rotation(agent, start_wazuh5, certificates):
    """The new one verifies the manager, and the old one goes."""
    server = start_wazuh5(certificate="other-ca", cacerts=bundle(certificates, "other").encode())
    agent(bundle(certificates, "ca", "other")).takes(
        bundle(certificates, "other"), "kept      O = test, CN = Test CA other, ",
        "removed   O = test, CN = Test CA ca, ", server=server)


def test_nothing_changed(agent, start_wazuh5, certificates):
    server = start_wazuh5(cacerts=bundle(certificates, "other", "ca").encode())
    here = agent("# by hand\n" + bundle(certificates, "ca", "other"))
    before = here.machine.snapshot()
    result = here.trust(manager=server)
    assert result.status == 0 and result.stderr == "", result
    assert f"Nothing changed: {here.anchor_file} holds them already." in result.stdout
    assert result.stdout.count("kept ") == 2 and "new " not in result.stdout
    assert here.machine.snapshot() == before


@pytest.mark.parametrize("way", ["stored", "pin"])
def test_bundles_with_comments(agent, start_wazuh5, certificates, ca_pin, way):
    """What stands before and between certificates is nobody's business, and is not stored."""
    text = bundle(certificates, "ca", "other", generation=1789000012,
                  between="\n# a comment\nwith -----BEGIN in it\n\n") + "end\n"
    server = start_wazuh5(cacerts=text.encode())
    options = {"server": server} if way == "stored" else {
        "token": token_for(server, pin=ca_pin)}
    agent(text.split("-----END", 1)[0] + "-----END CERTIFICATE-----\n").takes(
        bundle(certificates, "ca", "other", generation=1789000012), "(generation 1789000012)",
        **options)


@pytest.mark.parametrize("said, noted", [
    ("1789000012", 1789000012), ("0", None), ("-1", None), ("1e9", None), ("9" * 30, None),
    ("x", None)])
def test_generations(agent, start_wazuh5, certificates, said, noted):
    both = bundle(certificates, "ca", "other")
    server = start_wazuh5(cacerts=both.encode())
    server.generation = said
    agent(bundle(certificates, "ca")).takes(
        bundle(certificates, "ca", "other", generation=noted), server=server)


def test_newer_generation_of_the_same(agent, start_wazuh5, certificates):
    """Noted, so that a node that lags behind is known."""
    server = start_wazuh5()
    server.generation = "1789000013"
    agent(bundle(certificates, "ca", generation=1789000012)).takes(
        bundle(certificates, "ca", generation=1789000013), "kept ", server=server)


def test_six(agent, start_wazuh5, certificates):
    names = ["ca", "other", "expired", "intermediate", "constrained", "other"]
    text = bundle(certificates, *names)
    server = start_wazuh5(cacerts=text.encode())
    agent(bundle(certificates, "ca")).takes(text, "Test CA expired", ", expired", server=server)


def test_the_next_manager(agent, start_wazuh5, certificates):
    both = bundle(certificates, "ca", "other")
    first = start_wazuh5(certificate="other-ca")
    second = start_wazuh5(cacerts=both.encode())
    here = agent(bundle(certificates, "ca"))
    result = here.machine.register("trust", trust=None, manager=[first, second],
                                   settings={"manager.method": "enroll"})
    assert result.status == 0 and "was not issued by a CA in" in result.failure, result
    assert here.read(here.anchor_file) == both and first.requests == []


def test_after_the_token_is_gone(machine, enrollment, start_wazuh5, certificates, ca_pin):
    """It was deleted once it was used; the manager that it named is known."""
    server = start_wazuh5(tokens={TOKEN_ID: SECRET})
    options = {"token": token_for(server, pin=ca_pin), "auth__forget_secret": "yes"}
    enrollment.succeeds(server, **options)
    options["auth__token_file"] = os.path.join(machine.directory, "token")
    del options["token"]
    assert not os.path.exists(options["auth__token_file"])
    server.cacerts = bundle(certificates, "ca", "other").encode()
    server.requests.clear()
    result = enrollment.run("trust", trust=None, **options)
    assert result.status == 0 and result.stderr == "", result
    assert enrollment.read(enrollment.anchor_file) == bundle(certificates, "ca", "other")
    assert paths(server) == [("GET", CACERTS)]


@pytest.fixture
def renewed(machine, enrollment, start_wazuh5, certificates, ca_pin):
    """An agent whose CA was stored here; the token is gone, and so is the key."""
    server = start_wazuh5(tokens={TOKEN_ID: SECRET})
    token = token_for(server, pin=ca_pin)
    enrollment.succeeds(server, token=token, auth__forget_secret="yes")
    assert enrollment.read(enrollment.anchor_file) == bundle(certificates, "ca")
    server.cacerts = bundle(certificates, "ca", "other").encode()
    enrollment.server = server
    enrollment.gone = os.path.join(machine.directory, "token")
    assert not os.path.exists(enrollment.gone)
    return enrollment


def test_renewed_by_ours_is_ours(renewed, certificates):
    """It verifies the manager of the next enrollment, and `reset` removes it."""
    assert renewed.run("trust", trust=None, manager=renewed.server).status == 0
    assert renewed.read(renewed.anchor_file) == bundle(certificates, "ca", "other")
    renewed.lose_key()
    result = renewed.run(trust=None, auth__token_file=renewed.gone)
    assert result.status == 0, result
    assert renewed.machine.register("reset", "--yes", trust=None).status == 0
    assert not os.path.exists(renewed.anchor_file)


def test_renewed_by_another_is_not_ours(renewed, certificates):
    """The agent's group may have written it: what it verifies was not known here before."""
    with open(renewed.anchor_file, "a", encoding="ascii") as file:
        file.write(bundle(certificates, "constrained"))
    assert renewed.run("trust", trust=None, manager=renewed.server).status == 0
    assert renewed.read(renewed.anchor_file) == bundle(certificates, "ca", "other")
    renewed.lose_key()
    result = renewed.run(trust=None, auth__token_file=renewed.gone)
    assert result.status == 78 and "create another token" in result.failure, result


def test_debug_log(agent, start_wazuh5, certificates, ca_pin):
    """The secrets of `agent` are in no line of it."""
    server = start_wazuh5()
    result = agent().trust("-dd", token=token_for(server, pin=ca_pin))
    assert result.status == 0 and "Verifying the manager" in result.stderr, result


# ------------------------------------------------------------------ what is refused


def test_wrong_pin(agent, start_wazuh5, certificates):
    server = start_wazuh5()
    agent(bundle(certificates, "ca")).refuses(
        "untrusted", "matches the token's pin", token=token_for(server, pin=bytes(32)))
    assert paths(server) == [("GET", CACERTS)]


def test_who_is_in_between(agent, start_wazuh5, certificates, ca_pin):
    """He can hand out the right CA, but not prove to be what it issued."""
    server = start_wazuh5(certificate="other-ca",
                          cacerts=bundle(certificates, "ca", "other").encode())
    agent(bundle(certificates, "ca")).refuses(
        "untrusted", "was not issued by a CA in the enrollment token",
        token=token_for(server, pin=ca_pin))
    assert paths(server) == [("GET", CACERTS)]


def test_unknown_manager(agent, start_wazuh5, certificates):
    server = start_wazuh5(certificate="other-ca")
    agent(bundle(certificates, "ca")).refuses("untrusted", "was not issued", server=server)
    assert server.requests == []


def test_wrong_name(agent, start_wazuh5, certificates):
    server = start_wazuh5(certificate="wrong-name")
    agent(bundle(certificates, "ca")).refuses("untrusted", "elsewhere.test", server=server)
    assert server.requests == []


def test_old_ca_not_handed_out(agent, start_wazuh5, certificates):
    """The agent would not reach its manager with it."""
    server = start_wazuh5(cacerts=bundle(certificates, "other").encode())
    agent(bundle(certificates, "ca")).refuses("untrusted", "no CA certificate that is trusted",
                                              server=server)


def test_bundle_that_does_not_verify(agent, start_wazuh5, certificates):
    """A pin in the configuration says nothing about CAs, so the connection decides."""
    server = start_wazuh5(cacerts=bundle(certificates, "other").encode())
    agent(bundle(certificates, "ca")).refuses(
        "untrusted", "was not issued by a CA in the CA certificates that it hands out",
        server=server, tls__pin=certificates.pin("good"))


def test_bundle_that_verifies_by_another_only(agent, start_wazuh5, certificates):
    """One of them is known, and it is not the one that verifies the manager."""
    server = start_wazuh5(cacerts=bundle(certificates, "other").encode())
    agent(bundle(certificates, "ca", "other")).refuses(
        "untrusted", "the CA certificates that it hands out", server=server)


def test_expired_ca(agent, start_wazuh5, certificates):
    server = start_wazuh5(cacerts=bundle(certificates, "expired", "ca").encode())
    pin = wazuh5_manager.spki_pin(certificates.ca("expired"))
    agent(bundle(certificates, "ca")).refuses("untrusted", "CA",
                                              token=token_for(server, pin=pin))


def test_stored_ca_that_has_expired(agent, start_wazuh5, certificates):
    server = start_wazuh5()
    agent(bundle(certificates, "expired")).refuses("misconfigured", "root-ca.pem", "expired",
                                                   server=server)
    assert server.requests == []


def test_older_generation(agent, start_wazuh5, certificates):
    server = start_wazuh5(cacerts=bundle(certificates, "ca", "other").encode())
    server.generation = "1789000011"
    here = agent(bundle(certificates, "ca", generation=1789000012))
    here.refuses("busy", "1789000011", "older than 1789000012", server=server)
    server.generation = "1789000013"
    here.takes(bundle(certificates, "ca", "other", generation=1789000013), server=server)


def forever(handler):
    """A body without an end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        handler.wfile.write(b"# comment\n" * 1000)


def slowly(handler):
    """Nothing that ends before the client does."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n#")
    handler.connection.settimeout(None)
    handler.connection.recv(1)
    return b""


DAMAGED = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("answer, outcome, word", [
    (lambda c: (200, bundle(c, *["ca"] * 7).encode()), "protocol-error", "more than 6"),
    (lambda c: (200, (bundle(c, "ca") + read(c.pair("good")[0])).encode()), "protocol-error",
     "neither of a CA"),
    (lambda c: (200, read(c.pair("good")[0]).encode()), "protocol-error", "neither of a CA"),
    (lambda c: (200, (bundle(c, "ca") + DAMAGED).encode()), "protocol-error", "cannot be read"),
    (lambda c: (200, bundle(c, "ca", "other")[:-100].encode()), "protocol-error",
     "cannot be read"),
    (lambda c: (200, b"<html>"), "protocol-error", "contains no CA certificate"),
    (lambda c: (200, b""), "protocol-error", "contains no CA certificate"),
    (lambda c: (200, bundle(c, "ca").encode() + b"#" * (2 << 20)), "protocol-error", "too large"),
    (lambda c: (404, b""), "protocol-error", "HTTP 404"),
    (lambda c: (503, b""), "busy", "HTTP 503"),
    (lambda c: (429, b""), "busy", "HTTP 429"),
    (lambda c: (302, b"", {"Location": "https://192.0.2.1/"}), "protocol-error", "HTTP 302"),
    (lambda c: b"", "busy", "instead of responding"),
    (lambda c: b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx", "busy",
     "closed the connection in the middle"),
    (lambda c: b"SSH-2.0-OpenSSH\r\n", "protocol-error", "HTTP"),
    (lambda c: forever, "protocol-error", "too large"),
    (lambda c: slowly, "unreachable", "stopped in the middle"),
], ids=["seven", "leaf-behind", "leaf", "damaged", "cut-pem", "html", "empty", "huge", "404", "503",
        "429", "redirect", "nothing", "cut", "ssh", "endless", "slow"])
@pytest.mark.parametrize("way", ["stored", "pin"])
def test_hostile_answers(agent, start_wazuh5, certificates, ca_pin, way, answer, outcome, word):
    server = start_wazuh5()
    server.forced = [answer(certificates)]
    options = {"server": server}
    if way == "pin":
        server.forced.insert(0, None)  # the first is asked for without verification
        options = {"token": token_for(server, pin=ca_pin)}
    if answer(certificates) is slowly:
        options["manager__attempt_timeout"] = "2 s"
    here = agent(bundle(certificates, "ca"))
    here.refuses(outcome, word, **options)
    assert here.read(here.anchor_file) == bundle(certificates, "ca")
    assert here.read(f"{here.anchor_file}.old") is None


def test_nobody_listens(agent, certificates):
    with socket.socket() as bound:  # and does not listen
        bound.bind(("127.0.0.1", 0))
        agent(bundle(certificates, "ca")).refuses(
            "unreachable", "refused", manager__address=f"127.0.0.1:{bound.getsockname()[1]}")


@pytest.mark.parametrize("settings, words", [
    ({"manager__method": "authd"}, ["method = enroll"]),
    ({"tls__verify": "no"}, ["verify = no"]),
], ids=["method", "verify"])
def test_settings_that_do_not_go_with_it(agent, start_wazuh5, certificates, settings, words):
    server = start_wazuh5()
    agent(bundle(certificates, "ca")).refuses("misconfigured", *words, server=server, **settings)
    assert server.requests == []


def test_no_manager(agent, certificates):
    agent(bundle(certificates, "ca")).refuses("misconfigured", "No manager is configured")


def test_nothing_to_trust(agent, start_wazuh5):
    server = start_wazuh5()
    agent().refuses("misconfigured", "No way to verify the manager", server=server)
    assert server.requests == []


def test_damaged_token(agent):
    agent().refuses("misconfigured", "character 4 is padding", token="abc=")


# ------------------------------------------------------------------ storing


def test_read_only(agent, start_wazuh5, certificates, mount_namespace):
    """It is seen before the manager is asked."""
    del mount_namespace
    server = start_wazuh5(cacerts=bundle(certificates, "ca", "other").encode())
    here = agent(bundle(certificates, "ca"))
    certs = os.path.dirname(here.anchor_file)
    result = here.machine.register(
        "trust", **here.options(manager=server),
        before=f"mount --bind {certs} {certs}; mount -o remount,bind,ro {certs}")
    assert result.status == 73 and "Read-only file system" in result.failure, result
    assert server.requests == [] and here.read(here.anchor_file) == bundle(certificates, "ca")


def test_links_are_not_followed(agent, start_wazuh5, certificates, ca_pin):
    server = start_wazuh5()
    here = agent("x")
    elsewhere = here.machine.write("elsewhere", "precious")
    os.unlink(here.anchor_file)
    os.symlink(elsewhere, here.anchor_file)
    result = here.trust(token=token_for(server, pin=ca_pin))
    assert result.status == 73 and "symbolic link" in result.failure, result
    assert read(elsewhere) == "precious" and server.requests == []


def test_on_a_manager(agent, start_wazuh5, certificates):
    here = agent(bundle(certificates, "ca"))
    os.makedirs(os.path.join(here.machine.agent, "bin"))
    for name in ("wazuh-remoted", "ossec-remoted"):
        with open(os.path.join(here.machine.agent, "bin", name), "w", encoding="ascii"):
            pass
    result = here.run("trust", manager=start_wazuh5())
    assert result.status == 78 and "manager" in result.failure, result
    assert here.read(here.anchor_file) == bundle(certificates, "ca")


def test_one_at_a_time(agent, start_wazuh5, certificates):
    """The lock is that of a registration."""
    server = start_wazuh5()
    here = agent(bundle(certificates, "ca"))
    holder = subprocess.Popen(["flock", here.machine.etc, "sh", "-c", "echo locked; read line"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    holder.stdout.readline()
    result = here.trust(manager=server)
    holder.communicate(b"\n")
    assert result.status == 73 and "locked" in result.failure, result
    assert server.requests == []


class KilledTrust(TrustedManager):
    """An agent whose `trust` was killed when it entered its system call `number`."""

    def __init__(self, directory, certificates, server, number):
        super().__init__(Machine(directory, certificates), bundle(certificates, "ca"))
        self.certificates, self.server = certificates, server
        self.chosen = self.options(manager=server)
        self.ended = kill_at(number, self.machine.command("trust", **self.chosen),
                             self.machine.environment())

    def check(self):
        old, new = (bundle(self.certificates, *names) for names in (["ca"], ["ca", "other"]))
        found = self.read(self.anchor_file)
        assert found in (old, new), found
        result = self.trust(manager=self.server)
        assert result.status == 0 and self.read(self.anchor_file) == new, result
        return found == new


@needs_killer
def test_kill_at_every_system_call(tmp_path, certificates, start_wazuh5):
    """The old file or the new one, whole; and the next run completes it."""
    server = start_wazuh5(cacerts=bundle(certificates, "ca", "other").encode())
    stored = kill_at_every_call(
        lambda number: KilledTrust(tmp_path / str(number), certificates, server, number))
    assert stored == sorted(stored) and set(stored) == {False, True}
