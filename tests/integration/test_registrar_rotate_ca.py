# SPDX-License-Identifier: ISC
"""init --rotate-ca: agents with the old CA and with the new one, in each phase; and what is left
when it is interrupted."""
import os
import shutil
import signal
import ssl
import stat
import subprocess

import pytest
import wazuh5_manager
from api_tools import Client
from enroll_tools import certificates_in, read
from killing import kill_at_every_call, kill_at, needs_killer
from registrar_tools import ENROLLMENT, PROGRAM, need, prepare, run, serving
from wazuh5_manager import CACERTS

GENERATION = "Wazuh-CA-Generation"
BEGIN = "-----BEGIN CERTIFICATE-----"


class Manager:
    """A directory of init's, and what is in it."""

    def __init__(self, directory):
        self.directory = directory
        self.etc = directory / "etc"
        self.certificate = self.etc / "sslmanager.cert"
        self.bundle = self.etc / "agent-registrar.ca"
        self.keys = [self.etc / "agent-registrar.ca.key", self.etc / "agent-registrar.ca.key.new"]

    def rotate(self, *arguments):
        done = run("-D", self.directory, "init", "--rotate-ca", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def serving(self, *arguments):
        return serving(self.directory, "-n", "--enroll-port", "0", *arguments)

    def is_trusted_with(self, file, certificate=None):
        """Is the certificate accepted by those who trust this file alone?"""
        return subprocess.run([need("openssl"), "verify", "-x509_strict", "-CAfile", file,
                               certificate or self.certificate], capture_output=True,
                              check=False).returncode == 0

    def cas(self):
        return certificates_in(self.bundle.read_text())

    def state(self):
        return {path.name: path.read_bytes() for path in self.etc.iterdir() if path.is_file()}


@pytest.fixture
def manager(tmp_path):
    directory = tmp_path / "manager"
    prepare(directory, "-n", "--name", "manager.example.org", dialect="wazuh")
    return Manager(directory)


@pytest.fixture
def save(tmp_path):
    """Write a text to a file of its own."""
    def write(name, text):
        (tmp_path / name).write_text(text)
        return tmp_path / name
    return write


def handed_out(registrar):
    """The certificates and their generation."""
    registrar.api_port = registrar.port_of(ENROLLMENT)
    with Client(registrar) as client:
        answer = client.ask("GET", CACERTS)
    assert answer.status == 200 and "##" not in answer.text
    return certificates_in(answer.text), int(answer.headers[GENERATION] or 0)


def connects(registrar, ca):
    context = ssl.create_default_context(cafile=ca)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    try:
        with registrar.connect() as raw, context.wrap_socket(
                raw, server_hostname="manager.example.org"):
            return True
    except ssl.SSLCertVerificationError:
        return False


def reload(registrar):
    before = registrar.log.count("were reloaded")
    registrar.process.send_signal(signal.SIGHUP)
    while registrar.log.count("were reloaded") == before:
        registrar.wait_for_line("were reloaded", after=len(registrar.lines) - 1)


# ------------------------------------------------------------------ in its phases


@pytest.mark.parametrize("times", [1, 2])
def test_agents_in_each_phase(manager, save, times, enrollment):
    """The first change is from the certificate itself, the second one from a CA."""
    del enrollment  # which skips in a build --without-api
    if times == 2:
        manager.rotate()
        manager.rotate("--finish")
    with manager.serving() as registrar:
        (old,), first = handed_out(registrar)
        assert (first > 0) == (times == 2)
        old_file, pin = save("old.pem", old), old_pin(manager)
        assert connects(registrar, old_file)

        manager.rotate()
        reload(registrar)
        cas, second = handed_out(registrar)
        assert len(cas) == 2 and cas[1] == old and second > first
        new_file, both = save("new.pem", cas[0]), save("both.pem", "".join(cas))
        assert connects(registrar, old_file) and connects(registrar, both)
        assert not connects(registrar, new_file)

        manager.rotate("--finish")
        reload(registrar)
        assert handed_out(registrar)[0] == cas[:1] and handed_out(registrar)[1] > second
        assert connects(registrar, new_file) and connects(registrar, both)
        assert not connects(registrar, old_file)
        # the key is the same, and whoever has its pin need not be told
        assert old_pin(manager) == pin


def old_pin(manager):
    return wazuh5_manager.spki_pin(manager.certificate)


def test_client(manager, enrollment, save):
    """The real one, by a token with the pin of the old CA, and by what it has learnt."""
    old = save("old.pem", manager.certificate.read_text())
    pin = wazuh5_manager.spki_pin(old)

    def enroll(registrar, name, **options):
        chosen = enrollment.options(agent__name=name, manager__port=registrar.port_of(ENROLLMENT),
                                    **options)
        return enrollment.machine.register(
            "--force", **{**chosen, "manager": f"127.0.0.1:{registrar.port_of(ENROLLMENT)}"})

    def token(registrar):
        return wazuh5_manager.token(f"127.0.0.1:{registrar.port_of(ENROLLMENT)}", pin=pin)

    with manager.serving() as registrar:
        assert enrollment.run("--force", token=token(registrar), agent__name="one").status == 0
        manager.rotate()
        reload(registrar)
        both = save("both.pem", "".join(handed_out(registrar)[0]))
        assert enrollment.run("--force", token=token(registrar), agent__name="two").status == 0
        assert read(enrollment.anchor_file) == old.read_text()
        assert enroll(registrar, "three", trust=None, tls__ca_file=both).status == 0
        manager.rotate("--finish")
        reload(registrar)
        assert enroll(registrar, "four", trust=None, tls__ca_file=both).status == 0
        result = enrollment.run("--force", token=token(registrar), agent__name="five")
        assert result.status != 0 and "made since" in result.stderr
        for name in ("one", "two", "three", "four"):
            registrar.wait_for_line(rf"Registered {name} ")
        assert "five" not in registrar.log
    enrollment.machine.secrets += [line[3] for line in registrar.keys()]


def test_tokens_in_each_phase(manager, enrollment):
    """What the registrar prints is verified by the CA that the certificate has at that time."""
    with manager.serving() as registrar:
        for number, steps in enumerate([(), ("rotate",), ("finish",)]):
            for step in steps:
                manager.rotate(*(["--finish"] if step == "finish" else []))
                reload(registrar)
            for more in ([], ["--embed-ca"]):
                done = run("-D", manager.directory, "token", "create", "--address", "127.0.0.1",
                           "--port", str(registrar.port_of(ENROLLMENT)), *more)
                assert done.returncode == 0, done
                name = f"web-{number}{len(more)}"
                result = enrollment.run("--force", token=done.stdout.strip(), agent__name=name)
                assert result.status == 0, (steps, more, result)
                registrar.wait_for_line(rf"Registered {name} ")
    enrollment.machine.secrets += [line[3] for line in registrar.keys()]


def test_files(manager):
    """Who can read the keys; each step may be repeated; what is said."""
    said = manager.rotate()
    assert "--rotate-ca --finish" in said and "reload" in said
    state = manager.state()
    assert "was made before" in manager.rotate() and manager.state() == state
    assert [key.exists() for key in manager.keys] == [False, True]
    assert stat.S_IMODE(manager.keys[1].stat().st_mode) == 0o600
    manager.rotate("--finish")
    state = manager.state()
    assert "in use already" in manager.rotate("--finish") and manager.state() == state
    assert [key.exists() for key in manager.keys] == [True, False]
    assert stat.S_IMODE(manager.keys[0].stat().st_mode) == 0o600
    assert manager.is_trusted_with(manager.bundle)
    # a certificate that is missing is issued by the CA from then on, also with a new key
    for name in ("sslmanager.cert", "sslmanager.key"):
        (manager.etc / name).unlink()
    assert run("-D", manager.directory, "-n", "init").returncode == 0
    assert manager.is_trusted_with(manager.bundle)


def test_key_of_the_ca_stays_with_root(manager):
    """It is in no process that serves."""
    manager.rotate()
    manager.rotate("--finish")
    manager.keys[0].rename(manager.directory / "elsewhere")
    with manager.serving() as registrar:
        assert registrar.register("web")


def test_certificate_of_an_administrator(manager, certificates):
    """It is told what to do instead, and nothing is changed."""
    for path, other in zip((manager.certificate, manager.etc / "sslmanager.key"),
                           certificates.pair("self-signed")):
        path.write_bytes(open(other, "rb").read())
    state = manager.state()
    done = run("-D", manager.directory, "init", "--rotate-ca")
    assert done.returncode == 78 and "was not made by init" in done.stderr
    assert "Append old and new CA to that file" in done.stderr
    assert manager.state() == state


def test_advice_for_an_administrator(manager, certificates, save, enrollment):
    """What follows the certificate in its file is handed out, with the certificate itself if that
    is self-signed. What a change of init's has left does not count with another certificate."""
    del enrollment
    manager.rotate()
    own, key = certificates.pair("self-signed")
    other = read(certificates.ca())
    chain = save("chain.pem", read(own) + other)
    with manager.serving("-x", chain, "-k", key) as registrar:
        assert handed_out(registrar) == (certificates_in(read(own) + other), 0)


@pytest.mark.parametrize("content", ["", "no certificate\n", f"{BEGIN}\nAAAA\n"])
def test_broken_bundle(manager, content):
    """What is in use stays so."""
    manager.rotate()
    with manager.serving() as registrar:
        before = handed_out(registrar)
        manager.bundle.write_text(content)
        registrar.process.send_signal(signal.SIGHUP)
        registrar.wait_for_line("Nothing was reloaded")
        assert handed_out(registrar) == before
    done = run("-D", manager.directory, "-n", "-t", "serve")
    assert done.returncode == 78 and "agent-registrar.ca" in done.stderr


def test_too_many_cas(manager):
    """No token is made of what the service refuses."""
    manager.rotate()
    manager.bundle.write_text(4 * manager.bundle.read_text())
    for arguments, status in ((["-n", "-t", "serve"], 78),
                              (["token", "create", "--address", "m", "--embed-ca"], 65)):
        done = run("-D", manager.directory, *arguments)
        assert done.returncode == status, (arguments, done)
        assert "agent-registrar.ca does not hold one to 6 certificates" in done.stderr


@pytest.mark.parametrize("arguments, words", [
    (["init", "--finish"], "--finish needs --rotate-ca"),
    (["init", "--rotate-ca", "--name", "x"], "keeps the names"),
    (["list", "--rotate-ca"], "--rotate-ca belongs to init"),
])
def test_wrong_options(manager, arguments, words):
    done = run("-D", manager.directory, *arguments)
    assert done.returncode == 64 and words in done.stderr


def test_finish_without_a_beginning(manager):
    done = run("-D", manager.directory, "init", "--rotate-ca", "--finish")
    assert done.returncode == 78 and "There is no new CA" in done.stderr


def test_lost_keys(manager):
    manager.rotate()
    manager.keys[1].unlink()
    state = manager.state()
    done = run("-D", manager.directory, "init", "--rotate-ca", "--finish")
    assert done.returncode == 78 and "agent-registrar.ca.key" in done.stderr
    assert manager.state() == state


# ------------------------------------------------------------------ interrupted


class Interrupted:
    """A step that was killed in the middle."""

    def __init__(self, manager, place, number, steps):
        shutil.copytree(manager.directory, place)
        self.manager = Manager(place)
        self.before = manager
        self.steps = steps
        self.ended = kill_at(number, [PROGRAM, "-D", str(place), "init", *steps])

    def check(self):
        """It can be served with, by whom agents trusted before, or whom they know of; and the step
        can be done again."""
        manager = self.manager
        done = run("-D", manager.directory, "-n", "-t", "serve")
        assert done.returncode == 0, done.stderr
        if manager.bundle.exists():
            assert manager.is_trusted_with(manager.bundle)
        if manager.certificate.read_bytes() != self.before.certificate.read_bytes():
            assert "--finish" in self.steps
            assert manager.is_trusted_with(self.before.bundle)
        manager.rotate(*self.steps[1:])
        assert manager.is_trusted_with(manager.bundle)
        count = 1 if "--finish" in self.steps else 2
        assert len(manager.cas()) == count
        manager.rotate("--finish")
        assert [key.exists() for key in manager.keys] == [True, False]
        assert manager.is_trusted_with(manager.bundle) and len(manager.cas()) == 1
        assert not [name for name in os.listdir(manager.etc) if name.startswith(".")]
        shutil.rmtree(manager.directory)


@needs_killer
@pytest.mark.parametrize("steps", [["--rotate-ca"], ["--rotate-ca", "--finish"]],
                         ids=["begin", "finish"])
def test_killed(manager, tmp_path, steps):
    if "--finish" in steps:
        manager.rotate()
    kill_at_every_call(
        lambda number: Interrupted(manager, tmp_path / f"killed-{number}", number, steps))
