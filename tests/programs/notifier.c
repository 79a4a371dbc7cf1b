/*
 * Says things over NOTIFY_SOCKET, by itself and without a library. Each argument is done in turn:
 *   say=TEXT   sends the text ("|" stands for a newline) with the descriptors made since the last one
 *   memory=X   makes a memory file with these bytes
 *   pipe       makes a pipe: its read end goes along, its write end stays with this process
 *   open=PATH  opens a file for reading
 *   barrier    waits until everything said before has been dealt with
 *   child=TEXT a child says the text and ends, and is waited for
 *   other=TEXT the same, from a process of user 65534
 *   heir       a child goes on in its place: it says that the child is the main process, and ends
 *   list       prints the names of passed descriptors and what can be read from each
 *   print=NAME prints a variable
 *   wait       waits for SIGTERM, then goes on
 *   term=TEXT  the same, and says the text then
 *   exit=N     ends with this status
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 254

static int passed[MOST];
static int count;

static void fail(const char *what) {
  perror(what);
  exit(111);
}

static void say(const char *words) {
  const char *path = getenv("NOTIFY_SOCKET");
  struct sockaddr_un to = { .sun_family = AF_UNIX };
  char text[65536];
  union {
    char bytes[CMSG_SPACE(MOST * sizeof(int))];
    struct cmsghdr header;
  } control;
  if (path == NULL) return;
  size_t length = strlen(path);
  if (length >= sizeof to.sun_path) fail("NOTIFY_SOCKET");
  memcpy(to.sun_path, path, length);
  if (*path == '@') to.sun_path[0] = 0;
  snprintf(text, sizeof text, "%s", words);
  for (char *at = text; *at != 0; at++)
    if (*at == '|') *at = '\n';
  struct iovec vector = { text, strlen(text) };
  struct msghdr message = { .msg_name = &to, .msg_iov = &vector, .msg_iovlen = 1 };
  message.msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
  if (count > 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
    memcpy(CMSG_DATA(header), passed, (size_t)count * sizeof(int));
  }
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  if (sendmsg(fd, &message, MSG_NOSIGNAL) < 0) fail("sendmsg");
  close(fd);
  while (count > 0) close(passed[--count]);
}

static void pass(int fd) {
  if (fd < 0) fail("descriptor");
  if (count < MOST) passed[count++] = fd;
}

static void make_pipe(void) {
  int ends[2];
  if (pipe(ends) != 0) fail("pipe");
  pass(ends[0]);
}

static void memory(const char *bytes) {
  int fd = memfd_create("stored", 0);
  if (fd < 0 || write(fd, bytes, strlen(bytes)) < 0 || lseek(fd, 0, SEEK_SET) < 0) fail("memfd");
  pass(fd);
}

static void barrier(void) {
  int ends[2];
  if (pipe(ends) != 0) fail("pipe");
  pass(ends[1]);
  say("BARRIER=1");
  struct pollfd look = { .fd = ends[0] };
  while (poll(&look, 1, -1) < 0 && errno == EINTR);
  close(ends[0]);
}

static void child(const char *text, int is_other) {
  pid_t pid = fork();
  if (pid == 0) {
    if (is_other && setresuid(65534, 65534, 65534) != 0) _exit(1);
    say(text);
    _exit(0);
  }
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR);
  while (count > 0) close(passed[--count]);
}

static void heir(void) {
  char text[32];
  pid_t pid = fork();
  if (pid == 0) return;
  snprintf(text, sizeof text, "MAINPID=%d", (int)pid);
  say(text);
  _exit(0);
}

static void list(void) {
  const char *number = getenv("LISTEN_FDS");
  const char *names = getenv("LISTEN_FDNAMES");
  printf("names=%s", names == NULL ? "" : names);
  for (int fd = 3; fd < 3 + (number == NULL ? 0 : atoi(number)); fd++) {
    char bytes[64];
    ssize_t length = pread(fd, bytes, sizeof bytes - 1, 0);
    bytes[length < 0 ? 0 : length] = 0;
    printf(" %s", length < 0 ? "?" : bytes);
  }
  printf("\n");
}

static void await_term(void) {
  sigset_t set;
  int signal;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigwait(&set, &signal);
}

static const char *value_of(const char *argument, const char *name) {
  size_t length = strlen(name);
  return strncmp(argument, name, length) == 0 && argument[length] == '=' ? argument + length + 1 : NULL;
}

static void carry_out(const char *argument) {
  const char *value;
  if ((value = value_of(argument, "say")) != NULL) say(value);
  else if ((value = value_of(argument, "memory")) != NULL) memory(value);
  else if ((value = value_of(argument, "open")) != NULL) pass(open(value, O_RDONLY));
  else if ((value = value_of(argument, "child")) != NULL) child(value, 0);
  else if ((value = value_of(argument, "other")) != NULL) child(value, 1);
  else if ((value = value_of(argument, "print")) != NULL)
    printf("%s=%s\n", value, getenv(value) == NULL ? "(none)" : getenv(value));
  else if ((value = value_of(argument, "exit")) != NULL) exit(atoi(value));
  else if ((value = value_of(argument, "term")) != NULL) {
    await_term();
    say(value);
  } else if (strcmp(argument, "wait") == 0) await_term();
  else if (strcmp(argument, "pipe") == 0) make_pipe();
  else if (strcmp(argument, "barrier") == 0) barrier();
  else if (strcmp(argument, "heir") == 0) heir();
  else if (strcmp(argument, "list") == 0) list();
  else {
    fprintf(stderr, "cannot do \"%s\"\n", argument);
    exit(2);
  }
  fflush(stdout);
}

int main(int argc, char **argv) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, NULL);
  for (int index = 1; index < argc; index++) carry_out(argv[index]);
  return 0;
}
