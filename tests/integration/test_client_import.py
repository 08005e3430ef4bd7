# SPDX-License-Identifier: ISC
"""Keys that were exported at the manager, by hand: `agent-register import`."""
import base64
import json
import os
import pty
import re
import signal
import subprocess

import pytest
from import_tools import EXPORT, FAULTS, LINE, OTHER, pipe, bring, at_terminal, refused
from killing import kill_at, needs_killer
from machine import EXIT_CODES, KEY, OLD_KEY, OLD_LINE, PROMPT, Machine



@pytest.fixture(autouse=True)
def secrets(machine):
    """No run may show the key, nor half of its base64."""
    machine.secrets += [KEY[:32], OLD_KEY[:32], EXPORT, EXPORT[20:60], OTHER[40:80]]


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
    "in quotes": f'"{EXPORT}"\n',
    "answer of the API": json.dumps({"data": {"id": "001", "key": EXPORT}, "error": 0}),
    "answer about several": json.dumps({
        "data": {"affected_items": [{"id": "001", "key": EXPORT}], "total_affected_items": 1,
                 "total_failed_items": 0, "failed_items": []},
        "message": "The key was returned", "error": 0}, indent=2),
    "manage_agents -j": json.dumps({"error": 0, "data": EXPORT}) + "\n",
    "twice the same": EXPORT + "\n\n" + LINE,
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_forms(machine, text):
    result = bring(machine, text)
    assert result.status == 0 and result.failures == [], result
    assert result.lines == [
        f"Imported the key of web-01 (id 001) from standard input; it is in {machine.keys}"
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
    assert result.status == 64 and "give FILE, or -" in result.failure, result
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
    result = bring(machine, f"001 web-01 any {'abcDEFxyz0' * 7}\n")
    assert result.status == 0 and "not the usual 64" in result.failure, result


@pytest.mark.parametrize("name, warned", [("web-01", False), ("web-99", True), (None, False)])
def test_configured_name(machine, name, warned):
    reading = pipe(EXPORT)
    result = machine.register("import", stdin=reading, trust=None, name=name)
    os.close(reading)
    assert result.status == 0 and bool(result.failures) == warned, result
    assert not warned or "that of web-01, not of web-99 as name in [agent] says" in result.failure


# ------------------------------------------------------------------ by hand: what is not


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
    assert "use -" in result.failure, result
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
    refused(machine, EXPORT, "Not a terminal; use --yes", status=64)


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
def test_kill_at_every_system_call(tmp_path, certificates):
    """The old key or the new one, never anything between, and the next import completes it."""
    number, seen = 1, set()
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
        number += 1
    assert seen == {LINE.encode(), OLD_LINE.encode()}
