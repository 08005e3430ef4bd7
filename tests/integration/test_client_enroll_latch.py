# SPDX-License-Identifier: ISC
"""Method enroll with the enrollment token of the agent itself, etc/enrollment_token, which the
agent deletes: whoever enrolls first, nothing is lost."""
import os

import pytest
import wazuh5_manager
from enroll_tools import CREDENTIAL, PASSWORD, SECRET, TOKEN_ID, read


class Agent:
    """An agent of Wazuh 5 as far as its start goes: with a token, and without its CA, it enrolls;
    with the CA it deletes the token, used or not."""

    def __init__(self, enrollment, server):
        self.enrollment, self.server = enrollment, server
        self.token_file = os.path.join(enrollment.machine.etc, "enrollment_token")

    def start(self):
        if os.path.exists(self.token_file):
            if not os.path.exists(self.enrollment.anchor_file):
                self.enroll()
            os.unlink(self.token_file)
        return os.path.exists(self.enrollment.machine.keys)

    def enroll(self):
        answer = self.server.add({"name": "web-01", "version": "5.0.0"}, None)
        os.mkdir(os.path.dirname(self.enrollment.anchor_file))
        for path, text in (
            (self.enrollment.anchor_file, self.server.cacerts.decode()),
            (self.enrollment.secret_file, f"{answer['id']} {answer['reenroll_secret']}\n"),
            (self.enrollment.machine.keys, "{id} {name} {ip} {key}\n".format(**answer)),
        ):
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
            os.chmod(path, 0o640)


@pytest.fixture
def server(start_wazuh5):
    return start_wazuh5(password=PASSWORD, tokens={TOKEN_ID: SECRET})


@pytest.fixture
def agent(enrollment, server):
    return Agent(enrollment, server)


@pytest.fixture
def token(server, ca_pin):
    return wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)


@pytest.fixture
def write_token(agent, token):
    def write(text=token):
        with open(agent.token_file, "w", encoding="ascii") as file:
            file.write(text + "\n")
        os.chmod(agent.token_file, 0o640)
    return write


@pytest.fixture
def run(enrollment, agent):
    """Nothing is configured but the token."""
    def register(*arguments, force=False, manager=None, trust=None, **settings):
        return enrollment.machine.register(
            *arguments, manager=manager, trust=trust, force=force, settings={
                "manager.method": "enroll", "auth.token_file": agent.token_file,
                **{name.replace("__", "."): value for name, value in settings.items()}
            })
    return register


@pytest.fixture
def enrolled(run, server, agent, write_token):
    """We have enrolled, then the agent was started, which has deleted the token."""
    write_token()
    result = run()
    assert result.status == 0, result
    assert agent.start() and not os.path.exists(agent.token_file)
    server.requests.clear()


# ------------------------------------------------------------------ who is first


@pytest.mark.usefixtures("enrolled")
def test_we_enroll_first(run, server, enrollment):
    before = enrollment.machine.snapshot()
    result = run()
    assert result.status == 0 and result.failures == [], result
    assert "Already registered as web-01 (id 001)" in result.stderr
    assert server.requests == [] and enrollment.machine.snapshot() == before


def test_agent_enrolls_first(run, server, agent, write_token, enrollment):
    write_token()
    assert agent.start() and not os.path.exists(agent.token_file)
    before = enrollment.machine.snapshot()
    for _ in range(2):
        result = run()
        assert result.status == 0 and result.failures == [], result
        assert "Already registered as web-01 (id 001)" in result.stderr
    assert server.requests == [] and enrollment.machine.snapshot() == before


def test_token_that_only_we_delete(run, server, agent, write_token):
    """With forget_secret, what the agent has deleted is no failure."""
    write_token()
    assert agent.start()
    result = run(auth__forget_secret="yes")
    assert result.status == 0 and result.failures == [] and server.requests == [], result


# ------------------------------------------------------------------ enrolling again


@pytest.mark.usefixtures("enrolled")
def test_lost_key(run, server, enrollment):
    """The manager and its CA are those of the first time."""
    enrollment.lose_key()
    result = run()
    assert result.status == 0 and result.failures == [], result
    assert "There is no enrollment token in" in result.stderr
    assert "agent 001 enrolls again with the secret in" in result.stderr
    assert server.kids == ["001"] and len(server.requests) == 1
    assert enrollment.machine.read_keys().decode().split() == [
        "001", "web-01", "any", server.agents["001"][1]]
    enrollment.lose_key()
    assert run().status == 0 and server.kids == ["001", "001"]  # and so on


def test_lost_key_with_a_prefix(start_wazuh5, run, agent, write_token, ca_pin, enrollment):
    other = start_wazuh5(tokens={TOKEN_ID: SECRET}, prefix="siem/a")
    write_token(wazuh5_manager.token(other.address + "/siem/a", pin=ca_pin, credential=CREDENTIAL))
    assert run().status == 0
    assert agent.start()
    enrollment.lose_key()
    result = run()
    assert result.status == 0, result
    assert other.requests[-1].path == "/siem/a/enroll" and other.kids == [TOKEN_ID, "001"]


@pytest.mark.usefixtures("enrolled")
def test_force(run, server):
    assert run(force=True).status == 0
    assert server.kids == ["001"]


@pytest.mark.usefixtures("enrolled")
def test_force_with_a_password(run, server, enrollment):
    """A new agent, at the manager that is known."""
    server.replaces = True
    result = run(force=True, auth__password_file=enrollment.machine.password(PASSWORD))
    assert result.status == 0, result
    assert server.kids == [None] and list(server.agents) == ["002"]


@pytest.mark.usefixtures("enrolled")
def test_manager_that_was_built_anew(run, server, enrollment, agent, write_token):
    """Nothing is left to enroll with until there is a new token."""
    enrollment.lose_key()
    server.agents.clear()
    secret = read(enrollment.secret_file)
    result = run()
    assert result.status == 77 and "unknown_agent" in result.stderr, result
    assert "set token_file or password_file" in result.stderr, result
    assert read(enrollment.secret_file) == secret
    write_token()
    result = run()
    assert result.status == 0, result
    assert server.kids == ["001", "001", TOKEN_ID]
    assert agent.start()


# ------------------------------------------------------------------ nothing to go on


def test_no_token_and_no_key(run, agent):
    result = run()
    assert result.status == 78, result
    assert agent.token_file in result.failure, result
    assert "create another token" in result.failure and "and store it there" in result.failure
    assert "deletes" not in result.failure


@pytest.mark.usefixtures("enrolled")
def test_no_token_and_no_secret(run, server, enrollment, agent):
    enrollment.lose_key()
    os.unlink(enrollment.secret_file)
    result = run()
    assert result.status == 78 and agent.token_file in result.failure, result
    assert f"finds {enrollment.anchor_file} deletes its token" in result.failure, result
    assert "store it outside the agent's directory" in result.failure, result
    assert server.requests == []


def change_ca(enrollment, certificates):
    with open(enrollment.anchor_file, "a", encoding="ascii") as file:
        file.write(read(certificates.ca("other")))


def replace_state(enrollment, certificates):
    """The agent has enrolled, and we do not know with whom."""
    del certificates
    path = os.path.join(enrollment.machine.state_directory, "state")
    text = "".join(line for line in read(path).splitlines(True) if not line.startswith("manager="))
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


@pytest.mark.parametrize("change", [change_ca, replace_state])
@pytest.mark.usefixtures("enrolled")
def test_manager_that_is_not_known_for_sure(run, server, enrollment, certificates, change):
    """The agent's group may have written its CA: only what we have stored is believed."""
    enrollment.lose_key()
    change(enrollment, certificates)
    result = run()
    assert result.status == 78 and "set address in [manager] and ca_file" in result.failure, result
    assert server.requests == []
    result = run(manager=server, trust="ca")  # as the message says
    assert result.status == 0 and server.kids == ["001"], result


@pytest.mark.usefixtures("enrolled")
def test_copy_of_the_disk(run, server, enrollment):
    path = os.path.join(enrollment.machine.state_directory, "state")
    lines = [
        "bound_machine=" + "0" * 32 if line.startswith("bound_machine=") else line
        for line in read(path).splitlines()
    ]
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
    result = run()
    assert result.status == 78 and server.requests == [], result


# ------------------------------------------------------------------ the command check


@pytest.mark.usefixtures("enrolled")
def test_check_with_a_key(run, server):
    result = run("check")
    assert result.status == 0 and "FAIL" not in result.stdout, result
    assert "the re-enrollment secret (the enrollment token is gone)" in result.stdout
    assert "chain        leads to a CA in" in result.stdout and server.address in result.stdout


@pytest.mark.usefixtures("enrolled")
def test_check_without_a_secret(run, enrollment):
    os.unlink(enrollment.secret_file)
    result = run("check")
    assert result.status == 0 and "FAIL" not in result.stdout, result
    assert "there is a key, so that no token is needed now" in result.stdout
    enrollment.lose_key()
    result = run("check")
    assert result.status == 78 and "create another token" in result.stdout, result
