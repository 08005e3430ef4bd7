# SPDX-License-Identifier: ISC
"""The enrollment of Wazuh 5 at the registrar, for the tests of its side. The fixture is in
conftest.py."""
import concurrent.futures
import contextlib
import json
import threading

from api_tools import PASSWORD as API_PASSWORD
from api_tools import USER, Client, write_users
from enroll_tools import PASSWORD, bearer
from registrar_tools import API, PATIENCE, serving
from wazuh5_manager import ENROLL

SECRET = f"{ENROLL}/secret"
BODY = {"name": "web-01", "version": "5.0.0"}


@contextlib.contextmanager
def serving_enrollments(directory, pair, *arguments, password=PASSWORD):
    """A registrar with this certificate and key. `password` None: it demands none."""
    file = directory / "etc" / "enroll.pass"
    file.write_text(f"{password}\n")
    file.chmod(0o600)
    write_users(directory, {USER: API_PASSWORD})
    with serving(directory, "--dialect", "wazuh", "--api-port", "0", "-x", pair[0], "-k", pair[1],
                 *(["-P", str(file)] if password else ["-n"]), *arguments) as registrar:
        registrar.api_port = registrar.port_of(API)
        yield registrar


def enroll(registrar, body=None, authorization=None, path=ENROLL, **headers):
    """`authorization` None: by the password; empty: not at all."""
    fields = {"Content-Type": "application/json", "protocol-version": "1",
              "Authorization": bearer() if authorization is None else authorization or None,
              **{name.replace("_", "-"): value for name, value in headers.items()}}
    with Client(registrar) as client:
        return client.ask("POST", path,
                          body if isinstance(body, (bytes, str)) else json.dumps(body or BODY),
                          headers=fields)


def at_once(count, ask):
    """What ask(NUMBER) returns for each number below `count`, all asked at the same time."""
    ready = threading.Barrier(count)

    def ask_one(number):
        ready.wait(PATIENCE)
        return ask(number)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(ask_one, range(count)))


def failure(answer):
    """(status, code)"""
    assert set(answer.json) == {"error"}, answer
    assert set(answer.json["error"]) == {"code", "message"}, answer
    return answer.status, answer.json["error"]["code"]


def agent_bearer(number, secret, **more):
    """That of an agent that enrolls again; `secret` as it was received."""
    header = {"alg": "HS256", "kid": number, "typ": "wazuh-enroll+jwt"}
    return bearer(bytes.fromhex(secret), header=header, kind="agent", **more)


def enroll_again(registrar, number, secret, body=None, **more):
    return enroll(registrar, body, authorization=agent_bearer(number, secret, **more))


def request_bearer(number, key, typ="wazuh-agent+jwt", **more):
    """That of any request of an agent, which is signed with its key."""
    return bearer(bytes.fromhex(key), header={"alg": "HS256", "kid": number, "typ": typ}, kind=None,
                  **{"iss": f"wazuh-agent/{number}", "sub": number, **more})
