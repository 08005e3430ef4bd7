# SPDX-License-Identifier: ISC
"""The command `check` walks the layers in order, says which one fails and what to do, and asks
for no key; and `status` shows people and programs the same."""
import json
import os
import re
import ssl

import pytest
import scripted_api
from agents_conf import wazuh_4
from fake_manager import answer
from machine import KEY, OLD_LINE
from ports import refusing_port

LAYERS = ["config", "credentials", "name", "key file", "DNS", "TCP", "TLS", "chain", "name match",
          "validity", "pin"]


def marks(result):
    """The layers in the order of their lines, each with True for a tick and False for a cross,
    and its text."""
    names = [layer for layer, _, _ in result.layers]
    assert names == [layer for layer in LAYERS if layer in names], result.stdout
    return {layer: (good, text) for layer, good, text in result.layers}


def without_time(text):
    """Of two runs, which may see the clock in two seconds."""
    return re.sub(r"clock says [-0-9: ]+ UTC", "clock says NOW", text)


def crosses(result):
    return [layer for layer, (good, _) in marks(result).items() if not good]


def test_all_is_well(machine, start_manager):
    manager = start_manager()
    before = machine.snapshot()
    result = machine.register("check", manager=manager)
    assert result.status == 0 and result.stderr == "", result
    assert list(marks(result)) == LAYERS and not crosses(result), result
    assert manager.conversations
    assert not any(conversation.records for conversation in manager.conversations)
    assert machine.snapshot() == before


# What is wrong: options of the run and of the manager, the layer with the cross, the exit status,
# words of the remedy.
FAULTS = {
    "no trust": ({"trust": None}, {}, "config", 78, ["ca_file"]),
    "missing CA": ({"trust": ["--ca", "/nowhere/ca.pem"]}, {}, "credentials", 78,
                   ["/nowhere/ca.pem"]),
    "missing password": ({"settings": {"auth.password_file": "/nowhere/pass"}}, {}, "credentials",
                         78, ["/nowhere/pass"]),
    "bad name": ({"name": "x"}, {}, "name", 78, ["2 to 127"]),
    "no directory": ({"settings": {"agent.directory": "/nowhere"}}, {}, "key file", 73,
                     ["install the agent"]),
    "no such host": ({"manager": "no-such-host.invalid"}, {}, "DNS", 75, ["no-such-host.invalid"]),
    "old TLS": ({"settings": {"tls.min_version": "1.3"}}, {"highest": ssl.TLSVersion.TLSv1_2},
                "TLS", 75, ["min_version"]),
    "other CA": ({"trust": "other"}, {}, "chain", 75, ["CA"]),
    "other name": ({"settings": {"tls.verify_name": "other.example"}}, {}, "name match", 75,
                   ["other.example", "verify_name"]),
    "expired": ({}, {"certificate": "expired"}, "validity", 75, ["certificate"]),
    "not yet valid": ({}, {"certificate": "not-yet-valid"}, "validity", 75, ["clock"]),
    "other pin": ({"trust": ["--pin", "sha256//" + 43 * "A" + "="]}, {}, "pin", 75,
                  ["agent-register pin"]),
}


@pytest.mark.parametrize("options, manager_options, layer, status, words", FAULTS.values(),
                         ids=FAULTS.keys())
def test_fault_is_found(machine, start_manager, options, manager_options, layer, status, words):
    manager = start_manager(**manager_options)
    result = machine.register("check", **{"manager": manager, **options})
    assert crosses(result) == [layer], result
    assert result.status == status, result
    for word in words:
        assert word in marks(result)[layer][1], result
    assert not any(conversation.records for conversation in manager.conversations)


@pytest.mark.parametrize("fault", ["no trust", "missing CA", "missing password", "bad name",
                                   "no directory", "no such host", "old TLS", "other CA",
                                   "other name", "expired", "not yet valid", "other pin"])
def test_one_wording(machine, start_manager, fault):
    """What is found here has the words in which a registration fails."""
    options, manager_options, layer, status, _ = FAULTS[fault]
    options = {"manager": start_manager(**manager_options), **options}
    checked = machine.register("check", **options)
    failed = machine.register(**options)
    assert failed.status == status, failed
    assert without_time(marks(checked)[layer][1]) == without_time(failed.failure)


@pytest.mark.parametrize("fault", ["no trust", "missing CA", "missing password"])
def test_key_file_beside_a_fault(machine, fault):
    """No manager can be asked then, and what this machine has is worth knowing."""
    machine.install_key()
    result = machine.register("check", **FAULTS[fault][0])
    assert "holds the key of web-01" in marks(result)["key file"][1], result


def test_nobody_listens(machine):
    with refusing_port() as port:
        result = machine.register("check", manager=f"127.0.0.1:{port}")
    assert crosses(result) == ["TCP"] and result.status == 75, result
    assert "refused" in marks(result)["TCP"][1]


BROKEN = "[manager]\naddres = manager.example\nport = many\n[agent]\ngroups = a,b\n"
FAULTS_OF_BROKEN = ["broken.conf:2: unknown key 'addres' in [manager]; did you mean address?",
                    "broken.conf:3: 'many' is not a valid value for port in [manager]"]


@pytest.mark.parametrize("registered", [False, True])
def test_broken_configuration(machine, registered):
    """Both are told at once, by all commands in the same words; and what this machine has is shown
    nevertheless."""
    config = machine.write("broken.conf", BROKEN)
    if registered:
        machine.install_key()
    results = {command: machine.register(command, config=config, trust=None)
               for command in ("run", "check", "status")}
    assert {result.status for result in results.values()} == {78}, results
    for command, result in results.items():
        for fault in FAULTS_OF_BROKEN:
            assert fault in (result.stderr if command == "run" else result.stdout), result
    assert crosses(results["check"]) == ["config"]
    assert ("holds the key of web-01" in marks(results["check"])["key file"][1]) == registered
    assert re.search(f"^registered +{'yes' if registered else 'no'}$", results["status"].stdout,
                     re.MULTILINE), results["status"]
    for line in results["status"].stdout.splitlines():
        assert re.fullmatch(r".{12}  \S.*", line), "a text that is not below the others"
    status, exit_status = status_of(machine, config=config, trust=None)
    assert exit_status == 78 and status["registered"] == registered
    assert all(fault in status["config_problem"] for fault in FAULTS_OF_BROKEN)


def test_one_wording_of_nothing_configured(machine):
    said = "No manager is configured: write address = HOST under [manager], and ca_file or pin"
    results = [machine.register(command, trust=None, name=None)
               for command in ("run", "check", "status")]
    assert [result.status for result in results] == [0, 78, 3], results
    assert said in results[0].stderr and all(said in result.stdout for result in results[1:])


def test_as_json(machine, start_manager):
    manager = start_manager(certificate="expired")
    shown = machine.register("check", "--json", manager=manager)
    checks = json.loads(shown.stdout)
    assert (shown.status, checks["exit_status"], shown.stderr) == (75, 75, "")
    assert all(list(check) == ["section", "check", "result", "text"] for check in checks["checks"])
    assert [check["check"] for check in checks["checks"] if check["result"] == "failed"] == [
        "validity"]
    plain = machine.register("check", manager=manager).layers
    assert [(check["check"], check["result"] == "ok", without_time(check["text"]))
            for check in checks["checks"] if check["result"] != "note"] == [
                (layer, good, without_time(text)) for layer, good, text in plain]
    assert {check["section"] for check in checks["checks"]} == {
        "This machine", manager.address, "What a check cannot tell"}


@pytest.mark.parametrize("settings, named", [
    ({}, "a request without a password and the name"),
    ({"auth.password_file": "password"}, "the password and the name"),
    ({"agent.groups": "a"}, "a request without a password, the name and the groups"),
], ids=["nothing", "password", "groups"])
def test_what_it_did_not_test(machine, start_manager, settings, named):
    """All may be right, and the manager refuses nevertheless; the last attempt knows more."""
    machine.password("wrong")
    settings = {key: os.path.join(machine.directory, value) if key.startswith("auth") else value
                for key, value in settings.items()}
    manager = start_manager(answer(b"ERROR: Invalid password. Unable to add agent"))
    before = machine.register("check", manager=manager, settings=settings)
    assert f"whether the manager accepts {named}: it says so only" in before.stdout, before
    assert "last try" not in before.stdout
    assert machine.register(manager=manager, settings=settings).status == 77
    result = machine.register("check", manager=manager, settings=settings)
    assert re.search("note last try +failed \\(refused\\): .*Invalid password", result.stdout), \
        result
    machine.install_key()
    registered = machine.register("check", manager=manager, settings=settings)
    assert "not tested" not in registered.stdout and "last try" not in registered.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="another user needs root")
def test_by_an_ordinary_user(machine, start_manager):
    os.chmod(machine.directory, 0o755)
    result = machine.register("check", manager=start_manager(), user=65534,
                              trust=["--pin", "sha256//" + 43 * "A" + "="])
    assert "sudo agent-register check" in result.stdout, result
    assert crosses(result) == ["key file", "pin"], result
    assert "sudo" not in machine.register("check", manager=start_manager()).stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="another user needs root")
def test_configuration_that_only_root_may_read(machine):
    """Said as one of the checks, with what to do."""
    os.chmod(machine.directory, 0o755)
    config = machine.write("secret.conf", "[manager]\naddress = manager.example\n", 0o600)
    result = machine.register("check", config=config, user=65534)
    assert "sudo agent-register check" in result.stdout and result.status == 78, result
    assert "Permission denied" in marks(result)["config"][1]
    status = machine.register("status", config=config, user=65534)
    assert "Permission denied" in status.stdout and status.status == 78, status


def test_unconfigured(machine):
    result = machine.register("check", trust=None)
    assert crosses(result) == ["config"] and result.status == 78, result
    assert "address = HOST" in marks(result)["config"][1]


def test_key_that_is_there_is_told(machine, start_manager):
    machine.install_key()
    result = machine.register("check", manager=start_manager())
    assert result.status == 0 and "web-01 (id 007)" in marks(result)["key file"][1], result
    assert machine.read_keys() == OLD_LINE.encode()


# ------------------------------------------------------------------ status as JSON

MEMBERS = [
    "registered", "name", "id", "address", "key_file", "key_file_target", "problem", "configured",
    "clone", "changed", "manager", "method", "missing_groups", "since", "attempts",
    "last_outcome", "last_error", "last_manager", "last_attempt", "next_attempt",
    "notes", "config_problem"
]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def status_of(machine, **options):
    result = machine.register("status", "--json", **options)
    status = json.loads(result.stdout)
    assert list(status) == MEMBERS, "the schema is a promise"
    return status, result.status


def test_status_of_a_registered_machine(machine, start_manager):
    manager = start_manager()
    assert machine.register(manager=manager).status == 0
    status, exit_status = status_of(machine, manager=manager)
    assert exit_status == 0 and TIME.fullmatch(status.pop("since"))
    assert status == {
        "registered": True, "name": "web-01", "id": "001", "address": "any",
        "key_file": machine.keys, "key_file_target": None, "problem": None, "configured": True,
        "clone": "no", "changed": None, "manager": manager.address, "method": "authd",
        "missing_groups": None, "attempts": 0, "config_problem": None,
        "last_outcome": None, "last_error": None, "last_manager": None, "last_attempt": None,
        "next_attempt": None, "notes": []
    }
    assert KEY not in json.dumps(status)


def test_status_after_a_failure(machine, start_manager):
    manager = start_manager(certificate="expired")
    assert machine.register(manager=manager).status == 75
    status, exit_status = status_of(machine, manager=manager)
    assert exit_status == 3
    assert (status["registered"], status["clone"], status["attempts"]) == (False, "no", 1)
    assert (status["last_outcome"], status["last_manager"]) == ("untrusted", manager.address)
    assert "expired" in status["last_error"] and TIME.fullmatch(status["last_attempt"])
    assert TIME.fullmatch(status["next_attempt"])
    assert status["next_attempt"] > status["last_attempt"]


def test_status_of_anothers_key_and_of_half_a_key(machine):
    machine.install_key()
    status, exit_status = status_of(machine, trust=None)
    assert exit_status == 0
    assert (status["name"], status["clone"], status["manager"]) == ("web-01", "unknown", None)
    assert status["configured"] is False
    machine.install_key(OLD_LINE[:40])
    status, exit_status = status_of(machine, trust=None)
    assert exit_status == 3 and "client.keys" in status["problem"] and status["name"] is None


def test_status_notes_what_the_agents_file_says(machine, agents_conf, start_manager):
    manager = start_manager()
    machine.registers(manager=manager)
    agents_conf.write(wazuh_4("MANAGER_IP"))
    notes = status_of(machine, manager=manager)[0]["notes"]
    assert len(notes) == 2, notes
    assert "will not find its manager" in notes[0] and "enrolls by itself" in notes[1]


@scripted_api.needs_module
def test_method_api(machine, start_manager):
    """The same layers; nobody logs in."""
    api = scripted_api.Api()
    before = machine.snapshot()
    result = machine.register("check", manager=start_manager(api),
                              settings=scripted_api.settings(machine))
    assert result.status == 0 and result.stderr == "", result
    assert list(marks(result)) == LAYERS, result
    assert marks(result)["config"][1].endswith("method api"), result
    assert api.calls == [] and machine.snapshot() == before


@scripted_api.needs_module
def test_method_api_without_its_password(machine, start_manager):
    settings = {**scripted_api.settings(machine), "auth.api_password_file": "/nowhere/password"}
    result = machine.register("check", manager=start_manager(), settings=settings)
    assert result.status == 78 and crosses(result) == ["credentials"], result
    assert "/nowhere/password" in marks(result)["credentials"][1]
