/* SPDX-License-Identifier: ISC */
#include "registrar/net/admission.h"

#include "common/deadline.h"

#include <stdlib.h>
#include <sys/ioctl.h>

#define PATIENCE (1 * USEC_PER_SEC) /* for what a client has to do next */
#define FEW 8                       /* connections of a source */

struct admission {
	struct admission_settings settings;
	struct sources *sources;
};

struct admission *admission_new(const struct admission_settings *settings)
{
	struct admission *admission = calloc(1, sizeof *admission);

	if (!admission)
		return NULL;
	admission->settings = *settings;
	if (admission->settings.max_per_source == 0)
		admission->settings.max_per_source = settings->max_connections / 8 ?: 1;
	admission->sources = sources_new();
	if (admission->sources)
		return admission;
	free(admission);
	return NULL;
}

void admission_free(struct admission *admission)
{
	if (admission)
		sources_free(admission->sources);
	free(admission);
}

static void give_way(struct admission *admission, struct source_member *member)
{
	/* Closing can take a moment, in which it must not be chosen again. */
	sources_remove(admission->sources, member);
	admission->settings.give_way(member);
}

static bool is_penalised(const struct admission *admission, const struct client_network *network)
{
	return offences_is_penalised(admission->settings.offences, network, monotonic_usec());
}

/* Then it is not the client who is waited for. */
static bool has_unread(const struct admission *admission, const struct source_member *member)
{
	int bytes = 0;

	return ioctl(admission->settings.descriptor_of(member), FIONREAD, &bytes) == 0 && bytes > 0;
}

/* Whoever misbehaved lately is not waited for, even if it waits for us. */
static bool is_misbehaving(const struct admission *admission, const struct source_member *member)
{
	struct client_network network;

	return sources_network_of(member, &network) && is_penalised(admission, &network);
}

static bool may_close(void *owner, const struct source_member *member)
{
	const struct admission *admission = owner;
	bool is_late = member->is_at_rest || monotonic_usec() >= member->idle_since + PATIENCE;

	return is_late && (!has_unread(admission, member) || is_misbehaving(admission, member));
}

/* May one more of this source come in, now that room gets short? */
static bool may_share(struct admission *admission, const struct client_network *network)
{
	struct source_member *member = NULL;

	if (is_penalised(admission, network))
		return false;
	if (sources_count(admission->sources, network) >= admission->settings.max_per_source)
		member = sources_choose_of(admission->sources, network, may_close, admission);
	if (member)
		give_way(admission, member);
	return true;
}

static bool room_is_short(const struct admission *admission, size_t open)
{
	size_t most = admission->settings.max_connections;

	return open > most - most / 4;
}

bool admission_may_enter(struct admission *admission, const char *address, size_t open)
{
	struct client_network network = client_network_of(address);

	return !room_is_short(admission, open) ||
	       network_list_has(admission->settings.exempt, address) ||
	       may_share(admission, &network);
}

bool admission_enter(struct admission *admission, struct source_member *member, const char *address)
{
	struct client_network network = client_network_of(address);
	bool is_exempt = network_list_has(admission->settings.exempt, address);

	return sources_add(admission->sources, member, is_exempt ? NULL : &network,
			   monotonic_usec()) == 0;
}

bool admission_should_wait(struct admission *admission, const char *address)
{
	struct client_network network = client_network_of(address);

	return !network_list_has(admission->settings.exempt, address) &&
	       (sources_count(admission->sources, &network) > FEW ||
		is_penalised(admission, &network));
}

void admission_set_idle(struct admission *admission, struct source_member *member, bool idle)
{
	sources_set_idle(admission->sources, member, idle ? monotonic_usec() : 0);
}

void admission_set_at_rest(struct admission *admission, struct source_member *member)
{
	admission_set_idle(admission, member, true);
	member->is_at_rest = true;
}

void admission_leave(struct admission *admission, struct source_member *member)
{
	sources_remove(admission->sources, member);
}

bool admission_make_room(struct admission *admission)
{
	struct source_member *member = sources_choose(admission->sources, may_close, admission);

	if (member)
		give_way(admission, member);
	return member;
}

void admission_offence(struct admission *admission, const char *address, enum offence offence)
{
	struct client_network network = client_network_of(address);

	if (!network_list_has(admission->settings.exempt, address))
		offences_add(admission->settings.offences, &network, offence, monotonic_usec());
}

void admission_wasted(struct admission *admission, const char *address, size_t open)
{
	if (room_is_short(admission, open))
		admission_offence(admission, address, OFFENCE_NOTHING);
}

void admission_forgive(struct admission *admission, const char *address)
{
	struct client_network network = client_network_of(address);

	offences_forgive(admission->settings.offences, &network, monotonic_usec());
}

uint64_t admission_delay_refusal(struct admission *admission, const char *address)
{
	struct client_network network = client_network_of(address);

	admission_offence(admission, address, OFFENCE_WRONG_PASSWORD);
	if (network_list_has(admission->settings.exempt, address))
		return 0;
	return offences_delay_refusal(admission->settings.offences, &network, monotonic_usec());
}
