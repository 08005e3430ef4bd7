# SPDX-License-Identifier: ISC
"""The reader of the pages: what it takes, what it refuses."""
import pathlib
import types

import guide
import pytest

PAGE = """\
# Page

For readers of tests.

<!-- file: /etc/a.conf -->
```ini
name = example
```

## Commands

```sh
echo one
```

```text
o...
```

<!-- on: manager -->
<!-- exit status: 3 -->
```sh
exit 3
```

A tool (not tested: Debian has no
tool).

<!-- not tested: Debian has no tool -->
```sh
tool
```
"""


class Place:
    """Writes down what it is to do; `answers` are what commands print, and how they end."""

    def __init__(self, answers):
        self.answers, self.done = answers, []
        self.machine = types.SimpleNamespace(write=lambda *file: self.done.append(file),
                                             path=lambda name: pathlib.Path("/") / name)

    def run(self, script):
        self.done.append(script)
        exit_status, stdout = self.answers[script]
        return types.SimpleNamespace(exit_status=exit_status, stdout=stdout)


@pytest.fixture(name="open_page")
def fixture_open_page(tmp_path, monkeypatch):
    monkeypatch.setattr(guide, "DIRECTORY", tmp_path)

    def open_page(text, **options):
        (tmp_path / "page.md").write_text(text)
        return guide.Guide("page", **options)
    return open_page


@pytest.fixture(name="places")
def fixture_places():
    return {"agent": Place({"set -e\necho one\n": (0, "one\n")}),
            "manager": Place({"set -e\nexit 3\n": (3, "")})}


def test_a_page_is_carried_out(open_page, places):
    with open_page(PAGE, values={"example": "web-01"}) as page:
        page.carry_out(**places)
    assert places["agent"].done == [("/etc/a.conf", "name = web-01\n"), "set -e\necho one\n"]
    assert places["manager"].done == ["set -e\nexit 3\n"]


def test_what_was_not_carried_out_is_found(open_page, places):
    with pytest.raises(guide.PageError, match="not carried out: doc/page.md:6$"):
        with open_page(PAGE) as page:
            page.carry_out("Commands", **places)


def test_a_file_of_the_reader(open_page):
    with open_page("<!-- file: user-data.yaml -->\n```yaml\na: b\n```\n") as page:
        page.carry_out()
    assert page.files == {"user-data.yaml": "a: b\n"}


def test_a_file_without_its_directory(open_page, places):
    page = open_page("<!-- file: /etc/no/such/a.conf -->\n```ini\na = b\n```\n")
    with pytest.raises(guide.PageError, match="doc/page.md:2: there is no directory for /etc/no"):
        page.carry_out(**places)


def test_parts_of_a_page(open_page):
    page = open_page("# Page\n\n    a\n\n## One\n\n<!-- file: a -->\n```ini\na\n```\n"
                     "### More\n<!-- file: b -->\n```ini\nb\n```\n## Two\n```\nno\n```\n",
                     only=["One"])
    page.carry_out()
    assert page.files == {"a": "a\n", "b": "b\n"}


@pytest.mark.parametrize("answers, message", [
    ((1, "wrong\n"), "(?s)doc/page.md:12: exit status 1 .*wrong"),
    ((0, "two\n"), "(?s)doc/page.md:16: the page shows.*two"),
])
def test_a_page_that_is_not_true(answers, message, open_page, places):
    places["agent"].answers["set -e\necho one\n"] = answers
    with pytest.raises(guide.PageError, match=message):
        open_page(PAGE).carry_out(**places)


@pytest.mark.parametrize("text, message", [
    ("```\na\n```\n", "no language"),
    ("```ini\na\n```\n", "either commands, their output, or a file"),
    ("<!-- file: /a -->\n```sh\na\n```\n", "either commands, their output, or a file"),
    ("<!-- where: /a -->\n```sh\na\n```\n", "unknown comment where"),
    ("Text\n\n    indented\n", "'indented' is code that is in no block"),
    ("- list\n  ```sh\n  a\n  ```\n", "is code that is in no block"),
    ("Text.\n\n<!-- not tested: no a -->\n```sh\na\n```\n", "does not say why"),
])
def test_pages_that_are_refused(text, message, open_page):
    with pytest.raises(guide.PageError, match=message):
        open_page(text)


def test_sections_and_places_have_to_be_there(open_page, places):
    with pytest.raises(guide.PageError, match="no blocks below 'Nothing'"):
        open_page(PAGE).carry_out("Nothing", **places)
    del places["manager"]
    with pytest.raises(guide.PageError, match="doc/page.md:22: the test has no manager"):
        open_page(PAGE).carry_out(**places)


@pytest.mark.parametrize("expected, printed, is_it", [
    ("a\nb", "a\nb\n", True),
    ("a\nb", "a \nb\n\n", True),
    ("a\nb", "a\nc\n", False),
    ("a\n...\nb", "a\nb\n", True),
    ("a\n...\nb", "a\n1\n2\nb\n", True),
    ("...\nb", "a\nbb\n", False),
    ("a...c, d", "abc, d\n", True),
    ("a...c, d", "ab\nc, d\n", False),
    ("a.c", "abc\n", False),
])
def test_output(expected, printed, is_it):
    assert guide.is_like(expected + "\n", printed) == is_it
