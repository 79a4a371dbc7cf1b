/*
 * A library that ld.so loads into a program whose clocks a test wants to move: every clock_gettime(2) but those of CPU time
 * runs ahead by the seconds that stand, as one long, in /etc/clock-ahead. The test gives the program an /etc of its own.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile long *seconds_ahead;

__attribute__((constructor)) static void map_seconds(void)
{
	int fd = open("/etc/clock-ahead", O_RDONLY | O_CLOEXEC);
	void *mapped;

	if (fd < 0)
		return;
	mapped = mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (mapped != MAP_FAILED)
		seconds_ahead = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
	int result = (int)syscall(SYS_clock_gettime, clock, time);

	if (result == 0 && seconds_ahead != NULL && clock != CLOCK_PROCESS_CPUTIME_ID && clock != CLOCK_THREAD_CPUTIME_ID)
		time->tv_sec += *seconds_ahead;
	return result;
}
