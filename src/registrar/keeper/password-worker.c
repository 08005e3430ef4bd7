/* SPDX-License-Identifier: ISC */
#include "registrar/keeper/password-worker.h"

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/library-memory.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>

#define FAILURES_COUNTED 20
#define FAILURE_TIME (30 * USEC_PER_SEC)

struct job {
	struct job *next;
	struct client_network source;
	uint64_t turn; /* the earliest is tried next */
	struct api_password password;
	char *text;
	int fits;
	password_worker_done *done;
	void *argument;
};

struct queue {
	struct job *first, **end;
	size_t count;
};

struct password_worker {
	pthread_t thread;
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t wanted;
	struct queue waiting, finished;
	bool ending;

	int notice; /* eventfd: something has been finished */
	struct event *event;
};

static void queue_add(struct queue *queue, struct job *job)
{
	job->next = NULL;
	if (!queue->first)
		queue->end = &queue->first;
	*queue->end = job;
	queue->end = &job->next;
	queue->count++;
}

/* By their turns; of two with the same the first stays the first. */
static void queue_insert(struct queue *queue, struct job *job)
{
	struct job **at = &queue->first;

	while (*at && (*at)->turn <= job->turn)
		at = &(*at)->next;
	job->next = *at;
	*at = job;
	queue->count++;
}

/* The last one, out of the queue. */
static struct job *queue_take_last(struct queue *queue)
{
	struct job **at = &queue->first, *last;

	while ((*at)->next)
		at = &(*at)->next;
	last = *at;
	*at = NULL;
	queue->count--;
	return last;
}

static struct job *queue_take(struct queue *queue)
{
	struct job *job = queue->first;

	if (job) {
		queue->first = job->next;
		queue->count--;
	}
	return job;
}

static void free_job(struct job *job)
{
	explicit_bzero(job->text, strlen(job->text));
	free(job->text);
	free(job);
}

/* ------------------------------------------------------------------ in the thread */

static struct job *wait_for_job(struct password_worker *worker)
{
	struct job *job;

	(void)pthread_mutex_lock(&worker->mutex);
	while (!worker->waiting.first && !worker->ending)
		(void)pthread_cond_wait(&worker->wanted, &worker->mutex);
	job = worker->ending ? NULL : queue_take(&worker->waiting);
	(void)pthread_mutex_unlock(&worker->mutex);
	return job;
}

static void *work(void *argument)
{
	struct password_worker *worker = argument;
	struct job *job;

	while ((job = wait_for_job(worker))) {
		job->fits = api_password_check(&job->password, job->text, strlen(job->text));
		(void)pthread_mutex_lock(&worker->mutex);
		queue_add(&worker->finished, job);
		(void)pthread_mutex_unlock(&worker->mutex);
		(void)eventfd_write(worker->notice, 1);
	}
	return NULL;
}

/* ------------------------------------------------------------------ in the event loop */

static void on_finished(evutil_socket_t fd, short what, void *argument)
{
	struct password_worker *worker = argument;
	eventfd_t count;

	(void)what;
	(void)eventfd_read(fd, &count);
	for (;;) {
		struct job *job;

		(void)pthread_mutex_lock(&worker->mutex);
		job = queue_take(&worker->finished);
		(void)pthread_mutex_unlock(&worker->mutex);
		if (!job)
			return;
		job->done(job->argument, job->fits);
		free_job(job);
	}
}

static unsigned int count_waiting(const struct password_worker *worker,
				  const struct client_network *source)
{
	unsigned int count = 0;

	for (const struct job *job = worker->waiting.first; job; job = job->next)
		count += client_network_is_same(&job->source, source);
	return count;
}

/* Put the job into the queue. Returns the one that is too many, or null. */
static struct job *enqueue(struct password_worker *worker, struct job *job,
			   const struct password_source *source)
{
	unsigned int waiting = count_waiting(worker, &source->network);
	unsigned int failures = source->failures < FAILURES_COUNTED ? source->failures
								    : FAILURES_COUNTED;

	if (waiting >= PASSWORD_WORKER_EACH)
		return job;
	job->turn = monotonic_usec() + failures * FAILURE_TIME + waiting * USEC_PER_SEC;
	queue_insert(&worker->waiting, job);
	return worker->waiting.count > PASSWORD_WORKER_QUEUE ? queue_take_last(&worker->waiting)
							     : NULL;
}

/* False: the job is the one that is too many. */
static bool submit(struct password_worker *worker, struct job *job,
		   const struct password_source *source)
{
	struct job *last;

	(void)pthread_mutex_lock(&worker->mutex);
	last = enqueue(worker, job, source);
	if (last && last != job) {
		last->fits = -EBUSY;
		queue_add(&worker->finished, last);
		(void)eventfd_write(worker->notice, 1);
	}
	(void)pthread_mutex_unlock(&worker->mutex);
	return last != job;
}

bool password_worker_try(struct password_worker *worker, const struct password_source *source,
			 const struct api_password *password, const char *text,
			 password_worker_done *done, void *argument)
{
	struct job *job = library_memory_note(calloc(1, sizeof *job));

	if (!job || !(job->text = library_memory_note(strdup(text)))) {
		free(job);
		return false;
	}
	job->source = source->network;
	job->password = *password;
	job->done = done;
	job->argument = argument;
	if (!submit(worker, job, source)) {
		free_job(job);
		return false;
	}
	(void)pthread_cond_signal(&worker->wanted);
	return true;
}

/* A thread that takes no signals: they are the event loop's. */
static int start_thread(struct password_worker *worker)
{
	sigset_t all, before;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&worker->thread, NULL, work, worker);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r == 0 ? 0 : -r;
}

/* 0 or a negative errno. */
static int set_up(struct password_worker *worker, struct event_base *base)
{
	worker->notice = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (worker->notice < 0)
		return -errno;
	worker->event = event_new(base, worker->notice, EV_READ | EV_PERSIST, on_finished, worker);
	if (!worker->event || event_add(worker->event, NULL) < 0)
		return -ENOMEM;
	return start_thread(worker);
}

int password_worker_new(struct password_worker **ret, struct event_base *base)
{
	struct password_worker *worker = calloc(1, sizeof *worker);
	int r;

	if (!worker)
		return -ENOMEM;
	(void)pthread_mutex_init(&worker->mutex, NULL);
	(void)pthread_cond_init(&worker->wanted, NULL);
	r = set_up(worker, base);
	if (r == 0) {
		*ret = worker;
		return 0;
	}
	if (worker->event)
		event_free(worker->event);
	release_fd(&worker->notice);
	free(worker);
	return r;
}

static void drop_all(struct queue *queue)
{
	struct job *job;

	while ((job = queue_take(queue)))
		free_job(job);
}

void password_worker_free(struct password_worker *worker)
{
	if (!worker)
		return;
	(void)pthread_mutex_lock(&worker->mutex);
	worker->ending = true;
	(void)pthread_mutex_unlock(&worker->mutex);
	(void)pthread_cond_signal(&worker->wanted);
	(void)pthread_join(worker->thread, NULL);
	drop_all(&worker->waiting);
	drop_all(&worker->finished);
	event_free(worker->event);
	release_fd(&worker->notice);
	(void)pthread_cond_destroy(&worker->wanted);
	(void)pthread_mutex_destroy(&worker->mutex);
	free(worker);
}
