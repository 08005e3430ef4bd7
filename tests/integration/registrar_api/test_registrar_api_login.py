# SPDX-License-Identifier: ISC
"""Logging in and out of agent-registrar's API, and what every call has in common, as Wazuh 4.14
does it."""
import base64
import datetime
import fcntl
import json
import os
import re
import socket
import time

import pytest
from api_tools import LIST, LOGIN, PASSWORD, USER, Client, ids, problem, serving, write_users

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
    "header, detail",
    [(None, "No authorization token provided"), ("", "No authorization token provided"),
     ("Bearer", "Invalid authorization header"), ("Bearer ", "Invalid authorization header"),
     ("Bearer a.b.c", "Invalid token"), ("bearer x", "Invalid token"),
     ("Basic YWRtaW46eA==", "No authorization token provided"),
     ("Token x", "No authorization token provided")],
)
def test_call_without_token(registrar, header, detail):
    with Client(registrar) as client:
        answer = client.ask("GET", LIST, headers={"Authorization": header})
        assert problem(answer) == (401, "Unauthorized", detail, None)
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
                assert problem(answer) == (401, "Unauthorized", "Invalid token", None)
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
        "api_version": "4.14.7",
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
    """It is GET, of which only the body is missing."""
    answer, whole = client.ask("HEAD", LIST), client.ask("GET", LIST)  # on the same connection
    assert (answer.status, answer.text, whole.status) == (200, "", 200)
    assert answer.headers["Content-Length"] == str(len(whole.text))
    assert client.ask("HEAD", "/agents/insert/quick").status == 405
    assert client.ask("HEAD", LIST, headers={"Authorization": None}).status == 401


def test_escapes(client):
    client.add("web-01")
    for target in ("/agents?name=web%2D01", "/%61gents", "/agents?select=id%2Cname"):
        assert ids(client.ask("GET", target)) == ["001"], target


def test_trailing_slash(client):
    """Says where to go, before anything else is looked at."""
    answer = client.ask("POST", "/agents/?x=1", headers={"Authorization": None})
    assert (answer.status, answer.text) == (307, "")
    assert answer.headers["Location"] == "/agents?x=1"
    assert client.ask("PUT", "/agents/").status == 307
    assert client.ask("GET", "/agent/").status == 404


def test_login_comes_before_its_parameters(client):
    """Whoever has no password does not learn which parameters there are."""
    assert client.try_login(password="wrong", target=LOGIN + "?foo=1").status == 401
    assert problem(client.try_login(target=LOGIN + "?foo=1")) == (
        400, "Bad Request", "Extra query parameter(s) foo not in spec", None)
    assert client.try_login(target=LOGIN + "?raw=x").status == 400


def test_pretty(client):
    plain, pretty = (client.ask("GET", LIST + query) for query in ("", "?pretty=true"))
    assert plain.json == pretty.json and "\n" not in plain.text
    assert pretty.text.startswith('{\n   "data": {\n      "affected_items"')
    assert client.ask("GET", LIST + "?pretty=True").text == pretty.text
    assert client.ask("GET", LIST + "?pretty").status == 400
    assert client.ask("GET", LIST + "?pretty=false").text == plain.text
    assert client.ask("GET", LIST + "?pretty=true&limit=0").text.startswith('{\n   "title"')


@pytest.mark.parametrize("method, target, detail", [
    ("GET", LIST + "?foo=1", "Extra query parameter(s) foo not in spec"),
    ("DELETE", LOGIN + "?pretty=true", "Extra query parameter(s) pretty not in spec"),
    ("GET", "/?wait_for_complete=true",
     "Extra query parameter(s) wait_for_complete not in spec"),
    ("GET", LIST + "?pretty=1", "'1' is not of type 'boolean'. Failed validating 'type' in schema: "
     "{'default': False, 'type': 'boolean'}. On instance: '1'"),
    ("GET", LIST + "?limit=x", "'x' is not of type 'integer'. Failed validating 'type' in schema: "
     "{'default': 500, 'format': 'int32', 'maximum': 100000, 'minimum': 1, 'type': 'integer'}. On "
     "instance: 'x'"),
    ("PUT", "/agents/1/group/a%20b?pretty=x", "'x' is not of type 'boolean'. Failed validating "
     "'type' in schema: {'default': False, 'type': 'boolean'}. On instance: 'x'"),
    ("POST", "/agents/insert/quick", "Missing query parameter 'agent_name'"),
    ("DELETE", LIST + "?status=all", "Missing query parameter 'agents_list'"),
    ("DELETE", LIST + "?agents_list=001", "Missing query parameter 'status'"),
])
def test_wrong_parameters(client, method, target, detail):
    assert problem(client.ask(method, target)) == (400, "Bad Request", detail, None)


def test_wait_for_complete_is_accepted(client):
    assert client.ask("GET", LIST + "?wait_for_complete=true").status == 200
