# SPDX-License-Identifier: ISC
"""Which cases of parametrized tests run in a build with sanitizers, where everything takes twice as
long or more: of each test the first and the last one, and all of the tests of hostile files and
peers, where a mistake with memory does most harm. $SANITIZED is "all": every one. Builds without
sanitizers always run all."""
import os
import pathlib


def is_all():
    return "ASAN_OPTIONS" not in os.environ or os.environ.get("SANITIZED") == "all"


def is_hostile(item):
    return "hostile" in pathlib.Path(item.path).name


def chosen(items):
    """Of each test the first and the last item, or all of them."""
    of_test = {}
    for item in items:
        of_test.setdefault(item.nodeid.partition("[")[0], []).append(item)
    ends = {id(end) for cases in of_test.values() for end in (cases[0], cases[-1])}
    return [item for item in items if id(item) in ends or is_hostile(item)]


def choose(config, items):
    """For pytest_collection_modifyitems(): leave out the other cases."""
    if is_all():
        return
    kept = chosen(items)
    left = {id(item) for item in kept}
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in left])
    items[:] = kept
