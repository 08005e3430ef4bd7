# SPDX-License-Identifier: ISC
"""Names and addresses that another agent has: distinguished, with what helps; and which name is
requested again."""
import os
import re

import pytest
from agent_auth import AgentAuth, errors, request
from fake_manager import answer
from machine import EXIT_CODES, KEY, OLD_KEY, OLD_LINE, reply
from registrar_tools import PROGRAM, serving
from scripted_api import Api, error, needs_module, settings as api_settings

SUFFIX = {"identity.on_duplicate": "suffix"}

# As recorded from ossec-authd and wazuh-authd: records, words of the remedy, words that would
# mislead.
ADDRESSES = {
    "OSSEC": ([b"ERROR: Invalid IP address: 1024\n\n", b"ERROR: Unable to add agent.\n\n"],
              ["manage_agents -r 1024", "another name does not help"], ["an hour", "in [agent]"]),
    "Wazuh": ([b"ERROR: Duplicate IP: 10.1.2.3. Unable to add agent"],
              ["another name does not help", "an hour", "set ip = any in [agent]"],
              ["set another"]),
    "Wazuh before 4.2": ([b"ERROR: Duplicated IP 10.1.2.3\n\n"],
                         ["another name does not help"], ["set another"]),
}


@pytest.mark.parametrize("policy", ["wait", "suffix"])
@pytest.mark.parametrize("records, words, misleading", ADDRESSES.values(), ids=ADDRESSES.keys())
def test_taken_address(machine, start_manager, records, words, misleading, policy):
    """No suffix is tried: it would be refused as well."""
    manager = start_manager(answer(*records))
    result = machine.fails("duplicate", *words, manager=manager,
                           settings={"identity.on_duplicate": policy})
    assert not any(word in result.failure for word in misleading), result
    assert len(manager.conversations) == 1


def test_taken_address_that_is_configured(machine, start_manager):
    manager = start_manager(answer(ADDRESSES["Wazuh"][0][0]))
    machine.fails("duplicate", "correct ip in [agent]", manager=manager,
                  settings={"agent.ip": "10.1.2.3"})


def test_taken_id(machine, start_manager):
    """Of worker nodes of a cluster; nothing here can change it."""
    manager = start_manager(answer(b"ERROR: Duplicate ID"))
    result = machine.fails("duplicate", "client.keys", manager=manager, settings=SUFFIX)
    assert "set another name" not in result.failure and len(manager.conversations) == 1


@pytest.mark.parametrize("text", ["Duplicate agent name: web-01. Unable to add agent",
                                  "Duplicated agent name: web-01", "Duplicate name"])
def test_taken_name(machine, start_manager, text):
    manager = start_manager(answer(f"ERROR: {text}\n\n".encode()))
    machine.fails("duplicate", "an hour", "set another name in [agent]", manager=manager)
    manager = start_manager(answer(f"ERROR: {text}\n\n".encode()))
    machine.register(manager=manager, settings=SUFFIX)
    first, second = [conversation.request for conversation in manager.conversations]
    assert b"A:'web-01'" in first and re.search(rb"A:'web-01-[0-9a-f]{8}'", second)


# ---------------------------------------------------------------- with a key that is still valid


@pytest.mark.parametrize("text", ["Duplicate agent name: web-01. Unable to add agent",
                                  "Duplicate IP: 10.1.2.3. Unable to add agent"])
def test_forced_with_a_valid_key(machine, start_manager, text):
    """A manager of Wazuh keeps an agent whose key hash it is sent, however long one waits."""
    machine.install_key(OLD_LINE.replace("any", "10.1.2.3"))
    manager = start_manager(answer(f"ERROR: {text}".encode()))
    result = machine.fails("duplicate", "waiting does not help", "key_mismatch",
                           "manage_agents -r 007", "disconnected_time", "after_registration_time",
                           manager=manager, force=True)
    assert "an hour" not in result.failure


def test_forced_with_the_key_of_another_name(machine, start_manager):
    """Then the taken entry is not this machine's, and its manager's timers count."""
    machine.install_key(f"007 db-01 any {OLD_KEY}\n")
    manager = start_manager(answer(b"ERROR: Duplicate agent name: web-01. Unable to add agent"))
    result = machine.fails("duplicate", "an hour", manager=manager, force=True)
    assert "key_mismatch" not in result.failure


def test_agent_auth_says_it_in_its_own_words(directory, certificates, start_manager):
    agent_auth = AgentAuth(directory, certificates)
    manager = start_manager(answer(b"ERROR: Invalid IP address: 1024\n\n",
                                   b"ERROR: Unable to add agent.\n\n"))
    result = agent_auth.register("-m", "127.0.0.1", "-p", str(manager.port), "-A", "web-01",
                                 name=None)
    (line,) = errors(result)
    assert line.startswith("Invalid IP address: 1024 (from manager)")
    assert "manage_agents -r 1024" in line


# ---------------------------------------------------------------- the API

CODES = {
    1705: ["replaces no agent by itself", "on_duplicate = replace"],
    9008: ["replaces no agent by itself", "on_duplicate = replace"],
    1706: ["another name does not help", "ip = any"],
    9007: ["another name does not help", "ip = any"],
    1708: ["client.keys"],
    9012: ["client.keys"],
}


@needs_module
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("policy", ["wait", "suffix"])
def test_api(machine, start_manager, code, policy):
    api = Api({"POST /agents": error(400, code, "There is an agent with the same")})
    result = machine.fails("duplicate", *CODES[code], manager=start_manager(api),
                           settings=api_settings(machine, **{"identity.on_duplicate": policy}))
    assert "an hour" not in result.failure
    asked = 2 if policy == "suffix" and code in (1705, 9008) else 1
    assert api.made.count("POST /agents") == asked


@needs_module
def test_api_that_may_replace(machine, start_manager):
    api = Api({"POST /agents/insert": error(400, 1705, "There is an agent with the same name")})
    machine.fails("duplicate", "once it is no longer connected", manager=start_manager(api),
                  settings=api_settings(machine, **{"identity.on_duplicate": "replace"}))


# ---------------------------------------------------------------- a name that was changed


def renamed(machine, start_manager, **options):
    """Register web-01, of which the manager makes web-012. Returns the Result."""
    manager = start_manager(answer(reply(name="web-012", id="1028")))
    result = machine.register(manager=manager, **options)
    assert result.status == 0 and machine.read_keys() == f"1028 web-012 any {KEY}\n".encode()
    assert result.state["requested_name"] == "web-01"
    return result


def test_forced_after_a_rename(machine, start_manager):
    """The assigned name is requested: the original one would make one more entry each time."""
    renamed(machine, start_manager)
    manager = start_manager(answer(reply(name="web-012", id="1029")))
    result = machine.register(manager=manager, force=True)
    assert result.status == 0 and result.warnings == [], result
    assert b"A:'web-012'" in manager.conversation.request
    assert result.state["requested_name"] == "web-01"
    manager = start_manager(answer(reply(name="web-012", id="1030")))
    machine.register(manager=manager, force=True)
    assert b"A:'web-012'" in manager.conversation.request


def test_renamed_again(machine, start_manager):
    """A manager that renames keeps what had the name; the warning says which entry to remove."""
    renamed(machine, start_manager)
    manager = start_manager(answer(reply(name="web-0122", id="1029")))
    result = machine.register(manager=manager, force=True)
    assert result.status == 0, result
    assert "former entry (id 1028)" in result.failure and "-r 1028" in result.failure, result


def test_forced_after_a_suffix(machine, start_manager):
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        name = re.search(rb"A:'([^']+)'", conversation.request)[1].decode()
        conversation.send(b"ERROR: Duplicate agent name: web-01. Unable to add agent"
                          if name == "web-01" else reply(name=name))
        conversation.finish()
    manager = start_manager(script)
    assert machine.register(manager=manager, settings=SUFFIX).status == 0
    name = machine.read_keys().split()[1]
    assert len(manager.conversations) == 2
    manager = start_manager(script)
    assert machine.register(manager=manager, settings=SUFFIX, force=True).status == 0
    assert manager.conversation.request.startswith(b"OSSEC A:'" + name + b"'")


def test_another_configured_name_wins(machine, start_manager):
    renamed(machine, start_manager)
    manager = start_manager(answer(reply(name="db-01", id="1029")))
    result = machine.register(manager=manager, force=True, name="db-01")
    assert result.status == 0 and b"A:'db-01'" in manager.conversation.request, result
    assert "requested_name" not in result.state


def test_agent_auth_requests_what_it_is_told(directory, certificates, start_manager):
    agent_auth = AgentAuth(directory, certificates)

    def register(**fields):
        manager = start_manager(answer(reply(**fields)))
        result = agent_auth.register("-m", "127.0.0.1", "-p", str(manager.port), "-A", "web-01",
                                     name=None)
        assert result.status == 0, result
        return manager
    register(name="web-012", id="1028")
    assert request(register(name="web-013", id="1029")).startswith("OSSEC A:'web-01'")


@pytest.mark.skipif(not os.path.exists(PROGRAM), reason=f"needs {PROGRAM}")
def test_with_a_manager_that_renames(machine, directory, certificates):
    """OSSEC's dialect of the registrar: web-01 is another machine's and stays so."""
    certificate, key = certificates.pair("good")
    with serving(directory, "-x", certificate, "-k", key, "-n", "--dialect", "ossec") as registrar:
        address = f"127.0.0.1:{registrar.port}"
        assert machine.register(manager=address).status == 0
        os.remove(machine.keys)
        os.remove(os.path.join(machine.state_directory, "state"))
        assert machine.register(manager=address).status == 0
        first = machine.read_keys().split()
        assert first[1] == b"web-012"
        result = machine.register(manager=address, force=True)
        assert result.status == 0 and f"-r {first[0].decode()}" in result.failure, result
        names = [line[1] for line in registrar.keys()]
        assert names[:2] == ["web-01", "web-012"] and "web-013" not in names, names


def test_clone_is_told_whose_name_it_is(machine, start_manager):
    renamed(machine, start_manager)
    path = os.path.join(machine.state_directory, "state")
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"(?m)^(bound_\w+)=.*", lambda match: f"{match[1]}=" + "0" * 32, file.read())
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    manager = start_manager(answer(b"ERROR: Duplicate agent name: web-01. Unable to add agent"))
    result = machine.register(manager=manager)
    assert b"A:'web-01'" in manager.conversation.request
    assert result.status == EXIT_CODES["duplicate"], result
    assert "machine that this one is a copy of" in result.failure, result
