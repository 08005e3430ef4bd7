# SPDX-License-Identifier: ISC
"""doc/messages.md says what the catalog says."""
import guide
import messages

CATALOG = guide.DIRECTORY.parent / "etc/agent-register.catalog"


def test_messages():
    with guide.Guide("messages") as page:
        page.carry_out()
    assert (guide.DIRECTORY / "messages.md").read_text() == messages.page(CATALOG.read_text()), \
        "run: tests/guides/messages.py etc/agent-register.catalog >doc/messages.md"
