# SPDX-License-Identifier: ISC
"""Boots with method = enroll: a token as the only credential, in the place where the agent looks
for it and deletes it; a token without a credential; a manager that was built anew."""
import re
import shutil
import subprocess

import agent_machine
import message_ids
import pytest
import registrar_units
import scripted_manager
import wazuh5_manager

AGENT_TOKEN = "/var/ossec/etc/enrollment_token"
CA = "/var/ossec/etc/certs/root-ca.pem"
SECRET = "/var/ossec/etc/reenroll.secret"
LATCH = f"""\
#!/bin/sh
if [ -e {CA} ]; then rm -f {AGENT_TOKEN}; fi
"""


def configure(machine, token, path="/etc/agent-register/token"):
    machine.configure(f"[manager]\nmethod = enroll\n[auth]\ntoken_file = {path}\n"
                      "[retry]\ninitial = 50 ms\n")
    machine.write(path, token + "\n", 0o640)


def use_latch(machine):
    """The stand-in agent deletes a token that it finds beside its CA."""
    machine.write("/var/ossec/bin/latch", LATCH, 0o755)
    machine.write("/etc/systemd/system/wazuh-agent.service.d/latch.conf",
                  "[Service]\nExecStartPre=/var/ossec/bin/latch\n")


def boot(machine):
    """Returns the lines of the log, with the agent started."""
    with machine.boot() as system:
        assert system.wait_until_booted() == "running"
        system.wait_for_start("wazuh-agent")
        entries = system.journal(_SYSTEMD_UNIT="agent-register.service")
        return [entry["MESSAGE"] for entry in entries]


def check_key(machine, manager, number):
    """The agent was started last with what the manager gave last."""
    name, key, secret = manager.agents[number]
    assert machine.agent_starts()[-1][1:] == [
        f"-rw-r----- 0:{agent_machine.AGENT_GROUP}", f"{number} {name} any {key}"]
    assert machine.read(SECRET) == f"{number} {secret}\n"


def test_token_that_the_agent_deletes(machine, start_wazuh5, enrollment_token):
    configure(machine, enrollment_token, AGENT_TOKEN)
    use_latch(machine)
    manager = start_wazuh5(machine)
    boot(machine)
    assert len(manager.kids) == 1 and not machine.path(AGENT_TOKEN).exists()
    check_key(machine, manager, "001")
    log = boot(machine)
    assert any("Already registered" in line for line in log), log
    assert len(manager.kids) == 1 and len(machine.agent_starts()) == 2
    machine.path(agent_machine.KEYS).unlink()
    log = boot(machine)
    assert any("enrolls again with the secret" in line for line in log), log
    assert manager.kids[1:] == ["001"] and len(machine.agent_starts()) == 3
    check_key(machine, manager, "001")


@pytest.fixture
def with_registrar(registrar, build, tmp_path):
    """Our own manager on the same machine. Returns its directory, and its token without a
    credential."""
    directory = tmp_path / "ossec"
    for name in ("etc", "queue"):
        (directory / name).mkdir(parents=True)

    def call(*arguments):
        return subprocess.run([build / "agent-registrar", "-D", directory, *arguments], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
    call("--dialect", "wazuh", "--name", "127.0.0.1", "init")
    token = call("token", "create", "--address", "127.0.0.1", "--no-credential")
    shutil.copytree(directory, registrar.path("/srv/ossec"))
    registrar_units.use_directory(registrar, "--dialect wazuh --enroll-port 1517")
    registrar.enable("agent-registrar.service")
    return directory, token.split()[-1]


def test_own_registrar(machine, with_registrar):
    """A token without a credential, and a password; then the secret, for a key that was lost."""
    directory, token = with_registrar
    machine.configure("[manager]\nmethod = enroll\n[auth]\n"
                      "token_file = /etc/agent-register/token\n"
                      "password_file = /etc/agent-register/password\n[retry]\ninitial = 50 ms\n"
                      "[agent]\nname = agent-1\n",
                      password=(directory / "etc/authd.pass").read_text().strip())
    machine.write("/etc/agent-register/token", token + "\n", 0o600)
    keys = []
    for _ in range(2):
        boot(machine)
        keys.append(machine.read(agent_machine.KEYS).strip())
        assert machine.read("/srv/ossec/etc/client.keys").strip() == keys[-1]
        assert machine.agent_starts()[-1][2:] == [keys[-1]]
        assert re.fullmatch(r"001 [0-9a-f]{64}\n", machine.read(SECRET))
        machine.path(agent_machine.KEYS).unlink()
    assert all(key.startswith("001 agent-1 any ") for key in keys) and keys[0] != keys[1]
    assert machine.read(CA) == (directory / "etc/sslmanager.cert").read_text()


def test_token_without_a_credential(machine, start_wazuh5, certificates):
    """It says who the manager is, the password who the machine is."""
    token = wazuh5_manager.token("manager.example",
                                 pin=wazuh5_manager.spki_pin(certificates / "ca.pem"))
    machine.configure("[manager]\nmethod = enroll\n[auth]\n"
                      "token_file = /etc/agent-register/token\n"
                      "password_file = /etc/agent-register/password\n")
    machine.write("/etc/agent-register/token", token + "\n", 0o600)
    manager = start_wazuh5(machine, password=scripted_manager.PASSWORD)
    boot(machine)
    assert [request.path for request in manager.requests] == [
        "/wazuh-manager/cacerts", "/wazuh-manager/enroll"]
    assert manager.kids == [None]
    check_key(machine, manager, "001")
    assert machine.read(CA) == (certificates / "ca.pem").read_text()


@pytest.mark.parametrize("refusal", ["unknown_agent", "invalid_signature"])
def test_manager_that_was_built_anew(machine, start_wazuh5, enrollment_token, refusal):
    """It knows no agent of our ID, or another one; the administrator has removed the key."""
    configure(machine, enrollment_token)
    manager = start_wazuh5(machine)
    boot(machine)
    secret = machine.read(SECRET)
    other = ("db-01", "0" * 64, "0" * 64)
    manager.agents = {"001": other} if refusal == "invalid_signature" else {}
    machine.path(agent_machine.KEYS).unlink()
    log = boot(machine)
    assert [kid or "" for kid in manager.kids][1:2] == ["001"] and len(manager.kids) == 3
    warning, = [line for line in log if "the enrollment token was tried instead" in line]
    assert refusal in warning and SECRET in warning, warning
    check_key(machine, manager, "002")
    assert machine.read(SECRET + ".old") == secret
    assert manager.agents.get("001") == (other if refusal == "invalid_signature" else None)


def test_nothing_to_enroll_with(machine, start_wazuh5, enrollment_token):
    """The log of a machine whose token was deleted says so, and the agent is not started."""
    configure(machine, enrollment_token, AGENT_TOKEN)
    use_latch(machine)
    manager = start_wazuh5(machine)
    boot(machine)
    for path in (agent_machine.KEYS, SECRET):
        machine.path(path).unlink()
    with machine.boot() as system:
        assert system.wait_until_booted() == "degraded"
        failure, *_ = system.journal(MESSAGE_ID=message_ids.MISCONFIGURED)
        assert system.show("wazuh-agent")["ActiveState"] == "inactive"
    assert f"finds {CA} deletes its token" in failure["MESSAGE"], failure
    assert "create another token" in failure["MESSAGE"], failure
    assert len(manager.kids) == 1 and len(machine.agent_starts()) == 1
