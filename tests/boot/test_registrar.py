# SPDX-License-Identifier: ISC
"""The same first boot with our own manager: the real agent-registrar at the other end of the wire."""
import os
import re

import agent_machine
import nspawn
import pytest


@pytest.fixture
def program(build):
    path = os.environ.get("AGENT_REGISTRAR") or str(build / "agent-registrar")
    if not os.access(path, os.X_OK):
        pytest.skip("agent-registrar is not built")
    return path


def test_first_boot_with_the_registrar(program, machine, tmp_path):
    told = machine.start_at_manager(program, "-D", tmp_path, "--init", "--listen", nspawn.MANAGER_ADDRESS,
                                    "--name", "manager.example", "serve", until="Listening on")
    pin = re.search(r"pin = (sha256//\S+)", told).group(0)
    machine.configure(f"[manager]\naddress = manager.example\n[tls]\n{pin}\n[auth]\n"
                      "password_file = /etc/agent-register/password\n",
                      password=(tmp_path / "etc/authd.pass").read_text().strip())
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        assert system.show("wazuh-agent")["ActiveState"] == "active"
    (start,) = machine.agent_starts()
    (line,) = (tmp_path / "etc/client.keys").read_text().splitlines()
    assert line.split()[1] == "web-01"
    assert start[1:] == [f"-rw-r----- 0:{agent_machine.AGENT_GROUP}", line]
