# SPDX-License-Identifier: ISC
"""`agent-register token show`: what an enrollment token says, without its secret and without the
network; and what `check` says of a configured one before it asks a manager."""
import base64
import json
import os
import re
import shutil
import subprocess

import pytest
import wazuh5_manager
from enroll_tools import CREDENTIAL, TOKEN_ID, read
from machine import AGENT_REGISTER
from scripted_api import needs_module

pytestmark = needs_module

PIN = bytes(range(100, 132))
PIN_TEXT = "sha256//" + base64.b64encode(PIN).decode()
SECRET_TEXT = wazuh5_manager.encode(CREDENTIAL)


@pytest.fixture(autouse=True)
def secrets(machine):
    """No run may show them: checked for what is logged here, for the rest by `show`."""
    machine.secrets += [SECRET_TEXT, SECRET_TEXT[-20:]]


def show(machine, *arguments, stdin=None, **options):
    """Run it, and look for the secret in all that it says."""
    run = machine.start("token", "show", *arguments, trust=None, name=None, stdin=subprocess.PIPE,
                        **options)
    if stdin is not None:
        run.process.stdin.write(stdin.encode())
    result = run.finish()
    for secret in (SECRET_TEXT, SECRET_TEXT[-20:], CREDENTIAL[16:].hex(),
                   base64.b64encode(CREDENTIAL[16:]).decode().rstrip("=")):
        assert secret not in result.stdout + result.stderr, "the secret was shown"
    return result


def lines(result):
    assert result.status == 0 and result.stderr == "", result
    return dict(re.split(r" +", line, maxsplit=1) for line in result.stdout.splitlines())


# ------------------------------------------------------------------ what it shows


@pytest.mark.parametrize("way", ["file", "stdin", "configured", "credential"])
def test_where_it_is_from(machine, way):
    text = wazuh5_manager.token("manager.test", pin=PIN, credential=CREDENTIAL)
    path = machine.password(text + "\n", name="agent-register.token")
    environment = {"CREDENTIALS_DIRECTORY": machine.directory} if way == "credential" else {}
    settings = {"manager.method": "enroll", "auth.token_file": path} if way == "configured" else {}
    result = show(machine, *{"file": [path], "stdin": ["-"]}.get(way, []),
                  stdin=text + "\n" if way == "stdin" else None, settings=settings,
                  environment=environment)
    assert lines(result) == {
        "manager": "manager.test:1517",
        "prefix": "wazuh-manager",
        "pin": f"{PIN_TEXT} (of the manager's CA, which is not in the token)",
        "credential": f"yes, with the id {TOKEN_ID}",
        "expires": "not said in the token; its manager knows",
    }


@pytest.mark.parametrize("address, host, port, prefix", [
    ("manager.test", "manager.test", 1517, "wazuh-manager"),
    ("192.0.2.1:443/", "192.0.2.1", 443, ""),
    ("[2001:db8::1]/a/b", "2001:db8::1", 1517, "a/b"),
])
def test_addresses(machine, address, host, port, prefix):
    path = machine.password(wazuh5_manager.token(address, pin=PIN))
    found = json.loads(show(machine, path, "--json").stdout)
    assert (found["host"], found["port"], found["prefix"]) == (host, port, prefix)
    assert lines(show(machine, path))["prefix"] == (prefix or "none")


def test_json(machine):
    path = machine.password(wazuh5_manager.token("manager.test", pin=PIN, credential=CREDENTIAL))
    assert json.loads(show(machine, path, "--json").stdout) == {
        "host": "manager.test", "port": 1517, "prefix": "wazuh-manager", "pin": PIN_TEXT, "ca": [],
        "credential": True, "id": TOKEN_ID, "expires": None, "problem": None,
    }


def test_without_a_credential(machine):
    path = machine.password(wazuh5_manager.token("manager.test", pin=PIN))
    assert lines(show(machine, path))["credential"].startswith("no:")
    found = json.loads(show(machine, path, "--json").stdout)
    assert found["credential"] is False and found["id"] is None


def test_embedded_ca(machine, certificates):
    ca = read(certificates.ca())
    pin = "sha256//" + base64.b64encode(wazuh5_manager.spki_pin(certificates.ca())).decode()
    path = machine.password(wazuh5_manager.token("manager.test", ca="## comment\n" + ca,
                                                 credential=CREDENTIAL))
    shown = lines(show(machine, path))
    assert shown["CA"] == ("O = test, CN = Test CA ca, valid from 2020-01-01 00:00:00 UTC to "
                           f"2086-01-01 00:00:00 UTC, {pin}")
    assert "pin" not in shown
    found = json.loads(show(machine, path, "--json").stdout)
    assert found["pin"] is None and found["ca"] == [{
        "subject": "O = test, CN = Test CA ca", "not_before": "2020-01-01T00:00:00Z",
        "not_after": "2086-01-01T00:00:00Z", "pin": pin}]


def test_nothing_of_it_in_the_debug_log(machine):
    path = machine.password(wazuh5_manager.token("manager.test", pin=PIN, credential=CREDENTIAL))
    assert show(machine, path, "-dd").status == 0


def test_no_network(machine):
    """Whatever it names is not even looked up."""
    if not shutil.which("strace") or "ASAN_OPTIONS" in os.environ:
        pytest.skip("needs strace, without sanitizers, which look for leaks as it does")
    path = machine.password(wazuh5_manager.token("manager.test", pin=PIN, credential=CREDENTIAL))
    done = subprocess.run(["strace", "-f", "-e", "trace=connect,socket", *machine.command(
        "token", "show", path, trust=None, name=None)], capture_output=True, text=True,
                          env=machine.environment(), check=True)
    assert "AF_INET" not in done.stderr and "manager.test:1517" in done.stdout, done


# ------------------------------------------------------------------ what it refuses


@pytest.mark.parametrize("text, words", [
    ("", ["is empty"]),
    ("a\nb\n", ["more than one line"]),
    ("abcd\r\n", ["carriage return"]),
    ("abc=", ["character 4 is padding"]),
    ("ab cd", ["character 3 is a blank"]),
    ("ab+d", ["character 3 is one of ordinary base64"]),
    ("abcde", ["a character is missing"]),
    ("bm8", ["is not a JSON object", "byte"]),
    ("W10", ["is not a JSON object"]),
    (wazuh5_manager.encode(b'{"ver":1,"ver":1}'), ["duplicate member", "before byte"]),
    (wazuh5_manager.token("h", pin=PIN, credential=CREDENTIAL, exp=1), ["member 5 of 5"]),
    (wazuh5_manager.token("h", pin=PIN, ca="x", credential=CREDENTIAL), ["both a pin and a CA"]),
    (wazuh5_manager.token("h", credential=CREDENTIAL), ["neither a pin nor a CA"]),
    (wazuh5_manager.token("h:0", pin=PIN, credential=CREDENTIAL), ["no address of the form"]),
    (wazuh5_manager.token("h", pin=PIN[:31], credential=CREDENTIAL), ["pin that is not 32 bytes"]),
    (wazuh5_manager.token("h", pin=PIN, credential=CREDENTIAL[:31]), ["key that is not 32 bytes"]),
    (wazuh5_manager.token("h", pin=PIN, ver=2), ["unsupported version"]),
    ("A" * 300000, ["longer than 262144"]),
], ids=["empty", "two-lines", "crlf", "padding", "blank", "base64", "cut", "no-json", "array",
        "duplicate", "unknown", "both", "neither", "address", "pin", "key", "version", "long"])
@pytest.mark.parametrize("way", ["file", "stdin"])
def test_errors(machine, way, text, words):
    path = machine.password(text, name="the-token") if way == "file" else "-"
    result = show(machine, path, stdin=text if way == "stdin" else None)
    assert result.status == 78 and result.stdout == "", result
    for word in [*words, path if way == "file" else "standard input"]:
        assert word in result.failure, result


def test_missing_file(machine):
    result = show(machine, "/nonexistent/token")
    assert result.status == 78 and "/nonexistent/token" in result.failure, result


def test_no_token(machine):
    result = show(machine)
    assert result.status == 78 and "token_file" in result.failure, result
    assert "give FILE, or -" in result.failure


@pytest.mark.parametrize("words", [["show", "TOKEN"], ["TOKEN"], ["show", "JSON"],
                                   ["show", "TOKEN", "x"], ["show", "HALF"]])
def test_the_token_itself_is_no_argument(machine, words):
    text = wazuh5_manager.token("manager.test", pin=PIN, credential=CREDENTIAL)
    given = {"TOKEN": text, "HALF": text[:60],
             "JSON": wazuh5_manager.decode(text).decode()}
    result = machine.register("token", *(given.get(word, word) for word in words), trust=None,
                              name=None)
    assert result.status == 64 and result.stdout == "", result
    for secret in (SECRET_TEXT, text[:60], TOKEN_ID):
        assert secret not in result.stderr, "the token was shown"
    if len(words) < 3:
        assert "process list" in result.failure and "use -" in result.failure, result


def test_path_that_is_long(machine):
    """Nothing of it but the slash tells it from a token."""
    path = f"/etc/{'directory/' * 8}token"
    result = machine.register("token", "show", path, trust=None, name=None)
    assert result.status == 78 and path in result.failure, result
    assert "No such file" in result.failure, result


def test_other_verbs(machine):
    result = machine.register("token", "list", trust=None, name=None)
    assert result.status == 64 and "show [FILE|-]" in result.failure, result


@pytest.mark.parametrize("ca, status, word", [
    ("hello", 78, "is not a certificate"), ("expired", 75, "is not valid today")])
def test_unusable_ca(machine, certificates, ca, status, word):
    text = read(certificates.ca("expired")) if ca == "expired" else ca
    path = machine.password(wazuh5_manager.token("manager.test", ca=text, credential=CREDENTIAL))
    result = show(machine, path)
    assert result.status == status and word in result.failure and path in result.failure, result
    assert "manager.test:1517" in result.stdout
    found = json.loads(show(machine, path, "--json").stdout)
    assert word in found["problem"]


def test_without_the_module(machine):
    """A build or a package without it says so."""
    alone = os.path.join(machine.directory, "alone")
    os.mkdir(alone)
    shutil.copy(AGENT_REGISTER, alone)
    path = machine.password(wazuh5_manager.token("manager.test", pin=PIN))
    command = [os.path.join(alone, "agent-register"), *machine.command(trust=None, name=None)[1:]]
    done = subprocess.run([*command, "token", "show", path], capture_output=True, text=True,
                          check=False, env=machine.environment())
    if done.returncode == 0:
        pytest.skip("the module is installed on this machine")
    assert done.returncode == 78 and "agent-register-https" in done.stderr, done


# ------------------------------------------------------------------ the command check


def check(machine, text, **settings):
    path = machine.password(text)
    result = machine.register(
        "check", trust=None, settings={"manager.method": "enroll", "auth.token_file": path,
                                       "manager.connect_timeout": "1 s",
                                       **{key.replace("__", "."): value
                                          for key, value in settings.items()}})
    assert SECRET_TEXT not in result.stdout, "the secret was shown"
    return result


def test_check_says_what_the_token_says(machine):
    """Of a manager that cannot be reached."""
    result = check(machine, wazuh5_manager.token("127.0.0.1:1/x", pin=PIN, credential=CREDENTIAL))
    said = [text for layer, is_right, text in result.layers if layer == "token" and is_right]
    assert said == [f"is for 127.0.0.1:1, prefix x, with a credential of the id {TOKEN_ID}",
                    f"pins its manager's CA by {PIN_TEXT}"], result
    assert result.status == 75, result


def test_check_says_which_ca_the_token_holds(machine, certificates):
    result = check(machine, wazuh5_manager.token("127.0.0.1:1", ca=read(certificates.ca())))
    said = [text for layer, is_right, text in result.layers if layer == "token" and is_right]
    assert "without a credential" in said[0] and "holds the CA O = test, CN = Test CA ca" in said[1]


@pytest.mark.parametrize("ca, status", [("hello", 78), ("expired", 75)])
def test_check_of_a_token_that_cannot_work(machine, certificates, ca, status):
    text = read(certificates.ca("expired")) if ca == "expired" else ca
    result = check(machine, wazuh5_manager.token("127.0.0.1:1", ca=text))
    wrong = [text for layer, is_right, text in result.layers if layer == "token" and not is_right]
    assert result.status == status and "The CA in the enrollment token" in wrong[0], result


def test_check_where_another_ca_counts(machine, certificates):
    """The token's own is not used then."""
    result = check(machine, wazuh5_manager.token("127.0.0.1:1", ca="hello"),
                   tls__ca_file=certificates.ca())
    assert "The CA in the enrollment token" not in result.stdout, result
