# SPDX-License-Identifier: ISC
"""kill -9 of the registrar while agents enroll again: no agent is locked out."""
import http.client
import threading

import pytest
from enrolling import BODY, enroll, enroll_again, serving_enrollments
from registrar_tools import PATIENCE

AGENTS, ROUNDS = 8, 6


class Agent:
    """Holds what it has received, as an agent does on its disk."""

    def __init__(self, registrar, name):
        self.body = {**BODY, "name": name}
        self.take(enroll(registrar, self.body))
        self.number = self.answer["id"]

    def take(self, answer):
        assert answer.status == 200, answer
        self.answer = answer.json

    def enroll_again(self, registrar):
        self.take(enroll_again(registrar, self.number, self.answer["reenroll_secret"], self.body))
        assert self.answer["id"] == self.number

    def rotate(self, registrar, answered, killed):
        """Until the registrar is killed, which may cost an answer."""
        while not killed.is_set():
            try:
                self.enroll_again(registrar)
                answered.release()
            except (OSError, http.client.HTTPException, AssertionError):
                if killed.is_set():
                    return
                raise


@pytest.fixture
def serving(directory, certificates, enrollment):
    del enrollment  # which skips in a build --without-api

    def start():
        return serving_enrollments(directory, certificates.chain("good"))
    return start


def rotate_until_killed(registrar, agents, answers):
    """Kill it when there were so many answers since."""
    answered, killed = threading.Semaphore(0), threading.Event()
    failures = []

    def work(agent):
        try:
            agent.rotate(registrar, answered, killed)
        except (OSError, http.client.HTTPException, AssertionError) as error:
            failures.append(error)
    threads = [threading.Thread(target=work, args=(agent,)) for agent in agents]
    for thread in threads:
        thread.start()
    enough = all(answered.acquire(timeout=PATIENCE) for _ in range(answers))
    killed.set()
    registrar.kill()
    for thread in threads:
        thread.join(60)
    assert enough and not failures, failures


def test_killed_while_agents_enroll_again(serving):
    with serving() as registrar:
        agents = [Agent(registrar, f"web-{i:02}") for i in range(AGENTS)]
        rotate_until_killed(registrar, agents, 10)
    for round_ in range(ROUNDS):
        with serving() as registrar:
            for agent in agents:
                agent.enroll_again(registrar)
            rotate_until_killed(registrar, agents, AGENTS + 7 * round_)
    with serving() as registrar:
        for agent in agents:
            agent.enroll_again(registrar)
        stored = {line[0]: line[3] for line in registrar.keys()}
        assert stored == {agent.number: agent.answer["key"] for agent in agents}
