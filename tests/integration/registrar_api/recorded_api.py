# SPDX-License-Identifier: ISC
"""Exchanges with the API server of Wazuh 4.14.7, recorded in their order, to be made again with
agent-registrar. In the recording, ids, keys, tokens, remedies and the name of the node are replaced
by words (ID, KEY(id name ip K), TOKEN, R, NODE), and so they are here."""
import base64
import datetime
import json
import os
import re

from api_tools import PASSWORD
from registrar_tools import DATA

def load(name):
    return [json.loads(line) for line in (DATA / name).read_text().splitlines()]


RECORDED = load("wazuh-api.jsonl")
# what is different on purpose: {name of the exchange: its entry, with our answer and the reason}
DIFFERENT = {entry["name"]: entry for entry in load("wazuh-api-differences.jsonl")}
USERS = {"wazuh": PASSWORD}
OWN_NAME = os.uname().nodename


def steps():
    """The exchanges, and None where the recorder waited for a second or so."""
    for exchange in RECORDED:
        yield None if "pause_s" in exchange else exchange


def label(exchange):
    return f"{exchange['name']}: {exchange['method']} {exchange['path'][:80]}"


def request(exchange):
    """Body and headers of an exchange."""
    headers = dict(exchange.get("headers", {}))
    body = exchange.get("body")
    if "raw" in exchange:
        body = exchange["raw"].encode("latin-1")
        headers["Content-Type"] = exchange.get("ctype", "application/json")
    elif body is not None:
        body = json.dumps(body).replace("DIGEST", OWN_NAME).encode()
        headers["Content-Type"] = "application/json"
    elif exchange["method"] == "POST":
        headers["Content-Type"] = "application/json"
    if "basic" in exchange:
        user, password = exchange["basic"].split(":")
        headers["Authorization"] = "Basic " + encode(f"{user}:{USERS.get('wazuh')}"
                                                     if password == "PW" else f"{user}:{password}")
    elif exchange.get("anon"):
        headers.setdefault("Authorization", None)
    return body, headers


def encode(text):
    return base64.b64encode(text.encode()).decode()


def expected(exchange):
    """Status and body of our answer: those of the real one, unless it is different on purpose."""
    if exchange["name"] in DIFFERENT:
        ours = DIFFERENT[exchange["name"]]["ours"]
        return ours["status"], clean(ours["body"])
    return real_answer(exchange)


def real_answer(exchange):
    """Status and body of the real answer, without what cannot be the same."""
    real = json.loads(json.dumps(exchange["real"]).replace("name: vm", "name: " + OWN_NAME))
    return real["status"], clean(real["body"])


def seen(answer):
    """The same of an answer of ours."""
    return answer.status, clean(answer.json if answer.json is not None else answer.text)


def clean(body):
    if isinstance(body, str):
        return "TOKEN" if re.fullmatch(r"ey[\w-]+\.[\w-]+\.[\w-]+", body) else body
    if isinstance(body, list):
        return [clean(item) for item in body]
    if not isinstance(body, dict):
        return body
    kept = {name: clean(value) for name, value in body.items()
            if name not in ("remediation", "dateAdd")}
    for name, word in (("token", "TOKEN"), ("id", "ID")):
        if isinstance(kept.get(name), str) and ("key" in kept or name == "token"):
            kept[name] = word
    if isinstance(kept.get("key"), str):  # a list: without id and key already
        kept["key"] = clean_key(kept["key"])
    if "dapi_errors" in kept:
        kept["dapi_errors"] = list(kept["dapi_errors"].values())
    return kept


def clean_key(key):
    """Name and address of an exported key."""
    if key.startswith("KEY("):
        return key[4:-1].split(" ")[1:3]
    return base64.b64decode(key).decode().split(" ")[1:3]


def make_older(registrar, seconds=60):
    """Instead of waiting: all agents were registered earlier."""
    stamps = registrar.directory / "queue" / "agents-timestamp"
    if not stamps.exists():
        return
    lines = []
    for line in stamps.read_text().splitlines():
        number, name, ip, when = line.split(" ", 3)
        earlier = datetime.datetime.fromisoformat(when) - datetime.timedelta(seconds=seconds)
        lines.append(f"{number} {name} {ip} {earlier:%Y-%m-%d %H:%M:%S}\n")
    stamps.write_text("".join(lines))
