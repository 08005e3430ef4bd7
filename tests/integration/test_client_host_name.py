# SPDX-License-Identifier: ISC
"""The host name as the agent's name; and host names that are none, which are waited out."""
import os

import pytest
from fake_manager import answer
from machine import EXIT_CODES, KEY, reply, shell_words


@pytest.mark.parametrize(
    "template, sent",
    [(None, "fresh.example.test"), ("%H", "fresh.example.test"), ("%l", "fresh"),
     ("%l-7", "fresh-7")],
)
def test_host_name(machine, start_manager, call_machine, template, sent):
    manager = start_manager(answer(reply(name=sent)))
    call_machine("fresh.example.test")
    machine.registers(f"001 {sent} any {KEY}\n", manager=manager, name=template)
    assert manager.requests == [f"OSSEC A:'{sent}'\n".encode()]


@pytest.mark.parametrize("host_name", ["localhost", "localhost.localdomain", "(none)", ""])
def test_no_host_name_yet(machine, start_manager, call_machine, host_name):
    """A machine without a host name is not registered as localhost."""
    manager = start_manager()
    call_machine(host_name)
    machine.fails("not-ready", f"'{host_name}'", "name in [agent]", manager=manager, name=None)
    assert manager.conversations == []


def test_host_name_that_is_no_agent_name(machine, start_manager, call_machine):
    manager = start_manager()
    call_machine("büro pc")
    machine.fails("misconfigured", r"'b\xc3\xbcro pc'", "name = %H", "name in [agent]",
                  manager=manager, name=None)
    assert manager.conversations == []


# ------------------------------------------------------------------ names that are none

@pytest.fixture
def files(machine, mount_namespace):  # pylint: disable=unused-argument
    """Shell commands that give a run files of the machine, by their paths. /run and /var/lib are
    the run's own, and so is /etc where the kernel has overlays."""

    def give(contents):
        commands = "mount -t tmpfs none /run\nmount -t tmpfs none /var/lib\n"
        for number, (path, content) in enumerate(contents.items()):
            source = shell_words(machine.write(f"given-{number}", content))
            target = shell_words(path)
            if path.startswith(("/run/", "/var/lib/")):
                commands += f"mkdir -p {shell_words(os.path.dirname(path))}\ncp {source} {target}\n"
            elif os.path.exists(path):
                commands += f"mount --bind {source} {target}\n"
            else:
                pytest.skip(f"needs {path}, to mount over it")
        return commands

    return give


IMAGE = "a name that comes with images"
SYSTEMD = "what systemd uses for want of a name (/run/systemd/default-hostname)"
RELEASE = "what the distribution uses for want of a name (DEFAULT_HOSTNAME in os-release)"
META_DATA = "/run/cloud-init/instance-data-sensitive.json"
USER_DATA = "/var/lib/cloud/instance/cloud-config.txt"


@pytest.mark.parametrize("host_name, contents, problem", [
    ("debian", {}, IMAGE),
    ("Ubuntu.localdomain", {}, IMAGE),
    ("RASPBERRYPI", {"/etc/hostname": "RASPBERRYPI\n"}, IMAGE),
    ("corp", {"/run/systemd/default-hostname": "corp\n"}, SYSTEMD),
    ("Fedora.lan", {"/etc/os-release": 'ID=fedora\nDEFAULT_HOSTNAME="fedora"\n'}, RELEASE),
    # cloud-init has set what the machine was called anyway
    ("debian", {META_DATA: '{\n "v1": {\n  "local-hostname": "debian"\n }\n}\n',
                "/var/lib/cloud/data/set-hostname": '{\n "hostname": "debian"\n}\n'}, IMAGE),
])
def test_names_that_are_none(machine, start_manager, call_machine, files, host_name, contents,
                             problem):
    manager = start_manager()
    call_machine(host_name)
    result = machine.fails("not-ready", manager=manager, name="%l-x", before=files(contents))
    label = host_name.split(".")[0]
    assert result.failure == (
        f"This machine has no host name yet (it is '{host_name}', {problem}): set another one, or "
        f"accept it by name = {label}-x in [agent]"
    )
    assert manager.conversations == []


@pytest.mark.parametrize("host_name, contents", [
    ("corp", {}),
    ("corp-7", {"/run/systemd/default-hostname": "corp\n"}),
    ("fedora", {"/etc/os-release": "DEFAULT_HOSTNAME=fedora\n", "/etc/hostname": "fedora\n"}),
    ("debian", {META_DATA: '{\n "ds": {\n  "meta_data": {\n   "local-hostname": "debian"\n  }\n'}),
    ("debian", {USER_DATA: "#cloud-config\nhostname: debian\n"}),
    ("debian", {"/proc/cmdline": "ro systemd.hostname=debian\n"}),
])
def test_names_that_were_given(machine, start_manager, call_machine, files, host_name, contents):
    call_machine(host_name)
    machine.registers(f"001 {host_name} any {KEY}\n", name=None, before=files(contents),
                      manager=start_manager(answer(reply(name=host_name))))


def test_name_given_by_credential(machine, start_manager, call_machine):
    os.mkdir(os.path.join(machine.directory, "credentials"))
    machine.write("credentials/system.hostname", "debian")
    call_machine("debian")
    machine.registers(f"001 debian any {KEY}\n", name=None,
                      environment={"CREDENTIALS_DIRECTORY": machine.directory + "/credentials"},
                      manager=start_manager(answer(reply(name="debian"))))


@pytest.mark.parametrize("host_name", ["debian", "localhost"])
def test_literal_name_is_one(machine, start_manager, call_machine, host_name):
    call_machine(host_name)
    machine.registers(f"001 {host_name} any {KEY}\n", name=host_name,
                      manager=start_manager(answer(reply(name=host_name))))


@pytest.mark.parametrize("patterns", ["golden", ["x", "GOLD*,y"], "*.image.example"])
def test_placeholder_names(machine, start_manager, call_machine, patterns):
    manager = start_manager()
    call_machine("golden.image.example")
    machine.fails("not-ready", "'golden.image.example', one of placeholder_names in [agent]",
                  "set another one, or accept it by name = golden.image.example in [agent]",
                  manager=manager, name=None, settings={"agent.placeholder_names": patterns})
    assert manager.conversations == []


@pytest.mark.parametrize("value", ["a b", "a,,b", "*", "bad/name", "*.*"])
def test_placeholder_that_is_no_pattern(machine, value):
    result = machine.register(trust=None, settings={"agent.placeholder_names": value})
    assert result.status == EXIT_CODES["misconfigured"], result
    assert "expected host names of A-Z a-z 0-9 . _ - with * and ?" in result.failure, result


def test_check_names_the_problem(machine, call_machine, start_manager):
    call_machine("debian")
    result = machine.register("check", manager=start_manager(), name=None)
    (text,) = [text for layer, is_right, text in result.layers if layer == "name" and not is_right]
    assert "'debian', a name that comes with images" in text
