# SPDX-License-Identifier: ISC
"""The calls of agent-registrar's API that add an agent, with their errors, as Wazuh 4.14 answers
them."""
import base64
import os
import re

import pytest
from api_tools import LIST, OTHER_KEY, Client, exported, problem, serving
from registrar_tools import KEY

# ------------------------------------------------------------------ POST /agents


def test_name_with_a_leading_dot_is_taken_as_by_the_real_api(registrar, client):
    assert client.ask("POST", LIST, {"name": ".web"}).status == 200
    assert registrar.keys()[0][1] == ".web"


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
    ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"],
)
def test_wrong_content_type(client, content_type):
    answer = client.ask("POST", LIST, "nonsense", {"Content-Type": content_type})
    assert problem(answer) == (415, "Unsupported Media Type", f"Invalid Content-type "
                               f"({content_type}), expected ['application/json']", None)


@pytest.mark.parametrize("content_type", [None, ""])
def test_no_content_type(client, content_type):
    answer = client.ask("POST", LIST, '{"name": "web-01"}', {"Content-Type": content_type})
    assert problem(answer) == (406, "Not Acceptable",
                               "The body type is not the one specified in the content-type", 6002)
    assert set(answer.json) == {"title", "detail", "error"}
    assert client.ask("POST", LIST, "nonsense", {"Content-Type": content_type}).status == 400


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
        ("", "Request body must not be empty", None),
        ("null", "Request body must not be empty", None),
        ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)", None),
        ('{"name": "a"', "Expecting ',' delimiter: line 1 column 13 (char 12)", None),
        ("[1]", "[1] is not of type 'object'", None),
        ('{"name": 1}', "1 is not of type 'string' - 'name'", None),
        ("{}", "'name' is a required property", None),
        ('{"name": "web-01", "group": "x"}', "Invalid field found {'group'}", None),
        ('{"name": "\xe9"}', "Body request is not a valid JSON", 1018),
    ],
)
def test_wrong_body(client, registrar, body, detail, error):
    answer = client.ask("POST", LIST, body.encode("latin-1"), {"Content-Type": "application/json"})
    assert problem(answer) == (400, "Bad Request", detail, error)
    assert registrar.keys_file.read_text() == ""


def test_body_that_is_too_deep(client):
    answer = client.ask("POST", LIST, "[" * 5000, {"Content-Type": "application/json"})
    assert problem(answer)[:2] == (400, "Maximum recursion depth exceeded.")


@pytest.mark.parametrize(
    "ip", ["10.1.2.3/16", "!10.1.2.3", "2001:db8::1/32", "10.0.0.0/255.0.255.0"]
)
def test_address_that_only_the_api_refuses(client, ip):
    """A network begins with its first address, as Python wants it."""
    assert client.ask("POST", LIST, {"name": "web-01", "ip": ip}).error == 1706


def test_key_has_the_address_as_it_was_asked_for(client, registrar):
    for number, ip in enumerate(["10.2.0.0/255.255.0.0", "2001:db8::1", "10.3.0.1/32"]):
        assert client.add(f"web-{number}", ip)[2] == ip
    assert [line[2] for line in registrar.keys()] == [
        "10.2.0.0/16", "2001:0DB8:0000:0000:0000:0000:0000:0001", "10.3.0.1"
    ]


def test_add_by_force(client, registrar):
    """As with Wazuh, although its specification does not say so; without force, never."""
    client.add("web-01", "10.1.2.3")
    assert client.ask("POST", LIST, {"name": "web-01"}).error == 1705
    body = {"name": "web-02", "ip": "10.1.2.3", "force": {"after_registration_time": "1h"}}
    assert client.ask("POST", LIST, body).error == 1706
    body["force"] = {"enabled": False, "after_registration_time": "0s"}
    assert client.ask("POST", LIST, body).error == 1706
    body["force"] = {"after_registration_time": "0s", "x": 1}
    assert problem(client.ask("POST", LIST, body))[2] == "Invalid field found {'x'}"
    body["force"] = {"after_registration_time": "0s"}
    assert client.ask("POST", LIST, body).data["id"] == "002"
    registrar.wait_for_line("Registered web-02 as 002, address 10.1.2.3, replacing 001")


def test_insert_replaces_what_is_gone_for_an_hour(client, registrar):
    """Without force, its defaults count, as with Wazuh."""
    client.add("web-01")
    assert client.ask("POST", "/agents/insert", {"name": "web-01"}).error == 1705
    stamps = registrar.directory / "queue" / "agents-timestamp"
    stamps.write_text("001 web-01 any 2020-01-01 00:00:00\n")
    assert client.ask("POST", LIST, {"name": "web-01"}).error == 1705
    assert client.ask("POST", "/agents/insert", {"name": "web-01"}).data["id"] == "002"


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
        ({"name": "other", "key": "a" * 63}, None),
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
    assert [line[:2] for line in registrar.keys()] == [["001", "!web-01"], ["002", "web-01"]]
    registrar.wait_for_line("Registered web-01 as 002, address any, replacing 001")


@pytest.mark.parametrize("force", [{"enabled": False}, {}, {"after_registration_time": "1h"},
                                   {"enabled": True, "after_registration_time": "1d"}])
def test_insert_by_force_that_is_not_enough(client, registrar, force):
    client.add("web-01")
    assert client.ask("POST", "/agents/insert", {"name": "web-01", "force": force}).error == 1705
    assert [line[0] for line in registrar.keys()] == ["001"]


def test_insert_by_force_in_place_of_address_and_name(client, registrar):
    """One agent has its address, and another its name; none can have its id."""
    for name, ip in (("web-01", "10.0.0.1"), ("web-02", "10.0.0.2"), ("web-03", "any")):
        client.add(name, ip)
    body = {"name": "web-03", "ip": "10.0.0.2", "id": "007", "key": OTHER_KEY}
    assert client.ask("POST", "/agents/insert", body).error == 1706
    body["force"] = {"enabled": True, "after_registration_time": "1h"}
    assert client.ask("POST", "/agents/insert", body).error == 1706
    registrar.wait_for_line("Duplicate IP: 10.0.0.2 .*Agent 002 was registered .* seconds ago")
    body["force"]["after_registration_time"] = "0"
    assert exported(client.ask("POST", "/agents/insert", body).data["key"]) == (
        "007", "web-03", "10.0.0.2", OTHER_KEY
    )
    assert [fields[:2] for fields in registrar.keys()] == [
        ["001", "web-01"], ["002", "!web-02"], ["003", "!web-03"], ["007", "web-03"]]
    registrar.wait_for_line(
        "Registered web-03 as 007, address 10.0.0.2, replacing 002 and 003, for"
    )
    assert client.add("web-04")[0] == "008"
    timestamps = (registrar.directory / "queue" / "agents-timestamp").read_text().splitlines()
    assert [line.split()[:2] for line in timestamps] == [
        ["001", "web-01"], ["007", "web-03"], ["008", "web-04"]]


def test_insert_by_force_does_not_give_an_id_again(client, registrar):
    """To nobody, neither while its agent is there nor when it is gone."""
    body = {
        "name": "web-01",
        "id": "123",
        "force": {"enabled": True, "after_registration_time": "0"},
    }
    assert client.ask("POST", "/agents/insert", body).data["id"] == "123"
    before = registrar.keys()
    assert client.ask("POST", "/agents/insert", body).error == 1708
    body["name"] = "web-02"
    assert client.ask("POST", "/agents/insert", body).error == 1708
    assert registrar.keys() == before
    assert not client.ask("DELETE", "/agents?agents_list=123&status=all&older_than=0s").error
    assert client.ask("POST", "/agents/insert", body).error == 1708
    assert client.add("web-02")[0] == "124"


def test_insert_of_the_highest_id_is_no_trap(client):
    client.add("web-01")
    body = {"name": "web-02", "id": "99999999"}
    assert client.ask("POST", "/agents/insert", body).data["id"] == "99999999"
    assert [client.add(f"new-{i}")[0] for i in range(2)] == ["002", "003"]


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
    too_long = client.ask("POST", "/agents/insert/quick?agent_name=" + "a" * 129)
    assert too_long.status == 400 and "is too long. Failed validating" in too_long.json["detail"]
    assert len(registrar.keys()) == 1
