# SPDX-License-Identifier: ISC
"""A group that the manager does not have: refused, or, if the configuration says so, "default"
takes its place."""
import json
import re

import agent_conf_tools
import pytest
from enroll_tools import Enrollment
from fake_manager import answer
from machine import EXIT_CODES, reply
from registrar_tools import serving
from scripted_api import Api, affected, error, needs_module, settings as api_settings

FALL_BACK = {"agent.on_missing_group": "default"}


def manager_with(*groups, tail=". Unable to add agent", name_it=True):
    """A script that refuses all but these groups, and "default", as wazuh-authd does."""
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        match = re.search(rb" G:'([^']*)'", conversation.request)
        wanted = match[1].decode().split(",") if match else []
        missing = [group for group in wanted if group not in (*groups, "default")]
        if missing:
            text = f"Invalid group: {missing[0]}" if name_it else "Invalid Group(s) Name(s)"
            conversation.send(f"ERROR: {text}{tail}".encode())
        else:
            conversation.send(reply())
        conversation.finish()
    return script


def requested(manager):
    """The groups of each request."""
    return [re.search(rb" G:'([^']*)'", conversation.request)[1].decode()
            for conversation in manager.conversations]


def status_of(machine):
    return json.loads(machine.register("status", "--json", trust=None).stdout)


# ---------------------------------------------------------------- authd


@pytest.mark.parametrize("tail", [". Unable to add agent", "\n\n", ""])
def test_one_group(machine, start_manager, tail):
    manager = start_manager(manager_with(tail=tail))
    result = machine.registers(manager=manager, settings={"agent.groups": "web", **FALL_BACK})
    assert requested(manager) == ["web", "default"]
    (warning,) = result.warnings
    assert "has no group web" in warning and "on_missing_group = default" in warning, result
    assert result.state["missing_groups"] == "web"
    assert status_of(machine)["missing_groups"] == "web"
    text = machine.register("status", trust=None).stdout
    assert "default instead of web, which the manager does not have" in text


def test_missing_groups_are_those_of_the_key(machine, start_manager):
    """Of a key by another tool, which is there now, nothing is known."""
    manager = start_manager(manager_with("db"))
    settings = {"agent.groups": "web,db", "agent.own_enrollment": "same", **FALL_BACK}
    agent_conf_tools.install(machine, agent_conf_tools.wazuh("127.0.0.1"))
    assert machine.registers(manager=manager, settings=settings).state["missing_groups"] == "web"
    assert "<groups>web" not in agent_conf_tools.read(machine)
    machine.install_key("777 web-01 any " + "9" * 64 + "\n")
    checked = machine.register("check", manager=manager, settings=settings)
    assert "ossec.conf can be changed" in checked.stdout, checked
    assert machine.register(manager=manager, settings=settings).status == 0
    assert "<groups>web,db</groups>" in agent_conf_tools.read(machine)


def test_never_without_the_setting(machine, start_manager):
    manager = start_manager(manager_with())
    machine.fails("refused", "Invalid group: web", "correct groups", manager=manager,
                  settings={"agent.groups": "web"})
    assert requested(manager) == ["web"]


@pytest.mark.parametrize("groups, requests", [
    ("web,linux", ["web,linux", "default,linux"]),
    ("linux,web", ["linux,web", "linux,default"]),
    ("web,db,linux", ["web,db,linux", "default,db,linux", "default,linux"]),
    ("web,default", ["web,default", "default"]),
    ("web.1,web", ["web.1,web", "default,web", "default"]),
])
def test_others_are_kept(machine, start_manager, groups, requests):
    manager = start_manager(manager_with("linux"))
    result = machine.registers(manager=manager, settings={"agent.groups": groups, **FALL_BACK})
    assert requested(manager) == requests
    assert len(result.warnings) == len(requests) - 1, result


def test_manager_that_names_none(machine, start_manager):
    """Worker nodes of a cluster answer so: all are replaced."""
    manager = start_manager(manager_with("linux", name_it=False))
    result = machine.registers(manager=manager,
                               settings={"agent.groups": "linux,web", **FALL_BACK})
    assert requested(manager) == ["linux,web", "default"]
    assert "linux,web" in result.failure, result
    assert result.state["missing_groups"] == "linux,web"


def test_manager_without_any(machine, start_manager):
    """What refuses "default" as well is not asked for ever."""
    manager = start_manager(answer(b"ERROR: Invalid group: default. Unable to add agent"))
    result = machine.register(manager=manager, settings={"agent.groups": "default", **FALL_BACK})
    assert result.status == EXIT_CODES["refused"] and requested(manager) == ["default"], result


def test_each_manager_is_asked_for_the_configured_groups(machine, start_manager):
    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        conversation.send(b"ERROR: Internal error" if b"default" in conversation.request
                          else b"ERROR: Invalid group: web")
        conversation.finish()
    first, second = start_manager(script), start_manager(manager_with("web"))
    result = machine.register(manager=[first, second],
                              settings={"agent.groups": "web", **FALL_BACK})
    assert result.status == 0, result
    assert (requested(first), requested(second)) == (["web", "default"], ["web"])
    assert "missing_groups" not in result.state


@pytest.mark.parametrize("text", ["Invalid group name: web@db", "Maximum multigroup reached",
                                  "Unterminated group field"])
def test_other_faults_of_groups(machine, start_manager, text):
    manager = start_manager(answer(f"ERROR: {text}. Unable to add agent".encode()))
    machine.fails("refused", text, manager=manager, settings={"agent.groups": "web", **FALL_BACK})
    assert len(manager.conversations) == 1


def test_check_says_what_would_happen(machine, start_manager):
    settings = {"agent.groups": "web,linux"}
    manager = start_manager(manager_with("linux"))

    def line(**options):
        result = machine.register("check", manager=manager, **options)
        (text,) = [text for layer, _, text in result.layers if layer == "groups"]
        return text
    assert line(settings=settings) == "web,linux"
    assert "default takes the place" in line(settings={**settings, **FALL_BACK})
    assert machine.register(manager=manager, settings={**settings, **FALL_BACK}).status == 0
    assert line(settings={**settings, **FALL_BACK}).endswith("last registration of web")


def test_with_the_registrar(machine, directory, certificates):
    certificate, key = certificates.pair("good")
    (directory / "etc" / "shared" / "linux").mkdir(parents=True)
    with serving(directory, "-x", certificate, "-k", key, "-n", "--dialect", "wazuh") as registrar:
        result = machine.register(manager=f"127.0.0.1:{registrar.port}",
                                  settings={"agent.groups": "linux,web", **FALL_BACK})
        assert result.status == 0 and "has no group web" in result.failure, result
        (line,) = registrar.keys()
        groups = (directory / "queue" / "agent-groups" / line[0]).read_text(encoding="ascii")
        assert groups.strip() == "linux,default"


# ---------------------------------------------------------------- the API, and Wazuh 5


@needs_module
def test_api(machine, start_manager):
    api = Api({"PUT /agents/001/group/web": error(404, 1710, "The group does not exist: web"),
               "PUT /agents/001/group/default": affected("001"),
               "PUT /agents/001/group/linux": affected("001")})
    result = machine.registers(manager=start_manager(api),
                               settings=api_settings(machine, **{"agent.groups": "web,linux",
                                                                 **FALL_BACK}))
    assert api.made[2:] == ["PUT /agents/001/group/web", "PUT /agents/001/group/default",
                            "PUT /agents/001/group/linux"]
    (warning,) = result.warnings
    assert "has no group web" in warning and "in the group default instead" in warning
    assert result.state["missing_groups"] == "web"


@needs_module
def test_api_that_cannot_fall_back(machine, start_manager):
    api = Api({"PUT /agents/001/group/web": error(404, 1710, "The group does not exist: web"),
               "PUT /agents/001/group/default": error(403, 4000, "Permission denied")})
    result = machine.registers(manager=start_manager(api),
                               settings=api_settings(machine, **{"agent.groups": "web",
                                                                 **FALL_BACK}))
    assert "not added to the group web" in result.failure, result
    assert "Permission denied" in result.failure and "missing_groups" not in result.state, result


@needs_module
@pytest.mark.parametrize("falls_back", [False, True])
def test_wazuh5(machine, start_wazuh5, falls_back):
    enrollment = Enrollment(machine)
    server = start_wazuh5(password="a-password")
    server.groups = {"default"}
    options = {"manager": server, "password": "a-password", "agent__groups": "web"}
    if not falls_back:
        enrollment.fails("refused", "Invalid Group(s) Name(s)", **options)
        return
    result = enrollment.succeeds(server, agent__on_missing_group="default", **options)
    assert "has no group web" in result.failure, result
    assert result.state["missing_groups"] == "web"
