/* Fits the kernel to the logs that services write themselves, on the side of the Worker that looks after them. */
import type { DirectKernel } from "./log/direct-files.ts";
import type { LogFiles } from "./log/log-files.ts";
import type { WriteNotices } from "./log/write-watches.ts";
import { copyAndEmptyLog, makeLogLike, openLogForReading, readLogAt } from "./os/direct-log-file.ts";
import { IN, IN_TOLD, Inotify } from "./os/inotify.ts";

/** `note` is told of each descriptor that is opened; what was opened for reading is closed by `files`. */
export function directKernelOf(files: LogFiles, note: (fd: number) => void): DirectKernel {
  return {
    files,
    logs: {
      copyAndEmptyLog,
      makeLogLike,
      readLogAt,
      openLogForReading(path) {
        const fd = openLogForReading(path);
        if (fd !== null) note(fd);
        return fd;
      },
    },
    openNotices() {
      const opened = Inotify.open();
      if (typeof opened === "string") return null;
      note(opened.fd);
      return noticesOf(opened);
    },
  };
}

function noticesOf(inotify: Inotify): WriteNotices {
  return {
    fd: inotify.fd,
    add(fd) {
      const added = inotify.addOpenFile(fd, IN.modify);
      return added.tag === "added" ? added.watch : null;
    },
    remove: (watch) => inotify.remove(watch),
    take: () => inotify.take().map(({ watch, mask }) => ((mask & IN_TOLD.overflow) === 0 ? watch : null)),
  };
}
