/* SPDX-License-Identifier: ISC */
/*
 * libsystemd, loaded when it is first needed: in a service, for $NOTIFY_SOCKET, the journal and
 * D-Bus.
 *
 * It brings six more libraries with it, and loading them all takes an eighth of the time and of the
 * memory of a whole registration, which a run by hand has no use for. (systemd loads what it does
 * not always need in the same way.)
 */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

/* Every function of it that we call. */
#define LIBSYSTEMD_FUNCTIONS(each)                                                              \
	each(sd_notify) each(sd_notify_barrier) each(sd_journal_sendv) each(sd_bus_open_system) \
		each(sd_bus_new) each(sd_bus_set_address) each(sd_bus_start)                    \
			each(sd_bus_flush_close_unref) each(sd_bus_call_method)                 \
				each(sd_bus_message_read) each(sd_bus_message_unref)            \
					each(sd_bus_get_property_string)                        \
						each(sd_bus_get_property_trivial)               \
							each(sd_bus_error_free)

/*
 * sd-journal.h replaces this name by a macro that adds the place in the source, which we do not
 * want.
 */
#undef sd_journal_sendv

struct libsystemd {
#define LIBSYSTEMD_MEMBER(function) __typeof__(&function) function;
	LIBSYSTEMD_FUNCTIONS(LIBSYSTEMD_MEMBER)
#undef LIBSYSTEMD_MEMBER
};

/*
 * The library's functions, loaded at the first call; null when it is not installed or lacks one of
 * them. Not safe to be called by several threads at once.
 */
const struct libsystemd *libsystemd(void);
