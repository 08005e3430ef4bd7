# SPDX-License-Identifier: ISC
"""Paths that a member of the agent's group may write into ossec.conf, while agent-register runs as
root (SECURITY.md): no file of root's is sent, removed or shown, and nothing hangs."""
import os

import pytest
from agents_conf import wazuh_4

GROUP = 64001  # of the agent; of nothing else here
SECRET = "root-only-text\n"


@pytest.fixture
def agent(as_root, machine, agents_conf):  # pylint: disable=unused-argument
    """An agent whose group may write in its etc, and a file of root's elsewhere."""
    os.chown(machine.etc, 0, GROUP)
    os.chmod(machine.etc, 0o770)
    machine.conf = agents_conf
    machine.secret = machine.write("secret", SECRET, 0o600)
    yield machine
    with open(machine.secret, encoding="ascii") as file:
        assert file.read() == SECRET


def check_refused(agent, manager, *words, **options):
    """Nothing of the file is anywhere."""
    result = agent.fails("misconfigured", *words, **options)
    assert "root-only" not in result.stderr + result.stdout, result
    assert all(b"root-only" not in b"".join(conversation.records)
               for conversation in manager.conversations)
    assert manager.requests == []


def put(kind, agent, name="etc/pass"):
    """Something of the group's making, below the agent's directory."""
    path = os.path.join(agent.agent, name)
    if kind == "link":
        os.symlink(agent.secret, path)
        os.lchown(path, GROUP, GROUP)
    elif kind == "second name":
        os.link(agent.secret, path)
    elif kind == "pipe":
        os.mkfifo(path, 0o660)
    elif kind == "linked directory":
        os.symlink(agent.directory, path)
        os.lchown(path, GROUP, GROUP)
        return f"{name}/secret"
    elif kind == "root's link":
        os.symlink(agent.secret, os.path.join(agent.agent, "link"))
        return "link"
    return name


KINDS = {
    "link": "symbolic link", "second name": "hard links", "pipe": "named pipe",
    "linked directory": "symbolic link", "root's link": "leads out of",
}


@pytest.mark.parametrize("forget", ["no", "yes"])
@pytest.mark.parametrize("kind", KINDS)
def test_password_below(agent, start_manager, kind, forget):
    manager = start_manager()
    agent.conf.write(wazuh_4(manager.host, port=manager.port,
                             authorization_pass_path=put(kind, agent)))
    check_refused(agent, manager, KINDS[kind], agent.conf.at("authorization_pass_path"),
                  "set password_file in [auth]", settings={"auth.forget_secret": forget})


@pytest.mark.parametrize("path, words", [
    ("/etc/shadow", "is not below"), ("{secret}", "is not below"),
    ("etc/../../secret", "leads out of"), ("../secret", "leads out of"),
    ("{agent}/../secret", "leads out of"), ("/proc/self/environ", "is not below"),
    ("/dev/zero", "is not below"), ("etc", "is not a regular file"), (".", "is not a regular file"),
    ("etc/..", "leads out of"), ("/", "is not below"),
])
def test_password_elsewhere(agent, start_manager, path, words):
    manager = start_manager()
    path = path.format(secret=agent.secret, agent=agent.agent)
    agent.conf.write(wazuh_4(manager.host, port=manager.port, authorization_pass_path=path))
    check_refused(agent, manager, words, agent.conf.at("authorization_pass_path"))


@pytest.mark.parametrize("kind", KINDS)
def test_default_password(agent, start_manager, kind):
    manager = start_manager()
    agent.conf.write(wazuh_4(manager.host, port=manager.port))
    if kind not in ("linked directory", "root's link"):
        put(kind, agent, "etc/authd.pass")
        check_refused(agent, manager, KINDS[kind], agent.conf.path)


@pytest.fixture
def pair(agent, certificates):
    """Certificate and key in a directory of root's, outside the agent's."""
    directory = os.path.join(agent.directory, "pki")
    os.mkdir(directory, 0o755)
    for name, path in zip(("agent.pem", "agent.key"), certificates.pair("agent")):
        with open(path, "rb") as file:
            agent.write(f"pki/{name}", file.read(), 0o640)
    return directory


def write_pair(agent, manager, certificate, key):
    agent.conf.write(wazuh_4(manager.host, port=manager.port, agent_certificate_path=certificate,
                             agent_key_path=key))


def test_pair_of_root(agent, pair, start_manager, certificates):
    """Outside, what only root can have made is used."""
    manager = start_manager(client_ca=certificates.ca())
    write_pair(agent, manager, f"{pair}/agent.pem", f"{pair}/agent.key")
    agent.registers()
    assert manager.conversation.client_certificate


@pytest.mark.parametrize("which, change", [
    ("agent.pem", lambda path: os.chmod(path, 0o660)),
    ("agent.key", lambda path: os.chmod(path, 0o666)),
    ("agent.key", lambda path: os.chown(path, GROUP, GROUP)),
    ("agent.pem", lambda path: (os.chown(os.path.dirname(path), 0, GROUP),
                                os.chmod(os.path.dirname(path), 0o775))),
], ids=["group", "others", "owner", "directory"])
def test_pair_of_others(agent, pair, start_manager, which, change):
    manager = start_manager()
    write_pair(agent, manager, f"{pair}/agent.pem", f"{pair}/agent.key")
    change(os.path.join(pair, which))
    check_refused(agent, manager, "make it and its directory root's", "set ")


@pytest.mark.parametrize("path, words", [
    ("/dev/zero", "a device"), ("etc/../../pki/agent.key", "leads out of"),
    ("/nowhere/key", "No such file"),
])
def test_key_elsewhere(agent, pair, start_manager, path, words):
    manager = start_manager()
    write_pair(agent, manager, f"{pair}/agent.pem", path)
    check_refused(agent, manager, words, agent.conf.at("agent_key_path"))


@pytest.mark.parametrize("kind", KINDS)
def test_ca(agent, start_manager, kind):
    manager = start_manager()
    agent.conf.write(wazuh_4(manager.host, port=manager.port, server_ca_path=put(kind, agent)))
    check_refused(agent, manager, KINDS[kind], agent.conf.at("server_ca_path"),
                  trust=["--set", "tls.ca_file=inherit"])


@pytest.mark.parametrize("kind", ["link", "second name", "pipe"])
def test_the_file_itself(agent, start_manager, kind):
    manager = start_manager()
    put(kind, agent, "etc/ossec.conf")
    check_refused(agent, manager, KINDS[kind], agent.conf.path)


@pytest.mark.parametrize("command", ["check", "config", "status"])
def test_other_commands(agent, start_manager, command):
    manager = start_manager()
    agent.conf.write(wazuh_4(manager.host, port=manager.port,
                             authorization_pass_path=agent.secret))
    result = agent.register(command)
    assert "root-only" not in result.stdout + result.stderr, result
    assert result.status == (78 if command == "check" else 0 if command == "config" else 3)
