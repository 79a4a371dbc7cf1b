/*
 * surroundings FILE: writes to FILE what a program finds when it begins, a line for each thing ("umask 022", "limit nofile
 * 1024 4096", "env NAME=value"), ends with the line "end", and then stays. A newline in a value is written as \n.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_GROUPS 1024
#define MOST_DESCRIPTORS 4096

extern char **environ;

static const struct {
	const char *name;
	int resource;
} limits[] = {
	{ "nofile", RLIMIT_NOFILE }, { "nproc", RLIMIT_NPROC }, { "core", RLIMIT_CORE }, { "as", RLIMIT_AS },
	{ "fsize", RLIMIT_FSIZE }, { "memlock", RLIMIT_MEMLOCK }, { "stack", RLIMIT_STACK }, { "cpu", RLIMIT_CPU },
	{ "data", RLIMIT_DATA },
};

static void print_amount(FILE *out, rlim_t amount)
{
	if (amount == RLIM_INFINITY)
		fprintf(out, " unlimited");
	else
		fprintf(out, " %llu", (unsigned long long)amount);
}

static void print_limits(FILE *out)
{
	size_t index;

	for (index = 0; index < sizeof(limits) / sizeof(limits[0]); index++) {
		struct rlimit limit;

		getrlimit((__rlimit_resource_t)limits[index].resource, &limit);
		fprintf(out, "limit %s", limits[index].name);
		print_amount(out, limit.rlim_cur);
		print_amount(out, limit.rlim_max);
		fprintf(out, "\n");
	}
}

static void print_identity(FILE *out)
{
	uid_t uids[3];
	gid_t gids[3], groups[MOST_GROUPS];
	int count = getgroups(MOST_GROUPS, groups), index;

	getresuid(&uids[0], &uids[1], &uids[2]);
	getresgid(&gids[0], &gids[1], &gids[2]);
	fprintf(out, "uid %u %u %u\n", uids[0], uids[1], uids[2]);
	fprintf(out, "gid %u %u %u\n", gids[0], gids[1], gids[2]);
	fprintf(out, "groups");
	for (index = 0; index < count; index++)
		fprintf(out, " %u", groups[index]);
	fprintf(out, "\n");
}

/* Of what the standard library would need a system call of its own for, the kernel's words are printed as they are. */
static void print_file(FILE *out, const char *path, const char *const *beginnings)
{
	FILE *file = fopen(path, "re");
	char line[1024];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		size_t index;

		for (index = 0; beginnings[index] != NULL; index++)
			if (strncmp(line, beginnings[index], strlen(beginnings[index])) == 0)
				fputs(line, out);
	}
	if (file != NULL)
		fclose(file);
}

static void print_descriptors(FILE *out, int own)
{
	int fd;

	for (fd = 0; fd < MOST_DESCRIPTORS; fd++) {
		char link[64], target[PATH_MAX + 1];
		ssize_t length;

		if (fd == own || fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		length = readlink(link, target, sizeof(target) - 1);
		target[length < 0 ? 0 : length] = '\0';
		fprintf(out, "fd %d %s\n", fd, target);
	}
}

static void print_environment(FILE *out)
{
	char **entry;

	for (entry = environ; *entry != NULL; entry++) {
		const char *at;

		fprintf(out, "env ");
		for (at = *entry; *at != '\0'; at++) {
			if (*at == '\n')
				fprintf(out, "\\n");
			else
				fputc(*at, out);
		}
		fprintf(out, "\n");
	}
}

int main(int argc, char **argv)
{
	static const char *const signals[] = { "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "NoNewPrivs", "Seccomp:", NULL };
	static const char *const all[] = { "", NULL };
	char directory[PATH_MAX];
	mode_t mask = umask(0);
	FILE *out;

	umask(mask);
	if (argc != 2 || (out = fopen(argv[1], "we")) == NULL) {
		fprintf(stderr, "usage: %s FILE\n", argv[0]);
		return 2;
	}
	print_identity(out);
	fprintf(out, "umask %03o\n", (unsigned)mask);
	fprintf(out, "nice %d\n", getpriority(PRIO_PROCESS, 0));
	fprintf(out, "directory %s\n", getcwd(directory, sizeof(directory)) == NULL ? "?" : directory);
	fprintf(out, "parent %ld\nsession %ld\ngroup %ld\nself %ld\n", (long)getppid(), (long)getsid(0), (long)getpgrp(), (long)getpid());
	fprintf(out, "terminal %s\n", open("/dev/tty", O_RDWR | O_CLOEXEC) < 0 ? "none" : "some");
	fprintf(out, "oom_score_adj ");
	print_file(out, "/proc/self/oom_score_adj", all);
	print_file(out, "/proc/self/status", signals);
	print_limits(out);
	print_descriptors(out, fileno(out));
	print_environment(out);
	fprintf(out, "end\n");
	fclose(out);
	for (;;)
		pause();
}
