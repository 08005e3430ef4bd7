# SPDX-License-Identifier: ISC
"""agent-registrar's API beside what else the registrar does: agents that register, users that
change."""
import base64
import concurrent.futures
import contextlib
import fcntl
import os
import re

import api_tools
import pytest
import registrar_tools
from api_tools import LIST, LOGIN, PASSWORD, USER, Client, problem, serving

# ------------------------------------------------------------------ together with agents


def test_api_and_agents_at_once(registrar):
    """Nobody gets anybody else's name or id, and every key that was handed out is in the file."""
    def by_api(i):
        with Client(registrar) as client:
            client.headers["Authorization"] = token
            return [client.add(f"api-{i}-{n}") for n in range(10)]

    def by_authd(i):
        return [registrar.register(f"authd-{i}-{n}") for n in range(10)]

    with Client(registrar) as client:
        token = client.log_in().headers["Authorization"]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(by, i) for i in range(8) for by in (by_api, by_authd)]
        agents = [agent for future in futures for agent in future.result()]
    assert len({agent[0] for agent in agents}) == len(agents) == 160
    assert sorted(map(list, agents)) == sorted(registrar.keys())


def test_lock_that_is_held(registrar):
    """A call waits for another program to be done with client.keys."""
    with Client(registrar) as client, concurrent.futures.ThreadPoolExecutor(1) as pool:
        client.log_in()
        fd = os.open(registrar.directory / "etc", os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_EX)
        future = pool.submit(client.add, "web-01")
        assert not concurrent.futures.wait([future], 0.3).done
        os.close(fd)
        assert future.result()[0] == "001"


def test_lock_that_is_held_for_too_long(registrar):
    with Client(registrar) as client:
        client.log_in()
        fd = os.open(registrar.directory / "etc", os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_EX)
        answer = client.ask("POST", LIST, {"name": "web-01"})
        assert problem(answer) == (500, "Wazuh Internal Error", "Timeout executing API request",
                                   3021)
        os.close(fd)
        assert client.add("web-01")[0] == "001"
    registrar.wait_for_line("client.keys stayed locked")


def test_disk_that_takes_nothing(directory):
    """A key that cannot be stored is not handed out."""
    program = ["prlimit", "--fsize=300", registrar_tools.PROGRAM]
    registrar_tools.need("prlimit")
    with serving(directory, program=program) as registrar, Client(registrar) as client:
        client.log_in()
        answers = [client.ask("POST", LIST, {"name": f"web-0{i}"}) for i in range(5)]
        good = [answer for answer in answers if answer.status == 200]
        assert len(good) == len(registrar.keys()) < 5
        assert problem(answers[-1]) == (500, "Wazuh Internal Error",
                                        "Error registering a new agent", 1725)
        assert registrar.keys_file.read_text().endswith("\n")
        registrar.wait_for_line(
            r"Cannot append to .*client.keys.* "
            r"\(agent web-0\d; client 127.0.0.1 port \d+ \(user admin of the API\)\)"
        )


# ------------------------------------------------------------------ the users file


def test_users_change_while_serving(directory, registrar):
    with Client(registrar) as client:
        client.log_in()
        api_tools.write_users(directory, {USER: PASSWORD, "second": "other password"})
        assert client.ask("GET", LIST).status == 200
        with Client(registrar) as other:
            assert other.log_in("second", "other password").ask("GET", LIST).status == 200
            api_tools.write_users(directory, {USER: PASSWORD})
            assert other.ask("GET", LIST).status == 401
        api_tools.write_users(directory, {USER: "changed password"})
        assert client.ask("GET", LIST).status == 401
        assert client.try_login().status == 401
        assert client.log_in(password="changed password").ask("GET", LIST).status == 200


def test_password_that_changes_while_it_is_tried(directory, registrar):
    """The old one is refused, although it was right when it was sent: an
    attempt takes its time, and others wait for it."""
    api_tools.write_users(directory, {USER: PASSWORD}, log2_n=15)
    credentials = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(Client(registrar)).connection for _ in range(6)]
        for connection in connections:
            connection.request("POST", LOGIN, headers={"Authorization": f"Basic {credentials}"})
        assert connections[0].getresponse().status == 200
        api_tools.write_users(directory, {USER: "changed password"})
        assert connections[-1].getresponse().status == 401
    with Client(registrar) as client:
        client.log_in(password="changed password")


@pytest.mark.parametrize("content", ["admin:secret\n", "admin\n", ":x\n", "x" * 2_000_000],
                         ids=["no hash", "no colon", "no name", "too long"])
def test_users_file_that_is_wrong(directory, registrar, content):
    with Client(registrar) as client:
        client.log_in()
        (directory / "etc" / "api.users").write_text(content)
        assert client.ask("GET", LIST).status == 401
        assert client.try_login().status == 500
        registrar.wait_for_line("the API cannot be used")
        assert len(re.findall("the API cannot be used", registrar.log)) == 1
        assert "secret" not in registrar.log
        api_tools.write_users(directory, {USER: PASSWORD})
        assert client.log_in().ask("GET", LIST).status == 200


def test_users_file_that_is_missing(directory, registrar):
    (directory / "etc" / "api.users").unlink()
    with Client(registrar) as client:
        assert client.try_login().status == 401


def test_users_file_that_everybody_can_read(directory):
    with serving(directory) as registrar, Client(registrar) as client:
        (directory / "etc" / "api.users").chmod(0o644)
        client.log_in()
        registrar.wait_for_line("The users file .* is world-readable; run: chmod 0600 ")


def test_wrong_users_file_at_the_start(directory):
    (directory / "etc" / "api.users").write_text("admin:secret\n")
    done = registrar_tools.run("-D", directory, "-n", "--api-port", "0", "-p", "0", "serve")
    assert done.returncode == 78
    assert re.search("Line 1 of .*api.users is not a user of the API", done.stderr)
    assert "secret" not in done.stderr


def test_no_users_at_the_start(directory):
    with serving(directory, users={}) as registrar, Client(registrar) as client:
        registrar.wait_for_line(
            r"The API has no users in .*api\.users; create one with: agent-registrar user NAME"
        )
        assert client.try_login().status == 401
