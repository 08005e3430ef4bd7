# SPDX-License-Identifier: ISC
"""What documents say of the repository itself: files and functions exist, a release has one version
and one date, and the manual pages are valid."""
import datetime
import email.utils
import re
import shutil
import subprocess


def check(tree):
    yield from _check_names(tree)
    yield from _check_guides(tree)
    yield from _check_release(tree)
    yield from _check_pages(tree)


def _check_names(tree):
    """Every file, folder and function that ARCHITECTURE.md and SECURITY.md name exists."""
    files = [f"/{path}" for path in tree.files() if path.parts[0] in ("src", "tests")]
    texts = {name: tree.read(name) for name in ("ARCHITECTURE.md", "SECURITY.md")}
    for document, text in texts.items():
        for name in re.findall(r"`([A-Za-z0-9/_.-]+(?:\.[ch]|\.py|\.symbols|/))`", text):
            wanted = f"/{name.rstrip('/')}"
            if not (tree.source / name).exists() and not any(
                    each.endswith(wanted) or name.endswith("/") and f"{wanted}/" in each
                    for each in files):
                yield f"{name}, which {document} names, does not exist"
    code = "\n".join(text for _, text in tree.code("client", "common", "registrar"))
    for name in set(re.findall(r"`([a-z_]+)\(\)`", texts["ARCHITECTURE.md"])):
        if not re.search(rf"\b{name}\(", code):
            yield f"ARCHITECTURE.md names {name}(), which does not exist"


def _check_guides(tree):
    """Every guide is in the index, is installed, and is carried out by a test."""
    for path in tree.paths("doc/*.md"):
        test = f"tests/guides/test_{path.stem.replace('-', '_')}.py"
        if path.stem == "README":
            continue
        if f"({path.name})" not in tree.read("doc/README.md"):
            yield f"doc/README.md does not name {path.name}"
        if not re.search(rf"\bdoc/{re.escape(path.name)}\b", tree.read("doc/local.mk")):
            yield f"doc/local.mk does not install {path.name}"
        if not tree.paths(test) or f'guide.Guide("{path.stem}"' not in tree.read(test):
            yield f"no test in {test} carries out {path}"


def _check_release(tree):
    """A release has one version and one date, wherever it is written."""
    version = re.search(r"(?m)^AC_INIT\(\[[^]]*\], \[([^]]*)\]", tree.read("configure.ac"))[1]
    changelog = tree.read("debian/changelog")
    written = re.search(r"(?m)^ -- .*>  (.*)$", changelog)[1]
    date = email.utils.parsedate_to_datetime(written).astimezone(datetime.timezone.utc)
    first = f"agent-register {version} ({date:%Y-%m-%d})"
    if tree.read("NEWS").partition("\n")[0] != first:
        yield f"NEWS does not begin with {first}, of debian/changelog"
    changed = re.search(r"\(([^)]*)-[^-]*\)", changelog.partition("\n")[0])[1]
    if changed != version:
        yield f"debian/changelog is about {changed}, not about {version} of configure.ac"
    spec = tree.read("packaging/agent-register.spec")
    if f"\nVersion: {version}\n" not in spec:
        yield f"agent-register.spec is not about {version}"
    day = date.strftime("%a %b %d %Y")  # Python starts with LC_TIME of C
    if not re.search(rf"(?m)^\* {day} .* - {re.escape(version)}-", spec):
        yield f"agent-register.spec has no change of {day}, {version}"


def _check_pages(tree):
    if not shutil.which("mandoc"):
        yield "SKIP: mandoc is not installed: manual pages not checked"
        return
    for page in sorted((tree.source / "man").glob("*.[0-9]")):
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], check=False,
                              capture_output=True, text=True)
        if done.returncode != 0:
            yield f"{page.name} is not valid:\n{done.stdout}".rstrip()
