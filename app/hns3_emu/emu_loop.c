/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Service thread and data thread.
 *
 * The data thread works in rounds, each under a mutex; the service thread pauses it by taking that
 * mutex. It inherits priority, so a data thread that was preempted in the middle of a round is run
 * at once when the service thread waits for it, and a sleeping one delays nobody. A round is
 * bounded by the budgets.
 *
 * The service thread sleeps until a client sends a message, or the data thread, which looks at the
 * registers in each round, finds a command and wakes it; at the latest every SERVICE_SLEEP_NS,
 * which bounds the wait for an answer when the data thread does not get to run. It asks for
 * real-time priority, and gets along without. How long each driver waited at most, and how much of
 * that was not other programs' doing, is in the report (answer_count()). The data thread backs off
 * when there is nothing to do, so that emulator and application fit a machine of two cores.
 */
#include "emu_loop.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "atomic.h"
#include "deadline.h"
#include "log.h"

#define MODULE           "emu.loop"
/* Tx rings are emptied faster than Rx rings are filled: what an application forwards finds room. */
#define BUDGET_TX_PKTS   128
#define BUDGET_RX_PKTS   32
#define SERVICE_SLEEP_NS 250000
#define ANSWER_NS        1000000 /* what drivers are promised */
#define DATA_SLEEP_NS    20000
#define DATA_LONG_NS     200000 /* after LONG_ROUNDS such sleeps: an idle emulator costs little */
#define LONG_ROUNDS      500
/*
 * Rounds that find little begin at least so far apart. A driver and we would else work on the same
 * cache lines of the rings, BD by BD, and it gets through half as much.
 */
#define PACE_NS          6000
#define PACE_ENOUGH      (2 * BUDGET_TX_PKTS - 8) /* frames of a round that are not little */
#define IDLE_ROUNDS      20000 /* about a millisecond of empty rounds before the first sleep */
#define FLUSH_NS         100000000
#define SERVE_NS         10000000

static struct {
	struct emu_port *ports;
	unsigned int nb_ports;
	unsigned int pause_depth; /* service thread only */
	pthread_mutex_t round;
	atomic_bool stop;
	atomic_bool is_woken; /* the service thread has been told, and has not looked since */
	int wake_fd;
	clockid_t data_clock;         /* the data thread's processor time */
	uint64_t slept_ns, paused_ns; /* of own_ns() */
} loop = { .round = PTHREAD_MUTEX_INITIALIZER };

static void
sleep_ns(long ns)
{
	struct timespec ts = { .tv_nsec = ns };

	nanosleep(&ts, NULL);
}

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec ts = { 0 };

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/*
 * The service thread's time without what the scheduler gave to others: its processor time, its
 * sleeps as long as they were meant to be, and the data thread's processor time while it waited for
 * that.
 */
static uint64_t
own_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID) + loop.slept_ns + loop.paused_ns;
}

void
emu_data_pause(void)
{
	if (loop.pause_depth++ == 0 && pthread_mutex_trylock(&loop.round) != 0) {
		uint64_t before = clock_ns(loop.data_clock);

		pthread_mutex_lock(&loop.round);
		loop.paused_ns += clock_ns(loop.data_clock) - before;
	}
}

void
emu_data_resume(void)
{
	if (--loop.pause_depth == 0)
		pthread_mutex_unlock(&loop.round);
}

/* What was moved; *paces: no wire brought any of it, and it was little. */
static unsigned int
data_round(bool *paces)
{
	unsigned int nb = 0, nb_wires = 0;

	for (unsigned int i = 0; i < loop.nb_ports; i++) {
		struct emu_port *port = &loop.ports[i];

		nb += emu_dev_tx_poll(port->dev, BUDGET_TX_PKTS);
		if (port->wire.ops->poll)
			nb_wires += port->wire.ops->poll(&port->wire, BUDGET_RX_PKTS);
	}
	*paces = nb > 0 && nb < PACE_ENOUGH && nb_wires == 0;
	return nb + nb_wires;
}

/* Wake the service thread if a driver waits for it; it is @p now_ns, or a little later. */
static void
service_wake(uint64_t now_ns)
{
	uint64_t one = 1;

	/* Relaxed: the eventfd's own order is enough, and a wake-up too few costs one sleep. */
	if (atomic_load_explicit(&loop.is_woken, memory_order_relaxed))
		return;
	for (unsigned int i = 0; i < loop.nb_ports; i++) {
		if (emu_dev_is_waiting(loop.ports[i].dev)) {
			atomic_store_explicit(&loop.is_woken, true, memory_order_relaxed);
			if (write(loop.wake_fd, &one, sizeof(one)) < 0)
				base_log(BASE_LOG_DEBUG, MODULE, "eventfd: %s", strerror(errno));
			return;
		}
		__atomic_store_n(&loop.ports[i].clear_ns, now_ns, __ATOMIC_RELAXED); /* alone */
	}
}

static void
wires_flush(void)
{
	for (unsigned int i = 0; i < loop.nb_ports; i++) {
		if (loop.ports[i].wire.ops->flush)
			loop.ports[i].wire.ops->flush(&loop.ports[i].wire);
	}
}

static void *
data_main(void *arg)
{
	uint64_t flush_ns = 0;
	unsigned int idle = 0;

	(void)arg;
	pthread_setname_np(pthread_self(), "emu-data");
	prctl(PR_SET_TIMERSLACK, 1);
	while (!atomic_load_explicit(&loop.stop, memory_order_relaxed)) {
		uint64_t begin_ns = deadline_now_ns();
		unsigned int nb;
		bool paces;

		pthread_mutex_lock(&loop.round);
		nb = data_round(&paces);
		pthread_mutex_unlock(&loop.round);
		service_wake(begin_ns);
		if (nb > 0) {
			idle = 0;
			while (paces && deadline_now_ns() - begin_ns < PACE_NS)
				at_pause();
			continue;
		}
		if (++idle < IDLE_ROUNDS) {
			at_pause(); /* the core's other thread, often the driver's, goes faster */
			continue;
		}
		if (idle == IDLE_ROUNDS || deadline_now_ns() > flush_ns) {
			pthread_mutex_lock(&loop.round);
			wires_flush();
			pthread_mutex_unlock(&loop.round);
			flush_ns = deadline_now_ns() + FLUSH_NS;
		}
		sleep_ns(idle < IDLE_ROUNDS + LONG_ROUNDS ? DATA_SLEEP_NS : DATA_LONG_NS);
	}
	return NULL;
}

static void
service_priority(void)
{
	struct sched_param sp = { .sched_priority = 1 };

	if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &sp) == 0)
		return;
	if (setpriority(PRIO_PROCESS, 0, -10) == 0)
		return;
	base_log(BASE_LOG_DEBUG, MODULE,
			"no higher priority for commands (%s): their answers may be late on a busy "
			"machine",
			strerror(errno));
}

static int
round_mutex_init(void)
{
	pthread_mutexattr_t attr;
	int ret = pthread_mutexattr_init(&attr);

	if (ret == 0)
		ret = pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	if (ret == 0)
		ret = pthread_mutex_init(&loop.round, &attr);
	return ret;
}

/* Until a client's message, the data thread's word, or SERVICE_SLEEP_NS. Fds: see emu_loop_run().
 */
static void
service_sleep(struct pollfd *fds)
{
	static const struct timespec most = { .tv_nsec = SERVICE_SLEEP_NS };
	uint64_t told, begin = deadline_now_ns(), took;

	if (ppoll(fds, loop.nb_ports + 2, &most, NULL) > 0 && fds[0].revents &&
			read(loop.wake_fd, &told, sizeof(told)) < 0)
		base_log(BASE_LOG_DEBUG, MODULE, "eventfd: %s", strerror(errno));
	atomic_store_explicit(&loop.is_woken, false, memory_order_relaxed);
	took = deadline_now_ns() - begin;
	loop.slept_ns += took < SERVICE_SLEEP_NS ? took : SERVICE_SLEEP_NS;
}

/* A driver has its answer. It asked after @p look of this thread, and after @p clear_ns. */
static void
answer_count(struct emu_port *port, struct emu_look look, uint64_t clear_ns)
{
	uint64_t took = deadline_now_ns() - (clear_ns > look.ns ? clear_ns : look.ns);
	uint64_t own = own_ns() - look.own_ns;

	if (own > took) /* some of it was before */
		own = took;

	port->answers.nb++;
	port->answers.nb_late += took > ANSWER_NS;
	port->answers.nb_late_own += own > ANSWER_NS;
	if (took > port->answers.max_ns)
		port->answers.max_ns = took;
	if (own > port->answers.max_own_ns)
		port->answers.max_own_ns = own;
}

static unsigned int
port_service(struct emu_port *port)
{
	struct emu_look before = port->look;
	uint64_t clear_ns;
	bool is_asked;
	unsigned int nb;

	port->look = (struct emu_look){ deadline_now_ns(), own_ns() };
	is_asked = port->has_client && before.ns && emu_dev_is_waiting(port->dev);
	/* until it is answered, which is done here, the data thread does not find it clear */
	clear_ns = __atomic_load_n(&port->clear_ns, __ATOMIC_RELAXED);
	nb = emu_port_service(port);
	if (is_asked)
		answer_count(port, before, clear_ns);
	return nb;
}

/* One round of all that the service thread does; how much that was. */
static unsigned int
service_round(const struct emu_loop_ops *ops, bool is_asked)
{
	static uint64_t tick_ns, serve_ns; /* of the next ones; one service thread */
	uint64_t now = deadline_now_ns();
	unsigned int nb = 0;

	for (unsigned int i = 0; i < loop.nb_ports; i++)
		nb += port_service(&loop.ports[i]);
	if (is_asked || now >= serve_ns) {
		nb += ops->serve(ops->arg);
		serve_ns = now + SERVE_NS;
	}
	if (now >= tick_ns) {
		ops->tick(ops->arg);
		tick_ns = now + FLUSH_NS;
	}
	return nb;
}

int
emu_loop_run(struct emu_port *ports, unsigned int nb_ports, const bool *stop,
		const struct emu_loop_ops *ops)
{
	struct pollfd fds[EMU_PORTS_MAX + 2]; /* wake_fd, servers, ops->fd */
	pthread_t data;
	int ret;

	loop.ports = ports;
	loop.nb_ports = nb_ports;
	loop.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop.wake_fd < 0)
		return -errno;
	fds[0] = (struct pollfd){ .fd = loop.wake_fd, .events = POLLIN };
	for (unsigned int i = 0; i < nb_ports; i++)
		fds[i + 1] = (struct pollfd){ .fd = vup_server_fd(ports[i].server),
			.events = POLLIN };
	fds[nb_ports + 1] = (struct pollfd){ .fd = ops->fd, .events = POLLIN };
	ret = round_mutex_init();
	if (ret == 0)
		ret = pthread_create(&data, NULL, data_main, NULL);
	if (ret == 0)
		pthread_getcpuclockid(data, &loop.data_clock);
	if (ret) {
		close(loop.wake_fd);
		return -ret;
	}
	service_priority();
	prctl(PR_SET_TIMERSLACK, 1);
	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) { /* set by a signal handler; alone */
		bool is_asked = fds[nb_ports + 1].revents;

		fds[nb_ports + 1].revents = 0;
		if (service_round(ops, is_asked) == 0)
			service_sleep(fds);
	}
	atomic_store_explicit(&loop.stop, true, memory_order_relaxed);
	pthread_join(data, NULL);
	close(loop.wake_fd);
	return 0;
}
