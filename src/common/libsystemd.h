/* SPDX-License-Identifier: ISC */
/*
 * libsystemd, loaded when it is first needed: in a service, for $NOTIFY_SOCKET and the journal.
 *
 * It depends on six more libraries, and loading them all takes an eighth of the time and of the
 * memory of a whole registration, which a manual run does not need. (systemd itself loads optional
 * libraries in the same way.)
 */
#pragma once

#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

/* The functions that are used. */
#define LIBSYSTEMD_FUNCTIONS(each) \
	each(sd_notify) each(sd_notify_barrier) each(sd_watchdog_enabled) each(sd_journal_sendv)

/* sd-journal.h replaces this name by a macro that adds the place in the source. */
#undef sd_journal_sendv

struct libsystemd {
#define LIBSYSTEMD_MEMBER(function) __typeof__(&function) function;
	LIBSYSTEMD_FUNCTIONS(LIBSYSTEMD_MEMBER)
#undef LIBSYSTEMD_MEMBER
};

/*
 * The functions of the library, loaded at the first call; null when it is not installed or lacks
 * one of them. Static. Must not be called by several threads at once.
 */
const struct libsystemd *libsystemd(void);
