# SPDX-License-Identifier: ISC
"""agent-registrar token: what it prints, what it keeps, and how it ends."""
import fcntl
import hashlib
import json
import os
import re
import ssl
import subprocess
import time

import pytest
from enroll_tools import certificates_in, read
from registrar_tools import PATIENCE
from wazuh5_manager import decode, encode

ID = r"[A-Za-z0-9_][A-Za-z0-9_-]{21}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
HEAD = "agent-registrar enrollment tokens 1\n"


def members(token):
    text = token.strip()
    assert re.fullmatch(r"[A-Za-z0-9_-]+", text), text
    document = decode(text).decode()
    assert document == json.dumps(json.loads(document), separators=(",", ":"))
    return json.loads(document)


def key_digest(pem):
    """SHA-256 of the SubjectPublicKeyInfo, found by another program."""
    key = subprocess.run(["openssl", "x509", "-pubkey", "-noout"], input=pem, text=True,
                         capture_output=True, check=True).stdout
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(
        key.replace("PUBLIC KEY", "CERTIFICATE"))).digest()


def test_a_token_has_address_pin_and_credential(tokens):
    printed = members(tokens.create())
    assert list(printed) == ["ver", "adr", "pin", "key"]
    assert printed["ver"] == 1
    assert printed["adr"] == "manager.example"
    assert decode(printed["pin"]) == key_digest(certificates_in(read(tokens.certificate))[-1])
    assert len(decode(printed["key"])) == 32
    token, = tokens.listed()
    assert token["id"] == printed["key"][:21] + token["id"][21]
    assert decode(token["id"]) == decode(printed["key"])[:16]


@pytest.mark.parametrize("arguments,address,expected", [
    ([], "192.0.2.1", "192.0.2.1"),
    ([], "2001:db8::1", "[2001:db8::1]"),
    (["--port", "1517", "--prefix", "wazuh-manager"], "m", "m"),
    (["--port", "443"], "m", "m:443"),
    (["--prefix", "/a/b/"], "m", "m/a/b"),
    (["--prefix", ""], "m", "m/"),
])
def test_the_address_leaves_defaults_out(tokens, arguments, address, expected):
    assert members(tokens.create(*arguments, address=address))["adr"] == expected


def test_the_ca_may_be_embedded(tokens):
    printed = members(tokens.create("--embed-ca"))
    assert list(printed) == ["ver", "adr", "ca", "key"]
    assert printed["ca"] == "".join(certificates_in(read(tokens.certificate))[1:])


def test_a_token_without_credential_is_not_kept(tokens):
    printed = members(tokens.create("--no-credential"))
    assert list(printed) == ["ver", "adr", "pin"]
    assert not tokens.file.exists()


def test_list_and_show(tokens):
    tokens.create("--ttl", "1d", "--max-uses", "3", "--description", 'a "b" \\ c')
    tokens.create("--port", "443")
    first, second = tokens("list").splitlines()
    assert re.fullmatch(rf'{ID} active 0/3 {TIME} manager.example a "b" \\ c', first)
    assert re.fullmatch(rf"{ID} active 0 {TIME} manager.example:443", second)
    shown = json.loads(tokens("show", first.split()[0], "--json"))
    assert shown == tokens.listed()[0]
    assert shown["description"] == 'a "b" \\ c' and shown["max_uses"] == 3
    text = tokens("show", second.split()[0])
    assert "address:     manager.example:443\n" in text and "state:       active\n" in text


def test_no_secret_is_shown_again(tokens):
    printed = members(tokens.create())
    secret = encode(decode(printed["key"])[16:])
    assert secret in tokens.file.read_text()
    token, = tokens.listed()
    for output in (tokens("list"), tokens("list", "-j"), tokens("show", token["id"]),
                   tokens("show", token["id"], "-j")):
        assert secret not in output and printed["key"] not in output


def test_the_file_is_for_its_owner(tokens):
    tokens.create()
    assert tokens.file.stat().st_mode & 0o7777 == 0o600
    tokens.file.chmod(0o640)
    tokens.create()
    assert tokens.file.stat().st_mode & 0o7777 == 0o640
    assert os.listdir(tokens.file.parent).count(".enrollment.tokens.new") == 0


def test_revoke(tokens):
    ids = [tokens.create_one() for _ in range(3)]
    tokens("revoke", ids[0], "AAECAwQFBgcICQoLDA0ODw", status=65)
    assert tokens.admin.messages == "There is no enrollment token AAECAwQFBgcICQoLDA0ODw\n"
    assert [token["state"] for token in tokens.listed()] == ["active"] * 3
    tokens("revoke", ids[0], ids[2])
    assert [token["state"] for token in tokens.listed()] == ["revoked", "active", "revoked"]


def test_purge(tokens):
    ids = [tokens.create_one() for _ in range(4)]
    tokens("revoke", ids[0])
    lines = tokens.file.read_text().splitlines(keepends=True)
    lines[2] = re.sub(r"(\S+ \S+ \S+) \d+", r"\1 1000000000", lines[2])
    lines[3] = lines[3].replace(" 0 0 valid", " 2 2 valid")
    tokens.file.write_text("".join(lines))
    assert [token["state"] for token in tokens.listed()] == [
        "revoked", "expired", "used-up", "active"]
    assert tokens("purge") == "Removed 3 enrollment tokens\n"
    assert [token["id"] for token in tokens.listed()] == [ids[3]]
    tokens("purge", "--all", status=64)
    assert len(tokens.listed()) == 1
    assert tokens("purge", "--all", "--force") == "Removed 1 enrollment tokens\n"
    assert tokens.file.read_text() == HEAD


@pytest.mark.parametrize("content", [
    "", '{"tokens":[{"id":"x"}]}\n', HEAD.replace("1", "2"), HEAD + "x\n",
])
def test_a_file_of_another_program_is_refused(tokens, content):
    tokens.file.write_text(content)
    for arguments in (["list"], ["purge"], ["purge", "--all", "--force"], ["revoke", "x"],
                      ["create", "--address", "m", "-x", str(tokens.certificate)]):
        tokens(*arguments, status=78)
        assert str(tokens.file) in tokens.admin.messages
        assert "move it away" in tokens.admin.messages
        assert tokens.file.read_text() == content


def test_no_more_than_wazuh_has(tokens):
    lines = [f"{i:021}A AAAAAAAAAAAAAAAAAAAAAA 1 9000000000 0 0 valid m\n" for i in range(5000)]
    tokens.file.write_text(HEAD + "".join(lines))
    tokens.create(status=65)
    assert "token revoke" in tokens.admin.messages and "token purge" in tokens.admin.messages
    assert tokens.file.read_text() == HEAD + "".join(lines)
    assert tokens("purge") == "Removed 0 enrollment tokens\n"
    tokens("revoke", f"{7:021}A", f"{8:021}A")
    tokens.create()
    assert "Removed 2 enrollment tokens that could not be used" in tokens.admin.messages
    assert f"{7:021}A" not in tokens.file.read_text()
    assert len(tokens("list").splitlines()) == 4999


def test_without_a_ca_there_is_no_token(tokens, certificates):
    tokens("create", "--address", "m", "-x", str(certificates.pair("good")[0]), status=65)
    assert "holds no CA" in tokens.admin.messages
    assert not tokens.file.exists()


def wait_until_pausing(process):
    """Until the process waits for some time to pass, or has ended."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None:
        with open(f"/proc/{process.pid}/wchan", encoding="ascii") as file:
            if "nanosleep" in file.read():
                return
        assert time.monotonic() < end
        time.sleep(0.001)


@pytest.mark.skipif(os.geteuid() != 0,
                    reason="needs root: for what a process waits that is not dumpable")
def test_the_lock_is_waited_for(tokens):
    """Whoever makes a token while client.keys is locked makes it afterwards."""
    directory = os.open(tokens.file.parent, os.O_RDONLY)
    fcntl.flock(directory, fcntl.LOCK_EX)
    program = os.environ["AGENT_REGISTRAR"]
    with subprocess.Popen([program, "-D", tokens.admin.directory, "token", "create", "--address",
                           "m", "-x", tokens.certificate], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.DEVNULL) as waiting:
        assert tokens("list") == ""
        wait_until_pausing(waiting)
        assert waiting.poll() is None and not tokens.file.exists()
        os.close(directory)
        assert members(waiting.communicate()[0])["adr"] == "m"
    assert len(tokens.listed()) == 1


@pytest.mark.parametrize("arguments,message", [
    ([], "takes ACTION"), (["make"], "ACTION is create, list, show, revoke or purge"),
    (["create"], "needs --address"), (["create", "--address", "m", "x"], "takes no ID"),
    (["show"], "the ID of one token"), (["show", "a", "b"], "the ID of one token"),
    (["revoke"], "the IDs of tokens"), (["list", "x"], "takes no ID"),
    (["list", "--ttl", "1d"], "--ttl does not belong to token list"),
    (["revoke", "x", "--json"], "--json does not belong to token revoke"),
    (["create", "--address", "m", "--ttl", "3651d"], "--ttl is a time"),
    (["create", "--address", "m", "--ttl", "0"], "longer than no time"),
    (["create", "--address", "m", "--max-uses", "0"], "a number from 1"),
    (["create", "--address", "m", "--description", "a\nb"], "printable ASCII"),
    (["create", "--address", "m", "--description", "x" * 129], "at most 128"),
    (["create", "--address", "m", "--no-credential", "--ttl", "1d"], "is not kept"),
    (["purge", "--force"], "--force needs --all"),
])
def test_wrong_command_lines(tokens, arguments, message):
    tokens(*arguments, status=64)
    assert message in tokens.admin.messages


@pytest.mark.parametrize("arguments", [
    ["--address", "a b"], ["--address", ""], ["--address", "m", "--prefix", "a//b"],
    ["--address", "m", "--prefix", "../x"],
])
def test_wrong_addresses(tokens, arguments):
    tokens("create", "-x", str(tokens.certificate), *arguments, status=65)


def test_a_token_that_nobody_sees_is_an_error(tokens):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([os.environ["AGENT_REGISTRAR"], "-D", tokens.admin.directory, "token",
                               "create", "--address", "m", "-x", tokens.certificate],
                              stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 74, done
    assert "standard output" in done.stderr
