# SPDX-License-Identifier: ISC
"""The call of agent-registrar's API that removes agents, with so many that it takes a while: agents
register meanwhile, and a manager that loses its power in the middle is consistent afterwards."""
import contextlib
import http.client
import threading
import time

import pytest
from api_tools import LIST, Client, serving
from registrar_tools import PATIENCE

MANY = 2000


class Fleet:
    """Agents "web" of all kinds that are to be removed, and one "db" that is not."""

    def __init__(self, directory):
        self.keys = directory / "etc" / "client.keys"
        self.queue = directory / "queue"
        for name in ("rids", "agent-groups"):
            (self.queue / name).mkdir(parents=True, exist_ok=True)
        agents = [(f"{n:03}", "db" if n == 7 else "web") for n in range(1, MANY + 1)]
        self.keys.write_text("".join(f"{n} {name}{n} any {int(n):064x}\n" for n, name in agents))
        (self.queue / "agents-timestamp").write_text("".join(
            f"{n} {name}{n} any 2026-01-01 00:00:00\n" for n, name in agents))
        for number, _ in agents:
            (self.queue / "rids" / number).touch()
            (self.queue / "agent-groups" / number).write_text("default\n")

    def names(self):
        return [line.split()[1] for line in self.keys.read_text().splitlines()]

    def files(self):
        return {path.name for folder in ("rids", "agent-groups")
                for path in (self.queue / folder).iterdir()}

    def stamps(self):
        return [line.split()[1]
                for line in (self.queue / "agents-timestamp").read_text().splitlines()]


@pytest.fixture
def fleet(directory):
    return Fleet(directory)


def query(prefix):
    """All that are called like this: q of the API."""
    return f"{LIST}?agents_list=all&status=all&older_than=0s&q=name~{prefix}"


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_registrations_go_on(directory, fleet):
    with serving(directory) as registrar, Client(registrar) as client:
        client.log_in()
        removal = threading.Thread(target=lambda: answers.append(client.ask("DELETE",
                                                                            query("web"))))
        answers, agents = [], []
        removal.start()
        while removal.is_alive():
            agents.append(registrar.register(f"new-{len(agents)}"))
        removal.join()
        (answer,) = answers
        assert answer.json["message"] == "All selected agents were deleted"
        assert len(answer.items) == MANY - 1 == answer.data["total_affected_items"]
    names = fleet.names()
    assert [name for name in names if not name.startswith("!")] == [
        "db007", *(agent[1] for agent in agents)
    ]
    assert names.count("db007") == 1 and sum(name[0] == "!" for name in names) == MANY - 1
    assert fleet.files() == {"007"}
    assert fleet.stamps() == ["db007", *(agent[1] for agent in agents)]
    assert not (fleet.queue / "agents-removed").exists()


@pytest.mark.parametrize("moment", ["begun", "removed", "forgotten"])
def test_killed_in_between(directory, fleet, moment):
    """Before it is removed, or when a part of its files has gone; all agents of the call are still
    there then, or none, whoever got a key has it, and later nothing is left of those who went."""
    keeps = {
        "begun": lambda: (directory / "etc" / ".client.keys.new").exists(),
        "removed": lambda: fleet.keys.stat().st_ino != before,
        "forgotten": lambda: len(fleet.files()) < MANY,
    }
    with serving(directory) as registrar, Client(registrar) as client:
        client.log_in()
        agent = registrar.register("new")
        before = fleet.keys.stat().st_ino

        def remove():
            with contextlib.suppress(OSError, http.client.HTTPException):
                client.ask("DELETE", query("web") + "&purge=true")

        removal = threading.Thread(target=remove)
        removal.start()
        wait_for(keeps[moment])
        registrar.kill()
        removal.join()
    names = fleet.names()
    assert names[-1] == agent[1] and len(names) in (2, MANY + 1)
    assert moment == "begun" or len(names) == 2
    with serving(directory) as registrar:
        wait_for(lambda: not (fleet.queue / "agents-removed").exists())
        later = registrar.register("later")
    assert fleet.names() == [*names, later[1]]
    assert len(fleet.files()) == (1 if len(names) == 2 else MANY)
    assert fleet.stamps() == [*(names if len(names) == 2 else fleet.names()[:-1]), later[1]]
