# SPDX-License-Identifier: ISC
"""Makes the calls again, in their order, that the API server of Wazuh 4.14.7 was recorded with, and
compares status, code and body. What is different on purpose is in
tests/data/wazuh-api-differences.jsonl, once each with its reason."""
import re

import recorded_api
import registrar_tools
from api_tools import PASSWORD, Client, serving


def replay(directory):
    """Every exchange with our answer."""
    for group in ("g1", "g2", "web"):
        (directory / "etc" / "shared" / group).mkdir(parents=True)
    with serving(directory, "--groups", "existing", "--api-max-requests", "100000",
                 users=recorded_api.USERS) as registrar, Client(registrar) as client:
        client.log_in("wazuh", PASSWORD)
        for exchange in recorded_api.steps():
            if exchange is None:
                recorded_api.make_older(registrar)
                continue
            body, headers = recorded_api.request(exchange)
            answer = client.ask(exchange["method"], exchange["path"], body, headers)
            yield exchange, recorded_api.seen(answer)


def test_answers_like_the_recorded_api(directory):
    wrong = [
        (recorded_api.label(exchange), recorded_api.expected(exchange), seen)
        for exchange, seen in replay(directory)
        if seen != recorded_api.expected(exchange)
    ]
    assert not wrong, "\n".join(
        f"{label}\n  not {want}\n  but {seen}" for label, want, seen in wrong
    )


def test_what_is_listed_as_different_is_different():
    exchanges = {exchange["name"]: exchange for exchange in recorded_api.steps() if exchange}
    assert len(exchanges) > 200
    for name, entry in recorded_api.DIFFERENT.items():
        assert recorded_api.expected(exchanges[name]) != recorded_api.real_answer(exchanges[name])
        assert entry["reason"]


def test_manual_has_the_reasons():
    """Each reason for a difference, whatever the line breaks."""
    page = (registrar_tools.DATA / "../../man/agent-registrar.8").read_text()
    words = " ".join(re.sub(r"(?m)^\.\S+ ", "", page).split())
    for entry in recorded_api.DIFFERENT.values():
        reason = entry["reason"].replace('"', "")
        assert reason in words.replace('"', ""), reason
