# SPDX-License-Identifier: ISC
"""method = api: what is asked, what is stored, and what every answer of the API means."""
import pytest
from machine import KEY
from scripted_api import BASIC, TOKEN, Api, settings


@pytest.mark.parametrize("close", [False, True], ids=["one connection", "a connection for each call"])
def test_registers(machine, start_manager, close):
    api = Api(close=close)
    machine.registers(manager=start_manager(api), settings=settings(machine))
    assert api.made == ["POST /security/user/authenticate", "POST /agents"]
    assert api.connections == (2 if close else 1)
    login, agent = api.calls
    assert login.fields["Authorization"] == BASIC and login.body == b""
    assert agent.fields["Authorization"] == f"Bearer {TOKEN}"
    assert agent.fields["Content-Type"] == "application/json"
    assert agent.json == {"name": "web-01"}
