/*
 * bench-driver PROGRAM STAMPS COUNT: does on request what is measured, and is the floor itself: a loop of vfork and exec
 * that supervises nothing. One request a line on standard input, words separated by tabs; one line each in answer,
 * "ok" with numbers, or "failed" with a reason. Times are absolute nanoseconds of CLOCK_MONOTONIC.
 *
 * Its own children, COUNT instances of PROGRAM with STAMPS and their index as arguments:
 *   fleet                starts all            ok BEGAN FIRST LAST   first fork; first and last instance's first instruction
 *   restart INDEX        kills, waits, starts  ok BEGAN STARTED
 *   hangup-fleet         SIGHUP to each        ok BEGAN LAST
 *   end-fleet            SIGTERM, waits        ok BEGAN ENDED
 *
 * Those that somebody else has started with the same arguments:
 *   clear                forgets all stamps    ok
 *   launch WORD...       starts a command      ok BEGAN PID
 *   run WORD...          runs a command        ok BEGAN ENDED STATUS
 *   pipe WORD... | WORD...
 *                        runs two commands, the output of one into the other, until both have ended
 *                                              ok BEGAN ENDED STATUS CPU   the second one's, in nanoseconds
 *   await SINCE          waits until every service has started since then
 *                                              ok FIRST LAST
 *   kill INDEX           SIGKILL, and waits until the service runs again
 *                                              ok BEGAN STARTED
 *   hangup PID           SIGHUP to PID, and waits until every service has had one
 *                                              ok BEGAN LAST
 *   speak                SIGUSR1 to every service
 *                                              ok BEGAN
 *   await-ends SINCE     waits until every service has written its last line since then
 *                                              ok FIRST LAST
 *   end PID SIGNAL       sends it and waits until PID has ended, reaped or not
 *                                              ok BEGAN ENDED
 *   last-line PATH       waits until the last line of a service is the end of the file
 *                                              ok ENDED
 */
#include "bench-stamps.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_WORDS 64
#define PATIENCE 60000000000u /* nanoseconds */

extern char **environ;

static char *program, *stamps_file;
static int count, nowhere;
static struct slot *slots;
static pid_t *children;

static void fail(const char *reason)
{
	printf("failed\t%s\n", reason);
}

static void nap(long nanoseconds)
{
	struct timespec span = {0, nanoseconds};

	nanosleep(&span, NULL);
}

static pid_t spawn(char **words)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execve(words[0], words, environ);
		_exit(127);
	}
	return pid;
}

static pid_t spawn_instance(int index)
{
	char number[16];
	char *words[] = {program, stamps_file, number, NULL};

	snprintf(number, sizeof(number), "%d", index);
	return spawn(words);
}

static pid_t spawn_between(char **words, int in, int out)
{
	pid_t pid = vfork();

	if (pid == 0) {
		dup2(in, 0);
		dup2(out, 1);
		execve(words[0], words, environ);
		_exit(127);
	}
	return pid;
}

/* What commands print is thrown away, and the supervisors' errors are seen. */
static pid_t spawn_command(char **words)
{
	return spawn_between(words, nowhere, nowhere);
}

static void clear_stamps(void)
{
	memset((void *)slots, 0, (size_t)count * sizeof(*slots));
}

/* false: not within the time allowed. */
static int await_stamp(volatile uint64_t *stamp, uint64_t after)
{
	uint64_t until = now_ns() + PATIENCE;

	while (*stamp <= after) {
		if (now_ns() > until)
			return 0;
		nap(100000);
	}
	return 1;
}

static int await_fleet(size_t field, uint64_t after)
{
	int index;

	for (index = 0; index < count; index++)
		if (!await_stamp((volatile uint64_t *)((char *)&slots[index] + field), after))
			return 0;
	return 1;
}

static uint64_t last_of(size_t field)
{
	uint64_t last = 0;
	int index;

	for (index = 0; index < count; index++) {
		uint64_t stamp = *(volatile uint64_t *)((char *)&slots[index] + field);

		if (stamp > last)
			last = stamp;
	}
	return last;
}

static uint64_t first_of(size_t field)
{
	uint64_t first = UINT64_MAX;
	int index;

	for (index = 0; index < count; index++) {
		uint64_t stamp = *(volatile uint64_t *)((char *)&slots[index] + field);

		if (stamp < first)
			first = stamp;
	}
	return first;
}

static void do_fleet(void)
{
	uint64_t began;
	int index;

	clear_stamps();
	began = now_ns();
	for (index = 0; index < count; index++)
		children[index] = spawn_instance(index);
	if (await_fleet(offsetof(struct slot, started), began))
		printf("ok\t%lu\t%lu\t%lu\n", began, first_of(offsetof(struct slot, started)), last_of(offsetof(struct slot, started)));
	else
		fail("not every instance has started");
}

static void do_restart(int index)
{
	uint64_t began = now_ns();

	kill(children[index], SIGKILL);
	waitpid(children[index], NULL, 0);
	children[index] = spawn_instance(index);
	if (await_stamp(&slots[index].started, began))
		printf("ok\t%lu\t%lu\n", began, slots[index].started);
	else
		fail("it did not start again");
}

static void answer_hangup(uint64_t began)
{
	size_t field = offsetof(struct slot, hangup);

	if (await_fleet(field, began))
		printf("ok\t%lu\t%lu\n", began, last_of(field));
	else
		fail("not every service had its SIGHUP");
}

static void do_hangup_fleet(void)
{
	uint64_t began = now_ns();
	int index;

	for (index = 0; index < count; index++)
		kill(children[index], SIGHUP);
	answer_hangup(began);
}

static void do_end_fleet(void)
{
	uint64_t began = now_ns();
	int index;

	for (index = 0; index < count; index++)
		kill(children[index], SIGTERM);
	for (index = 0; index < count; index++) {
		waitpid(children[index], NULL, 0);
		children[index] = 0;
	}
	printf("ok\t%lu\t%lu\n", began, now_ns());
}

static void do_clear(void)
{
	clear_stamps();
	printf("ok\n");
}

static void do_launch(char **words)
{
	uint64_t began = now_ns();

	printf("ok\t%lu\t%d\n", began, spawn_command(words));
}

static void do_await(size_t field, uint64_t since)
{
	if (await_fleet(field, since))
		printf("ok\t%lu\t%lu\n", first_of(field), last_of(field));
	else
		fail("not every service has come so far");
}

static int exit_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void do_run(char **words)
{
	uint64_t began = now_ns();
	pid_t pid = spawn_command(words);
	int status = -1;

	waitpid(pid, &status, 0);
	printf("ok\t%lu\t%lu\t%d\n", began, now_ns(), exit_of(status));
}

static uint64_t nanoseconds_of(struct timeval span)
{
	return (uint64_t)span.tv_sec * 1000000000u + (uint64_t)span.tv_usec * 1000u;
}

static void do_pipe(char **words)
{
	char **reader = words;
	uint64_t began = now_ns();
	struct rusage usage;
	pid_t from, to;
	int ends[2], status = -1;

	while (*reader != NULL && strcmp(*reader, "|") != 0)
		reader++;
	if (*reader == NULL || pipe2(ends, O_CLOEXEC) < 0) {
		fail("there is no pipe");
		return;
	}
	*reader++ = NULL;
	from = spawn_between(words, nowhere, ends[1]);
	to = spawn_between(reader, ends[0], nowhere);
	close(ends[0]);
	close(ends[1]);
	waitpid(from, NULL, 0);
	wait4(to, &status, 0, &usage);
	printf("ok\t%lu\t%lu\t%d\t%lu\n", began, now_ns(), exit_of(status),
	       nanoseconds_of(usage.ru_utime) + nanoseconds_of(usage.ru_stime));
}

static void do_kill(int index)
{
	uint64_t began = now_ns();

	if (slots[index].pid < 2 || kill((pid_t)slots[index].pid, SIGKILL) < 0)
		fail("the service is not there");
	else if (await_stamp(&slots[index].started, began))
		printf("ok\t%lu\t%lu\n", began, slots[index].started);
	else
		fail("it did not start again");
}

static void do_hangup(pid_t pid)
{
	uint64_t began = now_ns();

	if (kill(pid, SIGHUP) < 0)
		fail("the supervisor is not there");
	else
		answer_hangup(began);
}

static void do_speak(void)
{
	uint64_t began = now_ns();
	int index;

	for (index = 0; index < count; index++)
		if (slots[index].pid > 1)
			kill((pid_t)slots[index].pid, SIGUSR1);
	printf("ok\t%lu\n", began);
}

static void do_end(pid_t pid, int signal)
{
	struct pollfd ended = {(int)syscall(SYS_pidfd_open, pid, 0), POLLIN, 0};
	uint64_t began = now_ns();

	if (ended.fd < 0 || kill(pid, signal) < 0 || poll(&ended, 1, (int)(PATIENCE / 1000000u)) != 1) {
		fail("it did not end");
	} else {
		printf("ok\t%lu\t%lu\n", began, now_ns());
		waitpid(pid, NULL, WNOHANG);
	}
	if (ended.fd >= 0)
		close(ended.fd);
}

static int ends_with_last_line(const char *path)
{
	char end[sizeof(BENCH_LAST_LINE) - 1];
	int file = open(path, O_RDONLY | O_CLOEXEC), found = 0;
	struct stat now;

	if (file < 0)
		return 0;
	if (fstat(file, &now) == 0 && now.st_size >= (off_t)sizeof(end))
		found = pread(file, end, sizeof(end), now.st_size - (off_t)sizeof(end)) == sizeof(end) &&
			memcmp(end, BENCH_LAST_LINE, sizeof(end)) == 0;
	close(file);
	return found;
}

static void do_last_line(const char *path)
{
	uint64_t until = now_ns() + PATIENCE;

	while (!ends_with_last_line(path)) {
		if (now_ns() > until) {
			fail("the last line did not come");
			return;
		}
		nap(500000);
	}
	printf("ok\t%lu\n", now_ns());
}

static int is_index(const char *word)
{
	return word != NULL && atoi(word) >= 0 && atoi(word) < count;
}

static void obey(char **words)
{
	const char *verb = words[0];

	if (strcmp(verb, "fleet") == 0)
		do_fleet();
	else if (strcmp(verb, "restart") == 0 && is_index(words[1]))
		do_restart(atoi(words[1]));
	else if (strcmp(verb, "hangup-fleet") == 0)
		do_hangup_fleet();
	else if (strcmp(verb, "end-fleet") == 0)
		do_end_fleet();
	else if (strcmp(verb, "clear") == 0)
		do_clear();
	else if (strcmp(verb, "launch") == 0 && words[1] != NULL)
		do_launch(words + 1);
	else if (strcmp(verb, "await") == 0 && words[1] != NULL)
		do_await(offsetof(struct slot, started), strtoull(words[1], NULL, 10));
	else if (strcmp(verb, "await-ends") == 0 && words[1] != NULL)
		do_await(offsetof(struct slot, ended), strtoull(words[1], NULL, 10));
	else if (strcmp(verb, "run") == 0 && words[1] != NULL)
		do_run(words + 1);
	else if (strcmp(verb, "pipe") == 0)
		do_pipe(words + 1);
	else if (strcmp(verb, "kill") == 0 && is_index(words[1]))
		do_kill(atoi(words[1]));
	else if (strcmp(verb, "hangup") == 0 && words[1] != NULL)
		do_hangup(atoi(words[1]));
	else if (strcmp(verb, "speak") == 0)
		do_speak();
	else if (strcmp(verb, "end") == 0 && words[1] != NULL && words[2] != NULL)
		do_end(atoi(words[1]), atoi(words[2]));
	else if (strcmp(verb, "last-line") == 0 && words[1] != NULL)
		do_last_line(words[1]);
	else
		fail("there is no such request");
}

/* Ends with its standard input, and takes its own children along. */
int main(int argc, char **argv)
{
	static char line[16384];
	int stamps, index;

	if (argc != 4 || (count = atoi(argv[3])) < 1)
		return 2;
	program = argv[1];
	stamps_file = argv[2];
	stamps = open(stamps_file, O_RDWR | O_CLOEXEC);
	nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	children = calloc((size_t)count, sizeof(*children));
	slots = mmap(NULL, (size_t)count * sizeof(*slots), PROT_READ | PROT_WRITE, MAP_SHARED, stamps, 0);
	if (stamps < 0 || nowhere < 0 || children == NULL || slots == MAP_FAILED)
		return 1;
	setvbuf(stdout, NULL, _IOLBF, 4096);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		char *words[MOST_WORDS + 1] = {NULL};
		char *word = strtok(line, "\t\n");

		for (index = 0; word != NULL && index < MOST_WORDS; index++, word = strtok(NULL, "\t\n"))
			words[index] = word;
		if (words[0] != NULL)
			obey(words);
	}
	for (index = 0; index < count; index++)
		if (children[index] > 0)
			kill(children[index], SIGKILL);
	return 0;
}
