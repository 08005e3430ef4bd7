# SPDX-License-Identifier: ISC
"""make install and make uninstall: a configuration that somebody has edited stays, in both."""
import built
import pytest

EDITED = "# edited\n"


@pytest.fixture(name="configurations")
def fixture_configurations(tmp_path):
    """The files in /etc, wherever configure has put it, of what was installed in `tmp_path`."""
    if built.missing():
        pytest.skip(built.missing())
    built.install(tmp_path)
    return [path for path in tmp_path.rglob("*")
            if "etc" in path.relative_to(tmp_path).parts and path.is_file()]


def test_edited_configuration_stays(tmp_path, configurations):
    assert configurations
    for path in configurations:
        path.write_text(EDITED)
    built.install(tmp_path)
    built.uninstall(tmp_path)
    assert {path: path.read_text() for path in configurations} == dict.fromkeys(
        configurations, EDITED)


def test_what_nobody_has_edited_goes(tmp_path, configurations):
    assert configurations
    built.uninstall(tmp_path)
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == []
