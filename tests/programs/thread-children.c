/*
 * thread-children: a process of three threads, each with a child that waits. It writes the numbers of the children, with blanks
 * between them, and waits until its standard input ends; then it ends its children and itself.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 3

static pid_t children[THREADS];
static pthread_barrier_t begun;

static void *run(void *argument)
{
	pid_t *child = argument;

	*child = fork();
	if (*child < 0)
		exit(1);
	if (*child == 0) {
		for (;;)
			pause();
	}
	pthread_barrier_wait(&begun);
	for (;;)
		pause();
}

int main(void)
{
	pthread_t thread;
	char byte;
	int index;

	pthread_barrier_init(&begun, NULL, THREADS);
	for (index = 1; index < THREADS; index++)
		if (pthread_create(&thread, NULL, run, &children[index]) != 0)
			return 1;
	children[0] = fork();
	if (children[0] == 0) {
		for (;;)
			pause();
	}
	pthread_barrier_wait(&begun);
	for (index = 0; index < THREADS; index++)
		printf("%d ", (int)children[index]);
	putchar('\n');
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	for (index = 0; index < THREADS; index++) {
		kill(children[index], SIGKILL);
		waitpid(children[index], NULL, 0);
	}
	return 0;
}
