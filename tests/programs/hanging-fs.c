/*
 * hanging-fs DIRECTORY PIDFILE COMMAND...: runs COMMAND in a mount namespace in which DIRECTORY is a file system of a
 * process of ours, whose number goes to PIDFILE: while that is stopped, every access hangs, and once it is killed, fails.
 * Speaks the kernel's own protocol (fuse(4), linux/fuse.h): one directory with a few files, in memory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 16, LARGEST = 1 << 20, FIRST_NODE = 2, REQUEST = 1 << 18, LIFE_SECONDS = 120 };

static struct {
  char name[256], data[LARGEST];
  size_t size;
} files[FILES];

static int device;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void reply(const struct fuse_in_header *in, int error, const void *data, size_t size) {
  static char buffer[REQUEST];
  struct fuse_out_header out = {sizeof out + size, error, in->unique};
  memcpy(buffer, &out, sizeof out);
  if (size > 0) memcpy(buffer + sizeof out, data, size);
  if (write(device, buffer, sizeof out + size) < 0 && errno != ENOENT) exit(0);
}

static int find(const char *name) {
  for (int index = 0; index < FILES; index++)
    if (strcmp(files[index].name, name) == 0) return index;
  return -1;
}

static struct fuse_attr attributes_of(uint64_t node) {
  struct fuse_attr attr = {0};
  attr.ino = node;
  attr.mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0640;
  attr.nlink = 1;
  attr.blksize = 4096;
  if (node >= FIRST_NODE) attr.size = files[node - FIRST_NODE].size;
  return attr;
}

static struct fuse_entry_out entry_of(int index) {
  struct fuse_entry_out entry = {0};
  entry.nodeid = index + FIRST_NODE;
  entry.attr = attributes_of(entry.nodeid);
  return entry;
}

static void create(const struct fuse_in_header *in, const char *name) {
  struct { struct fuse_entry_out entry; struct fuse_open_out open; } made;
  int index = find("");
  if (index < 0) {
    reply(in, -ENOSPC, 0, 0);
    return;
  }
  snprintf(files[index].name, sizeof files[index].name, "%.255s", name);
  memset(&made, 0, sizeof made);
  made.entry = entry_of(index);
  made.open.open_flags = FOPEN_DIRECT_IO;
  reply(in, 0, &made, sizeof made);
}

static void write_file(const struct fuse_in_header *in, const struct fuse_write_in *wanted) {
  size_t index = in->nodeid - FIRST_NODE;
  struct fuse_write_out done = {wanted->size, 0};
  if (wanted->offset + wanted->size > LARGEST) {
    reply(in, -ENOSPC, 0, 0);
    return;
  }
  memcpy(files[index].data + wanted->offset, wanted + 1, wanted->size);
  if (files[index].size < wanted->offset + wanted->size) files[index].size = wanted->offset + wanted->size;
  reply(in, 0, &done, sizeof done);
}

static void read_file(const struct fuse_in_header *in, const struct fuse_read_in *wanted) {
  size_t index = in->nodeid - FIRST_NODE, size = files[index].size, count;
  count = wanted->offset >= size ? 0 : size - wanted->offset;
  reply(in, 0, files[index].data + wanted->offset, count < wanted->size ? count : wanted->size);
}

static void answer_attributes(const struct fuse_in_header *in) {
  struct fuse_attr_out out = {0};
  out.attr = attributes_of(in->nodeid);
  reply(in, 0, &out, sizeof out);
}

static void answer(const struct fuse_in_header *in, const void *body) {
  struct fuse_open_out open_out = {0};
  struct fuse_init_out init = {0};
  int index;
  switch (in->opcode) {
    case FUSE_INIT:
      init.major = FUSE_KERNEL_VERSION;
      init.minor = 31;
      init.max_write = 1 << 16;
      reply(in, 0, &init, sizeof init);
      break;
    case FUSE_LOOKUP:
      index = find(body);
      if (index < 0) reply(in, -ENOENT, 0, 0);
      else {
        struct fuse_entry_out entry = entry_of(index);
        reply(in, 0, &entry, sizeof entry);
      }
      break;
    case FUSE_SETATTR:
      if (((const struct fuse_setattr_in *)body)->valid & FATTR_SIZE)
        files[in->nodeid - FIRST_NODE].size = ((const struct fuse_setattr_in *)body)->size;
      answer_attributes(in);
      break;
    case FUSE_GETATTR:
      answer_attributes(in);
      break;
    case FUSE_CREATE:
      create(in, (const char *)body + sizeof(struct fuse_create_in));
      break;
    case FUSE_OPEN:
      open_out.open_flags = FOPEN_DIRECT_IO;
      reply(in, 0, &open_out, sizeof open_out);
      break;
    case FUSE_WRITE:
      write_file(in, body);
      break;
    case FUSE_READ:
      read_file(in, body);
      break;
    case FUSE_FLUSH:
    case FUSE_RELEASE:
    case FUSE_FSYNC:
      reply(in, 0, 0, 0);
      break;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
      break;
    default:
      reply(in, -ENOSYS, 0, 0);
  }
}

static void serve(const char *pid_file) {
  static char request[REQUEST];
  FILE *file = fopen(pid_file, "w");
  if (file == 0) fail(pid_file);
  fprintf(file, "%d\n", (int)getpid());
  fclose(file);
  // Nobody is to wait for what this process holds open, and it is not to stay for ever.
  for (int fd = 0; fd < 64; fd++)
    if (fd != device) close(fd);
  alarm(LIFE_SECONDS);
  for (;;) {
    ssize_t size = read(device, request, sizeof request);
    if (size < 0 && (errno == EINTR || errno == ENOENT)) continue;
    if (size < (ssize_t)sizeof(struct fuse_in_header)) exit(0);
    answer((const struct fuse_in_header *)request, request + sizeof(struct fuse_in_header));
  }
}

int main(int argc, char **argv) {
  char options[100];
  if (argc < 4) return 2;
  device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (device < 0) fail("/dev/fuse");
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", 0, MS_REC | MS_PRIVATE, 0) != 0) fail("unshare");
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
  if (mount("hanging-fs", argv[1], "fuse.hanging-fs", MS_NOSUID | MS_NODEV, options) != 0) fail("mount");
  switch (fork()) {
    case -1:
      fail("fork");
      break;
    case 0:
      serve(argv[2]);
      break;
    default:
      // The first answer shows that it serves; the file with its number is there by then.
      access(argv[1], F_OK);
      struct stat status;
      stat(argv[1], &status);
      execvp(argv[3], argv + 3);
      fail(argv[3]);
  }
  return 1;
}
