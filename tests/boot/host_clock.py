# SPDX-License-Identifier: ISC
"""The clock that the machines share with this host: set, and right all the same."""
import time


def set_to_what_it_is():
    """For everybody who listens, the clock was set; it loses the microsecond that this takes.
    Needs CAP_SYS_TIME."""
    time.clock_settime_ns(time.CLOCK_REALTIME, time.clock_gettime_ns(time.CLOCK_REALTIME))
