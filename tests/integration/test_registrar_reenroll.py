# SPDX-License-Identifier: ISC
"""Agents of Wazuh 5 that enroll again at the registrar, by the secret of their last enrollment."""
import os

import pytest
from api_tools import Client
from enroll_tools import PASSWORD, bearer, read
from enrolling import BODY, enroll, enroll_again, failure
from registrar_tools import run

SECRETS = "reenroll_secrets"


def identity(answer):
    """(id, key, secret)"""
    assert answer.status == 200, answer
    return answer.json["id"], answer.json["key"], answer.json["reenroll_secret"]


def key_of(registrar, number):
    [key] = [line[3] for line in registrar.keys() if line[0] == number]
    return key


def secrets_file(directory):
    return directory / "etc" / SECRETS


# ------------------------------------------------------------------ rotation


@pytest.mark.parametrize("password", [PASSWORD, None], ids=["password", "open"])
def test_keeps_its_id(serve_enrolling, directory, password):
    registrar = serve_enrolling(password=password)
    number, key, secret = identity(enroll(registrar))
    assert enroll(registrar, {**BODY, "name": "web-02"}).status == 200
    assert len(secret) == 64 and set(secret) <= set("0123456789abcdef")
    again, new_key, new_secret = identity(enroll_again(registrar, number, secret))
    assert again == number and new_key != key and new_secret != secret
    assert key_of(registrar, number) == new_key and len(registrar.keys()) == 2
    registrar.wait_for_line(f"Registered web-01 again as {number}")
    file = secrets_file(directory)
    assert file.stat().st_mode & 0o777 == 0o600
    for text in (secret, new_secret, key, new_key):
        assert text not in registrar.log and text not in file.read_text()


def test_the_old_secret_works_until_the_new_one_was_used(serve_enrolling):
    registrar = serve_enrolling()
    number, _, first = identity(enroll(registrar))
    for _ in range(3):  # answers that are lost
        _, _, second = identity(enroll_again(registrar, number, first))
    _, _, third = identity(enroll_again(registrar, number, second))
    for old in (first, bytes(32).hex()):
        assert failure(enroll_again(registrar, number, old)) == (401, "invalid_signature")
    assert identity(enroll_again(registrar, number, second))[0] == number
    _, _, fourth = identity(enroll_again(registrar, number, second))
    # The third was never used, and somebody has used the second since.
    assert failure(enroll_again(registrar, number, third)) == (401, "invalid_signature")
    assert identity(enroll_again(registrar, number, fourth))[0] == number


def test_survives_a_restart(serve_enrolling, directory):
    registrar = serve_enrolling()
    number, _, first = identity(enroll(registrar))
    _, _, second = identity(enroll_again(registrar, number, first))
    assert registrar.stop() == 0
    with open(secrets_file(directory), "a", encoding="ascii") as file:
        file.write("nonsense\n001 - 00")  # cut short
    registrar = serve_enrolling()
    _, _, third = identity(enroll_again(registrar, number, first))
    _, _, fourth = identity(enroll_again(registrar, number, third))
    assert failure(enroll_again(registrar, number, second)) == (401, "invalid_signature")
    assert registrar.stop() == 0
    assert identity(enroll_again(serve_enrolling(), number, fourth))[0] == number


def test_name_and_address_are_the_new_ones(serve_enrolling):
    registrar = serve_enrolling("--on-duplicate", "replace")
    number, _, secret = identity(enroll(registrar, {**BODY, "ip": "10.0.0.1"}))
    identity(enroll(registrar, {**BODY, "name": "web-02", "ip": "10.0.0.2"}))
    before = registrar.keys()
    # Whatever the policy: nobody else is replaced.
    assert failure(enroll_again(registrar, number, secret, {**BODY, "name": "web-02"})) == (
        409, 9008)
    assert failure(enroll_again(registrar, number, secret, {**BODY, "ip": "10.0.0.2"})) == (
        409, 9007)
    assert registrar.keys() == before
    _, _, secret = identity(enroll_again(registrar, number, secret, {**BODY, "ip": "10.0.0.1",
                                                                     "key_hash": "0" * 40}))
    identity(enroll_again(registrar, number, secret, {**BODY, "name": "web-03"}))
    assert [list(line[:3]) for line in sorted(registrar.keys())] == [
        [number, "web-03", "any"], ["002", "web-02", "10.0.0.2"]]


def test_no_limit_and_no_force_rules(serve_enrolling):
    registrar = serve_enrolling("--max-agents", "1", "--on-duplicate", "refuse")
    number, _, secret = identity(enroll(registrar))
    assert identity(enroll_again(registrar, number, secret))[0] == number


def test_groups_stay_unless_others_are_requested(serve_enrolling, directory):
    for name in ("one", "two"):
        (directory / "etc" / "shared" / name).mkdir(parents=True)
    registrar = serve_enrolling()
    number, _, secret = identity(enroll(registrar, {**BODY, "groups": "one"}))
    [file] = (directory / "queue").glob(f"**/{number}")
    assert file.read_text().strip() == "one"
    _, _, secret = identity(enroll_again(registrar, number, secret))
    assert file.read_text().strip() == "one"
    identity(enroll_again(registrar, number, secret, {**BODY, "groups": "two"}))
    assert file.read_text().strip() == "two"


# ------------------------------------------------------------------ who may not


@pytest.mark.parametrize("number", ["002", "1", "000001", "99999999", "123456789", "1234567890"])
def test_unknown_agents(serve_enrolling, number):
    registrar = serve_enrolling()
    _, _, secret = identity(enroll(registrar))
    answer = enroll_again(registrar, number, secret)
    assert failure(answer) == (401, "unknown_agent")
    assert answer.headers["WWW-Authenticate"].endswith('error_description="unknown_agent"')
    assert len(registrar.keys()) == 1


def test_an_agent_without_a_secret(serve_enrolling):
    """It has registered by authd."""
    registrar = serve_enrolling(password=None)
    number = registrar.register("old")[0]
    assert failure(enroll_again(registrar, number, bytes(32).hex())) == (401, "unknown_agent")


@pytest.mark.parametrize("how", ["command", "api", "file"])
def test_removed_agents_lose_their_secret(serve_enrolling, directory, how):
    registrar = serve_enrolling()
    number, _, secret = identity(enroll(registrar))
    keep, _, other = identity(enroll(registrar, {**BODY, "name": "web-02"}))
    if how == "command":
        assert run("remove", "-D", directory, number).returncode == 0
    elif how == "api":
        with Client(registrar) as client:
            client.log_in()
            assert client.ask("DELETE", f"/agents?agents_list={number}&status=all&older_than=0s"
                              ).status == 200
    else:
        lines = registrar.keys_file.read_text().splitlines(keepends=True)
        registrar.keys_file.write_text("".join(lines[1:]))
    assert failure(enroll_again(registrar, number, secret)) == (401, "unknown_agent")
    assert identity(enroll_again(registrar, keep, other))[0] == keep


def test_the_id_of_another_machine(serve_enrolling):
    """As on a manager that was rebuilt, and whose ids begin anew."""
    registrar = serve_enrolling()
    number, _, secret = identity(enroll(registrar))
    registrar.keys_file.write_text(f"{number} other any {'5a' * 32}\n")
    assert failure(enroll_again(registrar, number, secret)) == (401, "unknown_agent")
    registrar.keys_file.write_text("")
    same, _, _ = identity(enroll(registrar, {**BODY, "name": "other"}))
    assert same == number
    assert failure(enroll_again(registrar, number, secret)) == (401, "invalid_signature")
    assert [line[1] for line in registrar.keys()] == ["other"]


def test_times(serve_enrolling):
    registrar = serve_enrolling()
    number, _, secret = identity(enroll(registrar))
    for made in (-100, 40):
        assert failure(enroll_again(registrar, number, secret, made=made)) == (401, "stale_token")
    assert identity(enroll_again(registrar, number, secret, made=-80))[0] == number


def test_wrong_secrets_are_counted_like_passwords(serve_enrolling):
    registrar = serve_enrolling("--api-max-login-attempts", "3")
    number, _, secret = identity(enroll(registrar))
    wrong = [failure(enroll_again(registrar, number, bytes(32).hex())) for _ in range(4)]
    assert wrong == 3 * [(401, "invalid_signature")] + [(429, 0)]
    assert identity(enroll_again(registrar, number, secret))[0] == number


def test_a_password_is_no_secret(serve_enrolling):
    registrar = serve_enrolling()
    number, _, _ = identity(enroll(registrar))
    header = {"alg": "HS256", "kid": number, "typ": "wazuh-enroll+jwt"}
    assert failure(enroll(registrar, authorization=bearer(header=header))) == (
        401, "invalid_signature")


# ------------------------------------------------------------------ the file


def test_a_file_that_cannot_be_trusted(serve_enrolling, directory):
    """Nobody loses a secret by it, and agents register by authd as ever."""
    registrar = serve_enrolling()
    number, _, secret = identity(enroll(registrar))
    file = secrets_file(directory)
    file.rename(directory / "elsewhere")
    file.symlink_to(directory / "elsewhere")
    assert failure(enroll(registrar, {**BODY, "name": "web-02"}))[0] == 500
    answer = enroll_again(registrar, number, secret)
    assert answer.status == 503 and "Retry-After" in answer.headers
    assert len(registrar.keys()) == 1
    reply = registrar.ask(f"OSSEC PASS: {PASSWORD} OSSEC A:'web-03'\n")
    assert reply.records[0].startswith("OSSEC K"), reply
    file.unlink()
    (directory / "elsewhere").rename(file)
    assert identity(enroll_again(registrar, number, secret))[0] == number


def test_a_file_that_is_gone(serve_enrolling, directory):
    registrar = serve_enrolling()
    number, _, secret = identity(enroll(registrar))
    secrets_file(directory).unlink()
    assert failure(enroll_again(registrar, number, secret)) == (401, "unknown_agent")
    assert enroll(registrar, {**BODY, "name": "web-02"}).status == 200


# ------------------------------------------------------------------ agent-register


def register(enrollment, registrar, force=False, **options):
    """By an agent that has lost its key, or, by force, one that still has it."""
    if not force and os.path.exists(enrollment.machine.keys):
        enrollment.lose_key()
    enrollment.enrolls_at(registrar, registrar.api_port, force=force, **options)
    secret = read(enrollment.secret_file)
    enrollment.machine.secrets.append(secret.split()[1])
    return enrollment.machine.read_keys().decode().split(), secret


def test_client_keeps_its_id(serve_enrolling, enrollment):
    registrar = serve_enrolling()
    first, first_secret = register(enrollment, registrar, password=PASSWORD)
    second, second_secret = register(enrollment, registrar, password="another")
    assert second[0] == first[0] and second[3] != first[3]
    assert second_secret != first_secret
    third, _ = register(enrollment, registrar, password="another")
    assert third[0] == first[0] and third[3] != second[3]
    assert len(registrar.keys()) == 1


def test_client_makes_a_new_agent_by_force(serve_enrolling, enrollment):
    registrar = serve_enrolling("--on-duplicate", "replace")
    first, first_secret = register(enrollment, registrar, password=PASSWORD)
    second, second_secret = register(enrollment, registrar, force=True, password=PASSWORD)
    assert second[0] != first[0] and second_secret != first_secret
    third, _ = register(enrollment, registrar, password="another")
    assert third[0] == second[0]


@pytest.mark.parametrize("has_other", [False, True], ids=["unknown", "another's"])
def test_client_at_a_manager_that_was_rebuilt(serve_enrolling, enrollment, directory, has_other):
    registrar = serve_enrolling()
    first, _ = register(enrollment, registrar, password=PASSWORD)
    assert registrar.stop() == 0
    (directory / "etc" / "client.keys").write_text("")
    secrets_file(directory).unlink()
    registrar = serve_enrolling()
    if has_other:
        assert identity(enroll(registrar, {**BODY, "name": "other"}))[0] == first[0]
    second, _ = register(enrollment, registrar, password=PASSWORD)
    assert [line[1] for line in registrar.keys()] == ["other"] * has_other + [second[1]]
    third, _ = register(enrollment, registrar, password="another")
    assert third[0] == second[0]
