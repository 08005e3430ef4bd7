# SPDX-License-Identifier: ISC
"""The call of agent-registrar's API that puts an agent into a group, with its errors, as Wazuh 4.14
answers it."""
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
