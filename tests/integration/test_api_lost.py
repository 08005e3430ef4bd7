# SPDX-License-Identifier: ISC
"""method = api after an answer that was lost: our own key is fetched, and never the one of
another machine."""
import time

import pytest
from machine import KEY, PROMPT
from scripted_api import Api, Reply, affected, error, export, needs_module, settings

pytestmark = needs_module

AGENTS, FIND, FETCH = "POST /agents", r"GET /agents\?name=.*", "GET /agents/009/key"
OWN = "it is probably this machine's own: the answer to its request was lost"
TAKEN = error(400, 1705, "There is an agent with the same name")
NOW = 1_900_000_000  # by the manager's clock, which is not ours


def http_date(seconds):
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(seconds))


def iso_date(seconds, form="%Y-%m-%dT%H:%M:%SZ"):
    return time.strftime(form, time.gmtime(seconds))


def found(**more):
    """The manager's agent of our name, made just now and never connected."""
    return {
        "id": "009", "name": "web-01", "status": "never_connected", "dateAdd": iso_date(NOW), **more
    }


def dated(*items, date=NOW):
    fields = [("Date", http_date(date))] if date else []
    return Reply(200, affected(*items), fields)


def key(**line):
    return affected({"id": "009", "key": export(id="009", **line)})


def lose_an_answer(machine, start_manager, api, **options):
    """A first try whose answer is lost; then the API that says "taken"."""
    answers, api.answers = api.answers, {**api.answers, AGENTS: b""}
    manager = start_manager(api)
    result = machine.register(manager=manager, **options)
    assert result.status == 75 and result.state["unanswered"].split()[1] == "web-01", result
    api.answers = {
        AGENTS: TAKEN,
        **{call: answer for call, answer in answers.items() if call != AGENTS},
    }
    api.calls.clear()
    return manager


@pytest.mark.parametrize(
    "date", ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.123456Z", "%Y-%m-%dT%H:%M:%S+00:00"]
)
def test_our_own_key_is_fetched(machine, start_manager, date):
    api = Api({FIND: dated(found(dateAdd=iso_date(NOW, date))), FETCH: key(),
               "PUT /agents/009/group/web": affected("009")})
    options = {"settings": settings(machine, **{"agent.groups": "web"})}
    manager = lose_an_answer(machine, start_manager, api, **options)
    result = machine.registers(f"009 web-01 any {KEY}\n", manager=manager, **options)
    assert result.warnings == [] and "unanswered" not in result.state, result
    assert api.made[1:] == [AGENTS, "GET /agents?name=web-01&select=id,name,status,dateAdd", FETCH,
                            "PUT /agents/009/group/web"]


# What makes it another machine's agent, or unsure.
OTHERS = {
    "it has connected": {FIND: dated(found(status="active"))},
    "it has connected before": {FIND: dated(found(status="disconnected"))},
    "it is older": {FIND: dated(found(dateAdd=iso_date(NOW - 3600)))},
    "it is a little older": {FIND: dated(found(dateAdd=iso_date(NOW - 60)))},
    "no date of the agent": {
        FIND: dated({"id": "009", "name": "web-01", "status": "never_connected"})
    },
    "a bad date of the agent": {FIND: dated(found(dateAdd="yesterday"))},
    "a date elsewhere": {FIND: dated(found(dateAdd=iso_date(NOW, "%Y-%m-%dT%H:%M:%S+02:00")))},
    "a number as date": {FIND: dated(found(dateAdd=NOW))},
    "no clock of the manager": {FIND: dated(found(), date=None)},
    "another name": {FIND: dated(found(name="web-02"))},
    "no id": {FIND: dated(found(id=None))},
    "an id that is none": {FIND: dated(found(id="9/../1"))},
    "an id that is too long": {FIND: dated(found(id="000000009"))},
    "two of them": {FIND: dated(found(), found(id="010"))},
    "none": {FIND: dated()},
    "no permission": {FIND: error(403, 4000, "Permission denied")},
    "garbage": {FIND: Reply(200, b"<html>", [("Date", http_date(NOW))])},
    "nothing": {FIND: b""},
    "no permission for the key": {FETCH: error(403, 4000, "Permission denied")},
    "no such agent any more": {
        FETCH: affected(failed=[{"error": {"code": 1701, "message": "No"}, "id": ["009"]}], code=1)
    },
    "key of another name": {FETCH: key(name="web-02")},
    "key of another id": {FETCH: affected({"id": "009", "key": export(id="008")})},
    "a bad key": {FETCH: key(key="'")},
    "no key": {FETCH: affected({"id": "009"})},
    "no answer": {FETCH: b""},
}


@pytest.mark.parametrize("answers", OTHERS.values(), ids=OTHERS.keys())
def test_no_other_key_is_taken(machine, start_manager, answers):
    api = Api({FIND: dated(found()), FETCH: key(), **answers})
    manager = lose_an_answer(machine, start_manager, api, settings=settings(machine))
    machine.fails("duplicate", "same name", OWN, manager=manager, settings=settings(machine))
    assert (FETCH in api.made) == (FETCH in answers)


def test_key_that_may_not_be_read(machine, start_manager):
    """As with Wazuh 5, whose users may not read keys unless they are administrators."""
    api = Api({FIND: dated(found()), FETCH: error(403, 4000, "Permission denied")})
    manager = lose_an_answer(machine, start_manager, api, settings=settings(machine))
    machine.fails("duplicate", "same name", OWN, "agent 009", "may not be fetched",
                  "grant the role of api_user agent:read, and with Wazuh 5 agent:read_secrets",
                  manager=manager, settings=settings(machine))


def test_without_a_lost_answer_nothing_is_looked_up(machine, start_manager):
    api = Api({AGENTS: TAKEN, FIND: dated(found()), FETCH: key()})
    machine.fails("duplicate", "same name", manager=start_manager(api), settings=settings(machine))
    assert api.made[1:] == [AGENTS]


@pytest.mark.parametrize("unsure",
                         [Reply(504, b"<html>"), error(500, 3021, "Timeout executing API request")],
                         ids=["a gateway's", "a cluster's"])
def test_lack_of_patience_is_a_lost_answer(machine, start_manager, unsure):
    """The manager may have made the agent while somebody on the way to it gave up."""
    api = Api({AGENTS: unsure, FIND: dated(found()), FETCH: key()})
    manager = start_manager(api)
    assert (
        machine.register(manager=manager, settings=settings(machine)).state["unanswered"].split()[1]
        == "web-01"
    )
    api.answers[AGENTS] = TAKEN
    machine.registers(f"009 web-01 any {KEY}\n", manager=manager, settings=settings(machine))


def test_another_refusal_says_nothing_of_a_lost_answer(machine, start_manager):
    api = Api({FIND: dated(found()), FETCH: key()})
    manager = lose_an_answer(machine, start_manager, api, settings=settings(machine))
    api.answers[AGENTS] = error(400, 9013, "Maximum number of agents reached")
    machine.fails("busy", "Maximum number", manager=manager, settings=settings(machine))
    api.answers[AGENTS] = TAKEN
    machine.registers(f"009 web-01 any {KEY}\n", manager=manager, settings=settings(machine))


@pytest.mark.parametrize("name", ["web-01", "web-02"], ids=["another manager", "another name"])
def test_a_lost_answer_elsewhere_is_none_here(machine, start_manager, name):
    api = Api({FIND: dated(found()), FETCH: key()})
    manager = lose_an_answer(machine, start_manager, api, settings=settings(machine))
    other = start_manager(api) if name == "web-01" else manager
    result = machine.register(manager=other, settings=settings(machine), name=name)
    assert result.status == 75 and OWN not in result.stderr, result
    assert api.made[1:] == [AGENTS]


def test_the_first_of_several_lost_requests_counts(machine, start_manager):
    """The second one, which was refused as a duplicate, must not make our agent look older than
    our request."""
    api = Api(
        {FIND: [error(403, 4000, "Not yet"), dated(found(dateAdd=iso_date(NOW - 2)))], FETCH: key()}
    )
    manager = lose_an_answer(machine, start_manager, api, settings=settings(machine))
    first = machine.read_state()["unanswered"].split()[0]
    limit = time.monotonic() + PROMPT
    # so that a second request has a later time
    while time.time() < int(first) + 2 and time.monotonic() < limit:
        machine.fails("duplicate", OWN, manager=manager, settings=settings(machine))
        api.answers[FIND] = [error(403, 4000, "Not yet"), dated(found(dateAdd=iso_date(NOW - 2)))]
        assert machine.read_state()["unanswered"].split()[0] == first
    api.answers[FIND] = dated(found(dateAdd=iso_date(NOW - 2)))
    machine.registers(f"009 web-01 any {KEY}\n", manager=manager, settings=settings(machine))
