/*
 * passed-socket-server [COUNT]: answers each connection on the first socket that it was passed with its pid and a newline.
 * It ends after COUNT connections, or at SIGTERM once it has answered the one that it is at. Exits 3 if nothing was passed
 * to this very process.
 */
#define _GNU_SOURCE

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_PASSED = 3 };

static long number_in(const char *name)
{
	const char *value = getenv(name);

	return value ? strtol(value, NULL, 10) : -1;
}

/* What the client has said is read to its end: closing with something unread would reset the connection. */
static void answer(int connection)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (write(connection, text, length) == length)
		shutdown(connection, SHUT_WR);
	while (read(connection, text, sizeof(text)) > 0) {
	}
	close(connection);
}

int main(int argc, char **argv)
{
	long left = argc > 1 ? strtol(argv[1], NULL, 10) : -1;
	struct pollfd waits[2] = { { .fd = FIRST_PASSED, .events = POLLIN }, { .events = POLLIN } };
	sigset_t term;

	if (number_in("LISTEN_PID") != (long)getpid() || number_in("LISTEN_FDS") < 1)
		return 3;
	/* As a descriptor, because a signal that is only let in while waiting never comes as long as connections do. */
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	waits[1].fd = signalfd(-1, &term, SFD_CLOEXEC);
	while (left != 0 && poll(waits, 2, -1) > 0 && waits[1].revents == 0) {
		int connection = accept(FIRST_PASSED, NULL, NULL);

		if (connection < 0)
			return 4;
		answer(connection);
		left--;
	}
	return 0;
}
