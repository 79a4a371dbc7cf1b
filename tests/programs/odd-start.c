/*
 * Runs a program from a strange place: descriptors 3 to 20 open, SIGHUP, SIGINT, SIGCHLD and SIGUSR1 ignored, SIGTERM, SIGQUIT
 * and SIGUSR2 blocked, a umask of 0137, and the directory that is its first argument.
 *
 *     odd-start DIRECTORY PROGRAM ARGUMENT...
 */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const int ignored[] = {SIGHUP, SIGINT, SIGCHLD, SIGUSR1};
static const int blocked[] = {SIGTERM, SIGQUIT, SIGUSR2};

int main(int argc, char **argv) {
  struct sigaction action = {0};
  sigset_t mask;
  unsigned index;
  int descriptor;
  if (argc < 3 || chdir(argv[1]) != 0) {
    fputs("usage: odd-start DIRECTORY PROGRAM ARGUMENT...\n", stderr);
    return 2;
  }
  action.sa_handler = SIG_IGN;
  for (index = 0; index < sizeof ignored / sizeof *ignored; index++) sigaction(ignored[index], &action, NULL);
  sigemptyset(&mask);
  for (index = 0; index < sizeof blocked / sizeof *blocked; index++) sigaddset(&mask, blocked[index]);
  sigprocmask(SIG_BLOCK, &mask, NULL);
  umask(0137);
  for (descriptor = 3; descriptor <= 20; descriptor++) {
    int opened = open("/dev/zero", O_RDONLY);
    if (opened < 0 || dup2(opened, descriptor) < 0) return 1;
    if (opened != descriptor && (opened < 3 || opened > 20)) close(opened);
  }
  execvp(argv[2], argv + 2);
  perror(argv[2]);
  return 127;
}
