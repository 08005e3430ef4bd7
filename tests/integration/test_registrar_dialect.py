# SPDX-License-Identifier: ISC
"""What the dialect of a directory is known from: its programs, a stored choice, or nobody knows.
Never the files that the registrar makes itself."""

import pytest

from registrar_tools import run, serving

OLD_KEY = "5a" * 32
OSSEC_LEFT = "001 #*#*#*#*#*#*#*#*#*#*#"
WAZUH_LEFT = f"001 !web any {OLD_KEY}"


@pytest.fixture(name="directory")
def fixture_directory(directory):
    """One about which nobody has said anything."""
    (directory / "etc" / "agent-registrar.dialect").unlink()
    return directory


@pytest.fixture(name="keys")
def fixture_keys(directory):
    path = directory / "etc" / "client.keys"
    path.write_text(f"001 web any {OLD_KEY}\n")
    return path


def install(directory, *programs):
    (directory / "bin").mkdir(exist_ok=True)
    for program in programs:
        (directory / "bin" / program).touch()


def remove(directory, *options, status=0):
    done = run("-D", directory, *options, "remove", "1")
    assert done.returncode == status, done
    return done.stderr


def stored(directory):
    path = directory / "etc" / "agent-registrar.dialect"
    return path.read_text() if path.exists() else None


# ------------------------------------------------------------------ installed programs


@pytest.mark.parametrize("programs,left", [
    (["ossec-remoted", "ossec-analysisd", "manage_agents"], OSSEC_LEFT),
    (["manage_agents"], OSSEC_LEFT),
    (["wazuh-remoted", "wazuh-control", "manage_agents"], WAZUH_LEFT),
    # Wazuh 3
    (["ossec-remoted", "ossec-authd", "wazuh-modulesd", "wazuh-db", "manage_agents"], WAZUH_LEFT),
])
def test_installed(directory, keys, programs, left):
    install(directory, *programs)
    remove(directory)
    assert keys.read_text().startswith(left)
    assert stored(directory) is None


@pytest.mark.parametrize("name", ["ossec-authd", "wazuh-authd"])
def test_our_own_names_say_nothing(directory, keys, name):
    install(directory, name)
    assert f"no manager is installed in {directory}" in remove(directory, status=64)
    assert "web" in keys.read_text()


# ------------------------------------------------------------------ nobody knows


@pytest.mark.parametrize("arguments", [["remove", "1"], ["add", "-n", "new"], ["import-file", "-"],
                                       ["-n", "-t", "serve"], ["-n", "-p", "0", "serve"],
                                       ["-n", "-p", "0", "--on-duplicate", "force", "serve"]])
def test_unknown(directory, keys, arguments):
    """What the registrar makes itself, in either dialect, is no sign."""
    (directory / "queue").mkdir()
    (directory / "queue" / "agents-timestamp").write_text("001 web any 2026-01-01 00:00:00\n")
    before = keys.read_text()
    done = run("-D", directory, *arguments, input="any,new\n")
    assert done.returncode == 64
    assert "--dialect ossec or --dialect wazuh" in done.stderr
    assert stored(directory) is None
    assert keys.read_text() == before


def test_what_does_not_depend_on_it(directory, keys):
    for arguments in (["list"], ["export", "1"], ["remove", "--purge", "1"]):
        assert run("-D", directory, *arguments).returncode == 0
    assert keys.read_text() == ""


# ------------------------------------------------------------------ a stored choice


@pytest.mark.parametrize("options,left", [
    (["--dialect", "ossec"], OSSEC_LEFT),
    (["--dialect", "ossec", "--on-duplicate", "force"], OSSEC_LEFT),
    (["--dialect", "wazuh"], WAZUH_LEFT)])
def test_service_stores_its_own(directory, keys, options, left):
    """OSSEC's with force keeps the times of registrations, as Wazuh's does."""
    with serving(directory, "-n", *options) as registrar:
        registrar.wait_for_line(r"Dialect: (ossec|wazuh) \(--dialect\)")
    remove(directory)
    assert keys.read_text().startswith(left)


def test_the_last_choice_counts(directory, keys):
    with serving(directory, "-n", "--dialect", "wazuh"):
        pass
    with serving(directory, "-n") as registrar:
        registrar.wait_for_line(r"Dialect: wazuh \(as stored in .*/etc/agent-registrar.dialect\)")
    with serving(directory, "-n", "--dialect", "ossec"):
        assert stored(directory) == "ossec\n"
    remove(directory)
    assert keys.read_text().startswith(OSSEC_LEFT)


def test_nothing_is_stored_that_is_known(directory):
    install(directory, "wazuh-remoted")
    with serving(directory, "-n") as registrar:
        registrar.wait_for_line(r"Dialect: wazuh \(.*/bin/wazuh-remoted is installed\)")
        assert registrar.register("web2")[0] == "001"
    assert stored(directory) is None


def test_test_stores_nothing(directory):
    done = run("-D", directory, "-n", "--dialect", "wazuh", "-t", "serve")
    assert "Configuration OK (0 agents; dialect wazuh: --dialect)" in done.stderr
    assert stored(directory) is None


def test_init(tmp_path):
    directory = tmp_path / "manager"
    done = run("-D", directory, "init")
    assert done.returncode == 0 and "init --dialect ossec or init --dialect wazuh" in done.stderr
    assert stored(directory) is None
    assert run("-D", directory, "init", "--dialect", "wazuh").returncode == 0
    assert stored(directory) == "wazuh\n"
    assert run("-D", directory, "add", "-n", "web", "-a", "::1").stdout.endswith(":0000:0001\n")
    assert "still to be chosen" not in run("-D", directory, "init").stderr
    with serving(directory, "-n") as registrar:
        registrar.wait_for_line(r"Dialect: wazuh \(as stored in ")


def test_contradictions(directory, keys):
    """A directory that was Wazuh's, and now has OSSEC's programs."""
    (directory / "etc" / "agent-registrar.dialect").write_text("wazuh\n")
    install(directory, "ossec-remoted")
    text = remove(directory, status=64)
    assert f"agent-registrar.dialect says wazuh, but {directory}/bin/ossec-remoted belongs to " \
           "OSSEC" in text
    assert run("-D", directory, "-n", "serve").returncode == 64
    remove(directory, "--dialect", "ossec")
    assert keys.read_text().startswith(OSSEC_LEFT)
    with serving(directory, "-n", "--dialect", "ossec"):
        assert stored(directory) == "ossec\n"
    with serving(directory, "-n", "--dialect", "wazuh") as registrar:
        registrar.wait_for_line("the commands need --dialect")


def test_choice_that_is_none(directory, keys):
    (directory / "etc" / "agent-registrar.dialect").write_text("both\n")
    assert "contains neither ossec nor wazuh" in remove(directory, status=64)
    assert keys.read_text().startswith("001 web")
