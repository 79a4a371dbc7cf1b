import type { LogFiles } from "./log-files.ts";
import type { JournalName, PipeJournal } from "./pipe-journal.ts";

interface OpenFile {
  readonly name: JournalName;
  size: number;
  /** The stretch in which it was noted last, and where. */
  stretch: number;
  at: number;
}

const encoder = new TextEncoder();

/** The file system, with every first write of a stretch noted in the journal before it happens. */
export function journaledLogFiles(files: LogFiles, journal: PipeJournal): LogFiles {
  const open = new Map<number, OpenFile>();
  return {
    ...files,
    openLogFile(path, isLast) {
      const opened = files.openLogFile(path, isLast);
      if (opened.tag !== "open") return opened;
      const name = { identity: encoder.encode(files.logFileIdentity(opened.fd) ?? ""), path: encoder.encode(path) };
      open.set(opened.fd, { name, size: 0, stretch: 0, at: 0 });
      return opened;
    },
    closeLogFile(fd) {
      open.delete(fd);
      files.closeLogFile(fd);
    },
    logFileStatus(fd) {
      const status = files.logFileStatus(fd);
      const file = open.get(fd);
      if (status !== null && file !== undefined) file.size = status.size;
      return status;
    },
    writeLogFile(fd, bytes, span) {
      const file = open.get(fd);
      if (file === undefined) return files.writeLogFile(fd, bytes, span);
      const { stretch } = journal;
      if (stretch > 0) {
        if (file.stretch !== stretch) file.at = journal.note(file.name, file.size);
        file.stretch = stretch;
        journal.expect(file.at, file.size + span.end - span.start);
      }
      const result = files.writeLogFile(fd, bytes, span);
      file.size += result.written;
      return result;
    },
    truncateLogFile(fd, size) {
      const isCut = files.truncateLogFile(fd, size);
      const file = open.get(fd);
      if (isCut && file !== undefined) file.size = size;
      return isCut;
    },
  };
}
