/*
 * A service as programs linked with libsystemd are, by that library itself (sd-daemon(3)). It is loaded by name, so that no
 * header is needed to compile this. Exits 77 where the library is missing.
 *   systemd-client ready     says that it is ready, with a status and its pid, pings its watchdog, reloads on SIGHUP
 *   systemd-client barrier   says so, waits until that has been dealt with, prints "passed", and ends on SIGTERM
 *   systemd-client store     stores two memory files, or prints what it has been given back; ends on SIGTERM
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static int (*notify)(int unset, const char *state);
static int (*barrier)(int unset, uint64_t timeout);
static int (*watchdog)(int unset, uint64_t *usec);
static int (*listen_fds)(int unset, char ***names);
static int (*with_fds)(pid_t pid, int unset, const char *state, const int *fds, unsigned count);

static void load(void *library, const char *name, void *function) {
  void *found = dlsym(library, name);
  if (found == NULL) exit(77);
  memcpy(function, &found, sizeof found);
}

static void load_all(void) {
  void *library = dlopen("libsystemd.so.0", RTLD_NOW);
  if (library == NULL) exit(77);
  load(library, "sd_notify", &notify);
  load(library, "sd_notify_barrier", &barrier);
  load(library, "sd_watchdog_enabled", &watchdog);
  load(library, "sd_listen_fds_with_names", &listen_fds);
  load(library, "sd_pid_notify_with_fds", &with_fds);
}

static sigset_t block(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  sigprocmask(SIG_BLOCK, &set, NULL);
  return set;
}

static void ready(const sigset_t *set) {
  uint64_t usec = 0;
  struct timespec wait = { 0, 0 };
  struct timespec now;
  char text[128];
  int is_watched = watchdog(0, &usec) > 0;
  snprintf(text, sizeof text, "READY=1\nSTATUS=watched %d\nMAINPID=%d", is_watched, (int)getpid());
  if (notify(0, text) <= 0) exit(1);
  wait.tv_sec = (time_t)(usec / 3 / 1000000);
  wait.tv_nsec = (long)(usec / 3 % 1000000 * 1000);
  for (;;) {
    int signal = is_watched ? sigtimedwait(set, NULL, &wait) : sigwaitinfo(set, NULL);
    if (signal == SIGTERM) break;
    if (signal < 0) notify(0, "WATCHDOG=1");
    if (signal != SIGHUP) continue;
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld", now.tv_sec * 1000000LL + now.tv_nsec / 1000);
    notify(0, text);
    notify(0, "READY=1\nSTATUS=reloaded");
  }
  notify(0, "STOPPING=1");
}

static void pass_barrier(const sigset_t *set) {
  if (notify(0, "READY=1") <= 0) exit(1);
  if (barrier(0, (uint64_t)-1) < 0) exit(2);
  printf("passed\n");
  fflush(stdout);
  while (sigwaitinfo(set, NULL) != SIGTERM);
}

static void store(const sigset_t *set) {
  char **names = NULL;
  int count = listen_fds(0, &names), fds[2];
  for (int index = 0; index < count; index++) {
    char bytes[32] = "";
    if (pread(3 + index, bytes, sizeof bytes - 1, 0) < 0) exit(1);
    printf("%s=%s\n", names[index], bytes);
  }
  if (count == 0) {
    for (int index = 0; index < 2; index++) {
      fds[index] = memfd_create("stored", 0);
      if (fds[index] < 0 || write(fds[index], index == 0 ? "one" : "two", 3) != 3) exit(1);
    }
    if (with_fds(0, 0, "FDSTORE=1\nFDNAME=memory", fds, 2) <= 0) exit(2);
    if (barrier(0, (uint64_t)-1) < 0) exit(3);
    printf("stored\n");
  }
  fflush(stdout);
  if (notify(0, "READY=1") <= 0) exit(4);
  while (sigwaitinfo(set, NULL) != SIGTERM);
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  load_all();
  sigset_t set = block();
  if (strcmp(what, "ready") == 0) ready(&set);
  else if (strcmp(what, "barrier") == 0) pass_barrier(&set);
  else if (strcmp(what, "store") == 0) store(&set);
  else return 2;
  return 0;
}
