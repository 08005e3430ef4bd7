# SPDX-License-Identifier: ISC
"""What the tests of agent-register-deregister.service share: a machine of an autoscaling group, and
the API of a manager that has its agent."""
import base64

from scripted_api_manager import Api
from scripted_manager import KEY

UNIT = "agent-register-deregister"


def enable(machine):
    """With a journal that outlives a boot."""
    machine.enable(f"{UNIT}.service")
    machine.path("/var/log/journal").mkdir(parents=True, exist_ok=True)


def answer(request):
    """The API of a manager that has the agent."""
    if request.startswith("GET /agents/007/key "):
        line = base64.b64encode(f"007 web-01 any {KEY}".encode()).decode()
        return 200, {"data": {"affected_items": [{"id": "007", "key": line}], "failed_items": []},
                     "error": 0}
    if request.startswith("DELETE /agents?agents_list=007&"):
        return 200, {"data": {"affected_items": ["007"], "failed_items": []}, "error": 0}
    return Api.grant(request)


def removals(api):
    return [request for request in api.requests if request.startswith("DELETE ")]


def registrations(api):
    return [request for request in api.requests if request.startswith("POST /agents ")]


def booted(system):
    """The agent runs, and the unit is active without a process."""
    assert system.wait_until_booted() == "running"
    system.wait_for_start("wazuh-agent")
    unit = system.show(UNIT)
    assert (unit["ActiveState"], unit["SubState"]) == ("active", "exited")


def log_of_the_last_boot(system):
    return system.run(f"journalctl --sync; journalctl -q -b -1 -o cat -u {UNIT}").stdout
