# SPDX-License-Identifier: ISC
"""method = api: what is asked, what is stored, and what the answers of the API mean."""
import base64
import os
import threading

import pytest
from machine import KEY, PROMPT
from fake_manager import PATIENCE
from scripted_api import (BASIC, NOT_FOUND, NOT_FOUND_3, PASSWORD, TOKEN, Api, Reply, affected,
                          error, export, granted, needs_module, settings)

pytestmark = needs_module

LOGIN, AGENTS, INSERT = "POST /security/user/authenticate", "POST /agents", "POST /agents/insert"

# ------------------------------------------------------------------ what is asked


@pytest.mark.parametrize("close", [False, True],
                         ids=["one connection", "a connection for each call"])
def test_registers(machine, start_manager, close):
    api = Api(close=close)
    machine.registers(manager=start_manager(api), settings=settings(machine))
    assert api.made == [LOGIN, AGENTS]
    assert api.connections == (2 if close else 1)
    login, agent = api.calls
    assert login.fields["Authorization"] == BASIC and login.body == b""
    assert agent.fields["Authorization"] == f"Bearer {TOKEN}"
    assert agent.fields["Content-Type"] == "application/json"
    assert agent.json == {"name": "web-01"}


def test_says_what_every_call_needs_and_no_more(machine, start_manager):
    api = Api()
    manager = start_manager(api)
    machine.registers(manager=manager, settings=settings(machine))
    for call in api.calls:
        assert call.fields["Host"] == manager.address
        assert call.fields["User-Agent"].startswith("agent-register/")
        assert call.fields["Accept"] == "application/json"
        assert not {
            "Cookie", "Accept-Encoding", "Expect", "Proxy-Authorization", "TE", "Upgrade"
        } & set(call.fields)


@pytest.mark.parametrize("ip", ["any", "10.1.2.3", "10.0.0.0/8", "2001:db8::1"])
def test_address(machine, start_manager, ip):
    api = Api({AGENTS: granted(ip=ip)})
    machine.registers(f"001 web-01 {ip} {KEY}\n", manager=start_manager(api),
                      settings=settings(machine, **{"agent.ip": ip}))
    assert api.calls[1].json == {"name": "web-01", "ip": ip}


def test_groups(machine, start_manager):
    api = Api()
    result = machine.registers(manager=start_manager(api),
                               settings=settings(machine, **{"agent.groups": "web,db_2.x"}))
    assert api.made == [LOGIN, AGENTS, "PUT /agents/001/group/web", "PUT /agents/001/group/db_2.x"]
    assert all(
        call.body == b"" and call.fields["Authorization"] == f"Bearer {TOKEN}"
        for call in api.calls[2:]
    )
    assert result.warnings == []


@pytest.mark.parametrize(
    "answer, words",
    [
        (error(404, 1710, "The group does not exist: web"),
         ["web: 127.", "does not exist", "error 1710", "correct groups"]),
        (error(403, 4000, "Permission denied"),
         ["Permission denied", "agent:modify_group and group:modify_assignments"]),
        (
            affected(
                failed=[
                    {
                        "error": {"code": 1751, "message": "Could not assign agent to group"},
                        "id": ["001"],
                    }
                ],
                code=1,
            ),
            ["Could not assign agent to group", "error 1751"],
        ),
        (Reply(500, b"<html>"), ["HTTP status 500"]),
        (b"", ["closed the connection instead of responding"]),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", ["in the middle of its response"]),
    ],
    ids=["no such group", "permission", "failed item", "500", "closed", "torn"],
)
def test_a_group_that_fails_does_not_cost_the_key(machine, start_manager, answer, words):
    api = Api({"PUT /agents/001/group/web": answer})
    result = machine.registers(manager=start_manager(api),
                               settings=settings(machine, **{"agent.groups": "web"}))
    assert len(result.warnings) == 1, result
    assert "registered, but was not added to the group web" in result.warnings[0], result
    for word in words:
        assert word in result.warnings[0], result


def test_a_manager_that_does_not_know_its_own_agent_yet(machine, start_manager):
    """Wazuh's database follows after a moment."""
    unknown = error(404, 1701, "Agent does not exist")
    api = Api({"PUT /agents/001/group/web": [unknown, unknown, affected("001")]})
    result = machine.registers(manager=start_manager(api),
                               settings=settings(machine, **{"agent.groups": "web,db"}))
    assert result.warnings == []
    assert api.made[2:] == 3 * ["PUT /agents/001/group/web"] + ["PUT /agents/001/group/db"]


def test_a_manager_that_never_knows_its_own_agent(machine, start_manager):
    api = Api({"PUT /agents/001/group/web": error(404, 1701, "Agent does not exist")})
    result = machine.registers(manager=start_manager(api), settings=settings(machine, **{
        "agent.groups": "web", "manager.attempt_timeout": "2 s"}))
    assert "not added to the group web" in result.failure and "error 1701" in result.failure, result
    assert 1.4 < result.seconds < 2 + PROMPT, result


@pytest.mark.parametrize("stops", [False, True], ids=["in time", "interrupted"])
def test_a_manager_that_hangs_over_the_groups(machine, start_manager, stops):
    """The key is in hand: neither the deadline nor SIGTERM loses it."""
    reached, over = threading.Event(), threading.Event()

    def hang(_):
        reached.set()
        over.wait(PATIENCE)
        return b""
    manager = start_manager(Api({"PUT /agents/001/group/web": hang}))
    run = machine.start(manager=manager, settings=settings(machine, **{
        "agent.groups": "web,db", "manager.attempt_timeout": "1 h" if stops else "1 s"}))
    assert reached.wait(PATIENCE)
    if stops:
        run.kill()
    result = run.finish()
    over.set()
    assert machine.read_keys() == f"001 web-01 any {KEY}\n".encode(), result
    assert "not added to the groups web,db: " in result.failure, result
    assert ("interrupted" in result.failure) == stops, result


def test_suffix(machine, start_manager):
    def answer(call):
        name = call.json["name"]
        return error(400, 1705, "Same name") if name == "web-01" else granted(name=name)
    api = Api({AGENTS: answer})
    result = machine.register(manager=start_manager(api),
                              settings=settings(machine, **{"identity.on_duplicate": "suffix"}))
    assert result.status == 0 and machine.read_keys().startswith(b"001 web-01-"), result
    assert api.made == 2 * [LOGIN, AGENTS]


def test_forget_secret(machine, start_manager):
    """It is the API's password that has done its work."""
    other = machine.password("another-Secret", "registration-password")
    more = settings(machine, **{"auth.forget_secret": "yes", "auth.password_file": other})
    machine.registers(manager=start_manager(Api()), settings=more)
    assert not os.path.exists(more["auth.api_password_file"]) and os.path.exists(other)


def test_replace(machine, start_manager):
    api = Api({INSERT: granted("017")})
    machine.registers(f"017 web-01 any {KEY}\n", manager=start_manager(api),
                      settings=settings(machine, **{"identity.on_duplicate": "replace"}))
    assert api.made == [LOGIN, INSERT]
    assert api.calls[1].json == {
        "name": "web-01",
        "ip": "any",
        "force": {
            "enabled": True,
            "disconnected_time": {"enabled": True, "value": "0s"},
            "after_registration_time": "0s",
        },
    }


def test_version_3(machine, start_manager):
    """Basic each time, and business errors with HTTP status 200."""
    api = Api(
        {
            LOGIN: NOT_FOUND_3,
            "PUT /agents/001/group/web": {"error": 0, "data": "Group 'web' added."},
        }
    )
    machine.registers(manager=start_manager(api), settings=settings(machine, **{
        "agent.groups": "web", "identity.on_duplicate": "replace"}))
    assert api.made == [LOGIN, AGENTS, "PUT /agents/001/group/web"]
    assert all(call.fields["Authorization"] == BASIC for call in api.calls)


# ------------------------------------------------------------------ what an answer means

HTML = Reply(200, b"<!DOCTYPE html><html><body>Welcome</body></html>")
V3 = {LOGIN: NOT_FOUND_3}

# The answers; the outcome; words of its sentence.
ANSWERS = {
    # logging in
    "wrong password": (
        {LOGIN: Reply(401, {"title": "Unauthorized", "detail": "Invalid credentials"})},
        "refused",
        ["Invalid credentials", "HTTP status 401", "api_password_file, is wrong"],
    ),
    "blocked": ({LOGIN: error(403, 6000, "Limit of login attempts reached")}, "refused",
                ["Limit of login attempts", "error 6000", "blocks an address"]),
    "not the API": ({LOGIN: NOT_FOUND}, "protocol-error", ["404", "its port is 55000"]),
    "another server": ({LOGIN: HTML}, "protocol-error",
                       ["HTTP status 200", "not in the format of the Wazuh API", "55000"]),
    "a server's 404": ({LOGIN: Reply(404, b"<html>")}, "protocol-error",
                       ["HTTP status 404", "55000"]),
    "not allowed": ({LOGIN: Reply(405, b"")}, "protocol-error", ["HTTP status 405"]),
    "no usable token": ({LOGIN: {"data": {}, "error": 0}}, "protocol-error", ["no usable token"]),
    "an empty token": ({LOGIN: {"data": {"token": ""}, "error": 0}}, "protocol-error",
                       ["no usable token"]),
    "a number as token": ({LOGIN: {"data": {"token": 7}, "error": 0}}, "protocol-error",
                          ["no usable token"]),
    "a token that is a header": ({LOGIN: {"data": {"token": "a\r\nX: y"}, "error": 0}},
                                 "protocol-error", ["no usable token"]),
    "an endless token": ({LOGIN: {"data": {"token": "a" * 100000}, "error": 0}}, "protocol-error",
                         ["no usable token"]),
    "a bare token": ({LOGIN: Reply(200, TOKEN.encode())}, "protocol-error",
                     ["not in the format of the Wazuh API"]),
    "login while starting": ({LOGIN: Reply(503, b"")}, "busy", ["HTTP status 503"]),
    # duplicates
    "name taken": ({AGENTS: error(400, 1705, "There is an agent with the same name")}, "duplicate",
                   ["same name", "error 1705", "on_duplicate"]),
    "address taken": ({AGENTS: error(400, 1706, "There is an agent with the same IP")}, "duplicate",
                      ["same IP"]),
    "id taken": ({AGENTS: error(400, 1708, "There is an agent with the same ID")}, "duplicate",
                 ["same ID"]),
    "authd's duplicate address": ({AGENTS: error(400, 9007, "Duplicate IP")}, "duplicate",
                                  ["9007"]),
    "authd's duplicate name": ({AGENTS: error(400, 9008, "Duplicate name")}, "duplicate", ["9008"]),
    "authd's duplicate id": ({AGENTS: error(400, 9012, "Duplicate ID")}, "duplicate", ["9012"]),
    "conflict of version 3": ({**V3, AGENTS: {"error": 9008, "message": "Duplicated name"}},
                              "duplicate", ["Duplicated name", "HTTP status 200, error 9008"]),
    "conflict of version 3 as text": ({**V3, AGENTS: {"error": "1705", "message": "Same name"}},
                                      "duplicate", ["1705"]),
    # refusals
    "permission": ({AGENTS: error(403, 4000, "Permission denied: Resource type: *:*")}, "refused",
                   ["Permission denied", "grant the role of api_user agent:create",
                    "agent-register(8)"]),
    "bad name": ({AGENTS: error(400, 1738, "Agent name is too long")}, "refused", ["too long"]),
    "bad request": ({AGENTS: Reply(400, {"title": "Bad Request", "detail": "Wrong field"})},
                    "refused", ["Wrong field"]),
    "only a title": ({AGENTS: Reply(400, {"title": "Bad Request"})}, "refused",
                     ["says: Bad Request"]),
    "content type": ({AGENTS: error(406, 6002, "Content type missing")}, "refused", ["406"]),
    "too large": ({AGENTS: Reply(413, b"")}, "refused", ["413"]),
    "token refused": ({AGENTS: Reply(401, {"title": "Unauthorized", "detail": "Invalid token"})},
                      "refused", ["Invalid token"]),
    "validation of version 3": ({**V3, AGENTS: Reply(400, {"error": 606, "message": "IP invalid"})},
                                "refused", ["IP invalid"]),
    "unknown error of version 3": ({**V3, AGENTS: {"error": 1799, "message": "Strange"}}, "refused",
                                   ["Strange"]),
    # later
    "rate limit": ({AGENTS: error(429, 6001, "Maximum number of requests per minute reached")},
                   "busy", ["429", "6001"]),
    "rate limit by a gateway": ({AGENTS: Reply(429, b"<html>")}, "busy", ["429"]),
    "registering error": ({AGENTS: error(500, 1725, "Error registering a new agent")}, "busy",
                          ["1725"]),
    "authd does not run": ({AGENTS: error(400, 1726, "Ossec authd is not running")}, "busy",
                           ["start the registration"]),
    "authd's socket": ({AGENTS: error(500, 1757, "Error deleting an agent")}, "busy", ["1757"]),
    "timeout": ({AGENTS: error(500, 3021, "Timeout executing API request")}, "busy", ["3021"]),
    "agent limit": ({AGENTS: error(400, 9013, "Maximum number of agents reached")}, "busy",
                    ["Maximum number"]),
    "internal error of version 3": (
        {**V3, AGENTS: Reply(500, {"error": 3, "message": "Internal error"})},
        "busy",
        ["Internal error"],
    ),
    "502 with HTML": ({AGENTS: Reply(502, b"<html>Bad Gateway</html>")}, "busy",
                      ["HTTP status 502"]),
    # not the API
    "redirect": ({AGENTS: Reply(302, b"", [("Location", "/agents")])}, "protocol-error",
                 ["302", "redirects are not followed"]),
    "redirect elsewhere": ({AGENTS: Reply(307, b"", [("Location", "https://evil.test/")])},
                           "protocol-error", ["not followed"]),
    "HTML": ({AGENTS: HTML}, "protocol-error", ["not in the format of the Wazuh API"]),
    "nothing": ({AGENTS: Reply(200, b"")}, "protocol-error",
                ["not in the format of the Wazuh API"]),
    "no content": ({AGENTS: Reply(204, b"")}, "protocol-error", ["204"]),
    "an array": ({AGENTS: Reply(200, [1])}, "protocol-error",
                 ["not in the format of the Wazuh API"]),
    "half of it": ({AGENTS: Reply(200, b'{"error": 0, "data": {')}, "protocol-error",
                   ["not in the format of the Wazuh API"]),
    "more behind it": (
        {
            AGENTS: Reply(200,
                          b'{"error":0,"data":{"id":"001","key":"' + export().encode() + b'"}} x')
        },
        "protocol-error",
        ["not in the format of the Wazuh API"],
    ),
    "duplicate member": (
        {
            AGENTS: Reply(
                200,
                b'{"error":0,"data":{"id":"001","id":"002","key":"' + export().encode() + b'"}}',
            )
        },
        "protocol-error",
        ["not in the format of the Wazuh API"],
    ),
    "deeply nested": ({AGENTS: Reply(200, b"[" * 100000)}, "protocol-error",
                      ["not in the format of the Wazuh API"]),
    "a NUL byte": ({AGENTS: Reply(200, b'{"error":0,\x00"data":{}}')}, "protocol-error",
                   ["not in the format of the Wazuh API"]),
    "no UTF-8": ({AGENTS: Reply(200, b'{"error":0,"data":{"id":"\xff\xfe","key":"a"}}')},
                 "protocol-error", ["not in the format of the Wazuh API"]),
    "no error member": ({AGENTS: {"data": granted()["data"]}}, "protocol-error",
                        ["not in the format of the Wazuh API"]),
    "null as error": ({AGENTS: {**granted(), "error": None}}, "protocol-error",
                      ["not in the format of the Wazuh API"]),
    # keys
    "no key": ({AGENTS: {"error": 0, "data": {"id": "001"}}}, "protocol-error",
               ["sent an invalid key", "it is missing"]),
    "no id": ({AGENTS: {"error": 0, "data": {"key": export()}}}, "protocol-error",
              ["it is missing"]),
    "a number as id": ({AGENTS: {"error": 0, "data": {"id": 1, "key": export()}}}, "protocol-error",
                       ["it is missing"]),
    "a list as data": ({AGENTS: {"error": 0, "data": [granted()]}}, "protocol-error",
                       ["it is missing"]),
    "an empty key": ({AGENTS: {"error": 0, "data": {"id": "001", "key": ""}}}, "protocol-error",
                     ["not a line of client.keys in base64"]),
    "no base64": ({AGENTS: {"error": 0, "data": {"id": "001", "key": "!" * 64}}}, "protocol-error",
                  ["not a line of client.keys in base64"]),
    "base64 without its end": ({AGENTS: {"error": 0, "data": {"id": "001", "key": export()[:-1]}}},
                               "protocol-error", ["not a line of client.keys in base64"]),
    "the key alone": (
        {
            AGENTS: {
                "error": 0,
                "data": {"id": "001", "key": base64.b64encode(KEY.encode()).decode()},
            }
        },
        "protocol-error",
        ["four fields separated by single spaces"],
    ),
    "an endless key": ({AGENTS: granted(key="a" * 5000)}, "protocol-error",
                       ["not a line of client.keys in base64"]),
    "another id": ({AGENTS: {"error": 0, "data": {"id": "002", "key": export()}}}, "protocol-error",
                   ["its ID differs"]),
    "another name": ({AGENTS: granted(name="db-01")}, "protocol-error", ["another name"]),
    "a bad id": ({AGENTS: granted("0x1")}, "protocol-error", ["the id is not"]),
    "a bad address": ({AGENTS: granted(ip="anywhere")}, "protocol-error", ["sent an invalid key"]),
    "a bad key": ({AGENTS: granted(key="a'b" * 20)}, "protocol-error", ["sent an invalid key"]),
    "a newline in it": ({AGENTS: granted(key=KEY + "\n002")}, "protocol-error",
                        ["sent an invalid key"]),
}


@pytest.mark.parametrize("answers, outcome, words", ANSWERS.values(), ids=ANSWERS.keys())
def test_answer(machine, start_manager, answers, outcome, words):
    api = Api(answers)
    machine.install_key()
    machine.secrets.append(TOKEN)
    machine.fails(outcome, *words, manager=start_manager(api), settings=settings(machine),
                  force=True)
    assert api.made[0] == LOGIN and len(api.made) <= 2


def test_a_key_that_is_not_usual_is_stored_with_a_warning(machine, start_manager):
    key = "zZ0" * 22
    result = machine.registers(f"001 web-01 any {key}\n",
                               manager=start_manager(Api({AGENTS: granted(key=key)})),
                               settings=settings(machine))
    assert "not the usual 64" in result.failure


@pytest.mark.parametrize("key", ["null", "None", "undefined", "-", "short-key"])
def test_a_word_for_nothing_is_no_key(machine, start_manager, key):
    machine.fails("protocol-error", "the key is not 64 to 128 letters and digits",
                  manager=start_manager(Api({AGENTS: granted(key=key)})),
                  settings=settings(machine))


# ------------------------------------------------------------------ what the manager wishes

def waits(result):
    """The planned wait of the only manager, in seconds."""
    schedule, = (value for name, value in result.state.items() if name.startswith("schedule"))
    return (
        next(int(word) for word in schedule.split() if word.isdigit() and int(word) > 10**5) / 1e6
    )


@pytest.mark.parametrize(
    "fields, least, most",
    [
        ([("Retry-After", "600")], 600, 600),
        (
            [("Date", "Fri, 01 Jan 1999 00:00:00 GMT"),
             ("Retry-After", "Fri, 01 Jan 1999 00:10:00 GMT")],
            600,
            600,
        ),
        ([("Retry-After", "99999999")], 3600, 3600),
        ([("Retry-After", "0")], 1, 300),
        ([("Retry-After", "-5")], 1, 300),
        ([("Retry-After", "soon")], 1, 300),
        ([("Retry-After", "9" * 50)], 1, 300),
        ([], 1, 300),
    ],
    ids=["seconds", "date", "longer than ever", "zero", "negative", "words", "overflow", "none"],
)
def test_retry_after(machine, start_manager, fields, least, most):
    api = Api({AGENTS: error(429, 6001, "Too many", fields)})
    result = machine.fails("busy", manager=start_manager(api), settings=settings(machine))
    assert least <= waits(result) <= most, result


# ------------------------------------------------------------------ secrets

@pytest.mark.parametrize(
    "call, secret",
    [(LOGIN, PASSWORD), (LOGIN, BASIC.split()[1]), (AGENTS, PASSWORD), (AGENTS, TOKEN),
     (AGENTS, f"Bearer {TOKEN}")],
    ids=["password", "basic", "password later", "token", "bearer"],
)
def test_a_refusal_that_repeats_a_secret(machine, start_manager, call, secret):
    machine.secrets.append(secret)
    machine.fails("refused", "(not shown: it echoes our credentials)", settings=settings(machine),
                  manager=start_manager(Api({call: error(400, 1, f"You sent {secret}!")})))


def test_debugging_shows_no_secret(machine, start_manager):
    machine.secrets += [TOKEN, BASIC.split()[1], export()]
    result = machine.register("-d", "-d", manager=start_manager(Api()), settings=settings(machine))
    assert result.status == 0, result


def test_escapes_what_the_api_says(machine, start_manager):
    api = Api({AGENTS: error(400, 1, "\x1b[31mred\x1b[0m\r\nagent-register: info: Registered")})
    machine.fails("refused", r"\x1b[31mred", r"\r\n", manager=start_manager(api),
                  settings=settings(machine))
