# SPDX-License-Identifier: ISC
"""Enrolling with --force: another agent, with what is configured."""
import pytest
import wazuh5_manager
from enroll_tools import CREDENTIAL, PASSWORD, SECRET, TOKEN_ID, read


def test_force_makes_a_new_agent(start_wazuh5, enrollment):
    """As --force-enroll of the agents' own tool does: with what is configured, not the secret."""
    server = start_wazuh5(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    secret = read(enrollment.secret_file)
    server.replaces = True
    result = enrollment.succeeds(server, manager=server, password=PASSWORD, force=True)
    assert "kid" not in server.enrollments[1].header
    assert "key_hash" not in server.enrollments[1].members
    assert enrollment.machine.read_keys().startswith(b"002 ")
    assert "the re-enrollment secret of agent 001 in" in result.stderr
    assert read(enrollment.secret_file + ".old") == secret


def test_force_with_a_token_makes_a_new_agent(start_wazuh5, enrollment, ca_pin):
    server = start_wazuh5(tokens={TOKEN_ID: SECRET})
    token = wazuh5_manager.token(server.address, pin=ca_pin, credential=CREDENTIAL)
    enrollment.succeeds(server, token=token)
    server.replaces = True
    enrollment.succeeds(server, token=token, force=True)
    assert server.enrollments[1].header["kid"] == TOKEN_ID
    assert "key_hash" not in server.enrollments[1].members
    assert list(server.agents) == ["002"]


@pytest.mark.parametrize("has_token", [False, True], ids=["nothing", "token-without-credential"])
def test_force_uses_the_only_credential(start_wazuh5, enrollment, ca_pin, has_token):
    server = start_wazuh5(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    before = server.agents["001"]
    token = wazuh5_manager.token(server.address, pin=ca_pin) if has_token else None
    enrollment.succeeds(server, manager=server, token=token, force=True)
    assert server.enrollments[1].header["kid"] == "001"
    assert "key_hash" not in server.enrollments[1].members
    assert list(server.agents) == ["001"]
    assert server.agents["001"][1:] != before[1:]
    assert read(enrollment.secret_file + ".old") == f"001 {before[2]}\n"


@pytest.mark.parametrize("is_duplicate", [False, True], ids=["refused", "duplicate"])
def test_force_that_fails_loses_nothing(start_wazuh5, enrollment, is_duplicate):
    server = start_wazuh5(password=PASSWORD)
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    before = enrollment.machine.snapshot(), read(enrollment.secret_file)
    server.password = PASSWORD if is_duplicate else "another"
    result = enrollment.run(manager=server, password=PASSWORD, force=True)
    assert result.status == (75 if is_duplicate else 77), result
    assert len(server.enrollments) == 2 and "kid" not in server.enrollments[1].header
    assert (enrollment.machine.snapshot(), read(enrollment.secret_file)) == before
    if is_duplicate:
        assert "this machine's own entry (id 001)" in result.failure, result
        assert "run without --force" in result.failure, result
    enrollment.lose_key()  # and what the hint says works
    server.password = PASSWORD
    enrollment.succeeds(server, manager=server, password=PASSWORD)
    assert server.enrollments[2].header["kid"] == "001"
