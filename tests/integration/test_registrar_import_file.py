# SPDX-License-Identifier: ISC
"""import-file: lists of agents, as administrators and spreadsheets write them, and all or none of
them added."""

import contextlib
import os
import re
import signal
import subprocess

import pytest

from registrar_tools import PROGRAM
from terminal import terminal

OLD_KEY = "5a" * 32


IMPORT = (
    "# from the inventory\n10.0.0.1,web\n\n  any , db \r\n2001:db8::/64,six\n10.0.0.0/255.0.0.0,ten"
)
IMPORTED = "001 web 10.0.0.1\n002 db any\n003 six 2001:db8::/64\n004 ten 10.0.0.0/8\n"


@pytest.mark.parametrize("stdin", [False, True])
def test_import_file(admin, tmp_path, stdin):
    (tmp_path / "list").write_text(IMPORT)
    source = ["-"] if stdin else [tmp_path / "list"]
    assert admin("import-file", *source, input=IMPORT) == IMPORTED
    assert admin.messages == "4 added, 0 already present\n"
    before = admin.lines()
    # a second time changes nothing, and more lines add more
    assert admin("import-file", *source, input=IMPORT) == ""
    assert admin.messages == "0 added, 4 already present\n"
    assert admin.lines() == before
    assert admin("import-file", "-", input=IMPORT + "\nany,more\n") == "005 more any\n"
    assert [line.split()[3] for line in admin.lines()[:4]] == [line.split()[3] for line in before]


# As spreadsheets write it, in several countries.
SPREADSHEETS = {
    "byte order mark": b"\xef\xbb\xbf10.0.1.1,web\r\nAny,db\r\n",
    "quotes": b'"10.0.1.1","web"\r\n"ANY","db"\r\n',
    "header": b'\xef\xbb\xbf"IP Address","Name",""\r\n10.0.1.1,web,\r\nany,db,\r\n,,\r\n',
    "semicolons": b"IP;Name\r\n10.0.1.1;web\r\nany;db\r\n;\r\n",
    "tabs": b"10.0.1.1\tweb\nany\tdb\n",
    "carriage returns": b"10.0.1.1,web\rAny,db",
    "mark and comment": b"\xef\xbb\xbf# 2026\n10.0.1.1,web\nany,db\n",
}


@pytest.mark.parametrize("content", SPREADSHEETS.values(), ids=SPREADSHEETS.keys())
def test_import_from_a_spreadsheet(admin, tmp_path, content):
    (tmp_path / "inventory.csv").write_bytes(content)
    assert admin("import-file", tmp_path / "inventory.csv") == "001 web 10.0.1.1\n002 db any\n"
    assert ("is a header and was skipped" in admin.messages) == (b"Name" in content)
    assert admin("import-file", tmp_path / "inventory.csv") == ""


def test_import_of_what_is_no_csv(admin, tmp_path):
    (tmp_path / "inventory.csv").write_text("any,web\n", encoding="utf-16")
    admin("import-file", tmp_path / "inventory.csv", status=65)
    assert admin.messages.endswith("inventory.csv is UTF-16; save it as CSV in UTF-8\n")
    admin("import-file", "-", status=65, input="any,web\nip,name\n")
    assert admin.messages.startswith("Line 2: Invalid IP")  # a header is the first line
    assert not admin.lines()


def test_bad_lines_are_named_and_nothing_is_added(admin):
    admin.write(f"001 web 10.0.0.7 {OLD_KEY}")
    admin(
        "import-file",
        "-",
        status=65,
        input="any,good\nany,web\n10.0.0.7,other\n10.0.0.300,bad\nno comma\na,b,c\nany,\n"
        ",name\nany,twice\n10.1.1.1,twice\nany,good\n\x1b[2J,x\nany,good\0x\n",
    )
    assert [line.split(":")[0] for line in admin.messages.splitlines()] == [
        f"Line {number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 12, 13)
    ] + ["Nothing was added, because of 10 lines of " "standard input"]
    assert "\x1b" not in admin.messages
    assert len(admin.lines()) == 1


def test_what_an_earlier_line_has_is_told_by_its_name(admin):
    """Its id would be nobody's, as nothing is added."""
    admin.write(f"007 web 10.0.0.7 {OLD_KEY}")
    admin("import-file", "-", status=65, input="10.1.1.1,first\n10.1.1.2,second\n10.1.1.3,second\n")
    assert admin.messages == (
        "Line 3: Duplicate agent name: second (it belongs to second in an earlier line)\n"
        "Nothing was added, because of 1 line of standard input\n"
    )
    admin("import-file", "-", status=65, input="10.1.1.1,first\n10.1.1.1,second\n10.0.0.7,third\n")
    assert admin.messages == (
        "Line 2: Invalid IP address: 008 (10.1.1.1 belongs to first in an earlier line)\n"
        "Line 3: Invalid IP address: 007 (10.0.0.7 belongs to agent 007, web)\n"
        "Nothing was added, because of 2 lines of standard input\n"
    )


def test_import_of_nothing(admin):
    assert admin("import-file", "-", input="") == ""
    admin("import-file", "/nonexistent", status=66)
    assert admin.messages == "Cannot read /nonexistent: No such file or directory\n"
    admin("import-file", admin.directory, status=66)


def test_import_of_many(admin):
    text = "".join(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255},agent-{i}\n" for i in range(20000))
    assert len(admin("import-file", "-", input=text).splitlines()) == 20000
    assert len({line.split()[0] for line in admin.lines()}) == 20000


def test_slow_input_holds_nobody_up(admin):
    """The lock is taken when the file has been read."""
    with subprocess.Popen(
        [PROGRAM, "-D", admin.directory, "import-file", "-"],
        stdin=subprocess.PIPE,
        text=True,
        stdout=subprocess.PIPE,
    ) as importing:
        importing.stdin.write("any,slow\n")
        importing.stdin.flush()
        assert admin("add", "-n", "fast") == "001 fast any\n"
        out, _ = importing.communicate()
    assert out == "002 slow any\n"


# So many agents take noticeable time on any machine.
MANY = "".join(f"any,agent-{number}\n" for number in range(300000))
SHOWN = re.compile(r"(\r(Reading client\.keys: \d+ %|Looking at the lines: \d+ %|"
                   r"Writing client\.keys \.\.\.) *)+\r +\r")


def take_interrupts():
    """Which are ignored where the tests run in the background of a shell."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def importing(admin, path, *options, screen, **environment):
    """An import on a terminal, but for what it prints."""
    with subprocess.Popen([PROGRAM, "-D", admin.directory, "import-file", *options, path],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=screen.far,
                          env={**os.environ, "TERM": "xterm", **environment},
                          preexec_fn=take_interrupts) as process:
        yield process


@pytest.fixture(name="many")
def _many(tmp_path, admin):
    path = tmp_path / "many"
    path.write_text(MANY)
    yield path
    path.unlink()
    admin.keys.unlink()


@pytest.mark.parametrize("options,environment,shows,says", [
    ([], {}, True, "agent-registrar: 300000 added, 0 already present\n"),
    ([], {"TERM": "dumb"}, False, "agent-registrar: 300000 added, 0 already present\n"),
    (["--quiet"], {}, False, ""),
])
def test_progress_on_a_terminal(admin, many, options, environment, shows, says):
    """It is gone in the end."""
    with terminal() as screen:
        with importing(admin, many, *options, screen=screen, **environment) as process:
            assert process.wait(60) == 0
        text = screen.text
    shown = SHOWN.match(text)
    assert bool(shown) == shows and text[shown.end() if shown else 0:] == says, text[-200:]


def test_progress_makes_room_for_errors(admin, many):
    many.write_text(MANY + "10.0.0.300,bad\n")
    with terminal() as screen:
        with importing(admin, many, screen=screen) as process:
            assert process.wait(60) == 65
        text = screen.text
    lines = text[SHOWN.match(text).end():].split("\n")
    assert lines[0].startswith("agent-registrar: error: Line 300001: Invalid IP"), lines
    assert lines[1].startswith("agent-registrar: error: Nothing was added"), lines


def test_progress_is_gone_after_an_interrupt(admin, many):
    with terminal() as screen:
        with importing(admin, many, screen=screen) as process:
            screen.wait_for("%")
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == -signal.SIGINT
        assert SHOWN.fullmatch(screen.text)
    assert admin.lines() == []


def test_quiet(admin):
    assert admin("import-file", "--quiet", "-", input="IP,Name\nany,web\n") == ""
    assert admin.messages == "" and admin.lines()[0].startswith("001 web any ")
    admin("import-file", "-q", "-", input="any,db\nno\n", status=65)
    assert "Line 2: Not in the form IP,NAME" in admin.messages
