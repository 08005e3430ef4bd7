# SPDX-License-Identifier: ISC
"""The pages of doc/, carried out as they stand there, from the beginning to the end.

    with guide.Guide("cloud-init", values={"(the password)": "secret"}) as page:
        page.carry_out("In the image", agent=guide.Image(machine))
        machine.seed(page.files["user-data.yaml"])
        with machine.boot() as system:
            page.carry_out("On the instance", agent=system)

Each fenced block of a page is one of these, by its language:

    sh      commands for root: the exit status has to be 0
    text    what the commands in the block before it print; "..." stands for anything in a line,
            and, as a line, for any lines
    others  a file, which is written before the blocks that follow

Comments just before a block, each a line of its own, say what the reader of the page sees from its
text:

    <!-- file: PATH -->             which file it is. If PATH is not absolute, it is no file of the
                                    machine, but one of the reader's: it goes to `files`
    <!-- on: manager -->            the machine, by its name (default: agent)
    <!-- exit status: 75 -->        the commands are to end with it
    <!-- not tested: REASON -->     nobody carries it out; the paragraph above says "(not tested:
                                    REASON)"

At the end of the `with`, each block must have been carried out, or be marked."""
import pathlib
import re
import subprocess

DIRECTORY = pathlib.Path(__file__).resolve().parents[2] / "doc"
FENCE = re.compile(r"(?ms)^```(\w*)\n(.*?)^```$\n?")
COMMENT = re.compile(r"<!-- ([a-z ]+?)(?:: (.*?))? -->\n")
COMMENTS_BEFORE = re.compile(r"(?:<!-- [^\n]* -->\n)*\Z")
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
KINDS = {"file", "on", "exit status", "not tested"}


class PageError(AssertionError):
    """The page is not as pages have to be, or not true; the text says where."""


class Block:
    """A fenced block; `section` is the text of the heading that it stands below."""

    def __init__(self, where, language, text, section, comments):
        unknown = set(comments) - KINDS
        if unknown:
            raise PageError(f"{where}: unknown comment {', '.join(sorted(unknown))}")
        self.where, self.language, self.text, self.section = where, language, text, section
        self.file = comments.get("file")
        self.place = comments.get("on", "agent")
        self.exit_status = int(comments.get("exit status", 0))
        self.is_done = "not tested" in comments
        self.reason = comments.get("not tested")
        if not language:
            raise PageError(f"{where}: the block has no language")
        if self.reason is None and (self.file is None) != (language in ("sh", "text")):
            raise PageError(f"{where}: a block is either commands, their output, or a file")


def blocks_of(name, text):
    """The blocks of a page, in order."""
    rest = FENCE.sub("", text)
    odd = re.search(r"(?m)^(    |\t| *```|~~~)[^\n]*", rest)
    if odd:
        raise PageError(f"{name}: {odd[0].strip()!r} is code that is in no block")
    found = []
    for match in FENCE.finditer(text):
        before = text[:match.start()]
        comments = COMMENTS_BEFORE.search(before)[0]
        where = f"{name}:{before.count(chr(10)) + 1}"
        headings = re.findall(r"(?m)^#+ (.*)", FENCE.sub("", before))
        block = Block(where, match[1], match[2], headings[-1] if headings else None,
                      dict(COMMENT.findall(comments)))
        if block.reason is not None:
            paragraph = before.removesuffix(comments).rstrip("\n").rsplit("\n\n", 1)[-1]
            if f"(not tested: {block.reason})" not in " ".join(paragraph.split()):
                raise PageError(f"{where}: the text above does not say why it is not tested")
        found.append(block)
    return found


def is_like(expected, printed):
    """Is that the output which the page shows?"""
    pattern = ""
    for line in expected.rstrip("\n").split("\n"):
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += ".*".join(re.escape(part) for part in line.rstrip().split("...")) + r"[ ]*\n"
    return re.fullmatch(pattern, printed.rstrip("\n") + "\n") is not None


class Image:
    """A disk that is being made into an image: commands run without a systemd, as image builders
    do it in a chroot."""

    def __init__(self, machine):
        self.machine = machine

    def run(self, script):
        done = subprocess.run(
            self.machine.enter("env", "-i", "LANG=C.UTF-8", PATH, "chroot",
                               self.machine.tree_inside, "sh", "-c", script), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        done.exit_status = done.returncode
        return done


class Container:
    """A machine as a container in which there is no systemd; each command is one of its own."""

    def __init__(self, machine):
        self.machine = machine

    def run(self, script):
        return self.machine.run_container("/usr/bin/env", PATH, "/bin/sh", "-c", script)


class Guide:
    """A page. `values` are what the test's machines have in the place of the examples in it. With
    `only`, headings of the second level, the rest of the page does not count."""

    def __init__(self, name, values=None, only=None):
        self.name = f"doc/{name}.md"
        text = (DIRECTORY / f"{name}.md").read_text(encoding="utf-8")
        if only:
            parts = re.split(r"(?m)^(?=## )", text)
            text = "".join(part for part in parts
                           if part.split("\n")[0].removeprefix("## ") in only)
        self.blocks = blocks_of(self.name, text)
        self.sections = [block.section for block in self.blocks]
        self.values = values or {}
        self.files = {}
        self._printed = None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            left = [block.where for block in self.blocks if not block.is_done]
            if left:
                raise PageError("not carried out: " + ", ".join(left))

    def carry_out(self, section=None, **places):
        """Carry out what stands below a heading (None: the whole page). A place is a system that
        runs (nspawn.System), an Image, or whatever has run() like these, and a `machine`, which
        has write()."""
        if section is not None and section not in self.sections:
            raise PageError(f"{self.name}: there are no blocks below {section!r}")
        for block in self.blocks:
            if section in (None, block.section) and block.reason is None:
                self._carry_out(block, places)

    def fill_in(self, text):
        """The text with the machines' values in the place of the examples."""
        for example, value in self.values.items():
            text = text.replace(example, value)
        return text

    def _carry_out(self, block, places):
        text = self.fill_in(block.text)
        if block.language == "text":
            if self._printed is None or not is_like(text, self._printed):
                raise PageError(f"{block.where}: the page shows\n{text}\nbut there was\n"
                                f"{self._printed}")
        elif block.file is not None and not block.file.startswith("/"):
            self.files[block.file] = text
        else:
            if block.place not in places:
                raise PageError(f"{block.where}: the test has no {block.place}")
            place = places[block.place]
            if block.file is not None:
                if not place.machine.path(block.file).parent.is_dir():
                    raise PageError(f"{block.where}: there is no directory for {block.file}")
                place.machine.write(block.file, text)
            else:
                done = place.run("set -e\n" + text)
                if done.exit_status != block.exit_status:
                    raise PageError(f"{block.where}: exit status {done.exit_status} of\n{text}\n"
                                    f"{done.stdout}")
                self._printed = done.stdout
        block.is_done = True
