# SPDX-License-Identifier: ISC
"""Keys that were exported at the manager: `method = import` at boot, and imports on a manager
itself."""
import base64
import os
import re

import pytest
from import_tools import EXPORT, FAULTS, LINE, OTHER, bring, refused
from machine import EXIT_CODES, KEY, OLD_KEY, OLD_LINE
from registrar_tools import PROGRAM, serving

@pytest.fixture(autouse=True)
def secrets(machine):
    """No run may show the key, nor half of its base64."""
    machine.secrets += [KEY[:32], OLD_KEY[:32], EXPORT, EXPORT[20:60], OTHER[40:80]]


# ------------------------------------------------------------------ on a manager


def make_manager(machine, sign):
    if sign == "client.keys":
        machine.install_key(OLD_LINE + f"008 !gone any {OLD_KEY}\n")
        return "contains the entries of 2 agents"
    path = os.path.join(machine.agent, sign)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii"):
        pass
    return path


@pytest.mark.parametrize(
    "sign", ["bin/wazuh-remoted", "bin/ossec-remoted", "etc/sslmanager.key", "client.keys"]
)
def test_manager_is_left_alone(machine, sign):
    seen = make_manager(machine, sign)
    for arguments in ([], ["--yes"], ["--force"], ["--yes", "--force"]):
        refused(machine, EXPORT, "This machine is a manager: ", seen, arguments=arguments)


def test_manager_is_left_alone_by_the_method(machine):
    seen = make_manager(machine, "bin/wazuh-remoted")
    machine.fails("misconfigured", "This machine is a manager: ", seen, **configured(machine))


@pytest.mark.skipif(not os.path.exists(PROGRAM), reason=f"needs {PROGRAM}")
def test_directory_of_a_registrar(machine, directory):
    result = bring(machine, EXPORT, settings={"agent.directory": directory})
    assert result.status == 78 and "etc/sslmanager.key" in result.failure, result


# ------------------------------------------------------------------ the method


def configured(machine, text=EXPORT, **more):
    return {"trust": None, "name": None, "settings": {
        "manager.method": "import", "auth.key_file": machine.write("key", text, 0o600), **more}}


def test_method(machine, notify_socket):
    """Without a manager, without trust, without a host name."""
    options = configured(machine)
    run = machine.start(environment=notify_socket.environment, **options)
    messages = notify_socket.until("READY=1")
    result = run.finish()
    assert result.status == 0 and result.failures == [], result
    assert machine.read_keys() == LINE.encode(), result
    assert "STATUS=Registered as web-01 (id 001)" in "".join(messages)
    assert (
        result.lines[0]
        == f"Imported the key of web-01 (id 001) from {machine.directory}/key; it is in "
           f"{machine.keys}"
    )
    assert result.state["method"] == "import" and "manager" not in result.state
    before = machine.snapshot()
    again = machine.register(**options)
    assert again.status == 0 and "Already registered as web-01" in again.stderr, again
    assert machine.snapshot() == before, again


def test_credential(machine, credentials):
    path = credentials.put("agent-register.client-key", EXPORT + "\n")
    credentials.put("agent-register.conf",
                    "[manager]\nmethod = import\n[auth]\nforget_secret = yes\n")
    for _ in range(2):
        result = machine.register(trust=None, name=None, environment=credentials.environment)
        assert result.status == 0 and result.failures == [], result
    assert machine.read_keys() == LINE.encode(), "systemd takes it away by itself"
    assert os.path.exists(path), "systemd takes it away by itself"


def test_nothing_to_import(machine):
    machine.fails("misconfigured", "key_file", "agent-register.client-key", trust=None,
                  settings={"manager.method": "import"})


def test_missing_key_file(machine):
    machine.fails("misconfigured", "/nowhere/key", "No such file", trust=None, settings={
        "manager.method": "import", "auth.key_file": "/nowhere/key"})


@pytest.mark.parametrize("text, words", [FAULTS["cut"], FAULTS["several"], FAULTS["nothing"]],
                         ids=["cut", "several", "nothing"])
def test_unusable_key_file(machine, text, words):
    words = [word.replace("Standard input", machine.directory + "/key") for word in words]
    machine.fails("misconfigured", *words, **configured(machine, text))


def test_key_file_for_everybody(machine):
    options = configured(machine)
    os.chmod(machine.directory + "/key", 0o644)
    result = machine.register(**options)
    assert result.status == 0 and "chmod 0600" in result.failure, result


def test_torn_file_is_replaced(machine):
    machine.install_key(OLD_LINE[:40])
    result = machine.register(**configured(machine))
    assert result.status == 0 and machine.read_keys() == LINE.encode(), result
    assert "client.keys.torn" in result.failure, result


def test_secret_is_forgotten_when_the_key_is_stored(machine):
    options = configured(
        machine, **{"auth.forget_secret": "yes", "auth.password_file": machine.password("unused")}
    )
    os.mkdir(machine.keys)
    assert machine.register(**options).status == EXIT_CODES["storage-error"]
    assert os.path.exists(machine.directory + "/key"), "the key was nowhere else"
    os.rmdir(machine.keys)
    result = machine.register(**options)
    assert result.status == 0 and result.failures == [], result
    assert not os.path.exists(machine.directory + "/key") and machine.read_keys() == LINE.encode()
    assert os.path.exists(machine.directory + "/password"), "it is not the secret of this method"
    again = machine.register(**options)
    assert again.status == 0 and again.failures == [], again


def test_secret_that_a_killed_run_left(machine):
    machine.install_key(LINE)
    assert machine.register(**configured(machine, **{"auth.forget_secret": "yes"})).status == 0
    assert not os.path.exists(machine.directory + "/key")


@pytest.mark.parametrize("forget", ["yes", "no"])
def test_key_file_with_another_key(machine, forget):
    """It is neither imported, since there is a key, nor deleted unread."""
    machine.install_key()
    before = machine.snapshot()
    options = configured(machine, **{"auth.forget_secret": forget})
    result = machine.register(**options)
    assert result.status == 0, result
    assert "holds a different key, of web-01 (id 001)" in result.failure, result
    assert machine.snapshot() == before and os.path.exists(machine.directory + "/key")
    assert machine.register(force=True, **options).status == 0
    assert machine.read_keys() == LINE.encode()
    assert os.path.exists(machine.directory + "/key") == (forget == "no")


def test_copy_of_a_disk(machine):
    """Both machines would be the same agent; who wants that has to say so by hand."""
    options = configured(machine)
    assert machine.register(**options).status == 0
    state = os.path.join(machine.state_directory, "state")
    with open(state, encoding="utf-8") as file:
        copied = re.sub(r"bound_machine=.*", "bound_machine=" + 32 * "0", file.read())
    with open(state, "w", encoding="utf-8") as file:
        file.write(copied)
    result = machine.register(**options)
    assert result.status == EXIT_CODES["cloned"], result
    assert "belongs to another machine, of which this one is a copy" in result.errors[0], result
    assert bring(machine, EXPORT).status == 0
    assert machine.register(**options).status == 0


def test_check(machine):
    options = configured(machine)
    before = machine.snapshot()
    result = machine.register("check", **options)
    assert result.status == 0, result
    assert re.search(
        r"^ok +import +\S+/key holds the key of web-01 \(id 001\)$", result.stdout, re.M
    ), result
    assert machine.snapshot() == before
    machine.write("key", EXPORT[:50])
    result = machine.register("check", **options)
    assert result.status == 78, result
    assert re.search(r"^FAIL import +\S+/key contains no complete key", result.stdout, re.M), result


@pytest.mark.skipif(not os.path.exists(PROGRAM), reason=f"needs {PROGRAM}")
def test_key_of_a_real_registrar(machine, directory):
    """A key that the registrar has made for somebody else to carry."""
    with serving(directory, "-n") as registrar:
        registrar.register("carried")
        line = " ".join(registrar.keys()[-1])
    machine.secrets.append(line.split()[3])
    assert bring(machine, base64.b64encode(line.encode()).decode() + "\n").status == 0
    assert machine.read_keys().decode() == line + "\n"
