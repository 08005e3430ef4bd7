# SPDX-License-Identifier: ISC
"""Keys that were exported at the manager: `agent-register import`, and `method = import` at
boot."""
import base64
import json
import os
import pty
import re
import signal
import subprocess

import pytest
from killing import kill_at, needs_killer
from machine import EXIT_CODES, KEY, OLD_KEY, OLD_LINE, PROMPT, Machine
from registrar_tools import PROGRAM, serving

LINE = f"001 web-01 any {KEY}\n"
EXPORT = base64.b64encode(LINE.strip().encode()).decode()
OTHER = base64.b64encode(f"002 web-02 10.0.0.0/24 {KEY}".encode()).decode()
SLICES = 2


@pytest.fixture(autouse=True)
def secrets(machine):
    """No run may show the key, nor half of its base64."""
    machine.secrets += [KEY[:32], OLD_KEY[:32], EXPORT, EXPORT[20:60], OTHER[40:80]]


def pipe(data):
    """A descriptor from which this can be read; of at most what fits into a pipe."""
    reading, writing = os.pipe()
    os.write(writing, data if isinstance(data, bytes) else data.encode())
    os.close(writing)
    return reading


def bring(machine, data, *arguments, **options):
    """`agent-register import` with this on its standard input. Returns the Result."""
    reading = pipe(data)
    try:
        return machine.register("import", *arguments, stdin=reading, trust=None, name=None,
                                **options)
    finally:
        os.close(reading)


def at_terminal(machine, typed, *arguments):
    """The same for a person at a terminal who types this ahead. Returns the Result."""
    near, far = pty.openpty()
    try:
        os.write(near, typed.encode())
        return machine.register("import", *arguments, stdin=far, trust=None, name=None)
    finally:
        os.close(near)
        os.close(far)


def refused(machine, data, *words, status=78, arguments=()):
    before, result = machine.snapshot(), bring(machine, data, *arguments)
    assert result.status == status, result
    for word in words:
        assert word in result.failure, result
    assert machine.snapshot() == before, result


# ------------------------------------------------------------------ by hand: what is taken

FORMS = {
    "export": EXPORT,
    "with newline": EXPORT + "\n",
    "blanks and carriage return": f" \t{EXPORT} \r\n\r\n",
    "byte order mark": "\ufeff" + EXPORT + "\r\n",
    "broken at 64": f"{EXPORT[:64]}\n{EXPORT[64:]}\n",
    "broken at 76, indented": f"  {EXPORT[:76]}\r\n  {EXPORT[76:]}\r\n",
    "line": LINE,
    "line without newline": LINE.strip(),
    "line with carriage return": LINE.strip() + "\r\n",
    "client.keys": f"# the agent's\n\n007 !gone any {OLD_KEY}\n{LINE}",
    "words of manage_agents": f"\nAgent key information for '001' is: \n{EXPORT}\n\n** Press "
                              f"ENTER to return to the main menu.\n",
    "base64 of the file": base64.b64encode(LINE.encode()).decode(),
    "twice the same": EXPORT + "\n\n" + LINE,
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_forms(machine, text):
    result = bring(machine, text)
    assert result.status == 0 and result.failures == [], result
    assert result.lines == [
        f"Imported the key of web-01 (id 001) from the standard input; it is in {machine.keys}"
    ], result
    assert machine.read_keys() == LINE.encode()


def test_from_a_file(machine):
    machine.install_key("torn")
    path = machine.write("key of web-01", EXPORT, 0o600)
    result = machine.register("import", path, trust=None, name=None)
    assert result.status == 0 and f"from {path}; it is in {machine.keys}" in result.stderr, result
    assert machine.read_keys() == LINE.encode() and not os.path.exists(machine.counter)
    assert os.stat(machine.keys).st_mode & 0o7777 == 0o640
    assert machine.files() == ["client.keys", "client.keys.torn"] and os.path.exists(path)
    assert "client.keys.torn" in result.failure


def test_file_for_everybody(machine):
    result = machine.register("import", machine.write("key", EXPORT), trust=None)
    assert result.status == 0 and "chmod 0600" in result.failure, result


def test_from_another_program(machine):
    """As the shell gives it: import <(ssh manager manage_agents -e 001)."""
    script = f'exec "$@" <(sleep 0.2; echo {EXPORT[:50]}; sleep 0.2; echo {EXPORT[50:]})'
    done = subprocess.run(["bash", "-c", script, "bash", *machine.command("import", trust=None)],
                          timeout=30, check=False, env=machine.environment(),
                          stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode == 0 and machine.read_keys() == LINE.encode(), done.stderr


def test_pasted_at_a_terminal(machine):
    result = at_terminal(machine, EXPORT + "\n\x04", "-")
    assert result.status == 0 and machine.read_keys() == LINE.encode(), result


def test_nothing_given_at_a_terminal(machine):
    result = at_terminal(machine, EXPORT + "\n\x04")
    assert result.status == 64 and "Give a file, or -" in result.failure, result
    assert machine.files() == []


def test_stop_while_nothing_comes(machine):
    reading, writing = os.pipe()
    run = machine.start("import", "-", stdin=reading, trust=None)
    os.write(writing, EXPORT.encode())
    run.kill()
    result = run.finish()
    os.close(reading)
    os.close(writing)
    assert result.status == -signal.SIGTERM and result.seconds < PROMPT, result
    assert machine.files() == [], result


def test_status(machine):
    bring(machine, EXPORT)
    shown = machine.register("status", "--json", trust=None, name=None)
    status = json.loads(shown.stdout)
    assert shown.status == 0 and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", status["since"])
    wanted = {
        "registered": True, "name": "web-01", "id": "001", "manager": None, "method": "import",
        "clone": "no"
    }
    assert {name: status[name] for name in wanted} == wanted
    text = machine.register("status", trust=None, name=None).stdout
    assert re.search(r"^method +import$", text, re.M) and "another tool" not in text
    assert "\nmanager " not in text


def test_unusual_key_is_taken_with_a_warning(machine):
    result = bring(machine, "001 web-01 any abc.DEF\n")
    assert result.status == 0 and "not the usual 64" in result.failure, result


@pytest.mark.parametrize("name, warned", [("web-01", False), ("web-99", True), (None, False)])
def test_configured_name(machine, name, warned):
    reading = pipe(EXPORT)
    result = machine.register("import", stdin=reading, trust=None, name=name)
    os.close(reading)
    assert result.status == 0 and bool(result.failures) == warned, result
    assert not warned or "that of web-01, not of web-99 as name in [agent] says" in result.failure


# ------------------------------------------------------------------ by hand: what is not

FAULTS = {
    "nothing": ("", ["Standard input is empty"]),
    "blanks": (" \r\n\n", ["contains no key"]),
    "error of manage_agents": ("Invalid ID '005' given. ID is not present.\n",
                               ["contains no key", "manage_agents -e"]),
    "only the key": (KEY, ["contains no complete key"]),
    "cut": (EXPORT[:-5], ["truncated"]),
    "cut to a shorter key": (EXPORT[:64], ["shorter than the usual 64", "truncated"]),
    "three fields": (base64.b64encode(b"001 web-01 any").decode(),
                     ["four fields separated by single spaces"]),
    "bad id": (f"1x web-01 any {KEY}", ["contains no key"]),
    "long id": (f"123456789 web-01 any {KEY}", ["the id is not"]),
    "bad name": (f"001 web/01 any {KEY}", ["the name is not"]),
    "bad address": (f"001 web-01 anywhere {KEY}", ["the address is neither"]),
    "bad key": (f"001 web-01 any {KEY}\u2026", ["the key is not"]),
    "several": (f"{EXPORT}\n{OTHER}\n",
                ["the keys of several agents (001 web-01, 002 web-02, ...)"]),
    "several lines": (LINE + OLD_LINE,
                      ["the keys of several agents (001 web-01, 007 web-01, ...)"]),
    "UTF-16": (EXPORT.encode("utf-16"), ["is UTF-16"]),
    "NUL": (EXPORT + "\0", ["NUL byte"]),
    "long": (EXPORT + 20000 * "\n", ["too long for a key"]),
}


@pytest.mark.parametrize("text, words", FAULTS.values(), ids=FAULTS.keys())
def test_faults(machine, text, words):
    machine.install_key()
    refused(machine, text, *words)


@pytest.mark.parametrize(
    "path, words",
    [("/nowhere/key", "No such file"), ("/etc", "Is a directory"),
     ("/nowhere/\x1b[31m", "\\x1b[31m")],
)
def test_unreadable_file(machine, path, words):
    result = machine.register("import", path, trust=None)
    assert result.status == 78 and words in result.failure, result


@pytest.mark.parametrize("argument", [EXPORT, EXPORT[:64], EXPORT + "\n", LINE, LINE.strip(), KEY],
                         ids=["export", "half", "newline", "line", "bare line", "key"])
def test_key_as_an_argument(machine, argument):
    result = machine.register("import", argument, trust=None)
    assert result.status == 64 and "not the key itself" in result.failure, result
    assert "give -" in result.failure, result
    assert machine.files() == []


def test_file_with_a_name_like_a_key(machine):
    path = machine.write(EXPORT[:64].replace("/", "x"), EXPORT, 0o600)
    done = subprocess.run(machine.command("import", os.path.basename(path), trust=None),
                          cwd=machine.directory, check=False, env=machine.environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    assert done.returncode == 0 and machine.read_keys() == LINE.encode(), done


# ------------------------------------------------------------------ by hand: a key is there

def test_the_same_key_changes_nothing(machine):
    machine.install_key(LINE)
    before = machine.snapshot()
    for arguments in ([], ["--force"], ["--yes"]):
        result = bring(machine, EXPORT, *arguments)
        assert result.status == 0 and result.failures == [], result
        assert "nothing to do" in result.stderr, result
        assert "Already registered as web-01 (id 001)" in result.stderr
    assert machine.snapshot() == before
    assert machine.read_state()["bound_machine"], "now it is known whose key it is"


@pytest.mark.usefixtures("mount_namespace")
def test_the_same_key_on_a_full_disk(machine):
    """Nothing needs to be written, so nothing needs to be writable."""
    machine.install_key(LINE)
    path = machine.write("key", EXPORT, 0o600)
    result = machine.register(
        "import",
        path,
        trust=None,
        name=None,
        before=f"mount --bind {machine.etc} {machine.etc} && mount -o remount,ro,bind "
               f"{machine.etc}",
    )
    assert result.status == 0 and "nothing to do" in result.stderr, result


def test_another_key_is_not_replaced_unasked(machine):
    machine.install_key()
    refused(machine, EXPORT, "nobody to ask; give --yes", status=64)


@pytest.mark.parametrize("option", ["--yes", "--force"])
def test_another_key_is_replaced(machine, option):
    machine.install_key()
    result = bring(machine, EXPORT, option)
    assert result.status == 0 and machine.read_keys() == LINE.encode(), result
    assert machine.files() == ["client.keys", "client.keys.old"]
    assert not os.path.exists(machine.counter)
    with open(machine.keys + ".old", encoding="ascii") as old:
        assert old.read() == OLD_LINE


@pytest.mark.parametrize("answer, replaced",
                         [("yes", True), ("y", False), ("no", False), ("", False)])
def test_person_is_asked(machine, answer, replaced):
    machine.install_key()
    before = machine.snapshot()
    result = at_terminal(machine, answer + "\n", machine.write("key", EXPORT, 0o600))
    assert (
        "This machine is agent web-01 (id 007). Its key will be replaced by that of web-01 (id 001)"
        in result.stdout
    )
    assert result.status == (0 if replaced else 1), result
    assert machine.read_keys() == (LINE if replaced else OLD_LINE).encode()
    assert replaced or ("Nothing was changed" in result.stdout and machine.snapshot() == before)


def test_stop_at_the_question(machine):
    machine.install_key()
    before = machine.snapshot()
    near, far = pty.openpty()
    run = machine.start("import", machine.write("key", EXPORT, 0o600), stdin=far, trust=None,
                        name=None)
    shown = b""
    while b"Type yes" not in shown:
        shown += os.read(run.process.stdout.fileno(), 4096)
    run.kill()
    result = run.finish()
    os.close(near)
    os.close(far)
    assert result.status == -signal.SIGTERM and result.seconds < PROMPT, result
    assert machine.snapshot() == before, result


def test_unstorable(machine):
    os.rmdir(machine.etc)
    result = bring(machine, EXPORT)
    assert result.status == EXIT_CODES["storage-error"], result
    assert "install the agent" in result.failure, result


@needs_killer
@pytest.mark.parametrize("part", range(SLICES))
def test_kill_at_every_system_call(tmp_path, certificates, part):
    """The old key or the new one, never anything between, and the next import completes it."""
    number, seen = part + 1, set()
    while True:
        machine = Machine(tmp_path / str(number), certificates)
        machine.install_key()
        path = machine.write("key", EXPORT, 0o600)
        command = machine.command("import", "--yes", path, trust=None, name=None)
        ended = kill_at(number, command, machine.environment())
        seen.add(machine.read_keys())
        result = machine.register("import", "--yes", path, trust=None, name=None)
        assert result.status == 0, f"killed at {number}: {result}"
        assert machine.read_keys() == LINE.encode(), f"killed at {number}: {result}"
        if ended:
            break
        number += SLICES
    assert seen == {LINE.encode(), OLD_LINE.encode()} and number > 40


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
    for arguments in ([], ["--yes"]):
        refused(machine, EXPORT, "This machine is a manager: ", seen, "--force",
                arguments=arguments)
    assert bring(machine, EXPORT, "--force").status == 0
    assert machine.read_keys() == LINE.encode()


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
    assert "holds another key, that of web-01 (id 001)" in result.failure, result
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
    assert "that of another machine, of which this one is a copy" in result.errors[0], result
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
