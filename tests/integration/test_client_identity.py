# SPDX-License-Identifier: ISC
"""Is the key this machine's? What a reboot, a platform or a copied disk may change, and what is
said about it. (A machine ID that is mounted proves nothing: another one, which lasts, is in the
state instead.)"""
import json
import os
import re

import pytest
from fake_manager import answer
from machine import EXIT_CODES, KEY, OLD_LINE, reply, shell_words

ZEROS = 32 * "0"
CHANGED = "This machine has changed: "
KEPT = "it keeps the key of web-01 (id 001)"


@pytest.fixture
def cloud(machine, mount_namespace):  # pylint: disable=unused-argument
    """Shell commands that give a run an instance ID and, unless None, a machine ID."""
    if not os.path.exists("/etc/machine-id") or os.path.ismount("/etc/machine-id"):
        pytest.skip("needs a lasting /etc/machine-id")

    def give(instance, number=None):
        machine.write("instance-id", f"{instance}\n")
        commands = (f"mount -t tmpfs none /var/lib\nmkdir -p /var/lib/cloud/data\n"
                    f"cp {shell_words(machine.directory + '/instance-id')} /var/lib/cloud/data/\n")
        if number is not None:
            commands += shell_words("mount", "--bind",
                                    machine.write(f"id-{number}", f"{number:032x}\n"),
                                    "/etc/machine-id")
        return commands

    return give


def edit_state(machine, pattern, replacement):
    path = os.path.join(machine.state_directory, "state")
    with open(path, encoding="utf-8") as file:
        text, count = re.subn(pattern, replacement, file.read(), flags=re.M)
    assert count == 1, text
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def stays(machine, result):
    assert result.status == 0 and result.failures == [], result
    assert result.lines[-1] == "Already registered as web-01 (id 001); nothing to do", result
    assert machine.read_keys() == f"001 web-01 any {KEY}\n".encode()
    return result.lines[:-1]


@pytest.mark.parametrize("fallback", ["iid-datasource-none", "nocloud", "iid-local01", ""])
def test_boot_without_metadata(machine, start_manager, cloud, fallback):
    machine.registers(manager=start_manager(), before=cloud("i-0abc"))
    assert stays(machine, machine.register(before=cloud(fallback))) == []
    assert machine.read_state()["bound_instance"] == "i-0abc"
    assert stays(machine, machine.register(before=cloud("i-0abc"))) == []


def test_registered_without_metadata(machine, start_manager, cloud):
    machine.registers(manager=start_manager(), before=cloud("nocloud"))
    assert "bound_instance" not in machine.read_state()
    assert stays(machine, machine.register(before=cloud("i-0abc"))) == []
    assert machine.read_state()["bound_instance"] == "i-0abc"


def test_renewed_instance_id(machine, start_manager, cloud):
    """Logged once, and then it is the one that counts."""
    machine.registers(manager=start_manager(), before=cloud("i-1"))
    since = machine.read_state()["registered_at"]
    assert stays(machine, machine.register(before=cloud("i-2"))) == [
        f"{CHANGED}the instance ID changed from i-1 to i-2, but the machine ID is the same; {KEPT}"
    ]
    assert machine.read_state()["bound_instance"] == "i-2"
    assert machine.read_state()["registered_at"] == since
    assert stays(machine, machine.register(before=cloud("i-2"))) == []


def test_machine_id_of_each_boot(machine, start_manager, cloud):
    machine.registers(manager=start_manager(), before=cloud("nocloud", 1))
    before = machine.read_state()
    assert before["bound_transient"] == "yes"
    for number in (2, 3):
        assert stays(machine, machine.register(before=cloud("nocloud", number))) == []
    assert machine.read_state() == before
    # the first one that lasts
    assert stays(machine, machine.register(before=cloud("nocloud"))) == []
    assert "bound_transient" not in machine.read_state()
    assert machine.read_state()["bound_machine"] != before["bound_machine"]


def test_mounted_machine_id_that_is_the_same(machine, start_manager, cloud):
    """A container with the machine ID from a volume, whose platform renews instance IDs."""
    machine.registers(manager=start_manager(), before=cloud("i-1", 1))
    (message,) = stays(machine, machine.register(before=cloud("i-2", 1)))
    assert message.startswith(f"{CHANGED}the instance ID changed from i-1 to i-2")


def test_machine_id_that_was_reset(machine, start_manager, cloud):
    """The cloud says that it is the same instance."""
    machine.registers(manager=start_manager(), before=cloud("i-1"))
    mark = machine.read_state()["bound_machine"]
    edit_state(machine, "bound_machine=.*", "bound_machine=" + ZEROS)
    assert stays(machine, machine.register(before=cloud("i-1"))) == [
        f"{CHANGED}the machine ID changed from hash 00000000 to hash {mark[:8]}, but the instance "
        f"ID is the same; {KEPT}"
    ]
    assert machine.read_state()["bound_machine"] == mark


@pytest.mark.parametrize("policy, status, words", [
    ("register", 0, "registering again (on_clone = keep in [identity] would keep the key)"),
    ("keep", 0, "kept (on_clone = keep)"),
    ("refuse", EXIT_CODES["cloned"],
     "to remove it: agent-register reset; to keep it: on_clone = keep in [identity]"),
])
def test_copy(machine, start_manager, cloud, policy, status, words):
    machine.registers(manager=start_manager(), before=cloud("i-1"))
    mark = machine.read_state()["bound_machine"]
    edit_state(machine, "bound_machine=.*", "bound_machine=" + ZEROS)
    result = machine.register(manager=start_manager(answer(reply(id="002"))), before=cloud("i-2"),
                              settings={"identity.on_clone": policy})
    assert result.status == status, result
    assert result.lines[0].removeprefix("error: ") == (
        "The key of web-01 (id 001) was made on another machine, of which this one is a copy: the "
        f"machine ID changed from hash 00000000 to hash {mark[:8]} and the instance ID changed "
        f"from i-1 to i-2; {words}"
    )
    assert machine.read_keys().startswith(b"002 " if policy == "register" else b"001 ")


def test_another_instance_of_a_machine_id_that_proves_nothing(machine, start_manager, cloud):
    machine.registers(manager=start_manager(), before=cloud("i-1", 1))
    result = machine.register(manager=start_manager(answer(reply(id="002"))),
                              before=cloud("i-2", 2))
    assert "a copy: the instance ID changed from i-1 to i-2; registering again" in result.stderr
    assert machine.read_keys().startswith(b"002 ")


# ------------------------------------------------------------------ states of other versions

def test_old_state_is_completed(machine, start_manager, cloud):
    machine.registers(manager=start_manager(), before=cloud("i-1"))
    complete = machine.read_state()
    assert complete["version"] == "1"
    edit_state(machine, "^version=.*\n", "")
    edit_state(machine, "^bound_instance=.*", "bound_instance=iid-datasource-none\n"
               "bound_hardware=" + ZEROS)
    assert stays(machine, machine.register(before=cloud("i-1"))) == []
    assert machine.read_state() == complete


def test_old_state_of_another_machine(machine, start_manager, cloud):
    """It has fewer marks, but those count."""
    machine.registers(manager=start_manager(), before=cloud("i-1"))
    edit_state(machine, "^version=.*\n", "")
    edit_state(machine, "bound_machine=.*", "bound_machine=" + ZEROS)
    result = machine.register(manager=start_manager(answer(reply(id="002"))), before=cloud("i-2"))
    assert "is a copy" in result.stderr and machine.read_keys().startswith(b"002 "), result


def test_state_of_a_newer_version(machine, start_manager, cloud):
    """Its marks may be of another kind: nothing follows from them."""
    machine.registers(manager=start_manager(), before=cloud("i-1"))
    complete = machine.read_state()
    edit_state(machine, "^version=.*", "version=2")
    edit_state(machine, "bound_machine=.*", "bound_machine=" + ZEROS)
    assert stays(machine, machine.register(before=cloud("i-2"))) == []
    assert machine.read_state() == {**complete, "bound_instance": "i-2"}


# ------------------------------------------------------------------ what else is said

def test_status(machine, start_manager, cloud):
    machine.registers(manager=start_manager(), before=cloud("i-1"))

    def status(instance):
        return (machine.register("status", before=cloud(instance)).stdout,
                json.loads(machine.register("status", "--json", before=cloud(instance)).stdout))

    text, members = status("i-1")
    assert "changed" not in text and members["changed"] is None and members["clone"] == "no"
    text, members = status("i-2")
    changes = "the instance ID changed from i-1 to i-2, but the machine ID is the same"
    assert f"changed       {changes}\n" in text
    assert members["changed"] == changes and members["clone"] == "no"
    edit_state(machine, "bound_machine=.*", "bound_machine=" + ZEROS)
    text, members = status("i-2")
    assert "clone         yes: " in text and members["clone"] == "yes"
    assert members["changed"].startswith("the machine ID changed from hash 00000000 to hash ")


def test_key_without_any_mark_in_common(machine, start_manager, cloud):
    machine.registers(manager=start_manager(), before=cloud("nocloud", 1))
    shown = machine.register("status", "--json", before=cloud("nocloud", 2)).stdout
    assert json.loads(shown)["clone"] == "unknown"


@pytest.mark.parametrize("fallback", ["nocloud", "iid-datasource-none"])
def test_fallback_is_no_name(machine, start_manager, cloud, fallback):
    """The example for cloud-init names agents by the instance ID: no two are to have one name."""
    manager = start_manager()
    machine.fails("not-ready", f"'{fallback}' is the same on every machine without one",
                  "set instance-id in the meta-data", manager=manager, name="web-%i",
                  before=cloud(fallback))
    assert manager.requests == []
    machine.registers(f"001 web-01 any {KEY}\n", manager=manager, name="web-%i",
                      before=cloud("01"))


def test_adopted_key_is_bound_by_the_marks_that_there_are(machine, cloud):
    machine.install_key()
    result = machine.register(trust=None, before=cloud("i-1", 1))
    assert result.status == 0 and machine.read_keys() == OLD_LINE.encode(), result
    assert machine.read_state()["bound_instance"] == "i-1"
