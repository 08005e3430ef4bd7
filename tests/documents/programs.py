# SPDX-License-Identifier: ISC
"""What the programs say of themselves: --help, completion, config."""
import dataclasses
import functools
import json
import re
import shlex

# The programs, each with its manual page; and the names that have options of their own.
PAGES = {"agent-register": "agent-register.8", "agent-registrar": "agent-registrar.8"}
OTHER_NAMES = {
    "agent-auth": ("agent-register", "agent-auth.8"),
    "ossec-authd": ("agent-registrar", "agent-registrar-authd.8"),
    "wazuh-authd": ("agent-registrar", "agent-registrar-authd.8"),
}
COMPLETION_SHELLS = ("bash", "zsh", "fish")


@dataclasses.dataclass
class Option:
    letter: str
    name: str
    help: str
    choices: tuple = ()  # the only valid arguments
    argument: bool = False

    @property
    def spellings(self):
        return ([f"-{self.letter}"] if self.letter else []) + \
               ([f"--{self.name}"] if self.name else [])

    def __str__(self):
        return self.spellings[-1]


def help_rows(text):
    """(spelling, text) of each row of a help: of options, and of commands."""
    rows = []
    for line in text.splitlines():
        row = re.match(r"  (\S.*?)(?:  +(.*))?$|      (--\S.*?)(?:  +(.*))?$", line)
        if row:
            rows.append([row[1] or row[3], row[2] or row[4] or ""])
        elif re.match(r" {8}", line) and rows:
            rows[-1][1] = f"{rows[-1][1]} {line.strip()}".strip()
    return rows


def help_options(text):
    found = []
    for spelling, words in help_rows(text):
        row = re.match(r"(?:-(\w)\b)?(?:, )?(?:--([\w-]+))?(?: (.*))?$", spelling)
        if row and (row[1] or row[2]):
            found.append(Option(row[1], row[2], words, argument=bool(row[3])))
    return found


def help_commands(text):
    """The names of the commands, each with its text."""
    block = text.partition("\nCommands:\n")[2].partition("\n\n")[0]
    return {row[0].split()[0]: row[1] for row in help_rows(block)}


def fish_completions(text, program):
    """The rows of a script for fish: a dict of its options each, "n" the condition."""
    rows = []
    for line in text.splitlines():
        words = shlex.split(line.replace(r"\'", "'\"'\"'"))
        if words[:3] == ["complete", "-c", program]:
            row = dict.fromkeys((word for word in words if word in ("-f", "-r", "-F")), "")
            row |= {key: value for key, value in zip(words, words[1:])
                    if key in ("-n", "-a", "-s", "-l", "-d")}
            rows.append(row)
    return rows


def completed_options(tree, program):
    """The options, from what completion has of them."""
    text = tree.output(program, "completion", "fish")
    return [Option(row.get("-s"), row.get("-l"), row["-d"], argument="-r" in row,
                   choices=tuple(row["-a"].split())
                   if row.get("-a") and not row["-a"].startswith("(") else ())
            for row in fish_completions(text, program) if "-s" in row or "-l" in row]


def completed_actions(tree, program):
    """The words that commands take: {"token": ["create", ...]}."""
    found = {}
    for row in fish_completions(tree.output(program, "completion", "fish"), program):
        command = re.match(r"\w+_is ([\w-]+)", row.get("-n", ""))
        if command and "-a" in row and not row["-a"].startswith("("):
            found[command[1]] = row["-a"].split()
    return found


@dataclasses.dataclass
class Key:
    section: str
    name: str
    default: str  # "": none
    values: tuple  # the only ones that it may have; (): any

    def __str__(self):
        return f"{self.name} in [{self.section}]"


@functools.cache
def keys(tree):
    """The keys of the configuration."""
    found = []
    shown = json.loads(tree.output("agent-register", "config", "--json"))
    for section, rows in shown["settings"].items():
        for name, row in rows.items():
            default = row["value"] or "" if not isinstance(row["value"], bool) else \
                "yes" if row["value"] else "no"
            refusal = tree.output("agent-register", "config", "--set", f"{section}.{name}=?!")
            values = re.search(r"expected ([\w., ]+ or [\w.]+)$", refusal.strip()) or \
                re.search(r"expected (yes or no)", refusal)
            words = tuple(re.split(r", | or ", values[1])) if values else ()
            found.append(Key(section, name, default, () if any(" " in each for each in words)
                             else words))
    return found
