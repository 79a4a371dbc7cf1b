/*
 * A classic daemon that appends "HUP" or "TERM" to its output file for each one that it catches, and "ready" before
 * the first. TERM ends it: it removes its pid file and exits with the status that it was given (0 without one).
 */
#include "classic-daemon.h"

#include <signal.h>

static volatile sig_atomic_t hangups = 0;
static volatile sig_atomic_t must_end = 0;

static void on_signal(int number)
{
	if (number == SIGHUP)
		hangups++;
	else
		must_end = 1;
}

int main(int argc, char **argv)
{
	struct arguments arguments = parse_arguments(argc, argv);
	struct sigaction action;
	sigset_t blocked, unblocked;

	become_daemon(2);

	/* Handlers and not sigwait: /proc shows them as caught, which is how a supervisor knows that HUP is safe. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGHUP);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &unblocked);
	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	action.sa_mask = blocked;
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGTERM, &action, NULL);

	write_pid_file(arguments.pid_file);
	append_line(arguments.output_file, "ready");
	while (!must_end) {
		sigsuspend(&unblocked);
		for (; hangups > 0; hangups--)
			append_line(arguments.output_file, "HUP");
	}
	append_line(arguments.output_file, "TERM");
	unlink(arguments.pid_file);
	return arguments.exit_status;
}
