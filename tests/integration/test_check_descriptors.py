# SPDX-License-Identifier: ISC
"""tests/check-descriptors finds each call whose descriptor a started program would inherit."""
import pathlib
import subprocess

import pytest

PROGRAM = pathlib.Path(__file__).resolve().parents[1] / "check-descriptors"

INHERITED = {
    "open": ("fd = open(path, O_RDONLY);", "open() without O_CLOEXEC"),
    "open in two lines": ("fd = open(path_of(file),\n\t  O_RDWR | O_CREAT, 0600);",
                          "open() without O_CLOEXEC"),
    "the flag of the next call": ("open(a, O_RDONLY), open(b, O_CLOEXEC);",
                                  "open() without O_CLOEXEC"),
    "openat": ("fd = openat(open_directory(), name, flags);", "openat() without O_CLOEXEC"),
    "a cast": ("(void)open(path, O_RDONLY);", "open() without O_CLOEXEC"),
    "fopen": ('file = fopen(path, "r");', 'fopen() without e"'),
    "socket": ("fd = socket(AF_UNIX, SOCK_STREAM, 0);", "socket() without SOCK_CLOEXEC"),
    "accept": ("fd = accept(fd, NULL, NULL);",
               "accept() cannot close on exec; use the call that can"),
    "dup": ("fd = dup(STDIN_FILENO);", "dup() cannot close on exec; use the call that can"),
    "F_DUPFD": ("fd = fcntl(fd, F_DUPFD, 3);", "F_DUPFD without _CLOEXEC"),
    "pipe2": ("r = pipe2(ends, O_NONBLOCK);", "pipe2() without O_CLOEXEC"),
    "eventfd": ("fd = eventfd(0, 0);", "eventfd() without EFD_CLOEXEC"),
}

CLOSED = [
    "fd = open(path, O_RDONLY | O_CLOEXEC);",
    "fd = open(path_of(file),\n\t  O_RDWR | O_CREAT | O_CLOEXEC, 0600);",
    'file = fopen(path, "re");',
    "fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);",
    'fd = open("/dev/null", O_RDWR);',
    "r = keystore_open(&store, path) + method->open(path) + reopen(path);",
    "/* As open(path, O_RDONLY) does. */",
    "opendir(path);",
]


def check(tree, text):
    (tree / "src" / "client").mkdir(parents=True)
    (tree / "src" / "client" / "a.c").write_text(f"void f(void)\n{{\n{text}\n}}\n")
    done = subprocess.run([PROGRAM, tree], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("what", INHERITED)
def test_inherited(what, tmp_path):
    text, fault = INHERITED[what]
    returned, lines = check(tmp_path, text)
    assert returned != 0
    assert lines == [f"check-descriptors: src/client/a.c:3: {fault}"]


@pytest.mark.parametrize("text", CLOSED)
def test_closed(text, tmp_path):
    assert check(tmp_path, text) == (0, [])
