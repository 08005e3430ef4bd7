# SPDX-License-Identifier: ISC
"""`agent-register deregister`: the agent is removed at the manager, then here; and only if it is
this one."""
import os
import pty
import signal
import subprocess

import pytest
from killing import kill_at, needs_killer
from machine import EXIT_CODES, OLD_KEY, PROMPT, Machine
from fake_manager import PATIENCE
from scripted_api import (BASIC, NOT_FOUND_3, Api, Reply, affected, error, export, needs_module,
                          settings)

pytestmark = needs_module

LOGIN, FETCH, DELETE = ("POST /security/user/authenticate", "GET /agents/007/key",
                        r"DELETE /agents\?.*")
GONE = affected(
    failed=[{"error": {"code": 1701, "message": "Agent does not exist"}, "id": ["007"]}], code=1
)


def key(**line):
    return affected({"id": "007", "key": export(**{"id": "007", "key": OLD_KEY, **line})})


def answers(**more):
    return {FETCH: key(), DELETE: affected("007"), **more}


@pytest.fixture
def registered(machine):
    machine.install_key()
    machine.register(trust=None)  # adopts the key
    machine.write("ossec/etc/client.keys.old", "x")
    return machine


def forgotten(machine):
    return (
        machine.files() == [] and not os.path.exists(machine.counter) and machine.read_state() == {}
    )


def deregister(machine, manager, *arguments, **options):
    return machine.register("deregister", *(arguments or ["--yes"]), manager=manager, name=None,
                            **{"settings": settings(machine), **options})


def test_deregister(registered, start_manager):
    api = Api(answers())
    result = deregister(registered, start_manager(api))
    assert result.status == 0 and result.failures == [], result
    assert api.made == [LOGIN, FETCH, "DELETE /agents?agents_list=007&status=all&older_than=0s"]
    assert "no longer has agent web-01 (id 007)" in result.stderr
    assert "Agent identity removed" in result.stdout
    assert forgotten(registered)
    again = deregister(registered, start_manager(api))
    assert again.status == 0 and "no agent to remove" in again.stderr and len(api.made) == 3, again


@pytest.mark.parametrize(
    "gone",
    [{FETCH: GONE}, {FETCH: error(404, 1701, "Agent does not exist")}, {DELETE: GONE}],
    ids=["before", "before, as 404", "meanwhile"],
)
def test_an_agent_that_is_gone_counts_as_removed(registered, start_manager, gone):
    result = deregister(registered, start_manager(Api({**answers(), **gone})))
    assert result.status == 0 and result.failures == [] and forgotten(registered), result


def test_version_3(registered, start_manager):
    api = Api(
        {
            LOGIN: NOT_FOUND_3,
            FETCH: {"error": 0, "data": export(id="007", key=OLD_KEY)},
            "DELETE /agents/007": {
                "error": 0,
                "data": {"msg": "All selected agents were removed", "affected_agents": ["007"]},
            },
        }
    )
    result = deregister(registered, start_manager(api))
    assert result.status == 0 and forgotten(registered), result
    assert all(call.fields["Authorization"] == BASIC for call in api.calls)


# What goes wrong; the outcome whose exit status it is; words of the one line.
FAILURES = {
    "another key": ({FETCH: key(name="db-01", key="f" * 64)}, "refused",
                    ["a different key", "db-01", "agent-register reset"]),
    "no permission to look": ({FETCH: error(403, 4000, "Permission denied")}, "refused",
                              ["agent:read, and with Wazuh 5 agent:read_secrets as well",
                               "agent-register(8)"]),
    "no permission": ({DELETE: error(403, 4000, "Permission denied")}, "refused",
                      ["grant the role of api_user agent:delete"]),
    "not eligible": (
        {
            DELETE: affected(failed=[{"error": {"code": 1731, "message": "Agent is not eligible"}}],
                             code=1)
        },
        "refused",
        ["not eligible", "1731"],
    ),
    "another agent removed": ({DELETE: affected("008")}, "protocol-error", []),
    "nothing removed": ({DELETE: affected()}, "protocol-error", []),
    "a bad key": ({FETCH: key(key="'")}, "protocol-error", ["sent an invalid key"]),
    "wrong password": (
        {LOGIN: Reply(401, {"title": "Unauthorized", "detail": "Invalid credentials"})},
        "refused",
        ["401"],
    ),
    "busy": ({DELETE: Reply(503, b"")}, "busy", ["503"]),
    "not the API": ({FETCH: Reply(200, b"<html>")}, "protocol-error",
                    ["not in the format of the Wazuh API"]),
    "no answer": ({DELETE: b""}, "busy", ["instead of responding"]),
}


@pytest.mark.parametrize("wrong, outcome, words", FAILURES.values(), ids=FAILURES.keys())
def test_a_failure_leaves_everything(registered, start_manager, wrong, outcome, words):
    before, state = registered.snapshot(), registered.read_state()
    result = deregister(registered, start_manager(Api({**answers(), **wrong})))
    assert result.status == EXIT_CODES[outcome], result
    for word in words:
        assert word in result.failure, result
    assert registered.snapshot() == before and registered.read_state() == state


@pytest.mark.parametrize(
    "options, words",
    [
        ({"settings": {}}, ["method = api", "agent-register reset"]),
        ({"settings": {"manager.method": "api"}}, ["api_user"]),
        (
            {
                "settings": {
                    "manager.method": "api",
                    "auth.api_user": "u",
                    "auth.api_password_file": "/nowhere",
                }
            },
            ["/nowhere"],
        ),
        ({"trust": None}, ["No way to verify the manager"]),
        ({"manager": []}, ["No manager"]),
    ],
    ids=["authd", "no user", "no password", "no trust", "no manager"],
)
def test_misconfigured(registered, start_manager, options, words):
    before = registered.snapshot()
    api = Api(answers())
    result = deregister(registered, **{"manager": start_manager(api), **options})
    assert result.status == EXIT_CODES["misconfigured"], result
    for word in words:
        assert word in result.failure, result
    assert registered.snapshot() == before and api.calls == []


def test_other_managers_are_asked_in_turn(registered, start_manager):
    refusing, api = Api({FETCH: Reply(503, b"")}), Api(answers())
    result = deregister(registered, [start_manager(refusing), start_manager(api)])
    assert result.status == 0 and "503" in result.failure and forgotten(registered), result


def test_another_manager_does_not_say_that_the_agent_is_gone(registered, start_manager):
    """The one that has it could not be asked, so it is there still, for all we know."""
    before = registered.read_keys()
    result = deregister(
        registered,
        [start_manager(Api({FETCH: Reply(503, b"")})), start_manager(Api({FETCH: GONE}))],
    )
    assert result.status == EXIT_CODES["busy"] and registered.read_keys() == before, result
    assert all(
        words in result.stderr for words in ("503", "may not be the manager that had it")
    ), result


def test_the_manager_that_registered_us_is_asked_first(machine, start_manager, certificates):
    """Another one may know nothing of our id, which is no news."""
    other, api = Api({FETCH: GONE}), Api(
        {
            "POST /agents": Reply(
                200, {"data": {"id": "007", "key": export(id="007", key=OLD_KEY)}, "error": 0}
            ),
            **answers(),
        }
    )
    first, second = start_manager(other), start_manager(api, address="127.0.0.2")
    machine.registers(f"007 web-01 any {OLD_KEY}\n", manager=second, settings=settings(machine))
    result = deregister(machine, [first, second])
    assert result.status == 0 and other.calls == [] and "127.0.0.2" in result.stderr, result


def test_a_torn_key_file_is_left(machine, start_manager):
    machine.install_key("007 web-01 any\n")
    before = machine.snapshot()
    result = deregister(machine, start_manager(Api(answers())))
    assert result.status == EXIT_CODES["storage-error"] and "client.keys" in result.failure, result
    assert machine.snapshot() == before


def test_at_poweroff_without_systemd(registered, start_manager):
    """Who cannot know whether it is the end removes nothing."""
    api, before = Api(answers()), registered.snapshot()
    result = deregister(registered, start_manager(api), "--at-poweroff")
    assert result.status == 71 and "the agent stays registered" in result.failure, result
    assert registered.snapshot() == before and api.calls == []


def test_nobody_to_ask(registered, start_manager):
    api = Api(answers())
    before = registered.snapshot()
    result = deregister(registered, start_manager(api), "-d")
    assert result.status == 64 and "use --yes" in result.failure, result
    assert "The manager will remove the agent, too." in result.stdout
    assert registered.snapshot() == before and api.calls == []


@pytest.mark.parametrize("answer, status", [(b"yes\n", 0), (b"no\n", 1), (b"\n", 1)],
                         ids=["yes", "no", "enter"])
def test_asks(registered, start_manager, answer, status):
    api = Api(answers())
    ours, theirs = pty.openpty()
    command = registered.command("deregister", manager=start_manager(api), name=None,
                                 settings=settings(registered))
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=registered.environment()) as process:
        os.write(ours, answer)
        process.communicate(timeout=PATIENCE)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == status
    assert forgotten(registered) == (status == 0) and bool(api.calls) == (status == 0)


@needs_killer
def test_kill_at_every_system_call(tmp_path, certificates, start_manager):
    """What was interrupted, the next one completes."""
    removed = set()
    api = Api(
        answers(
            **{
                FETCH: lambda _: GONE if removed else key(),
                DELETE: lambda _: removed.add(1) or affected("007"),
            }
        )
    )
    manager = start_manager(api)

    def command(name):
        machine = Machine(tmp_path / name, certificates)
        machine.install_key()
        machine.register(trust=None)  # adopts the key
        return machine, machine.command("deregister", "--yes", manager=manager, name=None,
                                        settings=settings(machine))

    number, seen, ended = 0, set(), False
    while not ended:
        number += 1
        removed.clear()
        machine, words = command(str(number))
        ended = kill_at(number, words, machine.environment(ASAN_OPTIONS="detect_leaks=0"))
        seen.add((bool(removed), machine.read_keys() is not None))
        assert (
            removed or machine.read_keys() is not None
        ), f"killed at {number}: the manager comes first"
        again = machine.register("deregister", "--yes", manager=manager, name=None,
                                 settings=settings(machine))
        assert again.status == 0 and forgotten(machine), again
    assert seen == {(False, True), (True, True), (True, False)}


def test_stop(registered, start_manager):
    before = registered.snapshot()

    def silent(conversation):
        conversation.handshake()
        conversation.wait_for_end()
    manager = start_manager(silent)
    run = registered.start("deregister", "--yes", manager=manager, name=None,
                           settings=settings(registered, **{"manager.attempt_timeout": "1 h"}))
    manager.wait_for("handshake")
    run.kill()
    result = run.finish()
    assert result.status == -signal.SIGTERM and result.seconds < PROMPT, result
    assert registered.snapshot() == before, result
