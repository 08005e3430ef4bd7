# SPDX-License-Identifier: ISC
"""A machine that reaches its manager through a proxy only, whose password is a credential."""
import base64

import nspawn
import pytest
import scripted_manager
from proxied_manager import PROXY_PASSWORD, ProxiedManager

TARGET = "behind-the-proxy.example:1515"  # which nobody but the proxy can resolve
CONFIGURATION = (
    f"[manager]\naddress = {TARGET}\nproxy = http://web@{nspawn.MANAGER_ADDRESS}:3128\n"
    "[tls]\nca_file = /etc/agent-register/ca.pem\nverify_name = manager.example\n"
    "[auth]\npassword_file = /etc/agent-register/password\n[retry]\nbudget = 1 h\ninitial = 1 min\n"
)


@pytest.fixture
def proxied_manager(machine, certificates):
    with ProxiedManager(machine, certificates) as manager:
        yield manager


def test_first_boot_through_a_proxy(machine, proxied_manager):
    machine.configure(CONFIGURATION)
    with machine.boot(credentials={"agent-register.proxy-password": PROXY_PASSWORD}) as system:
        assert system.wait_until_booted() == "running"
        everything = system.run(
            "journalctl -o export; systemctl show agent-register; cat /var/lib/agent-register/*"
        ).stdout
    assert proxied_manager.requests == [f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:'web-01'"]
    assert proxied_manager.tunnels[0][0] == f"CONNECT {TARGET} HTTP/1.1"
    assert len(machine.agent_starts()) == 1
    assert f"through the proxy {nspawn.MANAGER_ADDRESS}:3128" in everything
    assert PROXY_PASSWORD not in everything
    assert base64.b64encode(f"web:{PROXY_PASSWORD}".encode()).decode() not in everything


def test_route_to_the_proxy_that_comes_late(machine, proxied_manager):
    """What ends the wait for a manager ends that for its proxy."""
    machine.configure(CONFIGURATION)
    machine.link_up()
    machine.link_down()  # its address stays, its routes come with the link
    with machine.boot(credentials={"agent-register.proxy-password": PROXY_PASSWORD}) as system:
        system.wait_for_status("agent-register", "Waiting for attempt")
        appeared = machine.raise_link()
        proxied_manager.wait_for_requests(1)
        system.wait_for_start("wazuh-agent")
    assert proxied_manager.times[0] - appeared < 30  # of a wait of a minute


def test_wrong_password_does_not_hold_the_boot(machine, proxied_manager):
    """It is asked once, and the next time is far off."""
    machine.configure(CONFIGURATION.replace("budget = 1 h", "budget = 5 s"))
    with machine.boot(credentials={"agent-register.proxy-password": "wrong one"}) as system:
        system.wait_until_booted()
        entries = system.journal(OUTCOME="refused")
        status = system.run("agent-register status").stdout
    assert len(proxied_manager.tunnels) == 1 and proxied_manager.requests == []
    assert machine.agent_starts() == []
    assert len(entries) == 1 and "proxy_password_file" in entries[0]["MESSAGE"], entries
    assert "next attempt" in status
