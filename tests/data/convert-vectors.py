#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Make the line files in this folder from the recorded exchanges with real managers and agents.

convert-vectors.py FOLDER

FOLDER holds ossec-authd.jsonl, wazuh-authd.jsonl and wazuh-agent-auth.jsonl: one JSON object an
exchange. What the tests expect is worked out here in a second way, from what the real programs did,
and not by the code under test.

Lines are fields between tabs with the escapes \\n \\r \\t \\\\ \\xHH; "-" is an absent field."""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
# the recorder shortened long texts; those are not what was on the wire
CUT = re.compile(r"\.\.\.\(\d+")
PASSWORDS = {
    'v4.14.5 password "s3cret"': "s3cret",
    "v4.14.5 password with spaces and quotes": "it's a pass phrase",
    "v4.14.5 password file CRLF": "s3cret\r",
    "v4.14.5 password file without newline": "s3cret",
    "v4.14.5 password file trailing blank": "s3cret ",
    "v4.14.5 password file 2 lines": "s3cret",
    "v4.14.5 password of 2 chars": "xy",
}


def load(folder, name):
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]


def escape(text):
    """A recorded string stands for bytes (latin-1); None is an absent field."""
    if text is None:
        return "-"
    names = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}
    return "".join(names.get(c) or (c if " " <= c <= "~" else f"\\x{ord(c):02x}") for c in text)


def write(name, what, rows):
    text = f"# Made by convert-vectors.py. {what}\n"
    text += "".join("\t".join(escape(field) for field in row) + "\n" for row in rows)
    (HERE / name).write_text(text)
    print(f"{name}: {len(rows)}")


def expected_reply(reply):
    """The state and text a client must come to once the connection has ended."""
    if reply == "":
        return "silent", None
    if match := re.match(r"OSSEC K:'([^'\n\0]*)'", reply):
        return "key", match[1]
    if match := re.match(r"ERROR: (.*?)(?:\n|ERROR: |\Z)", reply, re.DOTALL):
        return "error", match[1]
    return "garbled", None


def replies(folder):
    rows = []
    for program in ("ossec-authd", "wazuh-authd"):
        for case in load(folder, program):
            records = case["recv_records"]
            if case["case"] == "LOCAL SOCKET" or not records or CUT.search("".join(records)):
                continue
            label = f"{program} {case['authd']}: {case['case']}"
            rows.append([label, *expected_reply("".join(records)), *records])
    return rows


REQUEST = re.compile(
    r"(?:OSSEC PASS: (?P<password>.*) )?OSSEC A:'(?P<name>[^']*)'(?: V:'(?P<version>[^']*)')?"
    r"(?: G:'(?P<groups>[^']*)')?(?: IP:'(?P<ip>[^']*)')?(?: K:'(?P<hash>[^']*)')?\n", re.DOTALL)


def agent_requests(folder):
    """What a real agent-auth sent, taken apart; those that it should not have sent do not match."""
    rows = {}
    for case in load(folder, "wazuh-agent-auth"):
        for line in case.get("sent_records") or []:
            match = not CUT.search(line) and REQUEST.fullmatch(line)
            if match and "\n" not in line[:-1]:
                rows.setdefault(
                    line,
                    [case["case"], line,
                     *match.group("password", "name", "version", "groups", "ip", "hash")],
                )
    return list(rows.values())


def fault_of(reply):
    for text, fault in (("Invalid password", "password"), ("Invalid request", "malformed"),
                        ("Unterminated version", "version"), ("Unterminated group", "groups"),
                        ("Unterminated IP", "ip"), ("Unterminated key", "hash")):
        if reply.startswith("ERROR: " + text):
            return fault
    return "ok"


def manager_requests(folder):
    """What Wazuh 4.14.5 made of a request: its fault, or the name it registered (absent: refused
    for another reason)."""
    rows = []
    for case in load(folder, "wazuh-authd"):
        sent, records = case["sent"], case["recv_records"]
        if (
            not case["authd"].startswith("v4.14.5")
            or case["case"] == "LOCAL SOCKET"
            or not sent
            or not records
        ):
            continue
        if len(sent) != 1 or "\n" not in sent[0] or CUT.search(sent[0]):
            continue
        key = re.match(r"OSSEC K:'(\S+) (\S+) (\S+) (\S+)'", records[0])
        rows.append(
            [case["case"], sent[0].partition("\n")[0], PASSWORDS.get(case["authd"]),
             fault_of(records[0]), key and key[2], key and key[3]]
        )
    return rows


def main():
    folder = pathlib.Path(sys.argv[1])
    write("replies.txt", "Case, state, text of the key or error, then one field a TLS record.",
          replies(folder))
    write("agent-requests.txt", "Case, request, password, name, version, groups, ip, key hash.",
          agent_requests(folder))
    write("manager-requests.txt",
          "Case, request line, the manager's password, fault, registered name and ip.",
          manager_requests(folder))


if __name__ == "__main__":
    main()
