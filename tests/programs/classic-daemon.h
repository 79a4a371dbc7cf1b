/*
 * What the classic self-daemonizing programs share: the steps of a traditional Unix daemon, as the textbooks have
 * them, with nothing of systemd in it. A supervisor must be able to adopt such a program by its pid file.
 */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* Some containers say a billion: closing each of them would take minutes. */
#define MAX_CLOSED 65536L

struct arguments {
	const char *pid_file;
	const char *output_file;
	/* Only some programs use it: what they exit with on SIGTERM. */
	int exit_status;
};

static inline void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* PID-FILE OUTPUT-FILE [EXIT-STATUS]; both absolute, since a daemon leaves its directory. */
static inline struct arguments parse_arguments(int argc, char **argv)
{
	struct arguments parsed = { NULL, NULL, 0 };

	if (argc < 3 || argc > 4 || argv[1][0] != '/' || argv[2][0] != '/') {
		fprintf(stderr, "usage: %s /PID-FILE /OUTPUT-FILE [EXIT-STATUS]\n", argv[0]);
		exit(2);
	}
	parsed.pid_file = argv[1];
	parsed.output_file = argv[2];
	if (argc == 4)
		parsed.exit_status = atoi(argv[3]);
	return parsed;
}

/* The child goes on. The parent leaves at once, long before the pid file is there: that is what makes it hard. */
static inline void fork_and_leave(void)
{
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	if (child > 0)
		_exit(0);
}

/* With one fork the daemon leads its session (as after daemon(3)); with two it can never regain a terminal. */
static inline void become_daemon(int forks)
{
	long open_max = sysconf(_SC_OPEN_MAX);
	long fd;

	fork_and_leave();
	if (setsid() < 0)
		fail("setsid");
	if (forks > 1)
		fork_and_leave();
	if (chdir("/") < 0)
		fail("chdir");
	umask(0);
	if (open_max < 0 || open_max > MAX_CLOSED)
		open_max = MAX_CLOSED;
	for (fd = 0; fd < open_max; fd++)
		close((int)fd);
	if (open("/dev/null", O_RDWR) != 0 || dup(0) != 1 || dup(0) != 2)
		_exit(1);
}

/* Writes everything or ends the program; the one write keeps lines of several writers apart. */
static inline void write_text(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | flags, 0644);
	size_t length = strlen(text);

	if (fd < 0 || write(fd, text, length) != (ssize_t)length)
		_exit(1);
	close(fd);
}

/* The last step, when signals are already handled: whoever reads the number may send one at once. */
static inline void write_pid_file(const char *path)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	write_text(path, O_TRUNC, text);
}

static inline void append_line(const char *path, const char *line)
{
	char text[256];

	snprintf(text, sizeof(text), "%s\n", line);
	write_text(path, O_APPEND, text);
}
