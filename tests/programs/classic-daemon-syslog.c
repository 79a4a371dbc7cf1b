/*
 * A classic daemon that reports through syslog(3), as "classic-daemon-syslog" with its pid in facility daemon:
 * "started" (notice), "report N" (info) at once and then every second, "stopped" (notice) on SIGTERM. What was handed
 * to syslog stands in the output file too, so that a test need not guess when to look.
 */
#include "classic-daemon.h"

#include <signal.h>
#include <sys/select.h>
#include <syslog.h>
#include <time.h>

static volatile sig_atomic_t must_end = 0;

static void on_term(int number)
{
	(void)number;
	must_end = 1;
}

static void report(const char *output_file, int priority, const char *text)
{
	syslog(priority, "%s", text);
	append_line(output_file, text);
}

int main(int argc, char **argv)
{
	struct arguments arguments = parse_arguments(argc, argv);
	struct timespec second = { 1, 0 };
	struct sigaction action;
	sigset_t blocked, unblocked;
	unsigned long count = 0;

	become_daemon(2);

	/* Blocked but for the wait itself: no signal slips in between the question and the sleep. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &unblocked);
	memset(&action, 0, sizeof(action));
	action.sa_handler = on_term;
	sigaction(SIGTERM, &action, NULL);

	openlog("classic-daemon-syslog", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	write_pid_file(arguments.pid_file);
	report(arguments.output_file, LOG_NOTICE, "started");
	while (!must_end) {
		char line[64];

		snprintf(line, sizeof(line), "report %lu", ++count);
		report(arguments.output_file, LOG_INFO, line);
		pselect(0, NULL, NULL, NULL, &second, &unblocked);
	}
	report(arguments.output_file, LOG_NOTICE, "stopped");
	closelog();
	unlink(arguments.pid_file);
	return arguments.exit_status;
}
