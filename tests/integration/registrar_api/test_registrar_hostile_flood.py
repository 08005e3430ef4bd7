# SPDX-License-Identifier: ISC
"""A front that was taken over asks the keeper for more than it takes. What the keeper keeps of it
is bounded, nothing is lost, and another front is served meanwhile."""
import struct
import threading
import time

import api_tools
import keeper_wire as wire
import pytest
import registrar_tools
from api_tools import PASSWORD, USER

MIB = 1 << 20
FRONT_MEMORY = 48 * MIB  # KEEPER_FRONT_MEMORY
AGENT_MEMORY = 500  # bytes more, for each agent


@pytest.fixture
def start(tmp_path):
    """start(AGENTS, cost of a password): a keeper, to be entered."""
    def start_with(agents=2, log2_n=10):
        directory = tmp_path / "manager"
        registrar_tools.prepare(directory, dialect="wazuh")
        (directory / "etc" / "client.keys").write_text("".join(
            f"{n:03} machine-{n} any {n:064x}\n" for n in range(1, agents + 1)))
        api_tools.write_users(directory, {USER: PASSWORD}, log2_n=log2_n)
        return wire.keeping(directory, "-n", "--dialect", "wazuh", "--api-port", "0")
    return start_with


def address(number):
    """Another client for each number: the front can say what it likes."""
    return f"198.{number >> 16 & 0xff}.{number >> 8 & 0xff}.{number & 0xff}"


def flood(front, bodies):
    """Ask as many as are taken by a keeper whose answers are not. How many were."""
    packets = [front.request(body) for body in bodies]
    taken, count = front.send_as_far_as_taken(b"".join(packets)), 0
    while count < len(packets) and taken >= len(packets[count]):
        taken -= len(packets[count])
        count += 1
    return count


def take_all(front, count):
    """All answers, in whichever order they come."""
    answers = [front.answer() for _ in range(count)]
    assert sorted(answer.number for answer in answers) == list(range(1, count + 1))
    return answers


def lines_allowed(begin):
    """What clients and fronts may cause, since then."""
    return 60 + 10 * (time.monotonic() - begin)


@pytest.mark.parametrize("name, number", [("!", 100000), ("!" + "x" * 60000, 1000)],
                         ids=["short", "long"])
def test_never_reading(start, name, number):
    """Registrations, in great number or long ones, whose refusals are as long as there can be."""
    with start() as keeper, keeper.front() as honest, keeper.front() as hostile:
        before, keys, begin = keeper.memory(), keeper.keys(), time.monotonic()
        count = flood(hostile, [wire.registration(name, address=address(n))
                                for n in range(number)])
        assert 0 < count < number
        assert keeper.memory() - before < FRONT_MEMORY
        for n in range(20):
            honest.register(f"honest-{n}")
        assert len(keeper.keys()) == len(keys) + 20
        for answer in take_all(hostile, count):
            assert (answer.outcome, answer.fault) == (wire.DECIDED, wire.NAME), answer
        assert len(keeper.log()) < 20 + lines_allowed(begin)


def test_listings(start):
    """Pages of 64 KiB."""
    agents = 20000
    with start(agents) as keeper, keeper.front() as honest, keeper.front() as hostile:
        token, before = wire.log_in(honest), keeper.memory()
        all_agents = bytes([wire.AGENTS]) + wire.user(token) + struct.pack("<BQH", 0, 0, 0)
        count = flood(hostile, 1000 * [all_agents])
        assert 0 < count < 1000
        assert keeper.memory() - before < FRONT_MEMORY + agents * AGENT_MEMORY
        honest.register("honest")
        answers = take_all(hostile, count)
        assert {answer.outcome for answer in answers} == {wire.DECIDED}
        assert max(len(answer.rest) for answer in answers) > 10000


def test_removals(start):
    """As long as the list of all agents, again and again."""
    agents = 20000
    with start(agents) as keeper, keeper.front() as honest, keeper.front() as hostile:
        token, before = wire.log_in(honest), keeper.memory()
        body = (bytes([wire.REMOVE]) + wire.user(token) + b"\0" + struct.pack("<I", agents) +
                agents * (wire.text("77777777") + wire.text("x" * 128)))
        count = flood(hostile, 20 * [body])
        assert keeper.memory() - before < FRONT_MEMORY + agents * AGENT_MEMORY
        honest.register("honest")
        for answer in take_all(hostile, count):
            assert answer.outcome == wire.DECIDED and not any(answer.rest[5:]), answer
        assert len(keeper.keys()) == agents + 1


def test_material(start):
    """Which costs reading files, and whatever lines of the log there are about them."""
    with start() as keeper, keeper.front() as honest, keeper.front() as hostile:
        before, begin = keeper.memory(), time.monotonic()
        flood(hostile, 1000 * [bytes([wire.MATERIAL])])
        for n in range(20):
            honest.register(f"honest-{n}")
        answer = honest.ask(bytes([wire.MATERIAL]))
        assert (answer.outcome, answer.fault) == (wire.DECIDED, 0)
        assert b"BEGIN CERTIFICATE" in answer.rest
        assert keeper.memory() - before < FRONT_MEMORY
        assert len(keeper.log()) < 20 + lines_allowed(begin)


def test_logins(start):
    """Passwords that take some time each: they are tried one after the other, or refused."""
    with start(log2_n=13) as keeper, keeper.front() as honest, keeper.front() as hostile:
        before, begin = keeper.memory(), time.monotonic()
        count = flood(hostile, [
            bytes([wire.LOGIN]) + wire.client(address(n)) + struct.pack("<I", 0) +
            wire.text(USER) + wire.text(f"wrong {n}") for n in range(1000)])
        for n in range(20):
            honest.register(f"honest-{n}")
        faults = {answer.fault for answer in take_all(hostile, count)}
        assert faults == {wire.WRONG, wire.TOO_MANY}
        assert keeper.memory() - before < FRONT_MEMORY
        wire.log_in(honest)
        assert len(keeper.log()) < 20 + lines_allowed(begin)


def test_offences(start):
    """Each is logged, but not without end."""
    begin = time.monotonic()
    with start() as keeper, keeper.front() as honest:
        for _ in range(200):
            with keeper.front(greet=False) as front:
                front.send(b"garbage" * 10)
                assert front.is_cut_off()
        honest.register("honest")
        told = sum("Cut off a front: it sent no packet" in line for line in keeper.lines)
        assert 10 <= told <= 10 + 2 * (time.monotonic() - begin)


def test_connections(start):
    """More than there may be are closed at once, and those that are there are served."""
    with start() as keeper, keeper.front() as honest:
        hostile = [keeper.front(greet=False) for _ in range(50)]
        honest.register("honest")
        refused = [front for front in hostile if front.is_over()]
        assert 0 < len(refused) < len(hostile)
        for front in hostile:
            front.close()
        with keeper.another_front() as front:
            front.register("another")
        assert sum("Refused a front" in line for line in keeper.lines) in range(1, 11)


def test_gone_in_between(start):
    """What was asked by who has gone is decided or not; what was answered is in the file."""
    with start() as keeper, keeper.front() as honest:
        for n in range(30):
            with keeper.front() as front:
                front.send(front.request(wire.registration(f"gone-{n}")))
        answered, stop = [], threading.Event()

        def go_on():
            while not stop.is_set():
                answered.append(honest.register(f"honest-{len(answered)}"))
        thread = threading.Thread(target=go_on)
        thread.start()
        for n in range(30):
            with keeper.another_front() as front:
                for m in range(50):
                    front.send(front.request(wire.registration(f"all-{n}-{m}")))
        stop.set()
        thread.join()
        keys = keeper.keys()
        assert all(" ".join(agent) in keys for agent in answered) and answered
        assert len({line.split()[0] for line in keys}) == len(keys)
