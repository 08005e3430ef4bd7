# SPDX-License-Identifier: ISC
"""First boots with method = api: the module works in the unit's sandbox, the agent starts with
the key of the API."""
import base64
import json
import re

import message_ids
import pytest
from scripted_api_manager import CONFIG, PASSWORD, USER, Api
from scripted_manager import KEY

MODULE = "agent-register/agent-register-https.so"


def module_of(machine):
    """Its path there: packages have it in the directory of the architecture."""
    (module,) = [path for pattern in (MODULE, f"*/{MODULE}")
                 for path in machine.path("/usr/lib").glob(pattern)]
    return f"/usr/lib/{module.relative_to(machine.path('/usr/lib'))}"


def test_first_boot(machine, start_api):
    """As in the image: a configuration, a manager that answers; the sandbox is that of the unit."""
    assert module_of(machine)
    machine.configure(CONFIG, password=PASSWORD)
    api = start_api(machine)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
        (registered,) = system.journal(MESSAGE_ID=message_ids.REGISTERED)
        status = json.loads(system.run("agent-register status --json").stdout)
    assert [request.rsplit(" ", 1)[0] for request in api.requests] == [
        "POST /security/user/authenticate", "POST /agents", "PUT /agents/007/group/web"]
    assert registered["METHOD"] == "api" and registered["AGENT_ID"] == "007"
    assert status["method"] == "api" and status["registered"] is True
    (start,) = machine.agent_starts()
    assert re.fullmatch(rf"007 web-01 any {KEY}", start[-1])
    assert start[1].startswith("-rw-r----- ")


def test_password_as_credential(machine, start_api):
    machine.configure(CONFIG.replace("api_password_file = /etc/agent-register/password\n", ""),
                      password="wrong")
    start_api(machine)
    with machine.boot(credentials={"agent-register.api-password": PASSWORD}) as system:
        assert system.wait_until_booted() == "running"
    assert machine.has_key()


def test_api_that_is_late(machine, start_api):
    """The boot goes on, and the agent starts when the API has come."""
    machine.configure(CONFIG + "[retry]\nbudget = 1 s\n", password=PASSWORD)
    machine.restart_soon()
    with machine.boot() as system:
        system.wait_until_booted()
        assert not machine.has_key()
        start_api(machine)
        system.wait_for_start("wazuh-agent")
    assert machine.has_key() and len(machine.agent_starts()) == 1


def test_without_the_module(machine, start_api):
    """The package is missing: one line that says so, and nobody is asked."""
    module = module_of(machine)
    machine.path(module).unlink()
    machine.configure(CONFIG, password=PASSWORD)
    api = start_api(machine)
    with machine.boot() as system:
        system.wait_until_booted()
        (line,) = system.journal(MESSAGE_ID=message_ids.MISCONFIGURED)
        result = system.show("agent-register")["ExecMainStatus"]
    assert "install the package agent-register-https" in line["MESSAGE"]
    assert module in line["MESSAGE"]
    assert result == "78" and api.requests == [] and machine.agent_starts() == []


def test_deregister_before_the_machine_goes(machine, start_api):
    """What a shutdown hook of an autoscaling group does."""
    machine.configure(CONFIG, password=PASSWORD)
    line = base64.b64encode(f"007 web-01 any {KEY}".encode()).decode()

    def answer(request):
        if request.startswith("GET /agents/007/key "):
            return 200, {
                "data": {"affected_items": [{"id": "007", "key": line}], "failed_items": []},
                "error": 0,
            }
        if request.startswith("DELETE /agents?agents_list=007&"):
            return 200, {"data": {"affected_items": ["007"], "failed_items": []}, "error": 0}
        return Api.grant(request)
    api = start_api(machine, answer=answer)
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
        refused = system.run("agent-register deregister --yes || echo status $?").stdout
        assert "wazuh-agent.service is running" in refused and "status 1" in refused
        system.wait_for_exit("agent-register")
        system.run("systemctl stop wazuh-agent")
        done = system.run("agent-register deregister --yes")
        assert "Agent identity removed" in done.stdout
    assert not machine.has_key()
    assert api.requests[-1].startswith("DELETE /agents?agents_list=007&status=all&older_than=0s")
