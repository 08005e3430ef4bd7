# SPDX-License-Identifier: ISC
"""On a manager, client.keys is not an agent's: no command writes it or removes it, whatever is
forced, and no manager is asked for a key."""
import os
import re

import pytest
from import_tools import EXPORT, bring
from machine import EXIT_CODES, KEY, OLD_KEY, OLD_LINE
from scripted_api import Api, needs_module, settings

# What shows each kind of manager: files with nothing in them, or with this text.
LOCAL = 'DIRECTORY="/var/ossec"\nVERSION="v3.8.0"\nDATE="x"\nTYPE="local"\n'
MANAGERS = {
    "OSSEC server": {"bin/ossec-analysisd": "", "bin/ossec-remoted": ""},
    "OSSEC server without its programs": {
        "etc/ossec-init.conf": LOCAL.replace("local", "server")},
    "OSSEC local": {"bin/ossec-analysisd": "", "bin/ossec-control": ""},
    "OSSEC local by its type": {"bin/ossec-control": "", "etc/ossec-init.conf": LOCAL},
    "Wazuh 2 to 4.1": {"bin/ossec-remoted": "", "bin/wazuh-modulesd": ""},
    "Wazuh 4": {"bin/wazuh-remoted": "", "bin/wazuh-analysisd": ""},
    "Wazuh 4 local": {"bin/wazuh-analysisd": ""},
    "Wazuh 5": {"bin/wazuh-manager-remoted": "", "bin/wazuh-manager-control": ""},
    "agent-registrar": {"etc/sslmanager.key": ""},
}
FRESH, ONE_AGENT = "", OLD_LINE
SAID = "This machine is a manager: "


def install_manager(machine, kind, keys):
    machine.install_key(keys)
    os.makedirs(os.path.join(machine.agent, "bin"))
    for name, text in MANAGERS[kind].items():
        machine.write(f"ossec/{name}", text)
    machine.write("exported", EXPORT, 0o600)
    machine.secrets += [OLD_KEY[:32], KEY[:32]]


@pytest.fixture(params=MANAGERS)
def kind(request):
    return request.param


@pytest.fixture(params=[FRESH, ONE_AGENT], ids=["fresh", "one agent"])
def on_manager(machine, kind, request):
    install_manager(machine, kind, request.param)
    return machine


def refuses(machine, *arguments, **options):
    """Refused, with the reason, and nothing changed."""
    before = machine.snapshot()
    result = machine.register(*arguments, **options)
    assert result.status == EXIT_CODES["misconfigured"], result
    assert SAID in result.failure and "so nothing was changed" in result.failure, result
    assert machine.agent in result.failure, result
    assert machine.snapshot() == before, result
    return result


@pytest.mark.parametrize("force", [False, True], ids=["run", "run --force"])
def test_run(on_manager, start_manager, force):
    manager = start_manager()
    on_manager.fails("misconfigured", SAID, manager=manager, force=force)
    assert manager.conversations == []


@pytest.mark.parametrize("force", [False, True], ids=["run", "run --force"])
def test_run_with_an_exported_key(on_manager, force):
    """method = import."""
    refuses(on_manager, trust=None, force=force, settings={
        "manager.method": "import", "auth.key_file": on_manager.directory + "/exported"})


@pytest.mark.parametrize("arguments", [["--yes"], ["--yes", "--force"]], ids=" ".join)
def test_reset(on_manager, arguments):
    result = refuses(on_manager, "reset", *arguments, trust=None)
    assert result.stdout == "", result


@needs_module
@pytest.mark.parametrize("arguments", [["--yes"], ["--yes", "--force"]], ids=" ".join)
def test_deregister(on_manager, start_manager, arguments):
    manager = start_manager(Api({}))
    refuses(on_manager, "deregister", *arguments, manager=manager, name=None,
            settings=settings(on_manager))
    assert manager.conversations == []


@pytest.mark.parametrize("arguments", [["--yes"], ["--force"], ["--yes", "--force"]], ids=" ".join)
def test_import(on_manager, arguments):
    before = on_manager.snapshot()
    result = bring(on_manager, EXPORT, *arguments)
    assert result.status == EXIT_CODES["misconfigured"] and SAID in result.failure, result
    assert "so nothing was changed" in result.failure and "--force" not in result.failure, result
    assert on_manager.snapshot() == before


@pytest.mark.parametrize("keys", [FRESH, ONE_AGENT], ids=["fresh", "one agent"])
def test_agent_auth(agent_auth, start_manager, kind, keys):
    install_manager(agent_auth, kind, keys)
    manager = start_manager()
    agent_auth.fails(SAID, manager=manager)
    assert manager.conversations == []


def test_check(on_manager, start_manager):
    before = on_manager.snapshot()
    result = on_manager.register("check", manager=start_manager())
    assert result.status == EXIT_CODES["misconfigured"], result
    ((name, is_good, text),) = [layer for layer in result.layers if not layer[1]]
    assert name == "key file" and not is_good and SAID in text, result
    assert on_manager.snapshot() == before


def test_status(on_manager):
    """The first agent of a manager is not this machine."""
    result = on_manager.register("status", trust=None)
    assert result.status == 3 and "registered    no\n" in result.stdout, result
    assert SAID in result.stdout and "web-01" not in result.stdout, result


# ------------------------------------------------------------------ as a service


@pytest.mark.parametrize("force", [False, True], ids=["run", "run --force"])
def test_service(on_manager, start_manager, notify_socket, force):
    """It is no failure that the client is installed there: it says so once, and is ready."""
    manager, before = start_manager(), on_manager.snapshot()
    run = on_manager.start(manager=manager, force=force, environment=notify_socket.environment)
    messages = notify_socket.until("READY=1")
    assert notify_socket.next() == "BARRIER=1"
    result = run.finish()
    assert result.status == 0 and result.failures == [], result
    assert len(result.lines) == 1, result
    assert re.fullmatch(r"This machine is a manager, not an agent: .*; nothing to do",
                        result.lines[0]), result
    assert "READY=1\nSTATUS=This machine is a manager, not an agent" in messages
    assert on_manager.snapshot() == before and manager.conversations == []
    assert result.state == {}, result


def test_units_of_a_manager_may_start(machine, notify_socket, start_manager):
    """The mark that their drop-in asks for; what held an agent back does not hold a manager."""
    runtime = os.path.join(machine.directory, "runtime")
    os.mkdir(runtime)
    mark, hold = os.path.join(runtime, "without-key"), os.path.join(runtime, "hold")
    machine.write("runtime/hold", "")
    environment = {"RUNTIME_DIRECTORY": runtime}
    install_manager(machine, "OSSEC local by its type", FRESH)
    result = machine.register_as_service(notify_socket, trust=None,
                                         before=f"export RUNTIME_DIRECTORY={runtime}")
    assert result.status == 0 and os.path.exists(mark) and not os.path.exists(hold), result
    os.unlink(os.path.join(machine.etc, "ossec-init.conf"))
    assert machine.register(environment=environment, trust=None).status == 0
    assert os.path.exists(mark), "only the service says it"
    result = machine.register_as_service(notify_socket, manager=start_manager(),
                                         before=f"export RUNTIME_DIRECTORY={runtime}")
    assert result.status == 0 and not os.path.exists(mark), result


# ------------------------------------------------------------------ keys of several agents


@pytest.fixture
def with_two_keys(machine):
    machine.install_key(OLD_LINE + f"008 !gone any {OLD_KEY}\n")
    machine.write("exported", EXPORT, 0o600)
    return machine


def test_several_keys_are_not_removed(with_two_keys):
    """Nothing else says that it is a manager's. A key of another place does not replace them,
    either."""
    several = "contains the entries of 2 agents"
    for arguments in (["--yes"], ["--yes", "--force"]):
        assert several in refuses(with_two_keys, "reset", *arguments, trust=None).failure
    refuses(with_two_keys, trust=None, force=True, settings={
        "manager.method": "import", "auth.key_file": with_two_keys.directory + "/exported"})


def test_several_keys_are_kept_beside_a_new_one(with_two_keys, start_manager):
    """The agent asks for a key again, as agent-auth does; the old file stays as it was."""
    old = with_two_keys.read_keys()
    with_two_keys.registers(manager=start_manager(), force=True)
    with open(with_two_keys.keys + ".old", "rb") as file:
        assert file.read() == old


def test_first_of_several_keys_is_used(with_two_keys, start_manager, notify_socket):
    """As the agents do; nothing is written for that."""
    manager, before = start_manager(), with_two_keys.snapshot()
    for result in (with_two_keys.register(manager=manager),
                   with_two_keys.register_as_service(notify_socket, manager=manager)):
        assert result.status == 0 and result.failures == [], result
        assert "Already registered as web-01 (id 007); nothing to do" in result.stderr, result
    assert with_two_keys.register("status", trust=None).status == 0
    assert with_two_keys.snapshot() == before and manager.conversations == []


# ------------------------------------------------------------------ beside a manager


def test_other_directory(machine, start_manager, tmp_path):
    """An agent beside a manager is an agent: OSSEC's hybrid, or Wazuh 5 with both."""
    os.makedirs(os.path.join(machine.agent, "bin"))
    for name in ("ossec-agentd", "ossec-execd", "ossec-control", "wazuh-agentd", "wazuh-modulesd"):
        machine.write(f"ossec/bin/{name}", "")
    os.makedirs(tmp_path / "bin")
    (tmp_path / "bin/ossec-remoted").write_text("")
    machine.write("ossec/etc/ossec-init.conf", LOCAL.replace("local", "agent"))
    machine.registers(manager=start_manager())


@pytest.mark.parametrize("is_linked", [False, True], ids=["keys_file", "link"])
def test_key_file_of_a_manager_from_elsewhere(machine, start_manager, tmp_path, is_linked):
    """What counts is where the file is that would be replaced."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/ossec-analysisd").write_text("")
    (tmp_path / "etc").mkdir()
    keys = tmp_path / "etc/client.keys"
    keys.write_text(OLD_LINE)
    if is_linked:
        os.rmdir(machine.etc)
        os.symlink(tmp_path / "etc", machine.etc)
    more = {} if is_linked else {"settings": {"agent.keys_file": str(keys)}}
    manager = start_manager()
    result = machine.register(manager=manager, force=True, **more)
    assert result.status == EXIT_CODES["misconfigured"] and SAID in result.failure, result
    assert machine.register("reset", "--yes", trust=None, **more).status == 78
    assert keys.read_text() == OLD_LINE and manager.conversations == []
