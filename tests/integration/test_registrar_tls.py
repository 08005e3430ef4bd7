# SPDX-License-Identifier: ISC
"""TLS versions, ciphers, client certificates."""

import os
import re
import ssl
import subprocess

import pytest

from registrar_tools import Authority, run, serving


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    place = tmp_path_factory.mktemp("ca")
    ours, other = Authority(place, "ours"), Authority(place, "other")
    return {
        "ca": ours.certificate, "good": ours.issue("good"),
        "expired": ours.issue("expired", expired=True), "wrong": other.issue("wrong"), "none": None
    }


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions(registrar, version):
    assert registrar.register("web", version=version)


def test_suite_with_the_cheapest_hash(registrar):
    """Which is not the first one of those that clients offer."""
    with registrar.open(version=ssl.TLSVersion.TLSv1_3) as client:
        assert client.tls.context.get_ciphers()[0]["name"] != "TLS_AES_128_GCM_SHA256"
        assert client.tls.cipher()[0] == "TLS_AES_128_GCM_SHA256"


def suites_of(tmp_path, suites):
    """The environment in which OpenSSL's configuration allows only these."""
    file = tmp_path / "openssl.cnf"
    file.write_text("openssl_conf = all\n[all]\nssl_conf = tls\n[tls]\nsystem_default = system\n"
                    f"[system]\nCiphersuites = {suites}\n")
    return {**os.environ, "OPENSSL_CONF": str(file)}


@pytest.mark.parametrize("allowed,used", [
    ("TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"),
    ("TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256")])
def test_suites_that_openssl_is_to_use(directory, tmp_path, allowed, used):
    with serving(directory, "-n", environment=suites_of(tmp_path, allowed)) as registrar:
        with registrar.open(version=ssl.TLSVersion.TLSv1_3) as client:
            assert client.tls.cipher()[0] == used


def test_no_session_tickets(registrar):
    with registrar.open(version=ssl.TLSVersion.TLSv1_3) as client:
        client.send("OSSEC A:'web'\n")
        client.reply()
        assert not (client.tls.session and client.tls.session.has_ticket)


@pytest.mark.filterwarnings("ignore:.*TLSv1.*deprecated")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_are_refused(registrar, version):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        registrar.register("web", version=version, ciphers="ALL:@SECLEVEL=0")
    registrar.wait_for_line("TLS handshake failed")


def test_ciphers(directory):
    with serving(directory, "-n", "-c", "ECDHE-ECDSA-AES128-GCM-SHA256") as registrar:
        tls12 = {"version": ssl.TLSVersion.TLSv1_2}
        assert registrar.register("web", ciphers="ECDHE-ECDSA-AES128-GCM-SHA256", **tls12)
        with pytest.raises(ssl.SSLError):
            registrar.register("web", ciphers="ECDHE-ECDSA-AES256-GCM-SHA384", **tls12)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("kind,log,alert", [
    ("good", None, None),
    ("none", "peer did not return a certificate", "HANDSHAKE_FAILURE|CERTIFICATE_REQUIRED"),
    ("wrong", "unable to get local issuer|self-signed", "UNKNOWN_CA"),
    ("expired", "certificate has expired", "CERTIFICATE_EXPIRED")])
def test_client_certificates(directory, authorities, version, kind, log, alert):
    with serving(directory, "-n", "-v", authorities["ca"]) as registrar:
        tls = {"version": version, "certificate": authorities[kind]}
        if kind == "good":
            assert registrar.register("web", **tls)
            return
        try:  # with TLS 1.3 the client learns of it when it reads
            reply = registrar.ask("OSSEC A:'web'\n", **tls)
            assert reply.records == []
            seen = reply.end
        except ssl.SSLError as error:
            seen = error.reason
        assert re.search(alert, seen), seen
        registrar.wait_for_line(f"TLS handshake failed: .*({log})")
        assert registrar.keys() == []
        assert registrar.register("web", version=version, certificate=authorities["good"])


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    "name,san,fits",
    [("127.0.0.1", None, True), ("cn-of-nobody", ["IP:127.0.0.1"], True),
     ("both", ["DNS:web", "IP:127.0.0.1"], True), ("host", ["DNS:localhost"], False),
     ("text", ["DNS:127.0.0.1"], False), ("127.0.0.2", ["IP:127.0.0.3"], False)],
)
def test_client_certificate_for_its_address(directory, tmp_path, version, name, san, fits):
    """As seen from Wazuh with ssl_verify_host: a reset without a text, and without harm to the
    next. Agents have a message for anything but close_notify."""
    authority = Authority(tmp_path, "ca")
    tls = {"version": version, "certificate": authority.issue(name, san=san)}
    with serving(
        directory, "-n", "-s", "-v", authority.certificate, "--dialect", "wazuh"
    ) as registrar:
        reply = registrar.ask("OSSEC A:'web'\n", **tls)
        if fits:
            assert reply.agent
        else:
            assert reply.records == [] and reply.end not in ("close_notify", "eof")
            registrar.wait_for_line("its certificate is not for its address")
            assert registrar.keys() == []
            assert registrar.register("next", version=version,
                                      certificate=authority.issue("127.0.0.1"))


@pytest.mark.parametrize("dialect", ["ossec", "wazuh"])
@pytest.mark.parametrize("sent,log", [
    (b"OSSEC A:'web'\n", "a request without TLS; if a load balancer"),
    (b"OSSEC PASS: secret OSSEC A:'web'\n", "a request without TLS; if a load balancer"),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 1515\r\n", "the PROXY protocol"),
    (b"\r\n\r\n\x00\r\nQUIT\n\x21\x11", "the PROXY protocol")])
def test_clear_text(directory, dialect, sent, log):
    """As managers: not a byte, and a reset. The log says what came, without a password."""
    with serving(directory, "-n", "--dialect", dialect) as registrar:
        with registrar.connect() as client:
            client.sendall(sent)
            with pytest.raises(ConnectionResetError):
                client.recv(1)
        registrar.wait_for_line(f"Refused 127.*{log}")
        assert "secret" not in registrar.log
        assert registrar.register("next")


def test_address_is_verified_only_with_a_ca(directory):
    done = run("-D", directory, "-n", "-s", "serve")
    assert done.returncode == 64 and "-v" in done.stderr


def test_client_certificate_and_password(directory, authorities):
    password = (directory / "etc" / "authd.pass").read_text().strip()
    with serving(directory, "--client-ca", authorities["ca"]) as registrar:
        tls = {"certificate": authorities["good"]}
        assert registrar.ask("OSSEC A:'web'\n", **tls) == ([], "eof")
        assert registrar.ask(f"OSSEC PASS: {password} OSSEC A:'web'\n", **tls).agent


# ------------------------------------------------------------------ messages without end


@pytest.mark.parametrize("version, command, said", [("-tls1_3", b"k\n", b"KEYUPDATE"),
                                                    ("-tls1_2", b"R\n", b"RENEGOTIATING")],
                         ids=["KeyUpdate", "renegotiation"])
def test_messages_without_end(registrar, version, command, said):
    client = ["openssl", "s_client", version, "-connect", f"127.0.0.1:{registrar.port}"]
    # without buffers: what could not be written is not tried again when they are closed
    with subprocess.Popen(client, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, bufsize=0) as process:
        process.stdin.write(command)
        for line in process.stdout:  # until the registrar closes the connection
            if line.strip() == said:
                try:
                    process.stdin.write(command)
                except BrokenPipeError:
                    break
    registrar.wait_for_line("Cut off 127.0.0.1 port [0-9]+: it sends TLS messages without end")
    assert registrar.register("web")
