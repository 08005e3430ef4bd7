# SPDX-License-Identifier: ISC
"""`reset` makes an image of a machine with an agent of any generation: what is copied registers as
a new machine, and has nothing of the old one."""
import re
import uuid

import agent_conf
import agent_machine
import message_ids
import pytest
import scripted_manager

ETC = "/var/ossec/etc"
SET = "[agent]\nset_manager = yes\n"
ENROLL = "[manager]\nmethod = enroll\n[auth]\ntoken_file = /etc/agent-register/token\n" + SET
OTHER_KEY = "f" * 64


@pytest.fixture(params=agent_conf.IMAGES, name="image")
def fixture_image(request):
    return agent_conf.IMAGES[request.param]


@pytest.fixture(name="start")
def fixture_start(image, start_manager, start_wazuh5):
    """Start this generation's manager at a machine's wire. Another one of Wazuh 4 and before has
    another key."""
    keys = [scripted_manager.KEY, OTHER_KEY]

    def start(machine):
        if image is agent_conf.IMAGES["wazuh 5"]:
            return start_wazuh5(machine)
        key = keys.pop(0)
        return start_manager(machine, answer=lambda request: scripted_manager.want_password(
            request).replace(scripted_manager.KEY, key))
    return start


@pytest.fixture(name="golden")
def fixture_golden(machine, image, enrollment_token):
    image.install(machine, agent_machine.AGENT_GROUP)
    is_5 = image is agent_conf.IMAGES["wazuh 5"]
    machine.configure(ENROLL if is_5 else agent_machine.configuration(more=SET))
    machine.write("/etc/agent-register/token", enrollment_token + "\n", 0o600)
    return machine


def files(machine):
    """Below the agent's etc, with their contents."""
    etc = machine.path(ETC)
    return {str(path.relative_to(etc)): path.read_text() for path in sorted(etc.rglob("*"))
            if path.is_file()}


def secrets_of(contents):
    """All keys and secrets in them."""
    return set(re.findall(r"\b[0-9a-f]{64}\b", "\n".join(contents.values())))


def boots(machine, image):
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start(image.unit)
        assert not system.journal(MESSAGE_ID=message_ids.CLONED)
        if (registered := system.journal(MESSAGE_ID=message_ids.REGISTERED)):
            return registered[0]["AGENT_NAME"]
    return None


def test_copy_of_an_image(golden, image, new_machine, start):
    start(golden)
    assert boots(golden, image) == "web-01"
    old = files(golden)
    assert secrets_of(old)
    with golden.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_exit("agent-register")
        system.run(f"systemctl stop {image.unit}")
        done = system.run("agent-register reset --yes")
        assert done.exit_status == 0, done.stdout
    assert files(golden) == {"ossec.conf": agent_conf.told(image)}
    assert not golden.path("/var/lib/agent-register/state").exists()

    copy = new_machine(like=golden)
    copy.write("/etc/machine-id", uuid.uuid4().hex + "\n")
    copy.write("/etc/hostname", "web-02\n")
    start(copy)
    assert boots(copy, image) == "web-02"
    new = files(copy)
    assert new.keys() == old.keys() and " web-02 any " in new["client.keys"]
    assert secrets_of(new) and not secrets_of(new) & secrets_of(old)
    assert agent_conf.managers(copy)[-1] == image.told
