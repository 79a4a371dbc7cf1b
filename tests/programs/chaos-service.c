/*
 * A service of the chaos test, which keeps books of its own: what is true of it does not depend on what daemonsup says.
 * Usage: chaos-service DIRECTORY WORD...   (with $DAEMONSUP_SERVICE and $INVOCATION_ID)
 *   DIRECTORY/control          mapped; while its first word is not 0, nobody writes lines or ends by itself
 *   DIRECTORY/locks/NAME       locked for as long as any process of the service lives
 *   DIRECTORY/lives/NAME       "start PID INVOCATION NS", "end PID INVOCATION NS HOW", "hup PID INVOCATION NS"
 *   DIRECTORY/lines/NAME:INVOCATION   mapped; lines begun and written to stdout, then the same of stderr
 *   DIRECTORY/violations       what must never happen
 * Words: burst=N lines (20) every gap=MS (50); streams=2 writes both; life=MS on average until it ends by itself, with
 * end=CODE|kill|any; once=N writes as many lines and exits 0; ready=notify|fd:N|log|file:PATH after delay=MS;
 * tcp=ADDRESS:PORT and listen (passed sockets) answer by HTTP; fork=PIDFILE makes a daemon of itself; child starts one of a
 * session of its own; slow=MS takes so long to end when asked, and deaf never does; ping says WATCHDOG=1 each round, until
 * SIGUSR2, which is noted; note=TEXT only notes that, as a hook does; store hands over a descriptor for safekeeping once, and notes
 * "kept" or "lost" later; log=PATH opens its output there anew on SIGUSR1; collect=PATH moves what comes over stdin to that file.
 * receive=SOCKET into=PATH is no service: it writes each datagram that comes there as a line.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct books {
  uint64_t begun, written;
};

static const char *directory, *service, *invocation;
static volatile uint32_t *control;
static volatile struct books *books;
static volatile sig_atomic_t asked, hung_up, to_reopen, to_be_mute;
static const char *log_path;
static int lives = -1;

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void violation(const char *text) {
  char path[512], line[512];
  snprintf(path, sizeof path, "%s/violations", directory);
  int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  int length = snprintf(line, sizeof line, "%s: pid %d, run %s: %s\n", service, (int)getpid(), invocation, text);
  if (fd < 0 || write(fd, line, (size_t)length) != length) _exit(98);
  _exit(97);
}

static int open_in(const char *kind, const char *name, int flags) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s/%s", directory, kind, name);
  int fd = open(path, flags | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) violation(path);
  return fd;
}

static void note(const char *what, const char *more) {
  char line[256];
  int length = snprintf(line, sizeof line, "%s %d %s %lld%s%s\n", what, (int)getpid(), invocation, (long long)now(),
                        *more == 0 ? "" : " ", more);
  if (write(lives, line, (size_t)length) != length) violation("cannot note");
}

static void *map(int fd, size_t size) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) violation("cannot map");
  close(fd);
  return memory;
}

static void open_books(void) {
  char name[256];
  lives = open_in("lives", service, O_WRONLY | O_APPEND);
  int fd = open_in(".", "control", O_RDWR);
  control = map(fd, 4096);
  // Not closed: whatever comes out of this process holds it as well.
  if (flock(open_in("locks", service, O_RDWR), LOCK_EX | LOCK_NB) != 0) violation("is a second instance");
  snprintf(name, sizeof name, "%s:%s", service, invocation);
  fd = open_in("lines", name, O_RDWR | O_EXCL);
  if (ftruncate(fd, 4096) != 0) violation("cannot make its books");
  books = map(fd, 4096);
}

static const char *word_of(char **words, const char *name) {
  size_t length = strlen(name);
  for (; *words != NULL; words++)
    if (strncmp(*words, name, length) == 0 && ((*words)[length] == 0 || (*words)[length] == '='))
      return (*words)[length] == 0 ? "" : *words + length + 1;
  return NULL;
}

static long number_of(char **words, const char *name, long otherwise) {
  const char *text = word_of(words, name);
  return text == NULL ? otherwise : atol(text);
}

static void on_signal(int number) {
  if (number == SIGTERM) asked = 1;
  else if (number == SIGUSR1) to_reopen = 1;
  else if (number == SIGUSR2) to_be_mute = 1;
  else hung_up = 1;
}

static void catch_signals(int is_deaf) {
  struct sigaction action = { .sa_handler = on_signal };
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGUSR2);
  sigprocmask(SIG_BLOCK, &set, NULL);
  sigaction(SIGHUP, &action, NULL);
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGUSR2, &action, NULL);
  if (is_deaf) action.sa_handler = SIG_IGN;
  sigaction(SIGTERM, &action, NULL);
}

/* Says it over NOTIFY_SOCKET, with a descriptor that goes along unless it is -1. 0: nobody hears it. */
static int say(const char *text, int passed) {
  const char *path = getenv("NOTIFY_SOCKET");
  struct sockaddr_un to = { .sun_family = AF_UNIX };
  struct iovec vector = { (void *)text, strlen(text) };
  struct msghdr message = { .msg_name = &to, .msg_iov = &vector, .msg_iovlen = 1 };
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr header;
  } rights = { { 0 } };
  if (path == NULL || strlen(path) >= sizeof to.sun_path) violation("has nowhere to say anything");
  memcpy(to.sun_path, path, strlen(path));
  if (*path == '@') to.sun_path[0] = 0;
  message.msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
  if (passed >= 0) {
    message.msg_control = &rights;
    message.msg_controllen = sizeof rights;
    rights.header.cmsg_level = SOL_SOCKET;
    rights.header.cmsg_type = SCM_RIGHTS;
    rights.header.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&rights.header), &passed, sizeof passed);
  }
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int is_heard = sendmsg(fd, &message, MSG_NOSIGNAL) >= 0;
  close(fd);
  return is_heard;
}

/* Ends the process, noting why first. A run of which the books show no end was killed by somebody else. */
static void end(const char *how) {
  note("end", how);
  if (strcmp(how, "own:kill") == 0) raise(SIGKILL);
  _exit(strncmp(how, "own:", 4) == 0 ? atoi(how + 4) : 0);
}

static void end_when_asked(char **words) {
  if (!asked) return;
  long slow = number_of(words, "slow", 0);
  struct timespec time = { slow / 1000, slow % 1000 * 1000000L };
  // Noted first: it may be killed meanwhile, and was asked to end all the same.
  note("end", "asked");
  while (slow > 0 && nanosleep(&time, &time) != 0 && errno == EINTR);
  _exit(0);
}

static void reopen_log(void) {
  int fd = log_path == NULL ? -1 : open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0 || dup2(fd, 1) != 1 || dup2(fd, 2) != 2) violation("cannot open its log anew");
  close(fd);
}

/* Waits for signals, and for what can be read or written, at most so long. */
static void wait_for(struct pollfd *looks, nfds_t count, long ms) {
  struct timespec time = { ms / 1000, ms % 1000 * 1000000L };
  sigset_t none;
  sigemptyset(&none);
  ppoll(looks, count, &time, &none);
  if (hung_up) {
    hung_up = 0;
    note("hup", "");
  }
  if (to_reopen) {
    to_reopen = 0;
    reopen_log();
  }
}

/* One line by one write: what was killed in between has written all of it or nothing. */
static void write_line(int stream, char **words) {
  char line[200];
  struct pollfd look = { .fd = stream, .events = POLLOUT };
  volatile struct books *kept = &books[stream - 1];
  uint64_t number = kept->begun + 1;
  int length = snprintf(line, sizeof line, "%s %s %c %llu\n", service, invocation, stream == 1 ? 'o' : 'e',
                        (unsigned long long)number);
  do {
    wait_for(&look, 1, 1000);
    end_when_asked(words);
  } while ((look.revents & POLLOUT) == 0);
  kept->begun = number;
  if (write(stream, line, (size_t)length) != length) violation("cannot write a line");
  kept->written = number;
}

static int listen_at(const char *text) {
  char host[64];
  struct sockaddr_in address = { .sin_family = AF_INET };
  const char *colon = strchr(text, ':');
  int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
  inet_pton(AF_INET, host, &address.sin_addr);
  address.sin_port = htons((uint16_t)atoi(colon + 1));
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 64) != 0) violation("cannot listen");
  return fd;
}

static void answer(int listener) {
  char request[1024];
  const char *text = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";
  struct timeval limit = { 1, 0 };
  int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0) return;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (recv(fd, request, sizeof request, 0) > 0) send(fd, text, strlen(text), MSG_NOSIGNAL);
  close(fd);
}

/* 0: it has to be tried again, as there is nobody to tell it. */
static int become_ready(const char *how) {
  if (strcmp(how, "notify") == 0) return say("READY=1\nSTATUS=at work", -1);
  if (strcmp(how, "log") == 0 && write(1, "ready now\n", 10) != 10) violation("cannot write that it is ready");
  // It stays open: were it closed while neither guardian nor supervisor has it, what was said would be gone.
  if (strncmp(how, "fd:", 3) == 0 && write(atoi(how + 3), "\n", 1) != 1) violation("cannot tell that it is ready");
  if (strncmp(how, "file:", 5) == 0) close(open(how + 5, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  return 1;
}

/* That something was stored is written into the file of the lock. */
static void keep_a_descriptor(void) {
  const char *names = getenv("LISTEN_FDNAMES");
  int mark = open_in("locks", service, O_RDWR);
  char byte = 'k';
  if (names != NULL && strcmp(names, "kept") == 0) note("note", "kept");
  else {
    if (read(mark, &byte, 1) == 1) note("note", "lost");
    int fd = memfd_create("kept", MFD_CLOEXEC);
    int is_heard = say("FDSTORE=1\nFDNAME=kept", fd);
    close(fd);
    if (is_heard && pwrite(mark, &byte, 1, 0) != 1) violation("cannot mark what it has stored");
  }
  close(mark);
}

static void start_child(void) {
  if (fork() != 0) return;
  sigset_t none;
  signal(SIGTERM, SIG_DFL);
  signal(SIGHUP, SIG_DFL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  for (;;) pause();
}

/* What is moved is in the file or still in the pipe, whenever the process is killed: no byte of it is in its memory. */
static void collect(const char *path, char **words) {
  struct pollfd look = { .fd = 0, .events = POLLIN };
  int to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
  if (to < 0 || lseek(to, 0, SEEK_END) < 0) violation("cannot open what it collects");
  for (;;) {
    wait_for(&look, 1, 1000);
    end_when_asked(words);
    if (look.revents == 0) continue;
    ssize_t moved = splice(0, NULL, to, NULL, 65536, SPLICE_F_NONBLOCK);
    if (moved == 0) end("own:0");
    if (moved < 0 && errno != EAGAIN && errno != EINTR) violation("cannot collect");
  }
}

static void receive(const char *path, const char *into) {
  char text[65536];
  struct sockaddr_un at = { .sun_family = AF_UNIX };
  int socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int fd = open(into, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
  // Who writes there drops what finds no room.
  setpriority(PRIO_PROCESS, 0, -15);
  if (fd < 0 || bind(socket_fd, (struct sockaddr *)&at, sizeof at) != 0) _exit(94);
  for (;;) {
    ssize_t length = recv(socket_fd, text, sizeof text - 1, 0);
    if (length < 0) continue;
    text[length] = '\n';
    if (write(fd, text, (size_t)length + 1) != length + 1) _exit(93);
  }
}

static void become_daemon(const char *pid_file) {
  int ready[2];
  char byte, path[512];
  if (pipe2(ready, O_CLOEXEC) != 0) violation("cannot make a pipe");
  if (fork() != 0) {
    close(ready[1]);
    _exit(read(ready[0], &byte, 1) == 1 ? 0 : 96);
  }
  setsid();
  note("start", "");
  snprintf(path, sizeof path, "%s.new", pid_file);
  FILE *file = fopen(path, "we");
  if (file == NULL || fprintf(file, "%d\n", (int)getpid()) < 0 || fclose(file) != 0) violation("cannot write its pid");
  if (rename(path, pid_file) != 0 || write(ready[1], "", 1) != 1) violation("cannot tell its pid");
  close(ready[1]);
}

static void end_by_itself(const char *how) {
  static const char *const ways[] = { "own:0", "own:3", "own:kill" };
  char text[32];
  if (strcmp(how, "any") == 0) end(ways[random() % 3]);
  snprintf(text, sizeof text, "own:%s", how);
  end(text);
}

int main(int argc, char **argv) {
  char **words = argv + 2;
  if (argc < 2) return 95;
  directory = argv[1];
  service = getenv("DAEMONSUP_SERVICE");
  invocation = getenv("INVOCATION_ID");
  if (service == NULL) service = "(none)";
  if (invocation == NULL) invocation = "(none)";
  if (word_of(words, "note") != NULL) {
    lives = open_in("lives", service, O_WRONLY | O_APPEND);
    note("note", word_of(words, "note"));
    return 0;
  }
  if (word_of(words, "receive") != NULL) receive(word_of(words, "receive"), word_of(words, "into"));
  log_path = word_of(words, "log");
  catch_signals(word_of(words, "deaf") != NULL);
  open_books();
  srandom((unsigned)now() ^ (unsigned)getpid());
  if (word_of(words, "fork") != NULL) become_daemon(word_of(words, "fork"));
  else note("start", "");
  if (word_of(words, "child") != NULL) start_child();
  if (word_of(words, "store") != NULL) keep_a_descriptor();
  if (word_of(words, "collect") != NULL) collect(word_of(words, "collect"), words);

  const char *ready = word_of(words, "ready"), *own_end = word_of(words, "end");
  long burst = number_of(words, "burst", 20), gap = number_of(words, "gap", 50), life = number_of(words, "life", 0);
  int streams = (int)number_of(words, "streams", 1), is_pinging = word_of(words, "ping") != NULL;
  struct pollfd listener = { .fd = -1, .events = POLLIN };
  if (word_of(words, "listen") != NULL) listener.fd = 3;
  int64_t ready_at = now() + number_of(words, "delay", 0) * 1000000LL;
  int64_t end_at = life == 0 ? INT64_MAX : now() + random() % (2 * life) * 1000000LL;
  int64_t next = now();
  long once = number_of(words, "once", 0);
  for (long number = 0; number < once; number++) write_line(1, words);
  if (once > 0) end("own:0");
  for (;;) {
    if (ready != NULL && now() >= ready_at && become_ready(ready)) ready = NULL;
    if (word_of(words, "tcp") != NULL && listener.fd < 0 && now() >= ready_at) listener.fd = listen_at(word_of(words, "tcp"));
    int is_quiet = *control != 0;
    if (now() >= next) {
      next = now() + gap * 1000000LL;
      if (to_be_mute && is_pinging) note("note", "mute");
      is_pinging = is_pinging && !to_be_mute;
      if (is_pinging) say("WATCHDOG=1", -1);
      for (long number = 0; !is_quiet && number < burst; number++)
        for (int stream = 1; stream <= streams; stream++) write_line(stream, words);
    }
    if (!is_quiet && now() >= end_at) end_by_itself(own_end == NULL ? "any" : own_end);
    long pause = (next - now()) / 1000000 + 1;
    if (pause > 20 && (ready != NULL || life != 0)) pause = 20;
    wait_for(&listener, listener.fd < 0 ? 0 : 1, pause);
    if (listener.fd >= 0 && (listener.revents & POLLIN) != 0) answer(listener.fd);
    end_when_asked(words);
  }
}
