# SPDX-License-Identifier: ISC
"""The workflow for forges: what can be seen of it without one."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")


@pytest.fixture(name="workflow")
def _workflow():
    read = yaml.safe_load(WORKFLOW.read_text())
    read["on"] = read.pop(True)  # which YAML 1.1 makes of "on"
    return read


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_runs_for_changes(workflow):
    assert "pull_request" in workflow["on"] and workflow["on"]["push"] == {"branches": ["main"]}
    assert "pull_request_target" not in workflow["on"]


def test_has_no_rights(workflow):
    """It can read the repository, and keeps and gets no secret."""
    assert workflow["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in workflow["jobs"].values())
    assert "secrets" not in WORKFLOW.read_text()
    checkouts = [step for step in steps(workflow) if "uses" in step]
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


def test_actions_have_a_version(workflow):
    actions = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert len(actions) == len(workflow["jobs"])
    assert [each for each in actions if not re.fullmatch(r"actions/[\w-]+@v[0-9]+", each)] == []


def test_everything_on_both_versions(workflow):
    job = workflow["jobs"]["whole"]
    assert job["strategy"]["matrix"]["debian"] == ["12", "13"]
    assert job["container"]["image"] == "debian:${{ matrix.debian }}"
    assert "--privileged" in job["container"]["options"].split()
    assert job["steps"][-1] == {"run": ".ci/run"}
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_as_an_ordinary_user(workflow):
    job = workflow["jobs"]["ordinary-user"]
    assert "options" not in job["container"]
    assert "--reuid=tester" in job["steps"][-1]["run"] and "./run test'" in job["steps"][-1]["run"]
    assert "sudo" not in job["steps"][-1]["run"]


def test_commands_are_valid(workflow):
    for step in steps(workflow):
        if "run" in step:
            subprocess.run(["sh", "-n"], input=step["run"], text=True, check=True)


def test_time_is_limited(workflow):
    assert all(job["timeout-minutes"] <= 120 for job in workflow["jobs"].values())
