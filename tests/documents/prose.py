# SPDX-License-Identifier: ISC
"""Guides, examples, catalogs, messages and the text of manual pages: the commands, options, keys,
values, outcomes, exit statuses, MESSAGE_IDs, calls of the API and units that they name exist, and
so do the files and headings that they link to."""
import re
import urllib.parse

from documents import meanings, programs

PROGRAM = r"(?:agent-register|agent-registrar|agent-auth|ossec-authd|wazuh-authd)"
# Numbers of 32 hexadecimal digits that are no MESSAGE_ID.
OTHER_IDS = {}
# Units that the project names and does not install: agents', managers' and the system's.
OWN_UNIT = re.compile(r"\bagent-regist\w+(?:-[\w-]+)?\.(?:service|socket|target|path|timer)\b")


def check(tree):
    known = Known(tree)
    for path, text in tree.texts():
        for line, is_code in _lines(path, text):
            yield from (f"{path}: {fault}" for fault in known.command_faults(line, is_code))
        yield from (f"{path}: {fault}" for fault in known.name_faults(text))
        yield from (f"{path}: {fault}" for fault in known.key_faults(text))
        yield from (f"{path}: {fault}" for fault in known.default_faults(text))
    for path, text in tree.code("client", "common", "registrar"):
        text = _messages(text)
        for line in text.splitlines():
            yield from (f"{path}: {fault}" for fault in known.command_faults(line, False))
        yield from (f"{path}: {fault}" for fault in known.key_faults(text))
    for path, text in ((path, tree.read(path)) for path in tree.files() if path.suffix == ".md"):
        yield from (f"{path}: {fault}" for fault in _link_faults(tree, path, text))


def _lines(path, text):
    """(line, whether it is certainly a command or code), with continued lines joined."""
    text = re.sub(r" *\\\n *", " ", text)
    if path.suffix == ".md":
        for block in re.findall(r"(?ms)^```\w*\n(.*?)^```|((?:^    .*\n)+)", text):
            yield from ((line, True) for line in "".join(block).splitlines())
        prose = re.sub(r"(?ms)^```.*?^```", "", text)
        yield from ((code.replace("\n", " "), True) for code in re.findall(r"`([^`]+)`", prose))
    else:
        command = {".catalog": r" {4}\w", ".8": r"[#$] ", ".5": r"[#$] "}.get(path.suffix, "$.")
        for line in text.splitlines():
            yield line, bool(re.match(command, line))


def _messages(code):
    """The literals of a C file, one a line, with neighbours joined."""
    code = re.sub(r'"\s*"', "", re.sub(r"(?s)/\*.*?\*/", "", code))
    literals = re.findall(r'"((?:[^"\\\n]|\\.)*)"', code)
    return "\n".join(each for each in literals if " " in each and "\\n" not in each)


# ------------------------------------------------------------------ names

class Known:
    """All that the programs have, as far as they are built."""

    def __init__(self, tree):
        self.options, self.commands, self.keys = {}, {}, {}
        names = {name: name for name in programs.PAGES}
        names |= {name: program for name, (program, _) in programs.OTHER_NAMES.items()}
        for name, program in names.items():
            if tree.built(program):
                text = tree.output(program, "--help" if name == program else "-h", called=name)
                # Whether each takes an argument.
                self.options[name] = {each: option.argument
                                      for option in programs.help_options(text)
                                      for each in option.spellings}
                self.commands[name] = set(programs.help_commands(text))
        if tree.built("agent-register"):
            for key in programs.keys(tree):
                self.keys.setdefault(key.section, {})[key.name] = key
        self.outcomes = set(meanings.policies(tree))
        self.statuses = meanings.client_statuses(tree) | meanings.registrar_statuses(tree)
        self.calls = meanings.routes(tree)
        self.ids = meanings.message_ids(tree, "client") | meanings.message_ids(tree, "registrar")
        self.units = {path.name.removesuffix(".in")
                      for path in (tree.source / "systemd").glob("agent-*")}

    def command_faults(self, line, is_code):
        """Of a line with commands of ours."""
        for name, words in re.findall(
                rf"(?<![\w./@=-])(?:/usr/s?bin/)?({PROGRAM})((?: (?![|;&<>#)]).*)?)", line):
            words = re.split(r" [|;&#>(]|[;`)'\"](?: |$)|  | -- ", words)[0].split()
            if name in self.options:
                yield from self._word_faults(name, words, is_code)

    def _word_faults(self, name, words, is_code):
        takes_argument, command = False, None
        for word in words:
            option = re.match(r"--[a-zA-Z][a-z-]*|-[a-zA-Z]$", word)
            if option and option[0] not in self.options[name]:
                yield f"{name} has no option {option[0]}"
            elif not option and not takes_argument and not command:
                command = word
            takes_argument = option and "=" not in word and self.options[name].get(option[0])
        if is_code and command and re.fullmatch("[a-z-]+", command) and self.commands[name] and \
                command not in self.commands[name]:
            yield f"{name} has no command {command}"

    def name_faults(self, text):
        """Outcomes, exit statuses, MESSAGE_IDs, calls and units."""
        for outcome in re.findall(r"(?:\boutcome |OUTCOME=)[`'\"]([a-z]+(?:-[a-z]+)*)[`'\"]", text):
            if outcome not in self.outcomes:
                yield f"there is no outcome {outcome}"
        for status in re.findall(r"exit (?:status|code)(?: is| of)? `?(\d+)\b", text):
            if int(status) not in self.statuses:
                yield f"no program has the exit status {status}"
        for ident in re.findall(r"\b[0-9a-f]{32}\b", text):
            if ident not in self.ids and ident not in OTHER_IDS:
                yield f"{ident} is no MESSAGE_ID"
        for method, path in re.findall(r"\b(GET|POST|PUT|DELETE|PATCH) (/[\w/{}.-]*)", text):
            if not any(re.fullmatch(call.replace("{}", "[^/]+"), f"{method} {path.rstrip('.')}")
                       for call in self.calls):
                yield f"there is no call {method} {path}"
        for unit in OWN_UNIT.findall(text):
            if unit not in self.units:
                yield f"there is no unit {unit}"

    def key_faults(self, text):
        """What a configuration in the text sets, and `key = value` and `key` in [section]."""
        section = None
        for line in text.splitlines():
            heading = re.fullmatch(r"\W*\[(\w+)\]\W*", line)
            row = re.match(r"\W*([a-z_]+) ?= ?([^\s;`]*)", line)
            if heading:
                section = heading[1] if heading[1] in self.keys else None
            elif not row:  # comments and empty lines are part of a section
                section = section if re.match(r"\s*([#;].*)?$", line) else None
            elif section:
                yield from self._value_faults(section, *row.groups())
        names = {name for rows in self.keys.values() for name in rows}
        for name, value, section in re.findall(r"\b([a-z_]+)(?: = ([^\s`]+))?`? in `?\[(\w+)\]",
                                               text):
            if section in self.keys and (value or "_" in name or name in names):
                yield from self._value_faults(section, name, value)
        for section, name in re.findall(r"--set (\w+)\.(\w+)=", text):
            if self.keys and (section, name) != ("section", "key") and \
                    name not in self.keys.get(section, {}):
                yield f"there is no key {name} in [{section}]"
        for name in re.findall(r"`([a-z_]+)(?: = [^`]*)?`", text):
            if "_" in name and self.keys and name in _misspelled(names):
                yield f"there is no key {name}"

    def default_faults(self, text):
        """`key` (default VALUE), `key = VALUE` (the default), `key = VALUE` is the default."""
        for name, value in re.findall(r"`([a-z_]+)` \((?:the )?default(?: is|:)? `?([^`)]+)`?\)",
                                      text) + \
                re.findall(r"`([a-z_]+) = ([^`]+)`(?:,| is)? \(?(?:the |by )?default\b", text):
            keys = [rows[name] for rows in self.keys.values() if name in rows]
            if keys and value not in [key.default for key in keys]:
                yield f"the default of {keys[0]} is not {value}"

    def _value_faults(self, section, name, value):
        key = self.keys[section].get(name)
        if not key:
            yield f"there is no key {name} in [{section}]"
        elif key.values and value and value not in key.values and not value.isupper():
            yield f"{value} is no value of {name} in [{section}]"


def _misspelled(names):
    """Plurals and singulars of keys, which are the usual mistakes."""
    return ({f"{name}s" for name in names} | {name.rstrip("s") for name in names}) - names


# ------------------------------------------------------------------ links

def _anchors(text):
    """The headings, as forges name them in links."""
    found = set()
    for heading in re.findall(r"(?m)^#+ +(.*?)\s*$", re.sub(r"(?ms)^```.*?^```", "", text)):
        heading = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.add(name if name not in found else f"{name}-1")
    return found | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))


def _link_faults(tree, path, text):
    prose = re.sub(r"(?ms)^```.*?^```|`[^`\n]*`", "", text)
    targets = re.findall(r"\]\(<?([^)>\s]+)>?(?: \"[^\"]*\")?\)", prose)
    labels = dict(re.findall(r"(?m)^\[([^]]+)\]: *(\S+)", prose))
    for label in re.findall(r"\[[^]]+\]\[([^]]+)\]", prose):
        if label not in labels:
            yield f"the link [{label}] leads nowhere"
    for target in targets + list(labels.values()):
        if re.match(r"[a-z]+:", target):
            yield from _url_faults(target)
            continue
        name, _, anchor = target.partition("#")
        file = (tree.source / path.parent / name) if name else tree.source / path
        if not file.exists():
            yield f"the link {target} leads to a file that is not there"
        elif anchor and file.suffix == ".md" and \
                anchor not in _anchors(file.read_text(encoding="utf-8")):
            yield f"the link {target} leads to a heading that is not there"
    for url in re.findall(r"https?://[^\s<>()`'\"\\,]+", text):
        yield from _url_faults(url)


def _url_faults(url):
    """Only the form: nothing is fetched."""
    try:
        parts = urllib.parse.urlsplit(url)
        valid = parts.scheme in ("http", "https", "mailto") and \
            (parts.scheme == "mailto" or bool(parts.hostname)) and parts.port != 0
    except ValueError:
        valid = False
    if not valid and not re.search(r"[<{$]|HOST|\.\.\.|\*", url):
        yield f"{url} is no valid address"
