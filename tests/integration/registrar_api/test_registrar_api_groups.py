# SPDX-License-Identifier: ISC
"""The calls of agent-registrar's API that put an agent into a group and list the groups, with their
errors, as Wazuh 4.14 answers them."""
import hashlib

from api_tools import LIST, Client, failures, ids, problem, serving
import pytest

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


# ------------------------------------------------------------------ GET /groups


@pytest.fixture
def shared(registrar):
    """Groups with files, in which agents are; "default" exists without a directory."""
    directory = registrar.directory / "etc" / "shared"
    for group in ("web", "db"):
        (directory / group).mkdir(parents=True)
    (directory / "web" / "merged.mg").write_bytes(b"merged")
    (directory / "web" / "agent.conf").write_bytes(b"")
    (directory / "a file").write_text("")
    (directory / "bad name").mkdir()
    return directory


WEB = {"name": "web", "count": 2, "mergedSum": hashlib.md5(b"merged").hexdigest(),
       "configSum": hashlib.md5(b"").hexdigest()}


@pytest.mark.usefixtures("shared")
def test_list_of_groups(client):
    for number, groups in (("web-01", ["web"]), ("web-02", ["web", "db"]), ("web-03", ["db"])):
        agent = client.add(number)[0]
        for group in groups:
            assert client.ask("PUT", f"/agents/{agent}/group/{group}").items == [agent]
    client.ask("DELETE", "/agents?agents_list=003&status=all&older_than=0s")
    answer = client.ask("GET", "/groups")
    assert answer.items == [{"name": "db", "count": 1}, {"name": "default", "count": 0}, WEB]
    assert answer.data["total_affected_items"] == 3 and answer.error == 0
    assert answer.json["message"] == "All selected groups information was returned"


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("query, expected", [
    ("groups_list=web", ["web"]),
    ("search=DB", ["db"]),
    ("search=-fault", ["db", "web"]),
    ("search=d_f", []),  # plain text: groups are not in Wazuh's database
    ("search='b", []),
    ("q=name!=web", ["db", "default"]),
    ("q=name~d;count=0", ["db", "default"]),
    ("q=count>0", []),
    ("q=name=WEB", []),
    ("q=name~EB", []),
    ("q=name='eb", []),
    ("q=name!=all;name!=null;name>a", ["db", "default", "web"]),
    ("q=name=all,name=web", ["web"]),
    ("q=name<default", ["db"]),
    ("q=mergedSum=null", []),
    ("q=configSum~d41d8cd98f", ["web"]),
    ("sort=-name", ["web", "default", "db"]),
    ("sort=count,name", ["db", "default", "web"]),
    ("sort=mergedSum,name", ["db", "default", "web"]),
    ("offset=1&limit=1", ["default"]),
    ("select=count", ["db", "default", "web"]),
])
def test_filters_for_groups(client, query, expected):
    assert [group["name"] for group in client.ask("GET", "/groups?" + query).items] == expected


@pytest.mark.usefixtures("shared")
def test_sums_and_distinct_groups(client):
    items = client.ask("GET", "/groups?groups_list=web&hash=sha256").items
    assert items[0]["mergedSum"] == hashlib.sha256(b"merged").hexdigest()
    items = client.ask("GET", "/groups?groups_list=web&hash=BLAKE2B&select=mergedSum").items
    assert items == [{"name": "web", "mergedSum": hashlib.blake2b(b"merged").hexdigest()}]
    assert client.ask("GET", "/groups?select=count&distinct=true").items == [{"count": 0}]


@pytest.mark.usefixtures("shared")
def test_groups_that_are_not_there(client):
    answer = client.ask("GET", "/groups?groups_list=none,web")
    assert [group["name"] for group in answer.items] == ["web"]
    assert failures(answer) == {1710: ["none"]} and answer.error == 2
    assert answer.json["message"] == "Some groups information was not returned"
    answer = client.ask("GET", "/groups?groups_list=none")
    assert answer.error == 1 and answer.json["message"] == "No group information was returned"


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("query, error", [
    ("groups_list=a%20b", None), ("hash=md4", None), ("sort=size", 1403), ("select=size", 1724),
    ("q=size=1", 1408), ("q=name", 1407), ("limit=0", None), ("group=web", None),
])
def test_wrong_parameters_for_groups(client, query, error):
    answer = client.ask("GET", "/groups?" + query)
    assert answer.status == 400 and answer.error == error, answer
