# SPDX-License-Identifier: ISC
"""The call of agent-registrar's API that removes agents, with its errors, as Wazuh 4.14 answers
it."""
from api_tools import LIST, Client, failures, serving
import pytest

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


def test_two_agents_with_one_id(client, registrar):
    """Somebody else wrote the file. By their id both go; where a filter leaves one, it keeps its
    groups and its counter."""
    queue = registrar.directory / "queue"
    for place in ("rids", "agent-groups"):
        (queue / place).mkdir(parents=True, exist_ok=True)
        (queue / place / "001").write_text("web")
    lines = "".join(f"001 {name} any {'5a' * 32}\n" for name in ("web", "db"))
    registrar.keys_file.write_text(lines)
    answer = client.ask("DELETE", "/agents?agents_list=all&name=web&status=all&older_than=0s")
    assert answer.data["affected_items"] == ["001"]
    assert [fields[1] for fields in registrar.keys()] == ["!web", "db"]
    assert (queue / "agent-groups" / "001").exists() and (queue / "rids" / "001").exists()
    registrar.keys_file.write_text(lines)
    registrar.wait_for_line("gives db the id 001, which web has already")
    client.ask("DELETE", "/agents?agents_list=001&status=all&older_than=0s")
    assert [fields[1] for fields in registrar.keys()] == ["!web", "!db"]
    assert not (queue / "agent-groups" / "001").exists() and not (queue / "rids" / "001").exists()
