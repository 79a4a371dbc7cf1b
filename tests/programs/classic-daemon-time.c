/*
 * A classic daemon that appends the time (UTC) to its output file, at once and then every second. It leads its own
 * session, catches nothing, and leaves its pid file behind when a signal ends it.
 */
#include "classic-daemon.h"

#include <time.h>

int main(int argc, char **argv)
{
	struct arguments arguments = parse_arguments(argc, argv);

	become_daemon(1);
	write_pid_file(arguments.pid_file);
	for (;;) {
		char line[64];
		struct tm parts;
		time_t now = time(NULL);

		gmtime_r(&now, &parts);
		strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%SZ", &parts);
		append_line(arguments.output_file, line);
		sleep(1);
	}
}
