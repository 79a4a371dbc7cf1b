/*
 * Lives on by forking: each process lives for a moment, forks the next and ends. Whoever looks at the table of processes sees one
 * that has gone by the time it could be signalled. 20,000 of them at most.
 */
#define _POSIX_C_SOURCE 200809L

#include <time.h>
#include <unistd.h>

int main(void)
{
	struct timespec moment = { 0, 300000 };
	int hop;

	for (hop = 0; hop < 20000; hop++) {
		pid_t next = fork();

		if (next < 0)
			return 1;
		if (next > 0)
			_exit(0);
		nanosleep(&moment, NULL);
	}
	return 0;
}
