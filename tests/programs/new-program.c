/*
 * Stands for a new version that is not what it seems; its name says how. As "crashes" and "hangs" it passes the probe and fails
 * as a supervisor; as "hangs-at-once" and "talks" it is no daemonsup at all.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void sleep_for_ever(void) {
  for (;;) pause();
}

int main(void) {
  char path[4096] = "";
  const char *role = getenv("DAEMONSUP_ROLE");
  const char *name;
  if (readlink("/proc/self/exe", path, sizeof path - 1) < 0 || role == NULL) return 2;
  name = strrchr(path, '/') + 1;
  if (strcmp(name, "hangs-at-once") == 0) sleep_for_ever();
  while (strcmp(name, "talks") == 0) puts("words, words, words");
  if (strstr(role, "\"tag\":\"probe\"") != NULL) {
    putchar('\0');
    puts("{\"version\":\"6.6.6\",\"problems\":[]}");
    return 0;
  }
  if (strcmp(name, "crashes") == 0) raise(SIGSEGV);
  sleep_for_ever();
  return 0;
}
