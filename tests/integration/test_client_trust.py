# SPDX-License-Identifier: ISC
"""Whom the client believes: CA, pin, names, dates, TLS versions, and its own certificate."""
import os
import ssl

import pytest
from fake_manager import answer
from machine import KEY, OLD_LINE, reply
from trust_cases import (BOTH_VERSIONS, IPV4, IPV6, NAMES, TRUST, V1_0, V1_2, VERSIONS,
                         own_certificate)

# ------------------------------------------------------------------ names


@pytest.mark.parametrize("certificate, host, verify_name, right", NAMES.values(), ids=NAMES.keys())
def test_name(machine, start_manager, certificates, certificate, host, verify_name, right, request):
    if host == IPV6:
        request.getfixturevalue("ipv6")
    manager = start_manager(certificate=certificate, address=IPV6 if host == IPV6 else IPV4)
    trust = (
        ["--ca", certificates.pair("wazuh-default")[0]] if certificate == "wazuh-default" else "ca"
    )
    address = f"[{host}]:{manager.port}" if host == IPV6 else f"{host}:{manager.port}"
    settings = {"tls.verify_name": verify_name} if verify_name else {}
    if right:
        machine.registers(manager=address, trust=trust, settings=settings)
        return
    machine.install_key()
    settings["auth.password_file"] = machine.password("TopSecret")
    machine.fails("untrusted", f"not for {verify_name or host}", "verify_name", manager=address,
                  trust=trust, settings=settings, force=True)
    assert manager.requests == []


def test_address_as_dns_name(machine, start_manager):
    result = machine.fails("untrusted", "contains 127.0.0.1 as a DNS name", "IP:127.0.0.1",
                           manager=start_manager(certificate="dns-ipv4"))
    assert "not for" not in result.failure


@pytest.mark.parametrize("certificate, name", [("san-star", "localhost"),
                                               ("san-wildcard", "a.b.manager.test"),
                                               ("san-lan", "m_1.lan")])
def test_wildcard_that_does_not_count(machine, start_manager, certificate, name):
    machine.fails("untrusted", "a wildcard stands for exactly one label", f"DNS:{name}",
                  manager=start_manager(certificate=certificate),
                  settings={"tls.verify_name": name})


def test_wildcard_of_one_label(machine, start_manager):
    machine.registers(manager=start_manager(certificate="san-lan"),
                      settings={"tls.verify_name": "manager.lan"})


def test_wrong_name_says_which_names_are_right(machine, start_manager):
    manager = start_manager(certificate="wrong-name")
    machine.fails("untrusted", "DNS:elsewhere.test, IP:192.0.2.1, CN=elsewhere", manager=manager)


# ------------------------------------------------------------------ chains, dates, pins


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3],
                         ids=["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("certificate, trust, refusal", TRUST.values(), ids=TRUST.keys())
def test_trust(machine, start_manager, certificates, certificate, trust, refusal, version):
    manager = start_manager(certificate=certificate, lowest=version, highest=version)
    for placeholder, value in {"CA": certificates.ca(), "PIN": certificates.pin(certificate),
                               "OTHERPIN": certificates.pin("other-ca"),
                               "ITSELF": certificates.pair(certificate)[0]}.items():
        trust = [value if word == placeholder else word for word in trust]
    if refusal is None:
        machine.registers(manager=manager, trust=trust)
        return
    machine.install_key()
    machine.fails("untrusted", manager.address, refusal, manager=manager, trust=trust, force=True,
                  settings={"auth.password_file": machine.password("TopSecret")})
    manager.settle()
    assert manager.conversation.records == []


def test_chain_with_an_intermediate_authority(machine, start_manager, certificates):
    machine.registers(manager=start_manager(certificate=certificates.chain("behind-intermediate")))


def test_chain_without_its_intermediate_authority(machine, start_manager):
    machine.fails("untrusted", "not issued by a CA in",
                  manager=start_manager(certificate="behind-intermediate"))


def test_intermediate_authority_is_anchor_enough(machine, start_manager, certificates):
    """The CA that signed the certificate is in the CA file; who signed that one does not matter."""
    manager = start_manager(certificate=certificates.chain("behind-intermediate"))
    machine.registers(manager=manager, trust="intermediate")


PINNED_DATES = {"expired": "expired on 2021-01-01", "not-yet-valid": "not valid before 2085-01-01"}


@pytest.mark.parametrize("certificate, words", PINNED_DATES.items(), ids=PINNED_DATES.keys())
def test_pinned_certificate_with_wrong_dates_warns(machine, start_manager, certificates,
                                                   certificate, words):
    manager = start_manager(certificate=certificate)
    result = machine.registers(manager=manager, trust=["--pin", certificates.pin(certificate)])
    assert words in result.failure and "pinned" in result.failure


def test_no_verification_warns_every_run(machine, start_manager):
    manager = start_manager(certificate="other-ca")
    result = machine.registers(manager=manager, trust=["--set", "tls.verify=no"])
    assert "verify = no" in result.failure and manager.address in result.failure


def test_without_trust_it_does_not_start(machine, start_manager):
    """The remedy names three ways, and nobody is connected to."""
    manager = start_manager()
    machine.fails("misconfigured", "ca_file = ", "pin = sha256//",
                  f"agent-register pin {manager.address}", "verify = no", manager=manager,
                  trust=None)
    assert manager.conversations == []


@pytest.mark.parametrize("trust", ["ca_file", "pin"])
def test_verify_no_contradicts(machine, start_manager, certificates, trust):
    manager = start_manager()
    value = certificates.ca() if trust == "ca_file" else certificates.pin("good")
    machine.fails("misconfigured", "contradicts", trust, manager=manager, trust=None,
                  settings={"tls.verify": "no", f"tls.{trust}": value})
    assert manager.conversations == []


def test_pin_command_prints_what_pin_takes(machine, start_manager, certificates):
    def script(conversation):
        conversation.handshake()
        conversation.wait_for_end()
    manager = start_manager(script)
    result = machine.register("pin", manager.address, trust=None, settings={})
    assert result.status == 0, result
    assert f"pin = {certificates.pin('good')}\n" in result.stdout
    assert manager.requests == []


def test_failover_from_an_untrusted_manager(machine, start_manager):
    impostor, manager = start_manager(certificate="other-ca"), start_manager()
    result = machine.register(manager=[impostor, manager])
    assert result.status == 0 and "not issued by a CA" in result.failure, result
    assert f"web-01 any {KEY}\n".encode() in machine.read_keys()
    assert impostor.requests == []


@pytest.mark.parametrize("certificate, allowed", [("constrained-cn", False),
                                                  ("constrained-san", True)])
def test_name_constraints_of_the_ca(machine, start_manager, certificates, certificate, allowed):
    """A name beside those that the CA may certify, in a form that OpenSSL does not look at."""
    manager = start_manager(certificate=certificate)
    trust = ["--ca", certificates.ca("constrained")]
    if allowed:
        machine.registers(manager=manager, trust=trust,
                          settings={"tls.verify_name": "elsewhere.test"})
        return
    machine.install_key()
    machine.fails("untrusted", "must not certify localhost (nameConstraints)", force=True,
                  manager=f"localhost:{manager.port}", trust=trust)


# ------------------------------------------------------------------ TLS versions


@pytest.mark.parametrize("lowest, highest, settings, version", VERSIONS.values(),
                         ids=VERSIONS.keys())
def test_version(machine, start_manager, lowest, highest, settings, version):
    manager = start_manager(lowest=lowest, highest=highest)
    if version:
        machine.registers(manager=manager, settings=settings)
        assert manager.conversation.version == version
        return
    machine.install_key()
    machine.fails("untrusted", "no TLS version or cipher in common", "min_version", manager=manager,
                  settings=settings, force=True)
    assert manager.requests == []


@pytest.mark.parametrize("settings", [
    {"tls.ciphers": "ALL:@SECLEVEL=0"}, {"tls.ciphers": "ALL:COMPLEMENTOFALL:@SECLEVEL=0"},
    {"tls.ciphers": "HIGH:aNULL", "tls.min_version": "1.0"}
])
def test_no_anonymous_cipher(machine, start_manager, settings):
    """A manager without a certificate is not talked to, whatever the list of ciphers says."""
    manager = start_manager(ciphers="aNULL:@SECLEVEL=0", lowest=V1_2, highest=V1_2)
    machine.install_key()
    machine.fails("untrusted", "no TLS version or cipher in common", manager=manager, force=True,
                  settings={"auth.password_file": machine.password("TopSecret"), **settings})
    manager.settle()
    assert manager.conversation.records == []


@pytest.mark.parametrize("ciphers", ["aNULL", "eNULL", "ADH-AES256-GCM-SHA384@SECLEVEL=0"])
def test_only_anonymous_or_null_ciphers(machine, start_manager, ciphers):
    machine.fails("misconfigured", "anonymous and null ciphers are never used",
                  manager=start_manager(), settings={"tls.ciphers": ciphers})


def test_old_version_does_not_mean_weak_certificates(machine, start_manager):
    manager = start_manager(certificate="rsa-1024", lowest=V1_0, highest=V1_0)
    old = {"tls.min_version": "1.0"}
    machine.install_key()
    machine.fails("untrusted", "a key that is too small", "DEFAULT@SECLEVEL=1", manager=manager,
                  settings=old, force=True)
    machine.registers(manager=manager, settings={**old, "tls.ciphers": "DEFAULT@SECLEVEL=1"},
                      force=True)


# ------------------------------------------------------------------ the agent's certificate


@BOTH_VERSIONS
def test_client_certificate(machine, start_manager, certificates, version):
    manager = start_manager(lowest=version, highest=version, client_ca=certificates.ca())
    machine.registers(manager=manager, settings=own_certificate(certificates, "agent"))
    assert (("commonName", "web-01"),) in manager.conversation.client_certificate["subject"]


@BOTH_VERSIONS
def test_missing_client_certificate(machine, start_manager, certificates, version):
    manager = start_manager(lowest=version, highest=version, client_ca=certificates.ca())
    machine.install_key()
    machine.fails("refused", "requires a client certificate",
                  "certificate_file and private_key_file", manager=manager, force=True)
    manager.settle()
    assert manager.requests == []


@BOTH_VERSIONS
def test_refused_client_certificate(machine, start_manager, certificates, version):
    manager = start_manager(lowest=version, highest=version, client_ca=certificates.ca())
    machine.install_key()
    machine.fails("refused", "rejected our client certificate", manager=manager, force=True,
                  settings=own_certificate(certificates, "agent-other-ca"))


def test_silent_close_for_want_of_a_client_certificate(machine, start_manager, certificates):
    """A manager that asks for a certificate, goes on without, and then closes: that is what it
    usually means."""
    manager = start_manager(answer(), lowest=V1_2, highest=V1_2, client_ca=certificates.ca())
    manager.context.verify_mode = ssl.CERT_OPTIONAL
    machine.fails("refused", "requires a client certificate", manager=manager)


@pytest.mark.parametrize("password", [None, "TopSecret"])
def test_silent_close_after_our_certificate(machine, start_manager, certificates, password):
    """It may be for another address (ssl_verify_host), and the password may be wrong."""
    manager = start_manager(answer(), client_ca=certificates.ca())
    settings = own_certificate(certificates, "agent")
    if password:
        settings["auth.password_file"] = machine.password(password)
    machine.fails("refused", "not for the address of this host (ssl_verify_host)",
                  "password" if password else "requires a password", manager=manager,
                  settings=settings)


@BOTH_VERSIONS
def test_reset_after_our_certificate(machine, start_manager, certificates, version):
    """What Wazuh's managers do with ssl_verify_host: nothing about passwords."""
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        conversation.reset()
    manager = start_manager(script, lowest=version, highest=version, client_ca=certificates.ca())
    settings = own_certificate(certificates, "agent")
    settings["auth.password_file"] = machine.password("TopSecret")
    result = machine.fails("busy", "ssl_verify_host", "certificate_file", manager=manager,
                           settings=settings)
    assert "password" not in result.failure


@BOTH_VERSIONS
def test_pin_presents_our_certificate(machine, start_manager, certificates, version):
    manager = start_manager(lowest=version, highest=version, client_ca=certificates.ca())
    result = machine.register("pin", manager.address, trust=None,
                              settings=own_certificate(certificates, "agent"))
    assert result.status == 0, result
    assert f"pin = {certificates.pin('good')}" in result.stdout
    manager.settle()
    assert (("commonName", "web-01"),) in manager.conversation.client_certificate["subject"]


# ------------------------------------------------------------------ files that cannot be used


def a_copy(machine, path, **how):
    with open(path, "rb") as file:
        return machine.write("copy.pem", file.read(), **how)


def a_pipe(machine):
    path = os.path.join(machine.directory, "pipe")
    os.mkfifo(path)
    return path


# Which key of [tls] gets which file (a function of machine and certificates), and words of the
# message.
FILES = {
    "ca missing": ("ca_file", lambda m, c: "/nowhere/ca.pem", "No such file"),
    "ca is a directory": ("ca_file", lambda m, c: m.directory, "not a regular file"),
    "ca is a pipe": ("ca_file", lambda m, c: a_pipe(m), "not a regular file"),
    "ca empty": ("ca_file", lambda m, c: m.write("ca.pem", ""), "is empty"),
    "ca is a key": ("ca_file", lambda m, c: c.pair("good")[1], "a private key, not a certificate"),
    "ca is a request": ("ca_file", lambda m, c: c.path("good.csr"), "a certificate request"),
    "ca in DER": ("ca_file", lambda m, c: c.der("good"), "DER"),
    "ca expired": ("ca_file", lambda m, c: c.ca("expired"), "expired on 2021-01-01"),
    "ca damaged": (
        "ca_file",
        lambda m, c: m.write("ca.pem",
                             "-----BEGIN CERTIFICATE-----\nAAAA\n" "-----END CERTIFICATE-----\n"),
        "damaged",
    ),
    "ca cut short": ("ca_file",
                     lambda m, c: m.write("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n"),
                     "cut off"),
    "certificate missing": ("certificate_file", lambda m, c: "/nowhere/agent.pem", "No such file"),
    "certificate is a key": ("certificate_file", lambda m, c: c.pair("agent")[1],
                             "a private key, not a certificate"),
    "certificate in DER": ("certificate_file", lambda m, c: c.der("agent"), "DER"),
    "certificate expired": ("certificate_file", lambda m, c: c.pair("agent-expired")[0],
                            "expired on 2021-01-01"),
    "certificate empty": ("certificate_file", lambda m, c: m.write("agent.pem", ""), "is empty"),
    "key missing": ("private_key_file", lambda m, c: "/nowhere/agent.key", "No such file"),
    "key encrypted": ("private_key_file", lambda m, c: c.encrypted_key("agent"), "openssl pkey"),
    "key is a certificate": ("private_key_file", lambda m, c: c.pair("agent")[0],
                             "a certificate, not a private key"),
    "key of another certificate": ("private_key_file", lambda m, c: c.pair("agent-other-ca")[1],
                                   "does not belong to"),
    "key of another kind": ("private_key_file", lambda m, c: c.pair("rsa")[1],
                            "does not belong to"),
    "key empty": ("private_key_file", lambda m, c: m.write("agent.key", ""), "is empty"),
}


@pytest.mark.parametrize("setting, path, words", FILES.values(), ids=FILES.keys())
def test_unusable_file(machine, start_manager, certificates, setting, path, words):
    certificates.pair("good")  # its request as well
    settings = {"tls.ca_file": certificates.ca(), **own_certificate(certificates, "agent")}
    settings[f"tls.{setting}"] = path(machine, certificates)
    manager = start_manager()
    machine.install_key()
    machine.fails("misconfigured", settings[f"tls.{setting}"], words, manager=manager, trust=None,
                  settings=settings, force=True)
    assert manager.conversations == []


UNREADABLE = {
    "ca": ("ca_file", lambda c: c.ca()),
    "certificate": ("certificate_file", lambda c: c.pair("agent")[0]),
    "key": ("private_key_file", lambda c: c.pair("agent")[1]),
}


@pytest.mark.parametrize("setting, path", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_unreadable_file(machine, start_manager, certificates, as_root, setting, path):
    """As another user: root reads everything."""
    settings = {"tls.pin": certificates.pin("good")}
    if setting != "ca_file":
        # The other one of the pair is readable, wherever the first is looked at.
        settings["tls.certificate_file"] = machine.write(
            "agent.pem", open(certificates.pair("agent")[0], "rb").read()
        )
        settings["tls.private_key_file"] = machine.write(
            "agent.key", open(certificates.pair("agent")[1], "rb").read()
        )
    settings[f"tls.{setting}"] = a_copy(machine, path(certificates), mode=0o600)
    machine.state_directory = machine.write("state-of-nobody", "")
    os.unlink(machine.state_directory)
    os.mkdir(machine.state_directory)
    os.chown(machine.state_directory, 65534, 65534)
    manager = start_manager()
    machine.fails("misconfigured", settings[f"tls.{setting}"], "Permission denied", manager=manager,
                  trust=None, settings=settings, user=65534)
    assert manager.conversations == []


@pytest.mark.parametrize("given, missing", [("certificate_file", "private_key_file"),
                                            ("private_key_file", "certificate_file")])
def test_half_a_pair(machine, start_manager, certificates, given, missing):
    manager = start_manager()
    machine.fails("misconfigured", f"set {missing} in [tls]", manager=manager,
                  settings={f"tls.{given}": own_certificate(certificates, "agent")[f"tls.{given}"]})
    assert manager.conversations == []


def test_ca_file_with_several_certificates(machine, start_manager, certificates):
    """One that expired beside one that counts."""
    bundle = "".join(
        open(certificates.ca(name), encoding="ascii").read() for name in ("expired", "other", "ca")
    )
    machine.registers(manager=start_manager(),
                      trust=["--ca", machine.write("bundle.pem", "comment\n" + bundle)])


@pytest.mark.parametrize("settings",
                         [{"tls.ciphers": "NO-SUCH-CIPHER"}, {"tls.ciphersuites": "TLS_NO_SUCH"}],
                         ids=["ciphers", "ciphersuites"])
def test_unknown_cipher(machine, start_manager, settings):
    manager = start_manager()
    machine.fails("misconfigured", *settings.values(), manager=manager, settings=settings)
    assert manager.conversations == []


def test_key_from_an_impostor_behind_a_good_address_list(machine, start_manager):
    """Only untrusted managers: the old key stays, and each of them is reported."""
    machine.install_key()
    managers = [
        start_manager(answer(reply(key="e" * 64)), certificate=each)
        for each in ("other-ca", "wrong-name")
    ]
    result = machine.register(manager=managers, force=True)
    assert result.status == 75 and len(result.errors) == 2, result
    assert machine.read_keys() == OLD_LINE.encode()
    assert [each.requests for each in managers] == [[], []]
    assert KEY not in result.stderr
