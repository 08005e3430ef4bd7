# SPDX-License-Identifier: ISC
"""The calls of agent-registrar's API that list agents and give out a key, with their errors, as
Wazuh 4.14 answers them."""
import calendar
import os
import re
import time

import pytest
from api_tools import LIST, exported, failures, ids, problem

# ------------------------------------------------------------------ GET /agents


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
        ("name=WEB-01", ["001"]),
        ("agents_list=003&agents_list=001", ["001", "003"]),
        ("q=name=db-01,id=1", ["001", "003"]),
        ("q=id>1;id<003", ["002"]),
        ("q=(name~web,id=3);(ip=any,id=1)", ["001", "003"]),
        ("q=name>db-01", ["001", "002"]),
        ("q=status=never_connected;status!=active", ["001", "002", "003"]),
        ("q=dateAdd<1h", ["001", "002", "003"]),
        ("q=version=null", ["001", "002", "003"]),
        ("q=status=all,id=2", ["002"]),
        ("search=null", []),
        ("q=", ["001", "002", "003"]),
        ("sort=-ip,name", ["003", "002", "001"]),
        ("sort=status,name", ["003", "001", "002"]),
        ("sort=-status,name", ["002", "001", "003"]),
        ("sort=dateAdd,group,os.name", ["001", "002", "003"]),
        # what only a running manager knows is known of nobody
        ("version=v4.1", []),
        ("os.platform=ubuntu", []),
        ("q=os.name!=ubuntu", []),
        ("manager=x", []),
        ("group_config_status=synced", []),
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
        ("limit=0", None), ("limit=100001", None), ("offset=-1", None), ("sort=size", 1403),
        ("sort=id,size", 1403), ("sort=status,-id", 1403), ("sort=+id", 1403), ("sort=", None),
        ("select=id,os", 1724),
        ("q=name", 1407), ("q=name=a,", 1407), ("q=size=1", 1408), ("q=name==a", 1409),
        # of several, the first one in the order in which Wazuh looks
        ("sort=size&q=dateAdd=soon", 1412), ("sort=size&q=dateAdd=soon;size=1", 1408),
        ("sort=size&select=size&q=size=1", 1724), ("sort=size&search=a*b", None),
        ("q=group<a", 1409), ("q=dateAdd=soon", 1412), ("search=a*b", None), ("status=gone", None),
        ("status=all", None), ("agents_list=all", None), ("agents_list=1", None),
        ("agents_list=", None), ("name=", None), ("name=a/b", None), ("group=..", None),
        ("group_config_status=x", None), ("distinct=1", None), ("older_than=1w", None),
    ],
)
def test_wrong_filters(fleet, query, error):
    answer = fleet.ask("GET", f"{LIST}?{query}")
    assert answer.status == 400 and answer.error == error, answer


def test_addresses_are_shown_without_their_masks(client):
    """As in Wazuh's database; the key has the mask."""
    client.add("net-01", "10.1.0.0/16")
    item = client.ask("GET", LIST + "?ip=10.1.0.0").items[0]
    assert (item["ip"], item["registerIP"]) == ("10.1.0.0", "10.1.0.0")
    assert exported(client.ask("GET", "/agents/001/key").items[0]["key"])[2] == "10.1.0.0/16"


def test_distinct(fleet):
    fleet.add("db-02")
    answer = fleet.ask("GET", LIST + "?distinct=true&select=ip")
    assert answer.items == [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}, {"ip": "any"}]
    assert answer.data["total_affected_items"] == 3
    answer = fleet.ask("GET", LIST + "?distinct=true&select=ip,status&offset=2&limit=5")
    assert answer.items == [{"ip": "any", "status": "never_connected"}]
    assert fleet.ask("GET", LIST + "?distinct=true&select=ip,version").items == []


def test_refusals_name_the_fields(fleet):
    detail = fleet.ask("GET", LIST + "?select=id,nome,x").json["detail"]
    assert detail.startswith("Not a valid select field: Allowed select fields: configSum, ")
    assert detail.endswith(", version. Fields: nome, x")


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
    assert client.ask("GET", "/agents/1/key").status == 400
    # an id is what is written, as with Wazuh
    assert failures(client.ask("GET", "/agents/00001/key")) == {1701: ["00001"]}


@pytest.mark.parametrize("number, code",
                         [("002", 1701), ("000", 1703), ("99999999", 1701), ("2000000000", 1701),
                          ("9" * 20, 1701)])
def test_key_of_nobody(client, number, code):
    answer = client.ask("GET", f"/agents/{number}/key")
    assert answer.status == 200 and answer.error == 1 and failures(answer) == {code: [number]}
    assert answer.items == []
    assert answer.json["message"] == "No agent keys were obtained"


@pytest.mark.parametrize("number", ["x", "-1", "1%20", "00%201", "%2e%2e"])
def test_key_of_no_number(client, number):
    assert problem(client.ask("GET", f"/agents/{number}/key"))[:2] == (400, "Bad Request")
