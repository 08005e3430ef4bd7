# SPDX-License-Identifier: ISC
"""Many clients at once, and clients that take their time: they cost the others nothing."""

import concurrent.futures
import contextlib
import fcntl
import os
import select
import socket
import ssl
import time

import pytest

from registrar_tools import LONG, PATIENCE, PROGRAM, need, serving

IDLE = 250
# seconds: what a served client may take on a busy machine; the deadlines that would delay it are 30
SOON = 5


def test_fifty_at_once(registrar):
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        agents = list(pool.map(lambda i: registrar.register(f"agent-{i}"), range(200)))
    assert len({agent[0] for agent in agents}) == 200
    assert sorted(map(list, agents)) == sorted(registrar.keys())


def test_the_same_name_at_once(directory):
    with serving(directory, "-n", "--on-duplicate", "refuse") as registrar:
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            replies = list(pool.map(lambda _: registrar.ask("OSSEC A:'same'\n"), range(20)))
        assert len([reply for reply in replies if reply.agent]) == 1
        assert len(registrar.keys()) == 1


@pytest.mark.parametrize("how", ["tcp", "tls", "half a request"])
def test_idle_connections_cost_others_nothing(registrar, how):
    with contextlib.ExitStack() as idle:
        for _ in range(IDLE):
            if how == "tcp":
                idle.enter_context(registrar.connect())
            else:
                client = idle.enter_context(registrar.open())
                if how == "half a request":
                    client.send("OSSEC A:'we")
        begin = time.monotonic()
        for i in range(5):
            assert registrar.register(f"served-{i}")
        assert time.monotonic() - begin < SOON


@pytest.mark.parametrize("how", ["tcp", "tls", "dripping"])
def test_deadline_holds_whatever_drips_in(directory, how):
    with serving(directory, "-n", "--timeout", "1") as registrar:
        begin = time.monotonic()
        if how == "tcp":
            with registrar.connect() as connection:
                assert connection.recv(1) == b""
        else:
            with registrar.open() as client:
                client.tls.settimeout(0.05)
                end = None
                while end is None:
                    try:
                        if how == "dripping":
                            client.send("O")
                        end = client.tls.recv(1)
                    except (TimeoutError, ssl.SSLWantReadError):
                        pass
                    except OSError:
                        end = b""
                    assert time.monotonic() - begin < SOON
        assert 0.5 < time.monotonic() - begin < SOON
        registrar.wait_for_line("Gave up on 127.0.0.1")
        assert registrar.register("next")


def test_over_the_limit_the_idle_give_way(directory):
    """Nobody is thrown out who only just came; who has been idle for a while is."""
    with serving(directory, "-n", "--max-connections", "3") as registrar:
        with contextlib.ExitStack() as stack:
            idle = [stack.enter_context(registrar.connect()) for _ in range(3)]
            assert registrar.register("newcomer")[1] == "newcomer"
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                agents = list(pool.map(lambda i: registrar.register(f"agent-{i}"), range(8)))
            assert len({agent[0] for agent in agents}) == 8
            while not select.select(idle[:1], [], [], 0.05)[0]:
                assert registrar.register(f"agent-{len(registrar.keys())}")
            assert idle[0].recv(1) == b""
            registrar.wait_for_line("Closed 127.0.0.1 port .*: there was no room for others")
            registrar.wait_for_line("4 connections are open; others wait until one ends")


def test_few_descriptors(directory):
    """With a low limit of open files others wait as well, and nobody is dropped. Who has asked and
    waits for client.keys is not idle, however busy the machine is."""
    with contextlib.ExitStack() as stack:
        registrar = stack.enter_context(serving(
            directory, "-n", "--timeout", str(LONG), "--max-connections", "1000",
            program=[need("prlimit"), "--nofile=90:90", PROGRAM]
        ))
        places = int(registrar.wait_for_line(r"Only (\d+) connections").group(1))
        lock = os.open(directory / "etc", os.O_RDONLY)
        stack.callback(os.close, lock)
        fcntl.flock(lock, fcntl.LOCK_EX)
        asked = []
        for number in range(places):
            asked.append(stack.enter_context(registrar.open(patience=LONG)))
            asked[-1].send(f"OSSEC A:'agent-{number}'\n")
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            late = [pool.submit(registrar.register, f"late-{i}", patience=LONG) for i in range(50)]
            registrar.wait_for_line("others wait until one ends")
            fcntl.flock(lock, fcntl.LOCK_UN)
            agents = [client.reply().agent for client in asked]
            for client in asked:
                client.close()
            agents += [each.result() for each in late]
    assert len({agent[0] for agent in agents}) == places + 50


def test_stops_at_once_with_idle_connections(registrar):
    with registrar.connect(), registrar.open() as client:
        client.send("OSSEC A:'half")
        begin = time.monotonic()
        assert registrar.stop() == 0
        assert time.monotonic() - begin < SOON
        assert client.reply().records == []


def test_refuses_connections_after_stop(registrar):
    assert registrar.stop() == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", registrar.port), PATIENCE)
