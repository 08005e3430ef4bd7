# SPDX-License-Identifier: ISC
"""probe = yes: no key is requested from a manager that serves no agents."""
import contextlib
import socket

import pytest
from fake_manager import answer
from machine import KEY, reply
from proxies import through, tunnel


@contextlib.contextmanager
def port(listens=True):
    """A port for agents: its number, and how many have connected since the last call."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if listens:
            listener.listen()
            listener.setblocking(False)

        def connections():
            count = 0
            with contextlib.suppress(BlockingIOError):
                while True:
                    listener.accept()[0].close()
                    count += 1
            return count
        yield listener.getsockname()[1], connections


def settings(number, **more):
    return {"manager.probe": "yes", "manager.probe_port": str(number), **more}


def install_agent(machine, version, client):
    """The agent's own configuration, and what says which agent it is."""
    machine.write("ossec/VERSION.json", f'{{"version": "{version}"}}')
    machine.write("ossec/etc/ossec.conf", f"<ossec_config>\n  {client}\n</ossec_config>\n")


def server(number, protocol="tcp", address="127.0.0.1"):
    return (f"<client><server><address>{address}</address><port>{number}</port>"
            f"<protocol>{protocol}</protocol></server></client>")


def test_manager_that_serves_agents(machine, start_manager):
    manager = start_manager()
    with port() as (number, connections):
        machine.registers(manager=manager, settings=settings(number))
        assert connections() == 1
    assert len(manager.requests) == 1


def test_manager_that_serves_none(machine, start_manager):
    """Nothing is sent to its registration service, not even a connection."""
    manager = start_manager()
    with port(listens=False) as (number, _):
        machine.fails("unreachable", f"127.0.0.1:{number}", "serves no agents", "probe",
                      "Connection refused", manager=manager, settings=settings(number))
    assert manager.conversations == []


def test_next_manager_is_asked(machine, start_manager):
    first, second = start_manager(), start_manager(address="127.0.0.2")
    with socket.socket() as listener:
        listener.bind(("127.0.0.2", 0))
        listener.listen()
        result = machine.register(manager=[first, second],
                                  settings=settings(listener.getsockname()[1]))
    assert result.status == 0 and first.conversations == [], result
    assert len(second.requests) == 1 and "serves no agents" in result.failure


def test_port_of_the_agent(machine, start_manager):
    manager = start_manager()
    with port() as (number, connections):
        install_agent(machine, "4.14.7", server(number))
        machine.registers(manager=manager, settings={"manager.probe": "yes"})
        assert connections() == 1


@pytest.mark.parametrize("version, client", [("4.14.7", server(1, "udp")), ("3.13.6", "")],
                         ids=["udp", "Wazuh 3"])
def test_udp_is_said_once(machine, start_manager, version, client):
    first, second = start_manager(answer(b"")), start_manager()
    install_agent(machine, version, client)
    result = machine.register(manager=[first, second], settings={"manager.probe": "yes"})
    assert result.status == 0 and result.stderr.count("UDP, which cannot be probed") == 1, result
    assert len(second.requests) == 1


def test_not_through_the_proxy(machine, start_manager, start_proxy):
    """The agent does not use it."""
    manager, proxy = start_manager(), start_proxy(tunnel())
    with port() as (number, connections):
        machine.registers(manager=manager, settings=through(proxy, **settings(number)))
        assert connections() == 1
    assert len(proxy.conversations) == 1


def test_manager_that_comes_back(machine, start_manager):
    manager = start_manager(answer(reply()))
    with port(listens=False) as (number, _):
        run = machine.start(manager=manager,
                            settings=settings(number, **{"retry.budget": "1 min",
                                                         "retry.initial": "100 ms"}))
        run.wait_for_line("serves no agents")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", number))
        listener.listen()
        assert run.finish().status == 0
    assert machine.read_keys() == f"001 web-01 any {KEY}\n".encode()


def test_check(machine, start_manager):
    manager = start_manager()
    with port() as (number, _):
        result = machine.register("check", manager=manager, settings=settings(number))
        assert result.status == 0, result
        assert ("probe", True, f"port {number} answers, where agents are served") in result.layers
    with port(listens=False) as (number, _):
        result = machine.register("check", manager=manager, settings=settings(number))
    assert result.status == 75, result
    assert [layer for layer, good, _ in result.layers if not good] == ["probe"], result
    install_agent(machine, "3.13.6", "")
    result = machine.register("check", manager=manager, settings={"manager.probe": "yes"})
    assert result.status == 0 and "note probe        probe in [manager] has no effect" \
        in result.stdout, result
