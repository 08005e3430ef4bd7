# SPDX-License-Identifier: ISC
"""The command `report` writes all that helps into one text, and no secret."""
import os
import re

import pytest
from fake_manager import answer
from machine import KEY, OLD_KEY

SECTIONS = ["versions", "configuration (agent-register config)",
            "status (agent-register status)", "check (agent-register check)", "the agent's files",
            "units (systemctl status)",
            "journal of this boot (journalctl -u agent-register.service)"]


@pytest.fixture
def tools(machine):
    """What stands for systemd's: they print how they were called."""
    for name in ("systemctl", "journalctl"):
        path = machine.write(f"programs/{name}.new", f'#!/bin/sh\necho {name} "$@"\n', 0o755)
        os.rename(path, path.removesuffix(".new"))


def sections(text):
    parts = re.split(r"(?m)^===== (.*)\n", text)
    return dict(zip(parts[1::2], parts[2::2]))


def test_everything_is_in_it(machine, start_manager, tools):  # pylint: disable=unused-argument
    manager = start_manager(answer(b"ERROR: Invalid password. Unable to add agent"))
    settings = {"auth.password_file": machine.password("pass-word-of-the-manager")}
    assert machine.register(manager=manager, settings=settings).status == 77
    machine.install_key()
    result = machine.register("report", manager=manager, settings=settings)
    assert result.status == 0, result
    found = sections(result.stdout)
    assert list(found) == SECTIONS
    for section, words in zip(SECTIONS, [
            ["program       agent-register ", "OpenSSL", "kernel", "systemctl --version"],
            ["password_file = /", manager.address], ["registered    yes", "Invalid password"],
            ["This machine", "credentials"], [f"{machine.keys}: file, mode 0600, owner "],
            ["status -- agent-register.service wazuh-agent.service"],
            ["--unit agent-register.service"]]):
        for word in words:
            assert word in found[section], (section, result)
    for secret in ("pass-word-of-the-manager", KEY, OLD_KEY):
        assert secret not in result.stdout + result.stderr


def test_broken_configuration(machine, tools):  # pylint: disable=unused-argument
    """That is what most reports are about."""
    config = machine.write("broken.conf", "[manager]\naddres = x\n")
    result = machine.register("report", config=config, trust=None)
    assert result.status == 0 and list(sections(result.stdout)) == SECTIONS, result
    assert "cannot be used: " in result.stdout and "did you mean address?" in result.stdout
