/* SPDX-License-Identifier: ISC */
/* The log, for targets whose code under test writes one. */
#pragma once

/* Write no log from now on, but see that each message, of any level, is fit to be shown. */
void fuzz_watch_log(void);
