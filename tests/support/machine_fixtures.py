# SPDX-License-Identifier: ISC
"""The fixtures that every suite with machines has; new_machine is the suite's own."""
import pytest
import scripted_manager


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """A directory with an authority and the manager's certificate."""
    return scripted_manager.make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def machine(new_machine):
    return new_machine()
