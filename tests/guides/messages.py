#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""doc/messages.md, made from the texts that journalctl -x shows:

    tests/guides/messages.py etc/agent-register.catalog >doc/messages.md"""
import re
import sys

HEAD = """\
# Messages

For whoever finds an entry of agent-register in a journal, here or in a collection of logs of many
machines. At the end you know what it means, and what to run. [Troubleshooting](troubleshooting.md)
has what such failures look like.

`journalctl -x -u agent-register` shows the same texts below the entries, with the names of the
machine in the place of MANAGER, NAME, NUMBER and METHOD. Each kind of entry has an ID that never
changes: `journalctl MESSAGE_ID=...` finds all of them. This page is made from
`etc/agent-register.catalog` by `tests/guides/messages.py`.
"""
NAMES = {"@MANAGER@": "MANAGER", "@AGENT_NAME@": "NAME", "@AGENT_ID@": "NUMBER",
         "@METHOD@": "METHOD"}


def paragraph(lines):
    """As Markdown: text as it stands, commands and settings as a list."""
    if lines[0].startswith("    "):
        return "\n".join(f"- `{line.strip()}`" for line in lines)
    return re.sub(r"([<>])", r"\\\1", "\n".join(lines))


def entry(text):
    """One entry of the catalog, as Markdown."""
    head, body = text.strip("\n").split("\n\n", 1)
    message_id = head.split("\n")[0].strip()
    subject = re.search(r"(?m)^Subject: (.*)", head)[1]
    # a text and its commands stand together: only a change of the indentation parts them
    body = re.sub(r"(?m)^(?! )(.*)\n(?=    \S)", r"\1\n\n", body)
    parts = [paragraph(part.split("\n")) for part in re.split(r"\n\n+", body)]
    return "\n\n".join([f"## {subject}", f"`MESSAGE_ID={message_id}`", *parts])


def page(catalog):
    for variable, name in NAMES.items():
        catalog = catalog.replace(variable, name)
    entries = re.split(r"(?m)^-- (?=[0-9a-f]{32}$)", catalog)[1:]
    return "\n\n".join([HEAD.rstrip("\n"), *map(entry, entries)]) + "\n"


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        sys.stdout.write(page(file.read()))
