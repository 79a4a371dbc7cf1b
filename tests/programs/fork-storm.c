/*
 * fork-storm FILE KEEP: keeps KEEP children alive that end after some milliseconds each, without end. If one of them is
 * ended by a signal, which nobody has any business to send, a line goes to FILE.
 */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void start_child(unsigned number)
{
	struct timespec some = { 0, (long)(number * 2654435761u % 6 + 1) * 1000000 };

	if (fork() == 0) {
		nanosleep(&some, NULL);
		_exit(0);
	}
}

static void complain(const char *path, pid_t pid, int signal)
{
	char line[64];
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	int length = snprintf(line, sizeof(line), "pid %ld was ended by signal %d\n", (long)pid, signal);

	if (fd < 0 || write(fd, line, (size_t)length) != length)
		_exit(1);
	close(fd);
}

int main(int argc, char **argv)
{
	unsigned count = 0, keep;
	int status;
	pid_t pid;

	if (argc != 3 || (keep = (unsigned)atoi(argv[2])) == 0) {
		fprintf(stderr, "usage: %s FILE KEEP\n", argv[0]);
		return 2;
	}
	for (; count < keep; count++)
		start_child(count);
	while ((pid = wait(&status)) > 0) {
		if (WIFSIGNALED(status))
			complain(argv[1], pid, WTERMSIG(status));
		start_child(count++);
	}
	return 1;
}
