# SPDX-License-Identifier: ISC
"""What README.md says of installing, on one machine and on many."""
import base64
import re

import guide
import pytest
import scripted_manager
import wazuh5_manager

PIN = "sha256//JNOdhF0SNgbMNUUFNiVOwwZOoF2ULOzNgQ0zJ0z2U3M="
INSTALL = "apt install ./build/packages/agent-register_*.deb\n"


def answer(request):
    """Of a manager without a password; who only looks at its certificate asks nothing."""
    return scripted_manager.issue(request) if request else None


@pytest.fixture(name="page")
def fixture_page(certificates):
    page = guide.Guide("../README", only=["On a machine", "On a fleet"])
    pin = base64.b64encode(wazuh5_manager.spki_pin(certificates / "manager.pem"))
    page.values[PIN] = f"sha256//{pin.decode()}"
    # Both have been installed; the tests of packages install these.
    page.values[INSTALL] = ""
    return page


def test_on_a_machine(page, machine, start_manager):
    machine.path("/etc/agent-register").mkdir(exist_ok=True)
    start_manager(machine, answer=answer)
    with machine.boot() as system:
        system.wait_until_booted()
        page.carry_out("On a machine", agent=system)
        system.wait_for_start("wazuh-agent", count=2)
        assert re.match("registered +yes\n", system.run("agent-register status").stdout)


def test_on_a_fleet(page, new_instance, start_manager):
    machine = new_instance()
    page.carry_out("On a fleet")
    machine.seed(page.files["user-data.yaml"])
    manager = start_manager(machine, answer=answer)
    with machine.boot() as system:
        assert system.run("cloud-init status --wait").exit_status == 0
        assert system.show("wazuh-agent")["ActiveState"] == "active", \
            system.run("agent-register status; journalctl -b -u agent-register").stdout
    assert manager.requests == ["OSSEC A:'web-01-i-0123456789abcdef0'"]


def test_lines_that_are_promised(page):
    """Five for a machine and ten for a fleet."""
    assert [len(block.text.splitlines()) for block in page.blocks] == [5, 10]
    assert page.blocks[0].text.startswith(INSTALL)
