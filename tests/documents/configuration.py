# SPDX-License-Identifier: ISC
"""Keys of the configuration and their defaults: the program, the shipped file and the manual page
have the same. Credentials: the code, the unit and the manual page."""
import re

from documents import programs

PAGE = "agent-register.conf.5"
SHIPPED = "etc/agent-register.conf"


def check(tree):
    yield from _check_credentials(tree)
    if not tree.built("agent-register"):
        return
    keys = programs.keys(tree)
    yield from _check_shipped(tree, keys)
    yield from _check_page(tree, keys)
    yield from _check_default_ports(tree)


# ------------------------------------------------------------------ the shipped file

def shipped_keys(text):
    """(section, key, value, comment) of each key, all of which are comments."""
    section, comment, found = None, "", []
    for line in text.splitlines():
        heading = re.fullmatch(r"\[(\w+)\]", line)
        row = re.match(r"#(\w+) =(?: (.*))?$", line)
        if heading:
            section = heading[1]
        if row and section:
            found.append((section, row[1], row[2] or "", comment))
        elif line.startswith("# "):
            if found and found[-1][3] == comment:
                comment = ""
            comment += line[2:] + "\n"
    return found


def _check_shipped(tree, keys):
    shipped = shipped_keys(tree.read(SHIPPED))
    names = {(key.section, key.name): key for key in keys}
    for section, name, value, comment in shipped:
        key = names.pop((section, name), None)
        if not key:
            yield f"{SHIPPED} has {name} in [{section}], which is no key"
            continue
        if value != (key.default or ""):
            yield f"{SHIPPED} has '{value}' as the default of {key}, which is '{key.default}'"
        if set(key.values) not in ({"yes", "no"}, set()):
            for word in key.values:
                if not re.search(rf"(?<![\w.]){re.escape(word)}(?![\w])", comment):
                    yield f"{SHIPPED} does not name {word}, a value of {key}"
    for key in names.values():
        yield f"{SHIPPED} does not have {key}"


# ------------------------------------------------------------------ the manual page

def _check_page(tree, keys):
    page = tree.page(PAGE)
    items = {}
    for section in sorted({key.section for key in keys} |
                          {name.strip("[]") for name in page.sections if name.startswith("[")}):
        for item in page.headed("Va", f"[{section}]"):
            for name in re.findall(r"\bVa (\w+)", item.head[0]):
                items[section, name] = item
    for key in keys:
        item = items.pop((key.section, key.name), None)
        if not item:
            yield f"{PAGE} does not explain {key}"
            continue
        text = item.text
        if isinstance(key.default, str) and key.default and not _says_default(text, key.default):
            yield f"{PAGE} does not say that the default of {key} is {key.default}"
        if key.default == "" and key.values and re.search(r"\bthe default\b,", text):
            yield f"{PAGE} says a default of {key}, which has none"
        for word in key.values:
            marked = r"\.Ql " if word.isalpha() else r"(?<![\w.])"
            if set(key.values) != {"yes", "no"} and \
                    not re.search(rf"{marked}{re.escape(word)}\b", "\n".join(item.lines)):
                yield f"{PAGE} does not explain {word}, a value of {key}"
    for section, name in items:
        yield f"{PAGE} explains {name} in [{section}], which is no key"


def _says_default(text, default):
    """Whether the sentences about defaults say this one, and no other number."""
    sentences = re.findall(r"[^.]*\bdefault\b(?:[^.]|\.\d|\.(?=\S))*", text)
    said = [each for each in sentences
            if re.search(rf"(?<![\w.]){re.escape(default)}(?![\w])", each)]
    return bool(said)


def _check_default_ports(tree):
    """The port of each method is the same in --help, the shipped file and the manual page."""
    texts = {
        "agent-register --help": next(option.help for option in programs.help_options(
            tree.output("agent-register", "--help")) if option.name == "port"),
        PAGE: next(item.text for item in tree.page(PAGE).headed("Va", "[manager]")
                   if "Va port" in item.head[0]),
        "agent-register.8": next(item.text for item in tree.page("agent-register.8").headed("Fl")
                                 if "--port" in item.options()),
        SHIPPED: next(row[3] for row in shipped_keys(tree.read(SHIPPED)) if row[1] == "port"),
    }
    for method in ("authd", "api", "enroll"):
        shown = tree.output("agent-register", "config", "--set", f"manager.method={method}")
        port = re.search(rf"#port =.* (\d+) for method {method}", shown)[1]
        for name, text in texts.items():
            if not re.search(rf"\b{port}\b", text):
                yield f"{name} does not say that the port of method {method} is {port}"


# ------------------------------------------------------------------ credentials

def _check_credentials(tree):
    page = tree.page(PAGE)
    known = set(re.findall(r'"(agent-register\.[a-z-]+)"',
                           tree.read("src/client/config/files.c")))
    unit = set(re.findall(r"(?m)^LoadCredential=(agent-register\.[a-z-]+)$",
                          tree.read("systemd/agent-register.service.in")))
    listed = {word for line in page.sections["CREDENTIALS"]
              for word in re.findall(r"^\.It Li (agent-register\.[a-z-]+) ", line)}
    for name in sorted(known - unit):
        yield f"the unit does not load the credential {name}"
    for name in sorted(known - listed):
        yield f"{PAGE} does not explain the credential {name}"
    for name in sorted((unit | listed) - known):
        yield f"the unit or {PAGE} has the credential {name}, which nobody reads"
