# SPDX-License-Identifier: ISC
"""The calls of agent-registrar's API, each with its errors, as Wazuh 4.14 answers them."""

import base64
import calendar
import datetime
import fcntl
import json
import os
import re
import socket
import time

import pytest
from api_tools import LIST, LOGIN, PASSWORD, USER, Client, exported, problem, serving, write_users
from registrar_tools import KEY

OTHER_KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01"


@pytest.fixture
def registrar(directory):
    with serving(directory) as running:
        yield running


@pytest.fixture
def client(registrar):
    with Client(registrar) as connected:
        yield connected.log_in()


def ids(answer):
    return [item["id"] for item in answer.items]


def failures(answer):
    """{code: ids}"""
    return {item["error"]["code"]: item["id"] for item in answer.data["failed_items"]}


# ------------------------------------------------------------------ logging in

@pytest.mark.parametrize("method", ["POST", "GET"])
def test_login(registrar, method):
    with Client(registrar) as client:
        answer = client.try_login(method=method)
        assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
        assert set(answer.json) == {"data", "error"} and answer.error == 0
        assert set(answer.data) == {"token"}
        assert answer.headers["Cache-Control"] == "no-store"


def test_raw_token(registrar):
    with Client(registrar) as client:
        answer = client.try_login(target=LOGIN + "?raw=true")
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", answer.text)
        assert (
            client.ask("GET", LIST, headers={"Authorization": f"Bearer {answer.text}"}).status
            == 200
        )


def test_token_is_a_jwt_for_900_seconds(registrar):
    with Client(registrar) as client:
        payload = client.try_login().data["token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert claims["exp"] - claims["nbf"] == 900 and abs(claims["nbf"] - time.time()) < 60
    assert (claims["iss"], claims["aud"], claims["sub"]) == ("wazuh", "Wazuh API REST", USER)


@pytest.mark.parametrize(
    "user, password",
    [(USER, "wrong"), (USER, ""), ("nobody", PASSWORD), ("", ""), (USER, PASSWORD + " ")],
)
def test_wrong_login(registrar, user, password):
    with Client(registrar) as client:
        answer = client.try_login(user, password)
        assert problem(answer) == (401, "Unauthorized", "Invalid credentials", None)
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
        assert "token" not in answer.text
    registrar.wait_for_line("Refused a login to the API from 127.0.0.1 port")
    assert PASSWORD not in registrar.log


@pytest.mark.parametrize(
    "header",
    [None, "", "Basic", "Basic !", "Basic YWRtaW4=", "Bearer x.y.z", "Digest x",
     "Basic " + "A" * 4000],
)
def test_login_without_credentials(registrar, header):
    with Client(registrar) as client:
        answer = client.ask("POST", LOGIN, headers={"Authorization": header})
        assert problem(answer) == (401, "Unauthorized", "Invalid credentials", None)


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer a.b.c", "Basic YWRtaW46eA==", "Token x"]
)
def test_call_without_token(registrar, header):
    with Client(registrar) as client:
        answer = client.ask("GET", LIST, headers={"Authorization": header})
        assert problem(answer) == (401, "Unauthorized", "No authorization token provided", None)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_token_of_another_process(directory):
    with serving(directory) as registrar, Client(registrar) as client:
        header = client.log_in().headers
    with serving(directory) as registrar, Client(registrar) as client:
        assert client.ask("GET", LIST, headers=header).status == 401


def test_logout(directory, registrar):
    """Ends all tokens of the user, as with Wazuh, and nobody else's."""
    write_users(directory, {USER: PASSWORD, "second": "other password"})
    with Client(registrar) as client, Client(registrar) as twin, Client(registrar) as other:
        client.log_in()
        twin.log_in()
        other.log_in("second", "other password")
        answer = client.ask("DELETE", LOGIN)
        assert (answer.status, answer.json) == (
            200,
            {"message": f"User {USER} was successfully logged out", "error": 0},
        )
        registrar.wait_for_line(rf"User {USER} of the API logged out from 127.0.0.1 port \d+")
        for logged_out in (client, twin):
            for method, target in (("GET", LIST), ("DELETE", LOGIN)):
                answer = logged_out.ask(method, target)
                assert problem(answer) == (401, "Unauthorized", "No authorization token provided",
                                           None)
                assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert other.ask("GET", LIST).status == 200
        assert client.log_in().ask("GET", LIST).status == 200
        assert twin.ask("GET", LIST).status == 401


def test_logout_needs_no_lock(client, registrar):
    fd = os.open(registrar.directory / "etc", os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    assert client.ask("DELETE", LOGIN).status == 200
    os.close(fd)


def test_logged_out_token_does_not_come_back(directory, registrar):
    """Not even with a users file from before."""
    users = directory / "etc" / "api.users"
    text = users.read_text()
    with Client(registrar) as client, Client(registrar) as other:
        client.log_in()
        assert client.ask("DELETE", LOGIN).status == 200
        users.write_text("")
        assert client.ask("GET", LIST).status == 401
        users.write_text(text)
        assert client.ask("GET", LIST).status == 401
        other.log_in()
        users.write_text(text + "\n# a comment\n")
        assert other.ask("GET", LIST).status == 200 and client.ask("GET", LIST).status == 401


# ------------------------------------------------------------------ what kind of API it is

def test_about(client):
    answer = client.ask("GET", "/")
    now = time.time()
    assert list(answer.json) == ["data", "error"] and answer.error == 0
    timestamp = answer.data.pop("timestamp")
    assert abs(datetime.datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%S%z").timestamp() - now) < 60
    assert answer.data == {
        "title": "Wazuh API REST",
        "api_version": "4.14.5",
        "revision": "agent-registrar",
        "license_name": "ISC",
        "license_url": "https://spdx.org/licenses/ISC.html",
        "hostname": socket.gethostname(),
    }
    assert client.ask("GET", "/?pretty=true").text.startswith(
        '{\n   "data": {\n      "title": "Wazuh API REST",\n'
    )
    assert client.ask("GET", "/?name=x").status == 400


def test_about_needs_a_token(registrar):
    with Client(registrar) as client:
        assert problem(client.ask("GET", "/")) == (401, "Unauthorized",
                                                   "No authorization token provided", None)


# ------------------------------------------------------------------ what every call has

def test_unknown_path(client):
    for target in ("//", "/agent", "/agents/001", "/agents/001/keys", "/agents//key", "/Agents",
                   "/agents/001/key/x", "/security/user/authenticate/run_as", "/%00",
                   "/agents/%00/key"):
        assert problem(client.ask("GET", target)) == (
            404, "Not Found", "404: Not Found", None
        ), target


def test_unknown_path_needs_no_token(registrar):
    with Client(registrar) as client:
        assert client.ask("GET", "/agent").status == 404


@pytest.mark.parametrize(
    "method, target, allowed",
    [
        ("PUT", LIST, "GET, POST, DELETE"), ("PATCH", LIST, "GET, POST, DELETE"),
        ("OPTIONS", LIST, "GET, POST, DELETE"), ("PUT", LOGIN, "GET, POST, DELETE"),
        ("POST", "/", "GET"), ("GET", "/agents/insert", "POST"), ("POST", "/agents/001/key", "GET"),
        ("POST", "/agents/001/group/web", "PUT")
    ],
)
def test_wrong_method(client, method, target, allowed):
    answer = client.ask(method, target)
    assert problem(answer) == (405, "Method Not Allowed", "405: Method Not Allowed", None)
    assert answer.headers["Allow"] == allowed


def test_head_has_no_body(client):
    answer = client.ask("HEAD", LIST)
    assert (answer.status, answer.text) == (405, "")
    assert client.ask("GET", LIST).status == 200  # on the same connection


def test_trailing_slash_and_escapes(client):
    client.add("web-01")
    for target in ("/agents/", "/agents?name=web%2D01", "/%61gents", "/agents/?select=id%2Cname"):
        assert ids(client.ask("GET", target)) == ["001"], target


def test_pretty(client):
    plain, pretty = (client.ask("GET", LIST + query) for query in ("", "?pretty=true"))
    assert plain.json == pretty.json and "\n" not in plain.text
    assert pretty.text.startswith('{\n   "data": {\n      "affected_items"')
    assert client.ask("GET", LIST + "?pretty").text == pretty.text
    assert client.ask("GET", LIST + "?pretty=false").text == plain.text
    assert client.ask("GET", LIST + "?pretty=true&limit=0").text.startswith('{\n   "title"')


@pytest.mark.parametrize("method, target, detail", [
    ("GET", LIST + "?foo=1", "Extra query parameter(s) foo not in spec"),
    ("POST", LOGIN + "?foo=1", "Extra query parameter(s) foo not in spec"),
    ("GET", LIST + "?pretty=1", "Wrong type, expected 'boolean' for query parameter 'pretty'"),
    ("GET", LIST + "?limit=x", "Wrong type, expected 'integer' for query parameter 'limit'"),
    ("POST", "/agents/insert/quick", "Missing query parameter 'agent_name'"),
    ("DELETE", LIST + "?status=all", "Missing query parameter 'agents_list'"),
    ("DELETE", LIST + "?agents_list=001", "Missing query parameter 'status'"),
])
def test_wrong_parameters(client, method, target, detail):
    assert problem(client.ask(method, target)) == (400, "Bad Request", detail, None)


def test_wait_for_complete_is_accepted(client):
    assert client.ask("GET", LIST + "?wait_for_complete=true").status == 200


# ------------------------------------------------------------------ POST /agents

def test_add(registrar, client):
    answer = client.ask("POST", LIST, {"name": "web-01", "ip": "10.1.2.3"})
    assert answer.status == 200 and set(answer.json) == {"data", "error"} and answer.error == 0
    assert set(answer.data) == {"id", "key"} and answer.data["id"] == "001"
    assert exported(answer.data["key"]) == tuple(registrar.keys()[0])
    assert registrar.keys()[0][:3] == ["001", "web-01", "10.1.2.3"]
    assert re.fullmatch(KEY, registrar.keys()[0][3])
    registrar.wait_for_line(
        r"Registered web-01 as 001, address 10.1.2.3, for 127.0.0.1 port \d+ \(user admin of the "
        r"API\)"
    )
    assert registrar.keys()[0][3] not in registrar.log


def test_address_is_any_by_default(client, registrar):
    client.ask("POST", LIST, {"name": "web-01"})
    client.ask("POST", LIST, {"name": "web-02", "ip": "ANY"})
    assert [line[2] for line in registrar.keys()] == ["any", "any"]


def test_name_is_taken(client, registrar):
    client.add("web-01")
    answer = client.ask("POST", LIST, {"name": "web-01"})
    assert problem(answer) == (400, "Bad Request", "There is an agent with the same name: web-01",
                               1705)
    assert set(answer.json) == {"title", "detail", "remediation", "dapi_errors", "error"}
    assert list(answer.json["dapi_errors"].values()) == [{"error": answer.json["detail"]}]
    assert len(registrar.keys()) == 1
    registrar.wait_for_line(
        r"Refused 127.0.0.1 port \d+ \(user admin of the API\): Duplicate agent name: web-01"
    )


def test_address_is_taken(client):
    client.add("web-01", "10.1.2.3")
    answer = client.ask("POST", LIST, {"name": "web-02", "ip": "10.1.2.3"})
    assert problem(answer)[3] == 1706 and answer.status == 400


@pytest.mark.parametrize("ip", ["nonsense", "10.1.2", "src", "1.2.3.4/33", "10.1.2.3\n", "a" * 70])
def test_address_is_none(client, ip):
    answer = client.ask("POST", LIST, {"name": "web-01", "ip": ip})
    assert answer.status == 400 and answer.error == 1706 and "\n" not in answer.json["detail"]


def test_name_is_too_long(client):
    assert client.ask("POST", LIST, {"name": "a" * 128}).status == 200
    assert problem(client.ask("POST", LIST, {"name": "b" * 129}))[::3] == (400, 1738)


@pytest.mark.parametrize("name", ["a", "web 01", "web%01", "wéb", "", "../../etc/passwd", "a'b"])
def test_name_is_none(client, registrar, name):
    answer = client.ask("POST", LIST, {"name": name})
    assert answer.status == 400 and answer.json["title"] == "Bad Request"
    assert "is not a 'names'" in answer.json["detail"]
    assert registrar.keys_file.read_text() == ""


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""],
)
def test_content_type(client, content_type):
    answer = client.ask("POST", LIST, '{"name": "web-01"}', {"Content-Type": content_type})
    assert problem(answer) == (406, "Not Acceptable",
                               "The body type is not the one specified in the content-type", 6002)


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "Application/JSON", "application/json;charset=x"],
)
def test_content_type_with_parameters(client, content_type):
    assert (
        client.ask("POST", LIST, '{"name": "web-01"}', {"Content-Type": content_type}).status == 200
    )


@pytest.mark.parametrize(
    "body, detail, error",
    [
        ("", "RequestBody is required", None),
        ("{", "Body request is not a valid JSON", 1018),
        ('{"name": "a"', "Body request is not a valid JSON", 1018),
        ("[1]", "The body is not of type 'object'", None),
        ('{"name": 1}', "The value is not of type 'string' - 'name'", None),
        ("{}", "'name' is a required property", None),
        ('{"name": "web-01", "group": "x"}', "Invalid field found {'group'}", None),
        ("[" * 5000, "Body request is not a valid JSON", 1018),
    ],
)
def test_wrong_body(client, registrar, body, detail, error):
    answer = client.ask("POST", LIST, body, {"Content-Type": "application/json"})
    assert problem(answer) == (400, "Bad Request", detail, error)
    assert registrar.keys_file.read_text() == ""


def test_manager_takes_no_agent_of_its_own_name(client):
    assert client.ask("POST", LIST, {"name": os.uname().nodename}).error == 1705


def test_agent_limit(directory):
    with serving(directory, "--max-agents", "1") as registrar, Client(registrar) as client:
        client.log_in().add("web-01")
        assert problem(client.ask("POST", LIST, {"name": "web-02"}))[::3] == (400, 9013)


# ------------------------------------------------------------------ POST /agents/insert

def test_insert(client, registrar):
    answer = client.ask("POST", "/agents/insert",
                        {"name": "web-01", "ip": "any", "id": "123", "key": OTHER_KEY})
    assert answer.data == {
        "id": "123",
        "key": base64.b64encode(f"123 web-01 any {OTHER_KEY}".encode()).decode(),
    }
    assert registrar.keys() == [["123", "web-01", "any", OTHER_KEY]]
    assert OTHER_KEY not in registrar.log


def test_insert_without_id_and_key(client, registrar):
    assert client.ask("POST", "/agents/insert", {"name": "web-01"}).data["id"] == "001"
    assert re.fullmatch(KEY, registrar.keys()[0][3])


@pytest.mark.parametrize(
    "body, error",
    [
        ({"name": "other", "id": "123", "key": OTHER_KEY}, 1708),
        ({"name": "web-01", "id": "124"}, 1705),
        ({"name": "other", "id": "000"}, None),
        ({"name": "other", "key": "a" * 63}, 1709),
        ({"name": "other", "key": "a" * 65}, None),
        ({"name": "other", "key": "-" * 64}, None),
        ({"name": "other", "id": "12"}, None),
    ],
)
def test_insert_refused(client, registrar, body, error):
    client.ask("POST", "/agents/insert", {"name": "web-01", "id": "123", "key": OTHER_KEY})
    answer = client.ask("POST", "/agents/insert", body)
    assert answer.status == 400 and answer.error == error, answer
    assert len(registrar.keys()) == 1
    assert body.get("key", "nothing") not in answer.text


def test_insert_by_force(client, registrar):
    client.add("web-01")
    body = {
        "name": "web-01",
        "force": {
            "enabled": True,
            "disconnected_time": {"enabled": True, "value": "1h"},
            "after_registration_time": "0s",
        },
    }
    assert client.ask("POST", "/agents/insert", body).data["id"] == "002"
    assert [line[0] for line in registrar.keys()] == ["002"]
    registrar.wait_for_line("Registered web-01 as 002, address any, replacing 001")


@pytest.mark.parametrize("force", [{"enabled": False}, {}, {"after_registration_time": "1h"},
                                   {"enabled": True, "after_registration_time": "1d"}])
def test_insert_by_force_that_is_not_enough(client, registrar, force):
    client.add("web-01")
    assert client.ask("POST", "/agents/insert", {"name": "web-01", "force": force}).error == 1705
    assert [line[0] for line in registrar.keys()] == ["001"]


def test_insert_by_force_in_place_of_id_address_and_name(client, registrar):
    """Restoring an agent as it was, whoever has taken its place meanwhile."""
    for name, ip in (("web-01", "10.0.0.1"), ("web-02", "10.0.0.2"), ("web-03", "any")):
        client.add(name, ip)
    body = {"name": "web-03", "ip": "10.0.0.2", "id": "001", "key": OTHER_KEY}
    assert client.ask("POST", "/agents/insert", body).error == 1708
    body["force"] = {"enabled": True, "after_registration_time": "1h"}
    assert client.ask("POST", "/agents/insert", body).error == 1708
    registrar.wait_for_line("Duplicate ID: 001 .*Agent 001 was registered .* seconds ago")
    body["force"]["after_registration_time"] = "0"
    assert exported(client.ask("POST", "/agents/insert", body).data["key"]) == (
        "001", "web-03", "10.0.0.2", OTHER_KEY
    )
    assert registrar.keys() == [["001", "web-03", "10.0.0.2", OTHER_KEY]]
    registrar.wait_for_line(
        "Registered web-03 as 001, address 10.0.0.2, replacing 001 and 002 and 003, for"
    )
    assert client.add("web-04")[0] == "002"
    timestamps = (registrar.directory / "queue" / "agents-timestamp").read_text().splitlines()
    assert [line.split()[:2] for line in timestamps] == [["001", "web-03"], ["002", "web-04"]]


def test_insert_by_force_twice_with_the_same_id(client, registrar):
    body = {
        "name": "web-01",
        "id": "123",
        "force": {"enabled": True, "after_registration_time": "0"},
    }
    keys = [exported(client.ask("POST", "/agents/insert", body).data["key"]) for _ in range(2)]
    assert keys[0] != keys[1] and registrar.keys() == [list(keys[1])]


def test_insert_replaces_no_agent_that_is_there(client, registrar):
    client.add("web-01")
    rids = registrar.directory / "queue" / "rids"
    rids.mkdir(parents=True)
    (rids / "001").write_text("1")  # it has just sent something
    body = {"name": "web-01", "force": {"enabled": True, "after_registration_time": "0"}}
    assert client.ask("POST", "/agents/insert", body).error == 1705
    body["force"]["disconnected_time"] = {"enabled": False}
    assert client.ask("POST", "/agents/insert", body).data["id"] == "002"
    assert not (rids / "001").exists()


def test_insert_quick(client, registrar):
    answer = client.ask("POST", "/agents/insert/quick?agent_name=web-01")
    assert exported(answer.data["key"])[:3] == ("001", "web-01", "any")
    assert client.ask("POST", "/agents/insert/quick?agent_name=web-01").error == 1705
    assert client.ask("POST", "/agents/insert/quick?agent_name=web%2001").status == 400
    assert client.ask("POST", "/agents/insert/quick?agent_name=" + "a" * 129).error == 1738
    assert len(registrar.keys()) == 1


# ------------------------------------------------------------------ GET /agents

@pytest.fixture
def fleet(client):
    for name, ip in (("web-01", "10.0.0.1"), ("web-02", "10.0.0.2"), ("db-01", "any")):
        client.add(name, ip)
    return client


def test_list(fleet):
    answer = fleet.ask("GET", LIST)
    assert set(answer.json) == {"data", "message", "error"}
    assert answer.json["message"] == "All selected agents information was returned"
    assert answer.error == 0
    assert answer.data["total_affected_items"] == 3 and answer.data["failed_items"] == []
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", answer.items[0].pop("dateAdd"))
    assert answer.items[0] == {
        "id": "001", "name": "web-01", "ip": "10.0.0.1", "registerIP": "10.0.0.1",
        "status": "never_connected"
    }


@pytest.mark.parametrize(
    "query, expected",
    [
        ("name=web-01", ["001"]),
        ("name=web", []),
        ("ip=10.0.0.2", ["002"]),
        ("registerIP=any", ["003"]),
        ("search=web", ["001", "002"]),
        ("search=-web", ["003"]),
        ("agents_list=003,001", ["001", "003"]),
        ("agents_list=003,003", ["003"]),
        ("q=name=db-01", ["003"]),
        ("q=id!=000", ["001", "002", "003"]),
        ("q=name~web;id!=001", ["002"]),
        ("limit=2", ["001", "002"]),
        ("offset=1&limit=1", ["002"]),
        ("offset=7", []),
        ("sort=name", ["003", "001", "002"]),
        ("sort=-id", ["003", "002", "001"]),
        ("sort=%2Bip", ["001", "002", "003"]),
        ("status=never_connected", ["001", "002", "003"]),
        ("status=active", []),
        ("status=active,never_connected&name=web-01", ["001"]),
        ("older_than=1d", []),
        ("group=web", []),
    ],
)
def test_filters(fleet, query, expected):
    answer = fleet.ask("GET", f"{LIST}?{query}")
    assert ids(answer) == expected
    paged = "limit" in query or "offset" in query
    assert answer.data["total_affected_items"] == (3 if paged else len(expected))


def test_empty_list(client):
    answer = client.ask("GET", LIST + "?name=nobody")
    assert answer.items == [] and answer.json["message"] == "No agent information was returned"
    assert answer.error == 0


def test_select(fleet):
    assert fleet.ask("GET", LIST + "?select=id,name&limit=1").items == [
        {"id": "001", "name": "web-01"}
    ]
    assert fleet.ask("GET", LIST + "?select=name&limit=1").items == [
        {"id": "001", "name": "web-01"}
    ]
    assert fleet.ask("GET", LIST + "?select=os.name,version&limit=1").items == [{"id": "001"}]
    assert fleet.ask("GET", LIST + "?select=nome").error == 1724
    added = fleet.ask("GET", LIST + "?select=dateAdd&limit=1").items[0]["dateAdd"]
    assert abs(calendar.timegm(time.strptime(added, "%Y-%m-%dT%H:%M:%S+00:00")) - time.time()) < 60


@pytest.mark.parametrize(
    "query, error",
    [
        ("limit=0", 1406), ("limit=100001", 1405), ("sort=size", 1403), ("q=status=active", 1408),
        ("q=name", 1407), ("q=name=a,name=b", 1407), ("version=v4.1", None),
        ("os.platform=ubuntu", None), ("status=gone", None), ("agents_list=all", None),
        ("agents_list=", None), ("name=", None)
    ],
)
def test_wrong_filters(fleet, query, error):
    answer = fleet.ask("GET", f"{LIST}?{query}")
    assert answer.status == 400 and answer.error == error, answer


def test_list_of_ids_that_are_not_there(fleet):
    answer = fleet.ask("GET", LIST + "?agents_list=001,999,4294967297")
    assert ids(answer) == ["001"] and failures(answer) == {1701: ["999", "4294967297"]}
    assert answer.error == 2
    assert answer.json["message"] == "Some agents information was not returned"


def test_status_of_an_agent_that_was_seen(fleet, registrar):
    rids = registrar.directory / "queue" / "rids"
    rids.mkdir(parents=True)
    for number, seconds in (("001", 0), ("002", 3600)):
        (rids / number).write_text("1")
        os.utime(rids / number, (time.time() - seconds,) * 2)
    answer = fleet.ask("GET", LIST + "?select=status,lastKeepAlive")
    assert [item["status"] for item in answer.items] == ["active", "disconnected",
                                                         "never_connected"]
    assert ["lastKeepAlive" in item for item in answer.items] == [True, True, False]
    assert ids(fleet.ask("GET", LIST + "?status=disconnected&older_than=30m")) == ["002"]


def test_last_timestamp_of_an_id_counts(fleet, registrar):
    stamps = registrar.directory / "queue" / "agents-timestamp"
    stamps.write_text(
        "001 web-01 any 2020-06-15 00:00:00\n002 other any 2020-06-15 00:00:00\n001 web-01 any "
        "2021-06-15 00:00:00\n"
        "nonsense\n\n003"
    )
    assert ["2021" in item.get("dateAdd", "") for item in fleet.ask("GET", LIST).items] == [
        True,
        False,
        False,
    ]


def test_other_programs_changes_are_seen(fleet, registrar):
    registrar.keys_file.write_text(f"007 james any {'0' * 64}\n")
    assert fleet.ask("GET", LIST + "?select=name").items == [{"id": "007", "name": "james"}]


# ------------------------------------------------------------------ GET key

def test_key(client):
    agent = client.add("web-01")
    answer = client.ask("GET", "/agents/001/key")
    assert answer.json["message"] == "Obtained keys for all selected agents" and answer.error == 0
    assert ids(answer) == ["001"] and exported(answer.items[0]["key"]) == agent
    assert client.ask("GET", "/agents/1/key").items == answer.items


@pytest.mark.parametrize("number, code",
                         [("002", 1701), ("000", 1703), ("99999999", 1701), ("2000000000", 1701)])
def test_key_of_nobody(client, number, code):
    answer = client.ask("GET", f"/agents/{number}/key")
    assert answer.status == 200 and answer.error == 1 and failures(answer) == {code: [number]}
    assert answer.items == []
    assert answer.json["message"] == "No agent keys were obtained"


@pytest.mark.parametrize("number", ["x", "-1", "1%20", "99999999999999999999", "%2e%2e"])
def test_key_of_no_number(client, number):
    assert problem(client.ask("GET", f"/agents/{number}/key"))[:2] == (400, "Bad Request")


# ------------------------------------------------------------------ DELETE

def test_remove(client, registrar):
    agent = client.add("web-01")
    client.add("web-02")
    answer = client.ask("DELETE", LIST + "?agents_list=001&status=all&older_than=0s")
    assert answer.json["message"] == "All selected agents were deleted" and answer.items == ["001"]
    assert answer.error == 0
    assert registrar.keys()[0] == ["001", "!web-01", "any", agent[3]]
    registrar.wait_for_line(
        r"Removed agent 001 \(web-01\) for 127.0.0.1 port \d+ \(user admin of the API\)"
    )
    assert client.ask("GET", "/agents/001/key").error == 1
    assert failures(client.ask("DELETE", LIST + "?agents_list=001&status=all&older_than=0s")) == {
        1701: ["001"]
    }
    assert client.add("web-01")[0] == "003"


def test_purge(client, registrar):
    client.add("web-01")
    client.add("web-02")
    client.ask("DELETE", LIST + "?agents_list=002&status=all&older_than=0s&purge=true")
    assert [line[0] for line in registrar.keys()] == ["001"]
    assert client.add("web-03")[0] == "002"


def test_removing_leaves_what_the_dialect_leaves(directory):
    with serving(directory, "--dialect", "ossec") as registrar, Client(registrar) as client:
        number = client.log_in().add("web-01")[0]
        client.ask("DELETE", f"{LIST}?agents_list={number}&status=all&older_than=0s")
        assert registrar.keys_file.read_text().startswith(f"{number} #*#*")


@pytest.mark.parametrize(
    "query",
    ["status=all", "status=all&older_than=1s", "status=active&older_than=0s",
     "status=all&older_than=0s&name=other"],
)
def test_not_eligible(client, registrar, query):
    client.add("web-01")
    answer = client.ask("DELETE", f"{LIST}?agents_list=001&{query}")
    assert answer.status == 200 and answer.error == 1 and failures(answer) == {1731: ["001"]}
    assert answer.json["message"] == "No agents were deleted"
    assert registrar.keys()[0][1] == "web-01"


def test_remove_some(client):
    client.add("web-01")
    answer = client.ask("DELETE",
                        LIST + "?agents_list=000,001,777&status=never_connected&older_than=0s")
    assert answer.items == ["001"] and failures(answer) == {1703: ["000"], 1701: ["777"]}
    assert answer.error == 2
    assert answer.json["message"] == "Some agents were not deleted"


def test_remove_all(fleet, registrar):
    answer = fleet.ask("DELETE", LIST + "?agents_list=all&status=all&older_than=0s&purge=true")
    assert answer.items == ["001", "002", "003"] and registrar.keys_file.read_text() == ""


def test_old_agents_are_removed_by_default(client, registrar):
    client.add("web-01")
    stamps = registrar.directory / "queue" / "agents-timestamp"
    stamps.write_text("001 web-01 any 2020-01-01 00:00:00\n")
    assert client.ask("DELETE", LIST + "?agents_list=001&status=never_connected").items == ["001"]
    assert stamps.read_text() == ""


# ------------------------------------------------------------------ PUT group

@pytest.fixture
def groups(registrar):
    for name in ("web", "db", "default"):
        (registrar.directory / "etc" / "shared" / name).mkdir(parents=True)


@pytest.mark.usefixtures("groups")
def test_group(client, registrar):
    client.add("web-01")
    answer = client.ask("PUT", "/agents/001/group/web")
    assert answer.items == ["001"]
    assert answer.json["message"] == "All selected agents were assigned to web"
    assert client.ask("PUT", "/agents/001/group/db").error == 0
    file = registrar.directory / "queue" / "agent-groups" / "001"
    assert file.read_text() == "web,db\n"
    assert client.ask("GET", LIST + "?select=group").items == [
        {"id": "001", "group": ["web", "db"]}
    ]
    assert ids(client.ask("GET", LIST + "?group=db")) == ["001"]
    assert failures(client.ask("PUT", "/agents/001/group/db")) == {1751: ["001"]}
    answer = client.ask("PUT", "/agents/001/group/default?force_single_group=true")
    assert (
        answer.json["message"]
        == "All selected agents were assigned to default and removed from the other groups"
    )
    assert file.read_text() == "default\n"
    client.ask("DELETE", LIST + "?agents_list=001&status=all&older_than=0s")
    assert not file.exists()


@pytest.mark.usefixtures("groups")
def test_group_that_does_not_exist(client, registrar):
    client.add("web-01")
    assert problem(client.ask("PUT", "/agents/001/group/nothing")) == (
        404, "Resource Not Found", "The group does not exist", 1710)
    assert not (registrar.directory / "queue" / "agent-groups").exists()


@pytest.mark.usefixtures("groups")
@pytest.mark.parametrize(
    "target, status",
    [("/agents/001/group/a%2Fb", 400), ("/agents/001/group/..", 400),
     ("/agents/001/group/%2e%2e", 400), ("/agents/x/group/web", 400),
     ("/agents/001/group/" + "a" * 256, 400), ("/agents/001/group/a%20b", 400)],
)
def test_wrong_group(client, target, status):
    client.add("web-01")
    assert client.ask("PUT", target).status == status


@pytest.mark.usefixtures("groups")
@pytest.mark.parametrize("number, code", [("002", 1701), ("000", 1703)])
def test_group_of_nobody(client, number, code):
    answer = client.ask("PUT", f"/agents/{number}/group/web")
    assert answer.error == 1 and failures(answer) == {code: [number]}
    assert answer.json["message"] == "No agents were assigned to web"


def test_groups_that_need_not_exist(directory):
    (directory / "queue").mkdir()
    with serving(directory, "--groups", "any") as registrar, Client(registrar) as client:
        client.log_in().add("web-01")
        assert client.ask("PUT", "/agents/001/group/web").error == 0
        assert (directory / "queue" / "agent-groups" / "001").read_text() == "web\n"
