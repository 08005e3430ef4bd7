# SPDX-License-Identifier: ISC
"""Spelling, by codespell: all texts, comments and messages."""
import shutil
import subprocess

# Words that codespell knows as mistakes, and that are none.
WORDS = {
    "nd": "the macro of mdoc(7)",
    "connexion": "a library of Wazuh's API",
    "comunicate": "so agents before Wazuh 4 spell it",
}
# In tests, besides: wrong on purpose, to be corrected by the program, and pieces of words.
WORDS_OF_TESTS = """admi adress adresses defaul ect ecret exprot fo ist istening lits manger ser
    shwo strat te valu verfy""".split()
NO_TEXT = (".svg", ".png", ".gz", ".der", ".p12", ".p7b", ".bin")


# That of Debian 12. Others know other words, and nothing that was right becomes wrong by them.
VERSION = "2.2."


def missing():
    """What is in the way of the check, or None."""
    if not shutil.which("codespell"):
        return "codespell is not installed"
    version = subprocess.run(["codespell", "--version"], capture_output=True, text=True,
                             check=False).stdout.strip()
    return None if version.startswith(VERSION) else \
        f"codespell is {version}, and the words are those of {VERSION}*"


def check(tree):
    if missing():
        yield f"SKIP: {missing()}: spelling not checked"
        return
    # Without this one, and the words of lawyers.
    files = [path for path in tree.files() if path.suffix not in NO_TEXT and
             path.name not in ("LICENSE", "copyright", "spelling.py")]
    tests = [path for path in files if path.parts[0] == "tests"]
    yield from _misspelled(tree, [path for path in files if path not in set(tests)], WORDS)
    yield from _misspelled(tree, tests, [*WORDS, *WORDS_OF_TESTS])


def _misspelled(tree, files, words):
    if not files:  # codespell would read all
        return
    done = subprocess.run(["codespell", "--ignore-words-list", ",".join(words), *files],
                          cwd=tree.source, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if "==>" in line:
            yield line.removeprefix("./")
    if done.returncode not in (0, 65) or done.returncode and "==>" not in done.stdout:
        yield f"codespell failed: {done.stderr.strip()}"
