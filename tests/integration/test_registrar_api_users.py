# SPDX-License-Identifier: ISC
"""agent-registrar user, and the API as curl sees it: the commands that Wazuh's documentation
shows."""

import json
import os
import pty
import re
import stat
import subprocess

import pytest
from api_tools import LIST, PASSWORD, USER, Client, exported, serving, write_users
from registrar_tools import API, PATIENCE, PROGRAM, need, run, serving as registrar_serving

GOOD = "correct horse"


@pytest.fixture
def users_file(directory):
    return directory / "etc" / "api.users"


def user(directory, *arguments, password=GOOD + "\n"):
    return run("-D", directory, "user", *arguments, input=password)


# ------------------------------------------------------------------ the command


def test_user_is_made(directory, users_file):
    done = user(directory, "admin")
    assert done.returncode == 0 and done.stdout == f"Created the user admin in {users_file}\n"
    assert done.stderr == ""
    assert re.fullmatch(r"admin:\$scrypt\$ln=15,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}\n",
                        users_file.read_text())
    assert stat.S_IMODE(users_file.stat().st_mode) == 0o640
    with registrar_serving(directory, "-n", "--api-port", "0") as registrar:
        registrar.api_port = registrar.port_of(API)
        with Client(registrar) as client:
            assert client.log_in("admin", GOOD).ask("GET", LIST).status == 200
            assert client.try_login("admin", GOOD + "\n").status == 401


def test_password_is_changed(directory, users_file):
    users_file.write_text(
        "# keep me\nother:" + "$scrypt$ln=10,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w\n"
    )
    users_file.chmod(0o600)
    user(directory, "admin")
    before = users_file.read_text()
    done = user(directory, "admin", password="another password")  # no newline either
    assert done.returncode == 0
    assert done.stdout == f"Changed the password of the user admin in {users_file}\n"
    after = users_file.read_text()
    assert after != before and after.splitlines()[:2] == before.splitlines()[:2]
    assert len(after.splitlines()) == 3
    assert stat.S_IMODE(users_file.stat().st_mode) == 0o600


def test_user_is_removed(directory, users_file):
    user(directory, "admin")
    user(directory, "other")
    done = user(directory, "--remove", "admin", password=None)
    assert done.returncode == 0 and done.stdout == f"Removed the user admin from {users_file}\n"
    assert users_file.read_text().startswith("other:")
    assert len(users_file.read_text().splitlines()) == 1
    done = user(directory, "admin", "--remove", password=None)
    assert done.returncode == 65 and f"There is no user admin in {users_file}" in done.stderr


@pytest.mark.parametrize(
    "password, message",
    [
        ("short12\n", "The password has 7 characters; it must have 8 to 64"),
        ("\n", "The password has 0 characters"),
        ("", "has 0"),
        ("x" * 65 + "\n", "The password has 65 characters"),
        ("x" * 5000, "longer than 64"),
        ("a\0bcdefgh\n", "NUL byte"),
    ],
)
def test_password_that_will_not_do(directory, users_file, password, message):
    done = user(directory, "admin", password=password)
    assert done.returncode == 65 and message in done.stderr and len(done.stderr.splitlines()) == 1
    assert not users_file.exists()


@pytest.mark.parametrize("name",
                         ["adm", "a" * 65, "ad min", "admin:x", "admin\n", "ädmin", "../admin",
                          ""])
def test_name_that_will_not_do(directory, users_file, name):
    done = user(directory, name)
    assert done.returncode == 65 and "A user has a name of 4 to 64 letters" in done.stderr
    assert len(done.stderr.splitlines()) == 1 and not users_file.exists()


@pytest.mark.parametrize(
    "arguments",
    [["user"], ["user", "admin", "secret"], ["serve", "--remove"], ["--remove", "init"],
     ["--api-port", "x", "serve"], ["--api-port", "65536", "serve"],
     ["--api-max-login-attempts", "0", "serve"], ["--api-block-time", "", "serve"]],
)
def test_wrong_usage(directory, arguments):
    done = run("-D", directory, *arguments)
    assert done.returncode == 64 and "Try 'agent-registrar --help'" in done.stderr


def test_other_users_file(directory, tmp_path, users_file):
    done = run("-D", directory, "--api-users", tmp_path / "mine", "user", "admin", input=GOOD)
    assert done.returncode == 0 and (tmp_path / "mine").exists() and not users_file.exists()
    done = run("-D", directory, "--api-users", tmp_path / "nowhere" / "mine", "user", "admin",
               input=GOOD)
    assert done.returncode == 78 and "Cannot open the directory of the users file" in done.stderr


def at_terminal(directory, *lines):
    """Run `user admin` at a terminal; what it showed, and the exit status."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(PROGRAM, [PROGRAM, "-D", str(directory), "user", "admin"])
    shown = b""
    for line in lines:
        while not shown.endswith(b": "):
            shown += os.read(terminal, 1000)
        os.write(terminal, line.encode() + b"\n")
        shown += b"|"
    try:
        while piece := os.read(terminal, 1000):
            shown += piece
    except OSError:  # the other side is closed
        pass
    os.close(terminal)
    return shown.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_terminal(directory, users_file):
    shown, status = at_terminal(directory, GOOD, GOOD)
    assert status == 0 and "Password: " in shown and "Retype password: " in shown
    assert "Created the user admin" in shown
    assert GOOD not in shown and users_file.exists()


def test_terminal_typing_error(directory, users_file):
    shown, status = at_terminal(directory, GOOD, GOOD + "x")
    assert status == 65 and "The two passwords are not the same" in shown and GOOD not in shown
    assert not users_file.exists()


def test_test_option_looks_at_the_users(directory, users_file):
    write_users(directory, {USER: PASSWORD})
    done = run("-D", directory, "-n", "--api-port", "0", "-t", "serve")
    assert done.returncode == 0 and "Users of the API: 1" in done.stderr
    users_file.write_text("nonsense")
    assert run("-D", directory, "-n", "--api-port", "0", "-t", "serve").returncode == 78
    assert run("-D", directory, "-n", "-t", "serve").returncode == 0


# ------------------------------------------------------------------ curl


@pytest.fixture
def curl(directory):
    """curl(ARGUMENTS..., PATH): what it printed, with the certificate checked and -u as Wazuh's
    documentation has it."""
    program = need("curl")
    with serving(directory, users={USER: GOOD}) as registrar:
        def call(*arguments):
            *options, path = arguments
            done = subprocess.run(
                [program, "-sS", "--cacert", directory / "etc" / "sslmanager.cert", *options,
                 f"https://127.0.0.1:{registrar.api_port}{path}"],
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout
        yield call


@pytest.fixture
def bearer(curl):
    token = curl("-u", f"{USER}:{GOOD}", "-X", "POST", "/security/user/authenticate?raw=true")
    return ["-H", f"Authorization: Bearer {token}"]


def test_curl_session(curl, bearer):
    """As in the documentation: register, ask for the key, list, remove."""
    json_type = ["-H", "Content-Type: application/json"]
    added = json.loads(
        curl("-X", "POST", *bearer, *json_type, "-d", '{"name":"NewHost","ip":"10.0.10.11"}',
             "/agents?pretty=true")
    )
    agent = exported(added["data"]["key"])
    assert agent[:3] == ("001", "NewHost", "10.0.10.11") and added["error"] == 0
    key = json.loads(curl("-X", "GET", *bearer, "/agents/001/key?pretty=true"))
    assert exported(key["data"]["affected_items"][0]["key"]) == agent
    listed = json.loads(
        curl("-X", "GET", *bearer,
             "/agents?pretty=true&offset=0&limit=2&select=id%2Cname&search=new")
    )
    assert listed["data"]["affected_items"] == [{"id": "001", "name": "NewHost"}]
    removed = json.loads(
        curl("-X", "DELETE", *bearer,
             "/agents?pretty=true&older_than=0s&agents_list=001&status=never_connected&purge=true")
    )
    assert removed["data"]["affected_items"] == ["001"]


@pytest.mark.parametrize("version", ["--tlsv1.2", "--tlsv1.3"])
@pytest.mark.parametrize("http", ["--http1.0", "--http1.1", "--http2"])
def test_curl_versions(curl, bearer, version, http):
    tls = [version, "--tls-max", version[-3:]]
    assert json.loads(curl(*tls, http, *bearer, "/agents"))["error"] == 0


def test_curl_large_body_with_expect(curl, bearer):
    body = json.dumps({"name": "web-01"}).ljust(60000)
    answer = curl("-H", "Expect: 100-continue", *bearer, "-H", "Content-Type: application/json",
                  "-d", body, "/agents")
    assert json.loads(answer)["data"]["id"] == "001"


def test_curl_many_on_one_connection(curl, bearer):
    answers = curl(*bearer, "-X", "POST", "-w", "\n", "/agents/insert/quick?agent_name=web-[10-29]")
    assert [json.loads(line)["data"]["id"] for line in answers.splitlines()] == [
        f"{i:03}" for i in range(1, 21)
    ]


def test_curl_head_and_options(curl, bearer):
    assert curl("-I", *bearer, "/agents").startswith("HTTP/1.1 200 ")
    assert curl("-i", "-X", "OPTIONS", *bearer, "/agents").startswith("HTTP/1.1 405 ")
    assert (
        curl("-o", "/dev/null", "-w", "%{http_code}", "-d", "name=x", *bearer, "/agents") == "415"
    )
