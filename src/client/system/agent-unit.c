/* SPDX-License-Identifier: ISC */
#include "client/system/agent-unit.h"

#include "client/system/systemctl.h"
#include "common/cleanup.h"
#include "common/libsystemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#define MANAGER \
	"org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"

DEFINE_RELEASE(bus, sd_bus *, (void)libsystemd()->sd_bus_flush_close_unref)
DEFINE_RELEASE(message, sd_bus_message *, (void)libsystemd()->sd_bus_message_unref)

/*
 * systemd's own socket, as systemctl(1) uses it. The system bus may be on its way only: whoever
 * connects to it early in the boot waits for its daemon, and with him the agent.
 */
static sd_bus *open_private_bus(void)
{
	sd_bus *bus = NULL;

	if (libsystemd()->sd_bus_new(&bus) >= 0 &&
	    libsystemd()->sd_bus_set_address(bus, "unix:path=/run/systemd/private") >= 0 &&
	    libsystemd()->sd_bus_start(bus) >= 0)
		return bus;
	release_bus(&bus);
	return NULL;
}

/* Where there is no systemd, whoever listens at the bus has no units. */
static sd_bus *open_bus(void)
{
	sd_bus *bus;

	if (!systemd_is_booted() || !libsystemd())
		return NULL;
	bus = open_private_bus();
	if (!bus && libsystemd()->sd_bus_open_system(&bus) < 0)
		return NULL;
	return bus;
}

/* The object path of a unit that is loaded, to be freed; null: it is not. */
static char *unit_path(sd_bus *bus, const char *unit)
{
	cleanup(release_message) sd_bus_message *reply = NULL;
	const char *path;

	if (libsystemd()->sd_bus_call_method(bus, MANAGER, "GetUnit", NULL, &reply, "s", unit) <
		    0 ||
	    libsystemd()->sd_bus_message_read(reply, "o", &path) < 0)
		return NULL;
	return strdup(path);
}

static bool is_active(sd_bus *bus, const char *path)
{
	cleanup_free char *state = NULL;

	if (libsystemd()->sd_bus_get_property_string(bus, "org.freedesktop.systemd1", path,
						     "org.freedesktop.systemd1.Unit", "ActiveState",
						     NULL, &state) < 0)
		return false;
	return strcmp(state, "active") == 0 || strcmp(state, "activating") == 0 ||
	       strcmp(state, "reloading") == 0;
}

bool agent_unit_is_active(const char *unit)
{
	cleanup(release_bus) sd_bus *bus = open_bus();
	cleanup_free char *path = bus ? unit_path(bus, unit) : NULL;

	return path && is_active(bus, path);
}

/* Is it active, and has it been since before this moment? */
static bool runs_since_before(sd_bus *bus, const char *unit, uint64_t moment)
{
	cleanup_free char *path = unit_path(bus, unit);
	uint64_t since;

	return path && is_active(bus, path) &&
	       libsystemd()->sd_bus_get_property_trivial(bus, "org.freedesktop.systemd1", path,
							 "org.freedesktop.systemd1.Unit",
							 "InactiveExitTimestampMonotonic", NULL,
							 't', &since) >= 0 &&
	       since < moment;
}

int agent_unit_try_restart(const char *unit, uint64_t moment, struct reason *why)
{
	cleanup(release_bus) sd_bus *bus = open_bus();
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	if (!bus || !runs_since_before(bus, unit, moment))
		return 0;
	r = libsystemd()->sd_bus_call_method(bus, MANAGER, "TryRestartUnit", &error, NULL, "ss",
					     unit, "replace");
	if (r < 0)
		reason_set(why, "Cannot restart %s: %s", unit,
			   error.message ?: strerrordesc_np(-r));
	libsystemd()->sd_bus_error_free(&error);
	return r < 0 ? r : 1;
}

int agent_unit_start_target(struct reason *why)
{
	static const char *const restart[] = { "--no-block", "restart", "agent-registered.target",
					       NULL };

	return systemctl(restart, -1, why);
}

bool agent_unit_has_process(const char *unit)
{
	cleanup(release_bus) sd_bus *bus = open_bus();
	cleanup_free char *path = bus ? unit_path(bus, unit) : NULL;
	uint32_t pid;

	return path &&
	       libsystemd()->sd_bus_get_property_trivial(bus, "org.freedesktop.systemd1", path,
							 "org.freedesktop.systemd1.Service",
							 "MainPID", NULL, 'u', &pid) >= 0 &&
	       pid != 0;
}

bool agent_unit_we_were_restarted(void)
{
	cleanup(release_bus) sd_bus *bus = open_bus();
	cleanup(release_message) sd_bus_message *reply = NULL;
	const char *path;
	uint32_t restarts;

	if (!bus ||
	    libsystemd()->sd_bus_call_method(bus, MANAGER, "GetUnitByPID", NULL, &reply, "u",
					     (uint32_t)getpid()) < 0 ||
	    libsystemd()->sd_bus_message_read(reply, "o", &path) < 0 ||
	    libsystemd()->sd_bus_get_property_trivial(bus, "org.freedesktop.systemd1", path,
						      "org.freedesktop.systemd1.Service",
						      "NRestarts", NULL, 'u', &restarts) < 0)
		return true;
	return restarts > 0;
}

void agent_unit_hold(bool hold)
{
	/*
	 * Only the service makes the file, but what a person has put right must let the agent go as
	 * well.
	 */
	const char *directory = getenv("RUNTIME_DIRECTORY") ?: hold ? NULL : "/run/agent-register";
	cleanup_free char *path = NULL;

	if (!directory || asprintf(&path, "%s/hold", directory) < 0) {
		path = NULL;
		return;
	}
	if (hold)
		release_fd(&(int){ open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644) });
	else
		(void)unlink(path);
}
