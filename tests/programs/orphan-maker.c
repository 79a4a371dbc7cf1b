/*
 * orphan-maker COUNT [stay]: leaves so many orphans one after the other, in sessions of their own or not by turns, each of which
 * ends at once, or stays; then says so and does nothing more. SIGTERM ends it.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void wait_for_signals(void)
{
	for (;;)
		pause();
}

static int leave_orphan(int number, int stays)
{
	pid_t orphan, child = fork();

	if (child < 0)
		return -1;
	if (child > 0)
		return waitpid(child, NULL, 0) == child ? 0 : -1;
	if (number % 2 == 0)
		setsid();
	orphan = fork();
	if (orphan == 0 && stays)
		wait_for_signals();
	_exit(orphan < 0 ? 1 : 0);
}

int main(int argc, char **argv)
{
	int number, count, stays = argc == 3 && strcmp(argv[2], "stay") == 0;

	if ((argc != 2 && !stays) || (count = atoi(argv[1])) < 0) {
		fprintf(stderr, "usage: %s COUNT [stay]\n", argv[0]);
		return 2;
	}
	for (number = 0; number < count; number++) {
		if (leave_orphan(number, stays) != 0) {
			perror("cannot leave an orphan");
			return 1;
		}
	}
	printf("left %d\n", count);
	fflush(stdout);
	wait_for_signals();
}
