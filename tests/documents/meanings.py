# SPDX-License-Identifier: ISC
"""Outcomes, exit statuses, MESSAGE_IDs and the calls of the API: the tables in the source and the
manual pages and catalogs have the same."""
import os
import re

CLIENT_PAGE = "agent-register.8"
REGISTRAR_PAGE = "agent-registrar.8"
# The programs under the names of others, whose statuses they have.
COMPATIBLE_PAGES = ["agent-auth.8", "agent-registrar-authd.8"]
COMPATIBLE_STATUSES = {0, 1}
GUIDE = "doc/messages.md"
CATALOGS = {"agent-register.catalog": "client", "agent-registrar.catalog": "registrar"}
NO_EXIT = {"EX_SOFTWARE": "of a branch that is never reached"}


def check(tree):
    yield from _check_outcomes(tree)
    yield from _check_exit_statuses(tree)
    yield from _check_message_ids(tree)
    yield from _check_calls(tree)


def compare(name, kind, known, said):
    """What is in one of two sets only."""
    for each in sorted(known - said, key=str):
        yield f"{name} does not explain {kind} {each}"
    for each in sorted(said - known, key=str):
        yield f"{name} explains {kind} {each}, which does not exist"


# ------------------------------------------------------------------ outcomes and exit statuses

def policies(tree):
    """The outcomes, each with its exit status."""
    return {name: int(status) for name, status in
            re.findall(r'=\s*\{ "([a-z-]+)", (\d+), LOG_',
                       tree.read("src/client/registration/policy.c"))}


def _check_outcomes(tree):
    said = {item.head[0].split()[-1]
            for item in tree.page(CLIENT_PAGE).headed("Ql", "DIAGNOSTICS")}
    yield from compare(CLIENT_PAGE, "the outcome", set(policies(tree)), said)


def _said_statuses(page):
    return {int(number) for item in page.headed(r"\d+", "EXIT STATUS")
            for number in re.findall(r"\d+", item.head[0])}


def client_statuses(tree):
    defined = {int(status) for _, text in tree.code("client")
               for status in re.findall(r"#define EXIT_\w+ (\d+)", text)}
    return {0, 1} | defined | set(policies(tree).values())


def registrar_statuses(tree):
    names = {name for _, text in tree.code("registrar")
             for name in re.findall(r"\bEX_[A-Z]+\b", text)} - set(NO_EXIT)
    return {0, 1} | {getattr(os, name) for name in names}


def _check_exit_statuses(tree):
    for page, known in ((CLIENT_PAGE, client_statuses(tree)),
                        (REGISTRAR_PAGE, registrar_statuses(tree)),
                        *((page, COMPATIBLE_STATUSES) for page in COMPATIBLE_PAGES)):
        yield from compare(page, "exit status", known, _said_statuses(tree.page(page)))


# ------------------------------------------------------------------ MESSAGE_IDs

def message_ids(tree, part):
    return {ident: name for _, text in tree.code(part)
            for name, ident in
            re.findall(r'#define ((?:REGISTRAR_)?MESSAGE_\w+) "([0-9a-f]{32})"', text)}


def _check_message_ids(tree):
    for catalog, part in CATALOGS.items():
        known = message_ids(tree, part)
        listed = re.findall(r"(?m)^-- ([0-9a-f]{32})$", tree.read(f"etc/{catalog}"))
        yield from compare(catalog, "the MESSAGE_ID", set(known), set(listed))
        yield from (f"{catalog} explains {each} twice" for each in set(listed)
                    if listed.count(each) > 1)
    texts = {CLIENT_PAGE: "client", REGISTRAR_PAGE: "registrar", GUIDE: "client"}
    for name, part in texts.items():
        text = tree.read(name if name == GUIDE else f"man/{name}")
        yield from compare(name, "the MESSAGE_ID", set(message_ids(tree, part)),
                           set(re.findall(r"\b[0-9a-f]{32}\b", text)))


# ------------------------------------------------------------------ calls of the API

def routes(tree):
    """The calls of the registrar's API: "GET /agents/{}/key"."""
    found = set()
    for _, text in tree.code("registrar/api"):
        names = dict(re.findall(r'#define (\w+) "(/[^"]*)"', text))
        for method, pattern in re.findall(r"\.method = API_(\w+),\s*\.pattern = (\"[^\"]*\"|\w+)",
                                          text):
            path = names[pattern] if pattern in names else pattern.strip('"')
            found.add(f"{method} {path or '/'}")
    return found


def said_calls(page):
    """Those that the page has an item for."""
    calls = set()
    for item in page.headed("Ic"):
        for method, path in re.findall(r"Ic (\w+) Pa (/.*)", "\n".join(item.head)):
            path = re.sub(r" Ns (?:Op )?(?:Pa )?", "", re.sub(r" Ns Ar \w+", "{}", path))
            calls.add(f"{method} {path.partition('?')[0]}")
    return calls


def _check_calls(tree):
    page = tree.page(REGISTRAR_PAGE)
    yield from compare(REGISTRAR_PAGE, "the call", routes(tree), said_calls(page))
    words = {word for line in page.lines for word in re.findall(r"\w+", line)}
    for path, text in tree.code("registrar/api"):
        for table in re.findall(r"api_parameter_rule \w+\[\] = \{(.*?)\n\};", text, re.DOTALL):
            for name in re.findall(r'\.name = "(\w+)"', table):
                if name not in words and not name.endswith("_id"):
                    yield f"{REGISTRAR_PAGE} does not explain the parameter {name} of {path}"
