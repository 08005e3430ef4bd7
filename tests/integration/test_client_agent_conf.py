# SPDX-License-Identifier: ISC
"""The agent's own configuration, etc/ossec.conf: it is told its manager, and not to enroll by
itself; nothing else in the file changes, and a file that cannot be changed is seen before a manager
is asked."""
import os
import re
import stat
import struct

import pytest
import wazuh5_manager
from agent_conf_tools import (ENDPOINT, FORCE, NO_ENROLLMENT, OFF, SET, install, read, register,
                              wazuh)
from enroll_tools import CREDENTIAL, SECRET, TOKEN_ID
from fake_manager import answer
from import_tools import EXPORT
from killing import kill_at, kill_at_every_call, needs_killer
from machine import EXIT_CODES, OLD_LINE, Machine, reply, shell_words
from registrar_tools import PROGRAM, serving

needs_registrar = pytest.mark.skipif(not os.path.exists(PROGRAM), reason=f"needs {PROGRAM}")


@pytest.fixture(name="manager")
def give_manager(start_manager):
    return start_manager(answer(reply()))


# ------------------------------------------------------------------ what is written


def test_a_golden_image_is_told_its_manager(machine, manager):
    path = install(machine, wazuh("MANAGER_IP"))
    before = os.stat(path)
    result = register(machine, manager, *SET)
    assert result.status == 0 and result.failures == [], result
    assert read(machine) == wazuh("127.0.0.1")
    assert any("Changed" in line and "set_manager = yes" in line for line in result.lines), result
    after = os.stat(path)
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode, before.st_uid, before.st_gid)
    assert machine.files() == ["client.keys", "ossec.conf"], result


def test_nothing_is_written_unless_it_is_asked_for(machine, manager):
    install(machine, wazuh("MANAGER_IP"))
    assert register(machine, manager).status == 0
    assert read(machine) == wazuh("MANAGER_IP")


@pytest.mark.parametrize("options, text", [(SET, wazuh("192.0.2.1")), (FORCE, wazuh("127.0.0.1"))],
                         ids=["yes", "force"])
def test_another_manager_stays_unless_it_is_forced(machine, manager, options, text):
    install(machine, wazuh("192.0.2.1"))
    assert register(machine, manager, *options).status == 0
    assert read(machine) == text


def test_managers_of_its_own(machine, manager):
    """For a cluster whose registrations and events live apart."""
    install(machine, wazuh("MANAGER_IP"))
    lists = [word for address in ("a.example", "192.0.2.2", "[2001:db8::3]")
             for word in ("--set", f"agent.manager_address={address}")]
    assert register(machine, manager, *SET, *lists).status == 0
    assert read(machine) == wazuh("a.example", "192.0.2.2", "2001:db8::3")


def test_an_agent_of_ossec(machine, manager):
    text = "<ossec_config>\n  <client>\n    <server-ip>{}</server-ip>\n  </client>\n" \
           "</ossec_config>\n"
    install(machine, text.format("0.0.0.0"), generation=None)
    assert register(machine, manager, *SET, *NO_ENROLLMENT).status == 0
    assert read(machine) == text.format("127.0.0.1")


def test_an_agent_of_wazuh_5(machine, manager):
    install(machine, ENDPOINT.format("https://IP:1517"), "5.0.0")
    assert register(machine, manager, *SET).status == 0
    assert read(machine) == ENDPOINT.format("https://127.0.0.1:1517")


@pytest.mark.parametrize("prefix", ["wazuh-manager", "a/b"])
def test_an_enrollment_token_names_port_and_prefix(enrollment, start_wazuh5, ca_pin, prefix):
    """The agent of Wazuh 5 sends its events to where it enrolls."""
    install(enrollment.machine, ENDPOINT.format("https://IP"), "5.0.0")
    server = start_wazuh5(tokens={TOKEN_ID: SECRET}, prefix=prefix)
    token = wazuh5_manager.token(f"{server.address}/{prefix}", pin=ca_pin, credential=CREDENTIAL)
    enrollment.succeeds(server, token=token, agent__set_manager="yes")
    shown = "" if prefix == "wazuh-manager" else f"/{prefix}"
    assert read(enrollment.machine) == ENDPOINT.format(f"https://{server.address}{shown}")
    assert enrollment.run(token=token, agent__set_manager="force").status == 0
    assert read(enrollment.machine) == ENDPOINT.format(f"https://{server.address}{shown}")


def test_with_an_imported_key(machine):
    """There is no manager to ask, but one that the agent is to know."""
    install(machine, wazuh("MANAGER_IP"))
    settings = {"manager.method": "import", "auth.key_file": machine.write("key", EXPORT, 0o600),
                "agent.set_manager": "yes"}
    result = machine.register(trust=None, name=None, settings=settings)
    assert result.status == EXIT_CODES["misconfigured"], result
    assert "set_manager in [agent] has no address to set" in result.failure
    settings["agent.manager_address"] = "a.example"
    assert machine.register(trust=None, name=None, settings=settings).status == 0
    assert read(machine) == wazuh("a.example") and machine.read_keys()


def test_identity_has_one_owner(machine, manager):
    install(machine, wazuh("MANAGER_IP"))
    assert register(machine, manager, *SET, *NO_ENROLLMENT).status == 0
    assert read(machine) == wazuh("127.0.0.1", more=OFF)


def test_an_agent_that_enrolls_again_does_so_as_the_same(machine, manager):
    install(machine, wazuh("192.0.2.1"))
    result = register(machine, manager, "--set", "agent.own_enrollment=same", "--set",
                      "agent.groups=web,linux", "--set", "agent.ip=192.0.2.9")
    assert result.status == 0, result
    assert read(machine) == wazuh("192.0.2.1", more="""\
    <enrollment>
      <agent_name>web-01</agent_name>
      <groups>web,linux</groups>
      <agent_address>192.0.2.9</agent_address>
    </enrollment>
""")


def test_also_with_a_key_that_is_there_already(machine, manager):
    install(machine, wazuh("MANAGER_IP"))
    machine.install_key()
    result = register(machine, manager, *SET)
    assert result.status == 0 and manager.requests == [], result
    assert read(machine) == wazuh("127.0.0.1")
    seen = machine.snapshot()
    assert register(machine, manager, *SET).status == 0
    assert machine.snapshot() == seen, "written a second time"


# ------------------------------------------------------------------ how it is written


def access_list(user):
    """user::rw- user:USER:r-- group::r-- mask::r-- other::---, as the kernel keeps it."""
    entries = [(1, 6, 0xffffffff), (2, 4, user), (4, 4, 0xffffffff), (16, 4, 0xffffffff),
               (32, 0, 0xffffffff)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_owner_mode_and_access_list_stay(machine, manager):
    path = install(machine, wazuh("MANAGER_IP"))
    os.chown(path, 0, 64997)
    os.chmod(path, 0o660)
    try:
        os.setxattr(path, "system.posix_acl_access", access_list(64998))
    except OSError:
        pytest.skip("needs a file system with access control lists")
    before = os.stat(path)
    assert register(machine, manager, *SET).status == 0
    after = os.stat(path)
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode, before.st_uid, before.st_gid)
    assert os.getxattr(path, "system.posix_acl_access") == access_list(64998)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("name", ["user.origin", "trusted.origin", "security.selinux"])
def test_extended_attributes_stay(machine, manager, name):
    """A label may be set without SELinux as well, where the file system has labels."""
    path = install(machine, wazuh("MANAGER_IP"))
    value = b"system_u:object_r:wazuh_conf_t:s0"
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        pytest.skip(f"needs a file system with {name}: {error}")
    assert register(machine, manager, *SET).status == 0
    assert read(machine) == wazuh("127.0.0.1") and os.getxattr(path, name) == value


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_list_of_the_directory_is_not_added(machine, manager):
    path = install(machine, wazuh("MANAGER_IP"))
    try:
        os.setxattr(machine.etc, "system.posix_acl_default", access_list(64998))
    except OSError:
        pytest.skip("needs a file system with access control lists")
    assert register(machine, manager, *SET).status == 0
    assert read(machine) == wazuh("127.0.0.1")
    assert "system.posix_acl_access" not in os.listxattr(path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o640


# ------------------------------------------------------------------ what is refused


def refused(machine, manager, *words, outcome="misconfigured"):
    """Before a manager is asked, and with nothing changed."""
    seen = machine.snapshot()
    result = register(machine, manager, *SET)
    assert result.status == EXIT_CODES[outcome], result
    assert manager.requests == [] and machine.snapshot() == seen, result
    for word in words:
        assert word in result.failure, result
    return result


def test_a_file_that_cannot_be_understood(machine, manager):
    install(machine, wazuh("MANAGER_IP").replace("</client>", ""))
    refused(machine, manager, "etc/ossec.conf: line 3: an element is not closed by the same name")


def test_a_variable(machine, manager):
    install(machine, '<var name="M">MANAGER_IP</var>\n' + wazuh("$M"))
    refused(machine, manager, "line 6: $M is a variable")


@pytest.mark.parametrize("kind", ["symbolic link", "hard link"])
def test_a_link(machine, manager, kind):
    path = install(machine, wazuh("MANAGER_IP"))
    real = os.path.join(machine.directory, "real.conf")
    if kind == "symbolic link":
        os.rename(path, real)
        os.symlink(real, path)
    else:
        os.link(path, real)
    refused(machine, manager, "etc/ossec.conf", kind, outcome="storage-error")


def test_a_mount_point(machine, manager, mount_namespace):  # pylint: disable=unused-argument
    path = install(machine, wazuh("MANAGER_IP"))
    real = machine.write("real.conf", wazuh("MANAGER_IP"), 0o640)
    result = register(machine, manager, *SET, before=f"mount --bind {shell_words(real, path)}")
    assert result.status == EXIT_CODES["storage-error"] and manager.requests == [], result
    assert "is a mount point of its own" in result.failure
    assert machine.files() == ["ossec.conf"]


def test_a_link_to_a_file_that_needs_no_change(machine, manager):
    path = install(machine, wazuh("127.0.0.1"))
    real = os.path.join(machine.directory, "real.conf")
    os.rename(path, real)
    os.symlink(real, path)
    assert register(machine, manager, *SET).status == 0
    assert os.path.islink(path)


def test_no_file(machine, manager):
    """The agent may be installed later, and bring its file with it."""
    install(machine, "")
    os.unlink(os.path.join(machine.etc, "ossec.conf"))
    result = register(machine, manager, *SET)
    assert result.status == 0 and "There is no" in result.failure, result
    install(machine, wazuh("MANAGER_IP"))
    assert register(machine, manager, *SET).status == 0
    assert read(machine) == wazuh("127.0.0.1")


def test_no_agent(machine, manager):
    machine.write("ossec/etc/ossec.conf", wazuh("MANAGER_IP"))
    refused(machine, manager, "Cannot tell which agent is installed")


def test_a_manager_is_left_alone(machine, manager):
    install(machine, wazuh("MANAGER_IP"))
    os.makedirs(os.path.join(machine.agent, "bin"))
    machine.write("ossec/bin/wazuh-remoted", "")
    refused(machine, manager, "This machine is a manager")


def test_a_file_that_is_changed_meanwhile_is_made_again(machine, start_manager):
    """While the manager thinks about it, somebody edits the file, and gives it another mode."""
    path = install(machine, wazuh("MANAGER_IP"))
    edited = wazuh("MANAGER_IP").replace("debian12", "debian13")

    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        machine.write("ossec/etc/ossec.conf", edited, 0o600)
        conversation.send(reply())
        conversation.finish()
    assert register(machine, start_manager(script), *SET).status == 0
    assert read(machine) == edited.replace("MANAGER_IP", "127.0.0.1")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


# ------------------------------------------------------------------ killed


class KilledRun:
    """A registration with set_manager that was killed at its system call `number`."""

    def __init__(self, directory_of_machine, certificates, registrar, number, old_key):
        self.machine = Machine(directory_of_machine, certificates)
        self.old_key = old_key
        if old_key:
            self.machine.install_key()
        install(self.machine, wazuh("MANAGER_IP"))
        self.options = {"manager": f"127.0.0.1:{registrar.port}", "name": f"web-{number}"}
        self.ended = kill_at(number, self.machine.command(*SET, *NO_ENROLLMENT,
                                                          **self.options),
                             self.machine.environment())

    def check(self):
        """Returns whether the file was changed already."""
        new, text = wazuh("127.0.0.1", more=OFF), read(self.machine)
        keys = self.machine.read_keys()
        has_key = keys is not None and keys != OLD_LINE.encode()
        assert text in (wazuh("MANAGER_IP"), new), text
        assert not has_key or text == new, "a key without its manager"
        result = self.machine.register(*SET, *NO_ENROLLMENT, **self.options)
        assert result.status == 0, result
        assert read(self.machine) == new
        assert re.fullmatch(rb"\d+ web-\d+ any [0-9a-f]{64}\n", self.machine.read_keys()), result
        assert self.machine.files() == ["client.keys", "ossec.conf"], result
        return text == new


@needs_killer
@needs_registrar
@pytest.mark.parametrize("old_key", [False, True], ids=["no-key", "old-key"])
def test_kill_at_every_system_call(tmp_path, directory, certificates, old_key):
    certificate, key = certificates.pair("good")
    with serving(directory, "-n", "-x", certificate, "-k", key) as registrar:
        checked = kill_at_every_call(
            lambda number: KilledRun(tmp_path / str(number), certificates, registrar, number,
                                     old_key))
    assert any(checked) and not checked[0]
