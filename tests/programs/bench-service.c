/*
 * bench-service STAMPS INDEX [BYTES CHUNK [wait]]: the smallest service. It writes the time of its first instruction into
 * its slot, the time of each SIGHUP too, a line to its standard output at each SIGUSR1, and waits. With BYTES it writes that
 * much to its standard output, in lines of 100 bytes and CHUNK bytes at a time, then one more line, BENCH_LAST_LINE; writes
 * down when it had done so, and ends. With "wait" it begins at the first SIGUSR1.
 */
#include "bench-stamps.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE 100
#define MOST_CHUNK 65536

static int stamps;
static off_t place;

static void on_hangup(int signal)
{
	uint64_t now = now_ns();

	(void)signal;
	if (pwrite(stamps, &now, sizeof(now), place + (off_t)offsetof(struct slot, hangup)) < 0)
		_exit(1);
}

static void on_user(int signal)
{
	(void)signal;
	if (write(1, "a line of output, as services write them\n", 41) < 0)
		_exit(1);
}

static void write_all(const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t count = write(1, bytes, size);

		if (count < 0)
			exit(1);
		bytes += count;
		size -= (size_t)count;
	}
}

static void write_lines(uint64_t bytes, size_t chunk)
{
	static char lines[MOST_CHUNK + LINE];
	uint64_t written = 0, ended;
	size_t index;

	for (index = 0; index < sizeof(lines); index++)
		lines[index] = index % LINE == LINE - 1 ? '\n' : (char)('a' + index % 26);
	while (written < bytes) {
		uint64_t left = bytes - written;
		size_t size = left < chunk ? (size_t)left : chunk;

		write_all(lines + written % LINE, size);
		written += size;
	}
	write_all(BENCH_LAST_LINE, sizeof(BENCH_LAST_LINE) - 1);
	ended = now_ns();
	if (pwrite(stamps, &ended, sizeof(ended), place + (off_t)offsetof(struct slot, ended)) < 0)
		exit(1);
}

int main(int argc, char **argv)
{
	uint64_t start[2] = {now_ns(), (uint64_t)getpid()};
	struct sigaction action;
	sigset_t user;
	int signal;

	if (argc < 3 || argc == 4 || (argc > 4 && strtoul(argv[4], NULL, 10) - 1 >= MOST_CHUNK))
		return 2;
	sigemptyset(&user);
	sigaddset(&user, SIGUSR1);
	if (argc > 5)
		sigprocmask(SIG_BLOCK, &user, NULL);
	memset(&action, 0, sizeof(action));
	action.sa_flags = SA_RESTART;
	action.sa_handler = on_hangup;
	place = strtol(argv[2], NULL, 10) * (off_t)sizeof(struct slot);
	stamps = open(argv[1], O_WRONLY | O_CLOEXEC);
	if (stamps < 0 || sigaction(SIGHUP, &action, NULL) < 0)
		return 1;
	action.sa_handler = on_user;
	if (sigaction(SIGUSR1, &action, NULL) < 0 || pwrite(stamps, start, sizeof(start), place) < 0)
		return 1;
	if (argc > 5 && sigwait(&user, &signal) != 0)
		return 1;
	if (argc > 4) {
		write_lines(strtoull(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
		return 0;
	}
	for (;;)
		pause();
}
