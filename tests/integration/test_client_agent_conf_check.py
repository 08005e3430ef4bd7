# SPDX-License-Identifier: ISC
"""check sees what would end a run because the agent's own configuration cannot be changed, and says
it in the same words."""
import os

import pytest
from agent_conf_tools import FORCE, NO_ENROLLMENT, SET, install, read, register, wazuh
from fake_manager import answer
from machine import EXIT_CODES, reply, shell_words

VARIABLE = '<var name="M">MANAGER_IP</var>\n' + wazuh("$M")


@pytest.fixture(name="manager")
def give_manager(start_manager):
    return start_manager(answer(reply()))


def layer_of(result, good=True):
    lines = [text for layer, is_good, text in result.layers
             if layer == "agent's file" and is_good == good]
    assert len(lines) == 1, result
    return lines[0]


def link(path):
    os.rename(path, path + ".real")
    os.symlink(path + ".real", path)


FAULTS = {
    "variable": (VARIABLE, lambda path: None, "misconfigured", "$M is a variable"),
    "wrong tag": (wazuh("MANAGER_IP").replace("</client>", ""), lambda path: None, "misconfigured",
                  "line 3: an element is not closed by the same name"),
    "symbolic link": (wazuh("MANAGER_IP"), link, "storage-error", "symbolic link"),
    "hard link": (wazuh("MANAGER_IP"), lambda path: os.link(path, path + ".real"),
                  "storage-error", "hard links"),
    "directory": (wazuh("MANAGER_IP"), lambda path: (os.unlink(path), os.mkdir(path)),
                  "misconfigured", "a directory"),
}


@pytest.mark.parametrize("with_key", [False, True], ids=["no key", "key"])
@pytest.mark.parametrize("text, spoil, outcome, words", FAULTS.values(), ids=FAULTS.keys())
def test_the_same_as_run(machine, manager, text, spoil, outcome, words, with_key):
    spoil(install(machine, text))
    if with_key:
        machine.install_key()
    before = machine.snapshot()
    checked = machine.register("check", *SET, manager=manager)
    assert checked.status == EXIT_CODES[outcome] and machine.snapshot() == before, checked
    result = register(machine, manager, *SET)
    assert result.status == checked.status and words in result.failure, result
    assert layer_of(checked, good=False) == result.failure


def test_a_mount_point(machine, manager, mount_namespace):  # pylint: disable=unused-argument
    path = install(machine, wazuh("MANAGER_IP"))
    real = machine.write("real.conf", wazuh("MANAGER_IP"), 0o640)
    mount = f"mount --bind {shell_words(real, path)}"
    checked = machine.register("check", *SET, manager=manager, before=mount)
    result = register(machine, manager, *SET, before=mount)
    assert result.status == checked.status == EXIT_CODES["storage-error"], result
    assert layer_of(checked, good=False) == result.failure


def test_no_agent(machine, manager):
    machine.write("ossec/etc/ossec.conf", wazuh("MANAGER_IP"))
    result = machine.register("check", *SET, manager=manager)
    assert result.status == EXIT_CODES["misconfigured"], result
    assert "Cannot tell which agent is installed" in layer_of(result, good=False)


@pytest.mark.parametrize("options, address, words", [
    (SET, "MANAGER_IP", "can be changed"), (SET, "192.0.2.1", "says what it should"),
    (FORCE, "192.0.2.1", "can be changed"), (FORCE, "127.0.0.1", "says what it should"),
    (NO_ENROLLMENT, "192.0.2.1", "can be changed"),
])
@pytest.mark.parametrize("with_key", [False, True], ids=["no key", "key"])
def test_nothing_is_changed(machine, manager, options, address, words, with_key):
    path = install(machine, wazuh(address))
    if with_key:
        machine.install_key()
    before = machine.snapshot()
    result = machine.register("check", *options, manager=manager)
    assert result.status == 0 and machine.snapshot() == before, result
    assert layer_of(result) == f"{path} {words} (set_manager, own_enrollment)"


def test_with_a_key_behind_a_link(machine, manager):
    """The key is good enough for run, which then changes the file."""
    install(machine, VARIABLE)
    machine.install_key()
    link(machine.keys)
    checked = machine.register("check", *SET, manager=manager)
    result = register(machine, manager, *SET)
    assert result.status == checked.status == EXIT_CODES["misconfigured"], result
    assert layer_of(checked, good=False) == result.failure


def test_no_file(machine, manager):
    os.unlink(install(machine, ""))
    result = machine.register("check", *SET, manager=manager)
    assert result.status == 0 and "note agent's file There is no" in result.stdout, result


def test_not_wanted(machine, manager):
    install(machine, wazuh("127.0.0.1"))
    result = machine.register("check", manager=manager)
    assert "agent's file" not in result.stdout, result


def test_zone(machine):
    """Wazuh's agents lose it, and then do not start; nobody is asked."""
    install(machine, wazuh("MANAGER_IP"))
    result = machine.register(*SET, manager="fe80::1%lo")
    assert result.status == EXIT_CODES["misconfigured"], result
    assert "do not understand the zone of fe80::1%lo" in result.failure
    assert read(machine) == wazuh("MANAGER_IP")


@pytest.mark.parametrize("options", [SET, FORCE], ids=["yes", "force"])
def test_interface_of_an_inherited_address(machine, options):
    """Which is of the file itself, and has the interface in an element of its own there."""
    interface = ("    <enrollment>\n      <interface_index>1</interface_index>\n"
                 "    </enrollment>\n")
    install(machine, wazuh("fe80::1", more=interface))
    result = machine.register("check", *options)
    assert "fe80::1%1" in result.stdout, result  # where it looks for the manager
    assert "says what it should" in layer_of(result)
