# SPDX-License-Identifier: ISC
"""The calls of agent-registrar's API about enrollment tokens, as Wazuh 5 has them: what they
answer, what is kept, and agents that enroll with what they hand out."""
import json
import re
import time

import pytest
from api_tools import Client, failures, problem
from enroll_tools import bearer
from enrolling import BODY, enroll, failure
from registrar_tools import run
from wazuh5_manager import decode, encode

TOKENS = "/agents/enrollment-tokens"
ID = r"[A-Za-z0-9_-]{22}"
HEAD = "agent-registrar enrollment tokens 1\n"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"


class Tokens:
    """The calls, by a user who has logged in, and the file that they change."""

    def __init__(self, registrar):
        self.registrar = registrar
        self.file = registrar.directory / "etc" / "enrollment.tokens"
        self.client = Client(registrar).log_in()

    def make(self, **wish):
        return self.client.ask("POST", TOKENS, {"address": "localhost", **wish})

    def make_one(self, **wish):
        return self.make(**wish).data

    def list(self, query=""):
        return self.client.ask("GET", TOKENS + query)

    def end(self, query):
        return self.client.ask("DELETE", TOKENS + query)

    def fill(self, *lines):
        self.file.write_text(HEAD + "".join(f"{line}\n" for line in lines))


@pytest.fixture
def tokens(serve_enrolling):
    served = Tokens(serve_enrolling())
    with served.client:
        yield served


def line(number, expires=9000000000, uses=0, most=0, state="valid", address="manager", rest=""):
    name = encode(number.to_bytes(16, "big"))
    return name, f"{name} EBESExQVFhcYGRobHB0eHw 1700000000 {expires} {uses} {most} {state} " \
                 f"{address}{rest}"


def enroll_with(registrar, token, name):
    """As an agent that has the token does."""
    key = decode(json.loads(decode(token["token"]))["key"])
    header = {"alg": "HS256", "kid": token["id"], "typ": "wazuh-enroll+jwt"}
    return enroll(registrar, {**BODY, "name": name},
                  authorization=bearer(key[16:], header=header, kind="token"))


# ------------------------------------------------------------------ POST


@pytest.mark.parametrize("wish", [{}, {"embed_ca": True}], ids=["pin", "ca"])
def test_the_client_enrolls_with_one(tokens, enrollment, wish):
    registrar = tokens.registrar
    token = tokens.make_one(port=registrar.api_port, max_uses=1, ttl="1h", **wish)
    result = enrollment.run(token=token["token"])
    assert result.status == 0, result
    [agent] = registrar.keys()
    assert enrollment.machine.read_keys().decode().split() == agent
    [listed] = tokens.list().items
    assert (listed["id"], listed["uses"]) == (token["id"], 1)
    assert failure(enroll_with(registrar, token, "web-02")) == (403, 9024)
    registrar.wait_for_line(rf"Created the enrollment token {token['id']} for "
                            rf"localhost:{registrar.api_port}, for 127.0.0.1 port \d+ "
                            r"\(user admin of the API\)")
    key = json.loads(decode(token["token"]))["key"]
    for text in (token["token"], key, decode(key)[16:].hex()):
        assert text not in registrar.log


def test_what_is_answered(tokens):
    before = int(time.time())
    token = tokens.make_one(port=1518, prefix="/siem/", ttl="2d", max_uses=4294967295,
                            description="the lab")
    assert list(token) == ["token", "id", "address", "expires", "pin_hex"]
    members = json.loads(decode(token["token"]))
    assert members["adr"] == token["address"] == "localhost:1518/siem"
    assert decode(members["pin"]).hex() == token["pin_hex"]
    key = decode(members["key"])
    assert re.fullmatch(ID, token["id"]) and decode(token["id"]) == key[:16]
    assert re.fullmatch(TIME, token["expires"])
    words = tokens.file.read_text().splitlines()[1].split(" ", 8)
    assert words[0] == token["id"] and decode(words[1]) == key[16:]
    assert before <= int(words[2]) <= int(time.time())
    assert int(words[3]) == int(words[2]) + 2 * 86400
    assert words[4:] == ["0", "4294967295", "valid", "localhost:1518/siem", "the lab"]
    shown = json.loads(run("-D", tokens.registrar.directory, "token", "show", token["id"],
                           "-j").stdout)
    assert shown["description"] == "the lab"


def test_without_a_credential_nothing_is_kept(tokens):
    token = tokens.make_one(no_credential=True, embed_ca=True)
    assert list(token) == ["token", "address"]
    assert list(json.loads(decode(token["token"]))) == ["ver", "adr", "ca"]
    assert not tokens.file.exists()


@pytest.mark.parametrize("wish, name", [
    ({"address": None}, "address"), ({"address": ""}, "address"), ({"address": "a b"}, "address"),
    ({"address": "a/b"}, "address"), ({"address": "x" * 600}, "address"),
    ({"address": "a\0b"}, "address"), ({"port": 0}, "port"), ({"port": 65536}, "port"),
    ({"port": "1517"}, "port"), ({"port": 1.5}, "port"), ({"prefix": "a b"}, "prefix"),
    ({"prefix": "a//b"}, "prefix"), ({"prefix": 7}, "prefix"), ({"ttl": 300}, "ttl"),
    ({"ttl": "0"}, "ttl"), ({"ttl": "1w"}, "ttl"), ({"ttl": "-1"}, "ttl"),
    ({"ttl": "3651d"}, "ttl"), ({"ttl": "9" * 99}, "ttl"), ({"max_uses": -1}, "max_uses"),
    ({"max_uses": 2 ** 32}, "max_uses"), ({"max_uses": True}, "max_uses"),
    ({"description": "x" * 129}, "description"), ({"description": "a\nb"}, "description"),
    ({"description": "ä"}, "description"), ({"embed_ca": 1}, "embed_ca"),
    ({"no_credential": "yes"}, "no_credential"),
    ({"no_credential": True, "max_uses": 1}, "no_credential"),
    ({"no_credential": True, "ttl": "1h"}, "no_credential"), ({"uses": 1}, "uses"),
])
def test_wrong_wishes(tokens, wish, name):
    """400 with the name of the parameter, and nothing is kept."""
    status, title, detail, code = problem(tokens.make(**wish))
    too_long = wish.get("ttl") in ("0", "3651d", "9" * 99)
    assert (status, title, code) == (400, "Bad Request", 1411 if too_long else None)
    assert f"'{name}'" in detail
    assert not tokens.file.exists()


def test_an_address_is_required(tokens):
    assert problem(tokens.client.ask("POST", TOKENS, {}))[2] == "'address' is a required property"
    assert tokens.client.ask("POST", TOKENS, '{"address": "a"}').status == 406
    assert not tokens.file.exists()


def test_as_many_as_there_may_be(tokens):
    tokens.fill(*(line(number)[1] for number in range(5000)))
    before = tokens.file.read_bytes()
    status, _, detail, code = problem(tokens.make())
    assert (status, code) == (400, 1768)
    assert detail.startswith("Enrollment token refused: ")
    assert "all can be used" in detail and "token purge" in detail
    assert tokens.file.read_bytes() == before
    assert tokens.end("?status=dead").items == []
    tokens.end(f"?tokens_list={line(7)[0]},{line(8)[0]}")
    made = tokens.make_one()["id"]
    items = [item["id"] for item in tokens.list("?limit=5000").items]
    assert len(items) == 4999 and items[-1] == made and line(7)[0] not in items
    tokens.registrar.wait_for_line(r"Removed 2 enrollment tokens that could not be used any more, "
                                   r"to make room, for 127.0.0.1 port \d+ \(user admin")
    assert tokens.end("?status=all").data["total_affected_items"] == 4999
    assert tokens.make().status == 200


# ------------------------------------------------------------------ GET


def test_list(tokens):
    made = [tokens.make_one(description=f"number {i}") for i in range(3)]
    answer = tokens.list()
    assert answer.json["message"] == "All enrollment tokens were returned"
    assert answer.data["total_affected_items"] == 3
    assert [item["id"] for item in answer.items] == [token["id"] for token in made]
    first = answer.items[0]
    assert re.fullmatch(TIME, first.pop("created"))
    assert first == {"id": made[0]["id"], "address": "localhost", "expires": made[0]["expires"],
                     "max_uses": 0, "uses": 0, "revoked": False, "credential": True,
                     "description": "number 0"}
    tokens.make()
    assert tokens.list("?offset=3").items[0]["description"] is None
    for token in made:
        key = json.loads(decode(token["token"]))["key"]
        assert key not in answer.text and token["token"] not in answer.text
        assert encode(decode(key)[16:]) not in answer.text


@pytest.mark.parametrize("query, shown", [
    ("", range(450)), ("?offset=2&limit=3", range(2, 5)), ("?offset=449", [449]),
    ("?offset=450", []), ("?offset=2147483647", []), ("?limit=100000", range(450)),
    ("?offset=95&limit=110", range(95, 205)),
])
def test_pages(tokens, query, shown):
    """Also over the pages in which the keeper lists them."""
    lines = [line(number) for number in range(450)]
    tokens.fill(*(each for _, each in lines))
    answer = tokens.list(query)
    assert [item["id"] for item in answer.items] == [lines[i][0] for i in shown]
    assert answer.data["total_affected_items"] == 450


def test_no_tokens(tokens):
    answer = tokens.list()
    assert answer.items == [] and answer.error == 0
    assert problem(tokens.list("?q=id=1"))[2] == "Extra query parameter(s) q not in spec"


def test_no_calendar_has_the_time(tokens):
    tokens.fill(line(1, expires=999999999999999999)[1])
    [token] = tokens.list().items
    assert token["expires"] is None


# ------------------------------------------------------------------ DELETE


def test_revoke_one(tokens):
    token, other = tokens.make_one(), tokens.make_one()
    answer = tokens.end(f"/{token['id']}")
    assert answer.items == [token["id"]] and answer.error == 0
    assert answer.json["message"] == "Enrollment token was revoked"
    assert tokens.end(f"/{token['id']}").items == [token["id"]]
    assert [item["revoked"] for item in tokens.list().items] == [True, False]
    assert failure(enroll_with(tokens.registrar, token, "web-01")) == (401, "token_revoked")
    assert enroll_with(tokens.registrar, other, "web-01").status == 200
    tokens.registrar.wait_for_line(rf"Revoked the enrollment token {token['id']}, for 127.0.0.1 "
                                   r"port \d+ \(user admin of the API\)")


def test_revoke_some(tokens):
    made = [tokens.make_one()["id"] for _ in range(3)]
    answer = tokens.end(f"?tokens_list={made[0]},{'A' * 22},{made[2]},x")
    assert answer.items == [made[0], made[2]]
    assert failures(answer) == {1767: ["A" * 22, "x"]}
    assert answer.json["message"] == "Some enrollment tokens were not revoked"
    assert [item["revoked"] for item in tokens.list().items] == [True, False, True]


@pytest.mark.parametrize("name", ["A" * 22, "x", "%0a", "valid", "A" * 300])
def test_revoke_what_is_not_there(tokens, name):
    tokens.make()
    before = tokens.file.read_bytes()
    answer = tokens.end(f"/{name}")
    assert answer.items == [] and list(failures(answer)) == [1767]
    assert answer.json["message"] == "Enrollment token was not revoked"
    assert tokens.file.read_bytes() == before


def test_purge(tokens):
    lines = [line(1), line(2, state="revoked"), line(3, expires=1700000001),
             line(4, uses=2, most=2), line(5, uses=1, most=2)]
    tokens.fill(*(each for _, each in lines))
    answer = tokens.end("?status=dead")
    assert answer.items == [lines[i][0] for i in (1, 2, 3)]
    assert [item["id"] for item in tokens.list().items] == [lines[0][0], lines[4][0]]
    assert tokens.end("?status=dead").items == []
    assert tokens.end("?status=all").items == [lines[0][0], lines[4][0]]
    assert tokens.file.read_text() == HEAD
    for words in ("3 enrollment tokens that could not be used any more",
                  "2 enrollment tokens, which are all"):
        tokens.registrar.wait_for_line(rf"Removed {words}, for 127.0.0.1 port \d+ "
                                       r"\(user admin of the API\)")
    assert "Removed 0" not in tokens.registrar.log


@pytest.mark.parametrize("query, name", [
    ("", "status"), ("?status=live", "enum"), ("?status=all&tokens_list=x", "exclude"),
    ("?tokens_list=" + ",".join(line(i)[0] for i in range(257)), "tokens_list"),
    ("?all=true", "all"),
], ids=["nothing", "no status", "both", "too many", "no parameter"])
def test_wrong_endings(tokens, query, name):
    tokens.make()
    before = tokens.file.read_bytes()
    status, _, detail, _ = problem(tokens.end(query))
    assert status == 400 and name in detail
    assert tokens.file.read_bytes() == before


# ------------------------------------------------------------------ all of them

CALLS = [("POST", TOKENS), ("GET", TOKENS), ("DELETE", TOKENS + "?status=all"),
         ("DELETE", TOKENS + "/" + line(1)[0]), ("DELETE", TOKENS + "?tokens_list=" + line(1)[0])]


@pytest.mark.parametrize("method, target", CALLS)
@pytest.mark.parametrize("token", [None, "Bearer x.y.z"])
def test_who_has_not_logged_in_gets_nothing(tokens, method, target, token):
    tokens.fill(line(1)[1])
    before = tokens.file.read_bytes()
    with Client(tokens.registrar) as stranger:
        answer = stranger.ask(method, target, {"address": "a"} if method == "POST" else None,
                              headers={"Authorization": token})
    assert answer.status == 401 and line(1)[0] not in answer.text
    assert tokens.file.read_bytes() == before


@pytest.mark.parametrize("method, target", CALLS)
def test_a_file_that_cannot_be_read(tokens, method, target):
    """Nothing is changed, and it is said once."""
    tokens.file.write_text("another program's\n")
    answer = tokens.client.ask(method, target, {"address": "localhost"} if method == "POST"
                               else None)
    assert problem(answer) == (500, "Wazuh Internal Error",
                               "The file of the enrollment tokens cannot be used", 1771)
    assert tokens.file.read_text() == "another program's\n"
    tokens.registrar.wait_for_line(r"enrollment\.tokens is no file of agent-registrar's .*"
                                   r"\(client .* \(user admin of the API\)\)")
    assert tokens.registrar.log.count("is no file of agent-registrar's") == 1


def test_a_file_that_cannot_be_written(tokens):
    token = tokens.make_one()
    directory = tokens.file.with_name("kept")
    tokens.file.rename(directory)
    tokens.file.mkdir()
    assert problem(tokens.make())[3] == 1771
    tokens.file.rmdir()
    directory.rename(tokens.file)
    assert [item["id"] for item in tokens.list().items] == [token["id"]]
