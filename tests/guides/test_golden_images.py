# SPDX-License-Identifier: ISC
"""doc/golden-images.md: an image by hand, and by the script that Packer runs."""
import os
import re
import shutil
import subprocess

import agent_conf
import agent_machine
import guide
import message_ids
import pytest
import scripted_manager

PACKER = guide.DIRECTORY / "examples/packer/agent-image.pkr.hcl"
CREDENTIALS = {"agent-register.password": scripted_manager.PASSWORD}


def request_of(name):
    return f"OSSEC PASS: {scripted_manager.PASSWORD} OSSEC A:'{name}'"


@pytest.fixture(name="builder")
def fixture_builder(machine):
    """A machine whose disk is to become an image, with both installed, and nothing enabled."""
    agent_conf.IMAGES["wazuh 4"].install(machine, agent_machine.AGENT_GROUP)
    guide.Image(machine).run("systemctl disable agent-register wazuh-agent")
    return machine


def test_golden_images(builder, new_machine, start_manager):
    """The machine has registered when it becomes an image, which is what reset is for."""
    with guide.Guide("golden-images") as page:
        (pem,) = [block for block in page.blocks if block.language == "pem"]
        page.values[pem.text] = (builder.certificates / "ca.pem").read_text()
        page.carry_out("In the image", agent=guide.Image(builder))
        manager = start_manager(builder)
        with builder.boot(credentials=CREDENTIALS) as system:
            assert system.wait_until_booted() == "running"
            assert builder.has_key()
            page.carry_out("Before the image is made", agent=system)
        copy = new_machine(like=builder)
        copy.write("/etc/hostname", "web-02\n")
        others = start_manager(copy)
        with copy.boot(credentials=CREDENTIALS) as system:
            assert system.wait_until_booted() == "running"
            page.carry_out("On a machine of the image", agent=system)
            assert system.show("wazuh-agent")["ActiveState"] == "active"
            assert not system.journal(MESSAGE_ID=message_ids.CLONED)
    assert manager.requests == [request_of("web-01")]
    assert others.requests == [request_of("web-02")]
    assert agent_conf.managers(copy)[-1] == "manager.example.org"


# The commands of the image that come from elsewhere: what they are asked for is written down.
STAND_IN = """\
#!/bin/sh
echo "${0##*/} $*" >>/commands
"""


def inline_script():
    """The lines that Packer hands to a shell."""
    (block,) = re.findall(r"(?s)inline = \[\n(.*?)\n    \]\n", PACKER.read_text())
    block = re.sub(r"(?m)^ *#.*\n", "", block)
    lines = []
    for string, text in re.findall(r'(?ms)^ *"([^"]*)",$|<<-END\n(.*?)^ *END$', block):
        indent = len(text) - len(text.lstrip())
        lines.append(string or re.sub(rf"(?m)^ {{{indent}}}", "", text).rstrip("\n"))
    return "\n".join(lines) + "\n"


def test_what_packer_runs(builder, new_machine, start_manager):
    """Up to the first boot of a machine, which has an instance ID."""
    for name in ("apt-get", "cloud-init"):
        builder.write(f"/usr/local/sbin/{name}", STAND_IN, 0o755)
    builder.write("/tmp/manager-ca.pem", (builder.certificates / "ca.pem").read_text())
    builder.write("/tmp/packages/agent-register.deb", "")
    done = guide.Image(builder).run(
        f"export MANAGER=manager.example.org\nset -eu\n{inline_script()}")
    assert done.exit_status == 0, done.stdout
    assert builder.read("/commands").splitlines() == [
        "apt-get update -q", "apt-get install -q -y /tmp/packages/agent-register.deb",
        "cloud-init clean --logs"]
    assert not builder.path("/tmp/packages").exists()
    copy = new_machine(like=builder)
    copy.write("/var/lib/cloud/data/instance-id", "i-0123456789abcdef0\n")
    manager = start_manager(copy)
    with copy.boot(credentials=CREDENTIALS) as system:
        assert system.wait_until_booted() == "running"
        assert system.show("wazuh-agent")["ActiveState"] == "active"
    assert manager.requests == [request_of("web-01-i-0123456789abcdef0")]
    assert agent_conf.managers(copy) == ["manager.example.org"]


def test_packer_understands_it(tmp_path):
    if not shutil.which("packer"):
        pytest.skip("packer is not installed")
    shutil.copy(PACKER, tmp_path)
    (tmp_path / "packages").mkdir()
    (tmp_path / "manager-ca.pem").touch()
    done = subprocess.run(
        ["packer", "validate", "-var", "manager=manager.example.org", PACKER.name], text=True,
        cwd=tmp_path, env=os.environ | {"HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout
