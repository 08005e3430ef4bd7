# SPDX-License-Identifier: ISC
"""What is compared: the documents of a source tree, and the programs of its build."""
import functools
import os
import pathlib
import re
import subprocess

from documents import mdoc

# Folders of what is not written by us, or only data.
LEFT_OUT = re.compile(r"(^|/)(\.git|\.deps|\.pc|__pycache__|\.pytest_cache)/"
                      r"|^(autom4te\.cache|build[^/]*|tests/data|tests/fuzz/corpus[^/]*"
                      r"|debian/(\.debhelper|tmp|agent-[^/]*))/")
# Files that were made in the source tree.
MADE = re.compile(r"^(aclocal\.m4|configure|config\.(log|status|cache)|libtool|Makefile(\.in)?)$"
                  r"|\.(o|a|so|log|trs|gcda|gcno|pyc)$")


class Tree:
    def __init__(self, source, build):
        self.source = pathlib.Path(source).resolve()
        self.build = pathlib.Path(build).resolve()

    def paths(self, pattern):
        return sorted(path.relative_to(self.source) for path in self.source.glob(pattern))

    def read(self, path):
        return (self.source / path).read_text(encoding="utf-8")

    @functools.cache
    def page(self, name):
        """A manual page."""
        return mdoc.Page(self.read(f"man/{name}"))

    def built(self, program):
        return os.access(self.build / program, os.X_OK)

    @functools.cache
    def output(self, program, *arguments, called=None):
        """What it prints, to whichever stream, without a configuration of this machine."""
        if program == "agent-register" and called is None and arguments[0] == "config":
            arguments = ("--config", "/dev/null", *arguments)
        done = subprocess.run([called or program, *arguments], check=False, text=True,
                              executable=self.build / program, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.stdout

    def code(self, *places):
        """(path, text) of each C file in these folders of src/."""
        for place in places:
            for path in self.paths(f"src/{place}/**/*.[ch]"):
                yield path, self.read(path)

    @functools.cache
    def files(self):
        """The paths of all files that we have written."""
        found = []
        for folder, folders, names in os.walk(self.source):
            relative = pathlib.Path(folder).relative_to(self.source)
            folders[:] = sorted(each for each in folders
                                if not LEFT_OUT.search(f"{relative / each}/".removeprefix("./")))
            if "config.status" in names and folder != str(self.source):
                folders[:] = []  # a build
                continue
            found += [relative / name for name in sorted(names) if not MADE.search(name)]
        return found

    def guides(self):
        """(path, text) of what users read beside the manual pages."""
        for path in self.files():
            if path.suffix == ".md" and path.parts[0] != "tests" or path.parts[0] == "doc" and \
                    path.suffix in (".yaml", ".service", ".hcl", ".tf", ".conf"):
                yield path, self.read(path)
        for path in self.paths("debian/*.README.Debian"):
            yield path, self.read(path)

    def texts(self):
        """(path, text) of all that users read, manual pages as plain text."""
        yield from self.guides()
        for path in self.paths("man/*.[0-9]"):
            yield path, self.page(path.name).text
        for path in self.paths("etc/*.c*"):
            yield path, self.read(path)
