# SPDX-License-Identifier: ISC
"""An agent that its control script has started, which no unit of systemd's tells of."""
import os
import shutil
import subprocess

import pytest


@pytest.fixture(params=["wazuh", "ossec"])
def family(request):
    return request.param


@pytest.fixture
def agentd(machine, family):
    """A process with the daemon's name, and its file."""
    for place in ("bin", "var/run"):
        os.makedirs(os.path.join(machine.agent, place))
    daemon = os.path.join(machine.agent, "bin", f"{family}-agentd")
    shutil.copy(shutil.which("sleep"), daemon)
    with subprocess.Popen([daemon, "infinity"]) as process:
        machine.write(f"ossec/var/run/{family}-agentd-{process.pid}.pid", f"{process.pid}\n")
        yield process
        process.kill()


@pytest.fixture
def registered(machine, agentd):
    machine.install_key()
    return machine


def test_reset(registered, agentd, family):
    before = registered.snapshot()
    result = registered.register("reset", "--yes", trust=None)
    assert result.status == 1, result
    assert (f"{family}-agentd (PID {agentd.pid}) is running; stop it first "
            f"({registered.agent}/bin/{family}-control stop), or use --force") in result.failure
    assert registered.snapshot() == before
    assert registered.register("reset", "--yes", "--force", trust=None).status == 0
    assert registered.read_keys() is None


def test_reset_after_its_end(registered, agentd):
    """The file of an agent that was killed says nothing."""
    agentd.kill()
    agentd.wait()
    assert registered.register("reset", "--yes", trust=None).status == 0


def test_new_key(registered, agentd, family, start_manager):
    """It does not notice the key, and is not ours to start."""
    manager = start_manager()
    result = registered.registers(manager=manager, force=True)
    assert (f"{family}-agentd (PID {agentd.pid}) is running without this key, and not by a unit; "
            f"restart it: {registered.agent}/bin/{family}-control restart") in result.stderr
    assert "is running" not in registered.register(manager=manager).stderr, "it has that key"
