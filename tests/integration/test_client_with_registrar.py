# SPDX-License-Identifier: ISC
"""Both programs together: what the client stores is what the registrar keeps."""
import hashlib
import os
import re

import pytest
from machine import EXIT_CODES
from registrar_tools import PROGRAM, serving

pytestmark = pytest.mark.skipif(not os.path.exists(PROGRAM), reason=f"needs {PROGRAM}")


@pytest.fixture
def start_registrar(directory, certificates):
    """Start a registrar: start_registrar(OPTION...) in a with statement."""
    certificate, key = certificates.pair("good")

    def start(*arguments, **options):
        return serving(directory, "-x", certificate, "-k", key, *arguments, **options)
    return start


def address_of(registrar, host="127.0.0.1"):
    return f"[{host}]:{registrar.port}" if ":" in host else f"{host}:{registrar.port}"


def line_of(registrar):
    """The registrar's last line of client.keys."""
    return " ".join(registrar.keys()[-1]) + "\n"


DIALECTS = pytest.mark.parametrize("dialect", ["ossec", "wazuh"])


@DIALECTS
def test_same_line_on_both_sides(machine, start_registrar, dialect):
    with start_registrar("-n", "--dialect", dialect) as registrar:
        result = machine.register(manager=address_of(registrar))
        assert result.status == 0 and result.failures == [], result
        assert machine.read_keys().decode() == line_of(registrar)
        assert registrar.keys()[-1][1] == "web-01"
        assert machine.register(manager=address_of(registrar)).status == 0
        assert len(registrar.keys()) == 1


def test_trust_by_the_pin_that_the_pin_command_prints(machine, directory):
    """The way of the documentation, with the registrar's own self-signed certificate."""
    with serving(directory, "-n") as registrar:
        shown = machine.register("pin", address_of(registrar), trust=None)
        assert shown.status == 0, shown
        pin = re.search(r"^pin = (sha256//\S+)$", shown.stdout, re.M)[1]
        result = machine.register(manager=address_of(registrar), trust=["--pin", pin])
        assert result.status == 0 and machine.read_keys().decode() == line_of(registrar), result


@DIALECTS
@pytest.mark.parametrize("password, words",
                         [("right", None), ("wrong", "password"), (None, "password")],
                         ids=["right", "wrong", "none"])
def test_password(machine, start_registrar, directory, dialect, password, words):
    right = (directory / "etc" / "authd.pass").read_text().strip()
    machine.secrets.append(right)
    settings = {}
    if password:
        settings["auth.password_file"] = machine.password(
            right if password == "right" else "wrong-password"
        )
    with start_registrar("--dialect", dialect) as registrar:
        if words:
            machine.fails("refused", words, manager=address_of(registrar), settings=settings)
        else:
            assert machine.register(manager=address_of(registrar), settings=settings).status == 0
            assert machine.read_keys().decode() == line_of(registrar)


def test_password_for_a_registrar_without_one(machine, start_registrar):
    settings = {"auth.password_file": machine.password("needless")}
    with start_registrar("-n", "--dialect", "wazuh") as registrar:
        machine.fails("refused", "remove the password here", manager=address_of(registrar),
                      settings=settings)


def test_taken_name_is_renamed(machine, start_registrar):
    with start_registrar("-n") as registrar:
        registrar.register("web-01")
        result = machine.register(manager=address_of(registrar))
        assert result.status == 0 and "not as web-01 as requested" in result.failure, result
        assert machine.read_keys().decode() == line_of(registrar)
        assert registrar.keys()[-1][1] == "web-012"


def test_taken_name_is_refused(machine, start_registrar):
    with start_registrar("-n", "--dialect", "wazuh") as registrar:
        registrar.register("web-01")
        machine.fails("duplicate", "Duplicate agent name: web-01", manager=address_of(registrar))


def test_taken_name_is_replaced(machine, start_registrar):
    with start_registrar("-n", "--dialect", "wazuh", "--on-duplicate", "replace") as registrar:
        old = registrar.register("web-01")
        result = machine.register(manager=address_of(registrar))
        assert result.status == 0 and result.failures == [], result
        assert machine.read_keys().decode() != " ".join(old) + "\n"
        assert [line for line in registrar.keys() if line[1] == "web-01"] == [
            machine.read_keys().decode().split()
        ]


def test_hash_of_the_old_key_is_what_the_registrar_computes(
    machine, start_registrar, start_manager
):
    """A second registration sends the hash of exactly what the first one got."""
    with start_registrar("-n") as registrar:
        assert machine.register(manager=address_of(registrar)).status == 0
        agent, name, _, key = registrar.keys()[-1]
    manager = start_manager()
    machine.registers(manager=manager, force=True)
    digest = hashlib.sha1(f"{agent}{name}{key}".encode()).hexdigest()
    assert manager.requests == [f"OSSEC A:'web-01' K:'{digest}'\n".encode()]


def test_all_fields(machine, start_registrar):
    with start_registrar("-n", "--dialect", "wazuh", "-i") as registrar:
        for group in ("web", "db"):
            (registrar.directory / "etc" / "shared" / group).mkdir(parents=True)
        result = machine.register(manager=address_of(registrar), settings={
            "agent.groups": "web,db", "agent.version": "v4.14.5", "agent.ip": "10.1.2.3"})
        assert result.status == 0 and result.failures == [], result
        assert machine.read_keys().decode() == line_of(registrar)
        assert registrar.keys()[-1][2] == "10.1.2.3"


def test_version_that_the_registrar_does_not_take(machine, start_registrar):
    with start_registrar("-n", "--dialect", "wazuh", "--manager-version", "v4.14.5") as registrar:
        machine.fails("refused", "Agent version must be lower or equal", "remove version",
                      manager=address_of(registrar), settings={"agent.version": "v99.0.0"})


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_source_address(machine, start_registrar, host, request):
    if ":" in host:
        request.getfixturevalue("ipv6")
    with start_registrar("-n", "-i", listen=host) as registrar:
        result = machine.register(manager=address_of(registrar, host))
        assert result.status == 0, result
        assert machine.read_keys().decode() == line_of(registrar)
        assert registrar.keys()[-1][2] == host


@DIALECTS
@pytest.mark.parametrize(
    "certificate, outcome",
    [("agent", "registered"), (None, "refused"), ("agent-other-ca", "refused")],
    ids=["good", "none", "other ca"],
)
def test_client_certificate(machine, start_registrar, certificates, dialect, certificate, outcome):
    settings = {}
    if certificate:
        settings["tls.certificate_file"], settings["tls.private_key_file"] = certificates.pair(
            certificate
        )
    with start_registrar("-n", "--dialect", dialect, "-v", certificates.ca()) as registrar:
        if outcome == "registered":
            assert machine.register(manager=address_of(registrar), settings=settings).status == 0
        else:
            machine.fails(outcome, "client certificate", manager=address_of(registrar),
                          settings=settings)
            assert not registrar.keys_file.exists() or registrar.keys() == []


def test_many_names_at_once(machine, start_registrar):
    """Each gets a key of its own, and every one is what the registrar keeps."""
    with start_registrar("-n") as registrar:
        runs = []
        for i in range(20):
            place = os.path.join(machine.directory, f"agent-{i}")
            os.makedirs(os.path.join(place, "etc"))
            runs.append(
                (
                    place,
                    machine.start(manager=address_of(registrar), name=f"web-{i:02}",
                                  settings={"agent.directory": place}),
                )
            )
        got = []
        for place, run in runs:
            assert run.finish().status == EXIT_CODES["registered"]
            with open(os.path.join(place, "etc", "client.keys"), encoding="ascii") as file:
                got.append(file.read().split())
        assert sorted(got) == sorted(registrar.keys())
        assert len({line[0] for line in got}) == len({line[3] for line in got}) == 20
