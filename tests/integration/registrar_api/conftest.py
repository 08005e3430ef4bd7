# SPDX-License-Identifier: ISC
"""The registrar of these tests has its API on, and one user."""
import api_tools
import pytest


@pytest.fixture
def registrar(directory):
    with api_tools.serving(directory) as running:
        yield running


@pytest.fixture
def client(registrar):
    """A client of the API that has logged in."""
    with api_tools.Client(registrar) as connected:
        yield connected.log_in()


@pytest.fixture
def fleet(client):
    for name, ip in (("web-01", "10.0.0.1"), ("web-02", "10.0.0.2"), ("db-01", "any")):
        client.add(name, ip)
    return client
