/*
 * What the programs of the benchmark share: the file in which every service writes down when it did something, a slot
 * each, by its number. All times are nanoseconds of CLOCK_MONOTONIC, which is the same in every process.
 */
#ifndef BENCH_STAMPS_H
#define BENCH_STAMPS_H

#define _GNU_SOURCE

#include <stdint.h>
#include <time.h>

/* What a service that writes a number of lines writes last. */
#define BENCH_LAST_LINE "the last of all lines\n"

struct slot {
	volatile uint64_t started; /* the first instruction of main of the newest instance */
	volatile uint64_t pid;
	volatile uint64_t hangup; /* the newest SIGHUP */
	volatile uint64_t ended;  /* after the last line, of those that write a number of lines */
};

static inline uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif
