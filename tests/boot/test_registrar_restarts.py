# SPDX-License-Identifier: ISC
"""The registrar's two units while agents register: restarted, killed, stopped, reloaded."""
import many_agents
import nspawn
import pytest
import registrar_units
from registrar_units import FRONT, KEEPER, SOCKET

KEYS = "/var/ossec/etc/client.keys"


def restarts(system, unit):
    return int(system.show(unit)["NRestarts"])


def test_keeper_is_restarted_while_agents_register(registrar):
    """Nobody notices."""
    with registrar.boot() as system:
        registrar_units.start(system)
        front = registrar_units.process(system, FRONT)
        with many_agents.ManyAgents(registrar) as agents:
            for _ in range(3):
                agents.wait_for_keys(20)
                keeper = registrar_units.process(system, KEEPER)
                assert system.run(f"systemctl restart {KEEPER}").exit_status == 0
                assert registrar_units.process(system, KEEPER) not in (0, keeper)
            agents.wait_for_keys(20)
        assert registrar_units.process(system, FRONT) == front
        assert restarts(system, KEEPER) == 0
    assert agents.failures == {}
    many_agents.check_that_none_is_lost(agents, registrar.path(KEYS))


def test_keeper_is_killed_while_agents_register(registrar):
    """Who had asked already is told of a failure; everybody else waits for the next keeper."""
    with registrar.boot() as system:
        registrar_units.start(system)
        front = registrar_units.process(system, FRONT)
        with many_agents.ManyAgents(registrar) as agents:
            agents.wait_for_keys(20)
            system.run(f"systemctl kill --signal=KILL {KEEPER}")
            system.wait_for_property(KEEPER, "NRestarts", "1")
            agents.wait_for_keys(20)
        assert registrar_units.process(system, FRONT) == front
        assert registrar_units.states(system) == ["active"] * 3
    assert len(agents.failures) <= 4, agents.failures
    for answer in agents.failures.values():
        assert answer.startswith("ERROR: Internal manager error")
    many_agents.check_that_none_is_lost(agents, registrar.path(KEYS))


def test_front_is_killed_while_agents_register(registrar):
    """Its connections are lost, and what was answered is not. systemd keeps the port."""
    registrar.enable("agent-registrar.socket")
    with registrar.boot() as system:
        registrar_units.start(system)
        with many_agents.ManyAgents(registrar) as agents:
            agents.wait_for_keys(20)
            system.run(f"systemctl kill --signal=KILL {FRONT}")
            system.wait_for_property(FRONT, "NRestarts", "1")
            agents.wait_for_keys(20)
        assert registrar_units.states(system) == ["active"] * 3
    assert len(agents.failures) <= 4, agents.failures
    assert "ConnectionRefusedError" not in agents.failures.values()
    many_agents.check_that_none_is_lost(agents, registrar.path(KEYS))


def test_both_are_restarted_while_agents_register(registrar):
    """No connection is refused."""
    registrar.enable("agent-registrar.socket")
    with registrar.boot() as system:
        registrar_units.start(system)
        with many_agents.ManyAgents(registrar) as agents:
            for _ in range(3):
                agents.wait_for_keys(20)
                assert system.run(f"systemctl restart {FRONT}").exit_status == 0
            agents.wait_for_keys(20)
    assert "ConnectionRefusedError" not in agents.failures.values()
    assert len(agents.failures) <= 4 * 3, agents.failures
    many_agents.check_that_none_is_lost(agents, registrar.path(KEYS))


def test_first_agent_starts_both(registrar):
    """With the port's socket alone."""
    registrar_units.set_options(registrar, "-n --dialect wazuh")
    registrar.enable("agent-registrar.socket")
    with registrar.boot() as system:
        system.wait_until_booted()
        assert system.run("agent-registrar -n init").exit_status == 0
        assert registrar_units.states(system) == ["inactive"] * 3
        with many_agents.ManyAgents(registrar, threads=1) as agents:
            agents.wait_for_keys(1)
        assert registrar_units.states(system) == ["active"] * 3
    assert agents.failures == {}


def test_stop_start_and_new_options(registrar):
    """Who uses the one unit has both."""
    with registrar.boot() as system:
        registrar_units.start(system)
        processes = [registrar_units.process(system, unit) for unit in (FRONT, KEEPER)]
        assert system.run(f"systemctl stop {FRONT}").exit_status == 0
        assert registrar_units.states(system) == ["inactive"] * 3
        assert "active" not in system.run("systemctl --failed").stdout
        assert system.run(f"systemctl start {FRONT}").exit_status == 0
        assert registrar_units.states(system) == ["active"] * 3
        # and both have the new options
        registrar_units.set_options(registrar, "-n --dialect wazuh --max-agents 1 --timeout 7")
        assert system.run(f"systemctl restart {FRONT}").exit_status == 0
        assert registrar_units.process(system, FRONT) not in processes
        assert registrar_units.process(system, KEEPER) not in processes
        lines = system.run("for unit in agent-registrar agent-registrar-keeper; do tr '\\0' ' ' "
                           "</proc/$(systemctl show -P MainPID $unit)/cmdline; echo; done").stdout
        with many_agents.ManyAgents(registrar, threads=1) as agents:
            agents.wait_for_keys(1)
            agents.wait_for_failure()
        # the keeper alone: the other one goes on, and starts it with its next question
        assert system.run(f"systemctl stop {KEEPER}").exit_status == 0
        system.wait_for_property(KEEPER, "ActiveState", "active")
        assert registrar_units.states(system) == ["active"] * 3
    assert [line.split()[4:] for line in lines.splitlines()] == [
        ["--max-agents", "1", "--timeout", "7", "serve", "--part=front"],
        ["--max-agents", "1", "--timeout", "7", "serve", "--part=keeper"]]


def test_keeper_that_cannot_begin_again(registrar):
    """A file becomes unusable, and the keeper is restarted. It is not tried for ever; with the
    remedy, one start is enough."""
    with registrar.boot() as system:
        registrar_units.start(system)
        system.run("mv /var/ossec/etc/sslmanager.cert /root/; systemctl restart " + KEEPER)
        system.wait_for_property(SOCKET, "ActiveState", "failed")
        assert system.show(KEEPER)["ActiveState"] == "failed"
        assert system.journal(UNIT=KEEPER, MESSAGE_ID=nspawn.UNIT_FAILED)
        system.run("mv /root/sslmanager.cert /var/ossec/etc/")
        done = system.run("systemctl reset-failed 'agent-registrar*'; systemctl start " + KEEPER)
        assert done.exit_status == 0, done.stdout + registrar_units.journal(system)
        with many_agents.ManyAgents(registrar, threads=1) as agents:
            agents.wait_for_keys(1)


# ------------------------------------------------------------------ reload

RELOAD = r"""
set -e
cd /var/ossec/etc
shown() { openssl s_client -connect 127.0.0.1:1515 </dev/null 2>/dev/null |
	openssl x509 -noout -fingerprint; }
stored() { openssl x509 -noout -fingerprint -in sslmanager.cert; }
may() { test "$(curl -s -o /dev/null -w '%{http_code}' -u "$1" --cacert sslmanager.cert -X POST \
	https://127.0.0.1:55000/security/user/authenticate)" = 200; }
test "$(shown)" = "$(stored)"
! may 'admin:a good password'

rm sslmanager.cert sslmanager.key
agent-registrar -n init >/dev/null
echo 'a good password' | agent-registrar user admin >/dev/null
test "$(shown)" != "$(stored)"
systemctl reload UNIT
test "$(systemctl show -P ActiveState agent-registrar agent-registrar-keeper | xargs)" = \
	"active active"
until test "$(shown)" = "$(stored)"; do :; done
may 'admin:a good password'

cp sslmanager.cert good.cert
echo broken >sslmanager.cert
systemctl reload UNIT
until journalctl --sync && journalctl -q -b -o cat -u 'agent-registrar*' |
	grep -q 'Nothing was reloaded'; do :; done
cp good.cert sslmanager.cert
test "$(shown)" = "$(stored)"
"""


@pytest.mark.parametrize("unit", ["agent-registrar", "agent-registrar-keeper"])
def test_reload(registrar, unit):
    """Of either unit: certificate and users are read again, by the same processes."""
    with registrar.boot() as system:
        registrar_units.start(system, "--api-port 55000")
        processes = [registrar_units.process(system, unit) for unit in (FRONT, KEEPER)]
        done = system.run(RELOAD.replace("UNIT", unit))
        assert done.exit_status == 0, done.stdout + registrar_units.journal(system)
        assert [registrar_units.process(system, unit) for unit in (FRONT, KEEPER)] == processes
        log = registrar_units.journal(system)
    assert "a good password" not in log
