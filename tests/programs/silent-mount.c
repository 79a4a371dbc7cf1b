/*
 * silent-mount DIRECTORY: mounts a file system there that never answers, says "mounted", and takes it away again at SIGTERM.
 * Whoever waits for it by then gets an error.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int count, char **words)
{
	char options[64];
	sigset_t ends;
	int signal;
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (count != 2 || fd < 0)
		return 2;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (mount("silent", words[1], "fuse", 0, options) != 0)
		return 1;
	puts("mounted");
	fflush(stdout);
	sigwait(&ends, &signal);
	return umount2(words[1], MNT_DETACH) == 0 ? 0 : 1;
}
