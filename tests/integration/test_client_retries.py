# SPDX-License-Identifier: ISC
"""Failures that need no boot: answers that get lost, plans that hold, waits that are drawn,
stops amid a wait."""
import fcntl
import os
import re
import signal

import pytest
from machine import EXIT_CODES, KEY, OLD_LINE, PROMPT, reply, shell_words
from fake_manager import answer
from registrar_tools import PROGRAM, CutWire, serving
from silent_managers import silent_after_the_request, silent_before_tls

OWN = "it is probably this machine's own: the answer to its request was lost"
DUPLICATE = answer(b"ERROR: Duplicate agent name: web-01. Unable to add agent")
BUSY = answer(b"ERROR: Internal manager error adding agent: web-01. Unable to add agent")
REFUSED = answer(b"ERROR: Invalid password. Unable to add agent")
NEW_LINE = f"001 web-01 any {KEY}\n"


def lost(conversation):
    """Register, perhaps, and say nothing of it."""
    conversation.handshake()
    conversation.read_request()


def in_turn(*scripts):
    """One script for each connection, the last one for all that follow."""
    left = list(scripts)

    def script(conversation):
        (left.pop(0) if len(left) > 1 else left[0])(conversation)
    return script


# ------------------------------------------------------------------ the lost answer


@pytest.fixture
def cut_wire(directory, certificates):
    """Start a registrar behind a cut wire: cut_wire(OPTION...)."""
    if not os.path.exists(PROGRAM):
        pytest.skip(f"needs {PROGRAM}")
    certificate, key = certificates.pair("good")
    opened = []

    def start(*arguments):
        context = serving(directory, "-n", "-x", certificate, "-k", key, *arguments)
        wire = CutWire(context.__enter__())
        opened.append((wire, context))
        return wire
    yield start
    for wire, context in opened:
        wire.close()
        context.__exit__(None, None, None)


def lose_an_answer(machine, wire):
    result = machine.register(manager=wire.address)
    assert result.status in (EXIT_CODES["busy"], EXIT_CODES["refused"]), result
    assert result.state["unanswered"].split()[1:] == ["web-01", wire.address]
    assert machine.read_keys() is None
    assert [name for _, name, _, _ in wire.registrar.keys()] == ["web-01"]
    wire.whole = True


def test_lost_answer_of_a_manager_that_renames(machine, cut_wire):
    wire = cut_wire("--dialect", "ossec")
    lose_an_answer(machine, wire)
    result = machine.register(manager=wire.address)
    assert result.status == 0, result
    assert "perhaps by an earlier request whose response was lost" in result.failure, result
    assert machine.read_keys().decode().split() == wire.registrar.keys()[-1]
    assert len(wire.registrar.keys()) == 2


def test_lost_answer_of_a_manager_that_refuses_and_waiting(machine, cut_wire):
    wire = cut_wire("--dialect", "wazuh")
    lose_an_answer(machine, wire)
    for _ in range(2):  # it is remembered for as long as it takes
        machine.fails("duplicate", OWN, "Duplicate agent name: web-01", manager=wire.address)
    assert len(wire.registrar.keys()) == 1


def test_lost_answer_of_a_manager_that_refuses_and_a_suffix(machine, cut_wire):
    wire = cut_wire("--dialect", "wazuh")
    lose_an_answer(machine, wire)
    result = machine.register(manager=wire.address, settings={"identity.on_duplicate": "suffix"})
    if "no id" in result.stderr or not os.path.exists("/etc/machine-id"):
        pytest.skip("needs a machine id")
    assert result.status == 0, result
    name = machine.read_keys().decode().split()[1]
    assert re.fullmatch(r"web-01-[0-9a-f]{8}", name)
    assert f"requesting a key as {name} instead" in result.stderr
    os.remove(machine.keys)
    assert (
        machine.register(manager=wire.address, settings={"identity.on_duplicate": "suffix"}).status
        == 75
    )
    # the same one again, and it is taken
    assert [each[1] for each in wire.registrar.keys()] == ["web-01", name]


def test_lost_answer_of_a_manager_that_refuses_and_failing(machine, cut_wire):
    wire = cut_wire("--dialect", "wazuh")
    lose_an_answer(machine, wire)
    result = machine.register(manager=wire.address, settings={"identity.on_duplicate": "fail"})
    assert result.status == EXIT_CODES["refused"] and OWN in result.failure, result


def test_request_is_remembered_before_it_is_sent(machine, start_manager):
    seen = {}

    def look(conversation):
        conversation.handshake()
        conversation.read_request()
        seen.update(machine.read_state())
    manager = start_manager(look)
    machine.register(manager=manager)
    assert seen["unanswered"].split()[1:] == ["web-01", manager.address]


@pytest.mark.parametrize("between", [[], [answer(b"ERROR: Invalid password. Unable to add agent")]],
                         ids=["none", "an answer"])
def test_duplicate_that_is_somebody_else(machine, start_manager, between):
    """Nothing was lost, or the manager has answered since: then the entry is not ours."""
    manager = start_manager(in_turn(*([lost] if between else []), *between, DUPLICATE))
    for _ in range(2 * len(between)):
        machine.register(manager=manager)
    result = machine.fails("duplicate", manager=manager)
    assert OWN not in result.failure


def test_lost_request_is_known_after_asking_others(machine, start_manager):
    """The second manager, which is asked because the first one's answer was lost, does not make
    us forget that."""
    first, second = start_manager(in_turn(lost, DUPLICATE)), start_manager(in_turn(lost, BUSY))
    assert machine.register(manager=[first, second]).state["unanswered"].split()[1:] == [
        "web-01",
        second.address,
    ]
    result = machine.register(manager=[first, second])
    assert [len(manager.conversations) for manager in (first, second)] == [2, 2]
    assert f"{first.address} says: Duplicate agent name" in result.stderr, result
    assert OWN in result.stderr, result


@pytest.mark.parametrize("other", ["name", "manager"])
def test_lost_request_of_another_name_or_manager_is_not_this_one(machine, start_manager, other):
    first = start_manager(in_turn(lost, DUPLICATE))
    machine.register(manager=first)
    manager = start_manager(DUPLICATE) if other == "manager" else first
    result = machine.fails("duplicate", manager=manager,
                           name="web-02" if other == "name" else "web-01")
    assert OWN not in result.failure


# ------------------------------------------------------------------ failover and plans


def test_plan_holds_for_the_manager_that_said_no(machine, start_manager, notify_socket):
    refusing, busy, good = start_manager(REFUSED), start_manager(BUSY), start_manager()
    result = machine.register_as_service(notify_socket, manager=[refusing, busy])
    assert result.status == EXIT_CODES["busy"], result
    result = machine.register_as_service(notify_socket, manager=[refusing, busy])
    assert result.status == EXIT_CODES["not-ready"] and result.failures == [], result
    assert [len(each.requests) for each in (refusing, busy)] == [1, 1]
    # a new one is asked at once
    result = machine.register_as_service(notify_socket, manager=[refusing, busy, good])
    assert result.status == 0, result
    assert [len(each.requests) for each in (refusing, busy, good)] == [1, 1, 1], result


def test_plan_does_not_hold_for_a_person(machine, start_manager):
    manager = start_manager(in_turn(REFUSED, answer(reply())))
    machine.fails("refused", manager=manager)
    machine.registers(manager=manager)


def test_plan_does_not_hold_after_a_change(machine, start_manager, notify_socket):
    manager = start_manager(in_turn(REFUSED, answer(reply())))
    password = machine.password("wrong one")
    os.utime(password, (1, 1))
    os.utime(machine.config, (1, 1))
    settings = {"auth.password_file": password}
    assert (
        machine.register_as_service(notify_socket, manager=manager, settings=settings).status
        == EXIT_CODES["refused"]
    )
    assert (
        machine.register_as_service(notify_socket, manager=manager, settings=settings).status
        == EXIT_CODES["not-ready"]
    )
    os.utime(password, (4e9, 4e9))
    result = machine.register_as_service(notify_socket, manager=manager, settings=settings)
    assert result.status == 0, result
    assert len(manager.requests) == 2


def test_plan_does_not_hold_for_the_network(machine, start_manager, notify_socket):
    manager = start_manager()
    manager.close()
    for attempts in (1, 2):
        result = machine.register_as_service(notify_socket, manager=manager.address,
                            settings={"retry.initial": "1 min"})
        assert result.status == EXIT_CODES["unreachable"], result
        assert result.state["attempts"] == str(attempts), result


# ------------------------------------------------------------------ the budget, and waits

# Of the outcome: the wait after the first failure, in seconds, with initial = 1 s and max = 1 min.
WAITS = {"unreachable": (None, 1, 3), "busy": (BUSY, 30, 60), "duplicate": (DUPLICATE, 60, 180),
         "refused": (REFUSED, 180, 540), "protocol-error": (answer(b"hello"), 30, 60)}


def drawn_wait(result):
    """The wait of the only manager, in seconds."""
    return int(result.state["schedule"].split()[1]) / 1e6


@pytest.mark.parametrize("outcome", WAITS)
def test_wait_depends_on_the_outcome(machine, start_manager, outcome):
    script, least, most = WAITS[outcome]
    manager = start_manager(script)
    if not script:
        manager.close()
    result = machine.fails(outcome, manager=manager.address, settings={"retry.max": "1 min"})
    assert least <= drawn_wait(result) <= most


@pytest.fixture
def with_machine_id(machine, mount_namespace):  # pylint: disable=unused-argument
    """Shell commands that give a run another machine id."""
    if not os.path.exists("/etc/machine-id"):
        pytest.skip("needs /etc/machine-id, to mount over it")
    return lambda number: shell_words("mount", "--bind",
                                      machine.write(f"id-{number}", f"{number:032x}\n"),
                                      "/etc/machine-id")


def test_wait_is_the_machines_own(machine, start_manager, with_machine_id):
    """Machines that fail together do not come back together; and the same machine draws the same
    again."""
    manager, waits = start_manager(BUSY), {}
    for number in (1, 2, 3, 4, 1):
        wait = drawn_wait(machine.fails("busy", manager=manager, before=with_machine_id(number)))
        assert waits.setdefault(number, wait) == wait
        os.remove(os.path.join(machine.state_directory, "state"))
    assert len(set(waits.values())) == 4, waits


def test_splay_is_the_machines_own_and_the_units_only(machine, start_manager, notify_socket,
                                                      with_machine_id):
    manager, seen = start_manager(), {}
    settings = {"retry.splay": "1 d"}  # beyond the budget: the background's business
    for number in (1, 2, 3, 1):
        result = machine.register_as_service(notify_socket, manager=manager, settings=settings,
                            before=with_machine_id(number))
        assert result.status == EXIT_CODES["not-ready"], result
        drawn = re.search(r"The first attempt is in (\d+) s \(splay\)", result.stderr)[1]
        assert seen.setdefault(number, drawn) == drawn
    assert len(set(seen.values())) == 3 and manager.conversations == []
    machine.registers(manager=manager, settings=settings)


@pytest.mark.parametrize("script", [silent_before_tls, silent_after_the_request])
def test_attempt_ends_with_the_budget(machine, start_manager, script):
    manager, other = start_manager(script), start_manager(script)
    result = machine.register(manager=[manager, other], settings={"retry.budget": "500 ms"})
    assert result.status == EXIT_CODES["busy"], result
    assert 0.4 < result.seconds < 5
    assert other.conversations == []


# ------------------------------------------------------------------ being stopped

WAITING = {"retry.budget": "1 h", "retry.initial": "1 min"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
def test_stop_while_waiting(machine, start_manager, notify_socket, number):
    manager = start_manager()
    manager.close()
    machine.install_key()
    before = machine.snapshot()
    run = machine.start(manager=manager.address, settings=WAITING, force=True,
                        environment=notify_socket.environment)
    while "STATUS=Waiting for attempt 2" not in notify_socket.next():
        pass
    assert machine.files() == ["client.keys"]  # nothing is staged, nothing is locked meanwhile
    run.kill(number)
    result = run.finish()
    assert result.status == -number and result.seconds < PROMPT, result
    assert machine.snapshot() == before


def test_stop_amid_the_splay(machine, start_manager, notify_socket):
    manager = start_manager()
    run = machine.start(manager=manager, environment=notify_socket.environment,
                        settings={"retry.budget": "365 d", "retry.splay": "364 d"})
    while "(splay)" not in notify_socket.next():
        pass
    run.kill()
    assert run.finish().status == -signal.SIGTERM
    assert manager.conversations == [] and machine.files() == []


def test_key_that_somebody_else_wrote_ends_the_waiting(machine, start_manager):
    """Nothing is locked while it waits, and the next turn looks at the file first."""
    manager = start_manager()
    manager.close()
    run = machine.start(manager=manager.address,
                        settings={"retry.budget": "1 h", "retry.initial": "100 ms"})
    run.wait_for_line("Cannot connect")
    machine.install_key()
    result = run.finish()
    assert result.status == 0 and "Already registered as web-01 (id 007)" in result.stderr, result
    assert machine.read_keys() == OLD_LINE.encode()


# ------------------------------------------------------------------ the secret


def test_secret_is_forgotten_last(machine, start_manager):
    password, seen = machine.password("TopSecret\n"), []
    manager = start_manager(in_turn(REFUSED, lost, answer(reply())))
    settings = {"auth.password_file": password, "auth.forget_secret": "yes"}
    for _ in range(2):
        machine.register(manager=manager, settings=settings)
        seen.append(os.path.exists(password))
    machine.registers(manager=manager, settings=settings)
    assert seen == [True, True] and not os.path.exists(password)


def test_secret_stays_when_the_key_cannot_be_stored(machine, start_manager, chattr):
    password = machine.password("TopSecret\n")

    def script(conversation):
        conversation.handshake()
        conversation.read_request()
        chattr("i", machine.etc)
        conversation.send(reply())
        conversation.finish()
    run = machine.start(manager=start_manager(script),
                        settings={"auth.password_file": password, "auth.forget_secret": "yes"})
    run.check = lambda result: None  # the staged file cannot be removed either
    assert run.finish().status == EXIT_CODES["storage-error"]
    assert os.path.exists(password)


# --------------------------------------------------------------- others at work on the same machine


def test_foreign_lock_on_the_state_holds_nobody_up(machine, start_manager):
    """Whoever may read the state file may lock it."""
    machine.register(manager=start_manager(BUSY))
    with open(os.path.join(machine.state_directory, "state"), encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        machine.registers(manager=start_manager())
    assert os.stat(os.path.join(machine.state_directory, "state")).st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["client.keys.torn", "client.keys.old"])
def test_old_key_that_cannot_be_kept_does_not_cost_the_new_one(machine, start_manager, name):
    """The agent's user may have made a directory of that name."""
    os.mkdir(os.path.join(machine.etc, name))
    machine.install_key(OLD_LINE if name.endswith("old") else OLD_LINE[:30])
    result = machine.register(manager=start_manager(), force=True)
    assert result.status == 0 and machine.read_keys() == NEW_LINE.encode(), result
    assert f"Cannot keep the old {machine.keys} as {name}" in result.stderr


def test_waiting_clone_leaves_the_key_that_another_run_made(machine, start_manager):
    """The copy waits for its manager; meanwhile a person registers it by hand with another one."""
    machine.install_key()
    machine.register(trust=None)  # adopts the key, as the original did
    state = os.path.join(machine.state_directory, "state")
    with open(state, encoding="utf-8") as file:
        copied = re.sub(r"bound_machine=.*", "bound_machine=" + 32 * "0", file.read())
    with open(state, "w", encoding="utf-8") as file:
        file.write(copied)
    busy = start_manager(BUSY)
    run = machine.start(
        manager=busy, settings={"retry.budget": "30 s", "retry.initial": "1 s", "retry.max": "1 s"}
    )
    run.wait_for_line("Internal manager error")
    # Patient, because the first run may not have given up the lock yet.
    patient = {"retry.budget": "30 s"}
    assert (
        machine.register(manager=start_manager(answer(reply(id="012"))), settings=patient).status
        == 0
    )
    result = run.finish()
    assert result.status == 0 and "Already registered as web-01 (id 012)" in result.stderr, result
    assert machine.read_keys() == NEW_LINE.replace("001", "012", 1).encode()


@pytest.mark.parametrize(
    "content, held",
    [("", False), ("\n", True), (f"007 !web-01 any {KEY}\n", True), (OLD_LINE[:30], True)],
    ids=["empty", "blank", "removed", "torn"],
)
def test_agent_is_held_back_from_a_file_without_a_key(machine, start_manager, content, held):
    """Its unit's condition is content with any file that is not empty."""
    machine.install_key(content)
    runtime = os.path.join(machine.directory, "run")
    os.mkdir(runtime)
    hold = os.path.join(runtime, "hold")
    machine.register(manager=start_manager(BUSY), environment={"RUNTIME_DIRECTORY": runtime})
    assert os.path.exists(hold) == held
    assert (
        machine.register(manager=start_manager(), environment={"RUNTIME_DIRECTORY": runtime}).status
        == 0
    )
    assert not os.path.exists(hold)


# ------------------------------------------------------------------ a run by hand


def test_run_by_hand_makes_one_round(machine, start_manager):
    """Without a word about the budget, a person sees at once how it went."""
    managers = [start_manager(BUSY), start_manager(certificate="expired")]
    result = machine.register(manager=managers, settings={"retry.budget": []})
    assert result.status == EXIT_CODES["untrusted"] and result.seconds < PROMPT, result
    assert [len(manager.conversations) for manager in managers] == [1, 1]
    assert len(result.failures) == 2
