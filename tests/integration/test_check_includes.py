# SPDX-License-Identifier: ISC
"""tests/check-includes finds each way to break the law of layers, and names file, line and rule."""
import os
import pathlib
import shutil
import subprocess

import pytest

PROGRAM = pathlib.Path(__file__).resolve().parents[1] / "check-includes"

BROKEN = {
    "a higher layer": ("client/net/a.c", '#include "client/config/b.h"',
                       "client/net/ may not include client/config/, which is no lower layer"),
    "a neighbour": ("client/net/a.c", '#include "client/agent-files/b.h"',
                    "client/net/ may not include client/agent-files/, which is no lower layer"),
    "the top of the program": ("client/commands/a.c", '#include "client/b.h"',
                               "client/commands/ may not include client/, which is no lower layer"),
    "something above common": ("common/a.h", '#include "client/net/b.h"',
                               "common/ may not include client/net/, which is of another program"),
    "another program": ("registrar/commands/a.c", '#include "client/config/b.h"',
                        "registrar/commands/ may not include client/config/, "
                        "which is of another program"),
    "the module": ("client/registration/a.c", '#include "client/methods/https/b.h"',
                   "client/registration/ may not include client/methods/https/, "
                   "which is a module and loaded at run time"),
    "a bare name": ("client/net/a.c", '#include "b.h"',
                    '"b.h" is not named from src/ on, or not in a folder of the law'),
    "the tests": ("client/net/a.c", '#include "tests/unit/support.h"',
                  '"tests/unit/support.h" is not named from src/ on, '
                  'or not in a folder of the law'),
    "past the registry": ("registrar/authd/a.c", '#include "registrar/enrollment/b.h"',
                          "registrar/authd/ may not include registrar/enrollment/, "
                          "but ask the registry"),
    "the API to the files": ("registrar/api/a.c", '#include "registrar/agents/b.h"',
                             "registrar/api/ may not include registrar/agents/, "
                             "but ask the registry"),
    "the API past the registry": ("registrar/api/a.c", '#include "registrar/enrollment/b.h"',
                                  "registrar/api/ may not include registrar/enrollment/, "
                                  "but ask the registry"),
    "a folder that nobody knows": ("client/misc/a.c", '#include <stdio.h>',
                                   "client/misc/ is not a folder of the law"),
    "a library of others": ("client/commands/a.c", '#include <curl/curl.h>',
                            "client/commands/ may not use <curl/"),
    "the event loop": ("registrar/agents/a.c", '#  include <event2/event.h>',
                       "registrar/agents/ may not use <event2/"),
}

KEPT = {
    "client/net/a.c": '#include "client/net/b.h"\n#include "common/b.h"\n#include <stdio.h>',
    "client/main.c": '#include "client/commands/b.h"\n#include "client/net/b.h"',
    "client/methods/https/a.c": '#include "client/methods/b.h"\n#include <curl/curl.h>',
    "registrar/api/a.c": '#include "registrar/registry/b.h"\n#include <jansson.h>',
    "registrar/keeper/a.c": '#include "registrar/enrollment/b.h"\n#include "registrar/agents/b.h"',
}


def check(tree):
    (tree / "build").mkdir(exist_ok=True)
    done = subprocess.run([PROGRAM, tree, tree / "build"], capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout.replace("check-includes: ", "").splitlines()


def write(tree, files):
    for path, text in files.items():
        (tree / "src" / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / "src" / path).write_text(f"/* A file. */\n\n{text}\n")


@pytest.mark.parametrize("path, line, rule", BROKEN.values(), ids=BROKEN)
def test_broken(tmp_path, path, line, rule):
    write(tmp_path, {**KEPT, path: line})
    assert check(tmp_path) == (1, [f"src/{path}:3: {rule}"])


def test_kept(tmp_path):
    write(tmp_path, KEPT)
    assert check(tmp_path) == (0, [])


@pytest.mark.skipif(not all(map(shutil.which, ("cc", "nm", "tsort"))), reason="needs cc, nm, tsort")
@pytest.mark.parametrize("circle", [True, False])
def test_circle(tmp_path, circle):
    """Two files that call each other, past any header; objects of files that are no more do not
    count."""
    write(tmp_path, {
        "client/net/a.c": "void b(void);\nvoid a(void);\nvoid a(void) { b(); }",
        "client/net/b.c": f"void a(void);\nvoid b(void);\nvoid b(void) "
                          f"{{ {'a();' if circle else ''} }}",
        "client/net/gone.c": "void a(void);\nvoid b(void);\nvoid gone(void);\nvoid gone(void) { "
                             "a(); }",
    })
    for name in ("a", "b", "gone"):
        target = tmp_path / "build/src/client/net" / f"{name}.o"
        target.parent.mkdir(parents=True, exist_ok=True)
        source = tmp_path / f"src/client/net/{name}.c"
        subprocess.run(["cc", "-c", "-o", target, source], check=True)
    os.remove(tmp_path / "src/client/net/gone.c")
    status, lines = check(tmp_path)
    assert status == circle
    assert [sorted(line.split(": ")[1].split()) for line in lines] == (
        [["src/client/net/a.c", "src/client/net/b.c"]] if circle else [])
