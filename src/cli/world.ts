import type { HistoryAnswer, HistoryQuestion } from "../core/history-view.ts";
import type { Machine } from "../config/machine.ts";
import type { ConnectClient } from "../control/client-connection.ts";
import type { OutputItem, OutputWish } from "../control/control-port.ts";
import type { LogPlace } from "../core/log-place.ts";
import type { StartOptions } from "./parse-start-options.ts";

/** Where text goes. */
export interface Output {
  readonly isTerminal: boolean;
  /** Width in cells, as it is now; null if it is not a terminal. */
  readonly columns: number | null;
  /** Height in lines, as it is now; null if it is not a terminal. */
  readonly rows: number | null;
  /** Writes all of it before it returns. false: nobody reads any more, and nobody will. */
  write(text: string): boolean;
}

/** The files with the output of one service. */
export interface FilesOfService {
  readonly name: string;
  readonly places: readonly LogPlace[];
}

/** What is to be read of them, as a supervisor is asked for it. */
export interface FilesWish extends Pick<OutputWish, "count" | "wishes" | "window"> {
  readonly services: readonly FilesOfService[];
}

/** What the whole screen of a terminal tells. */
export interface FullScreenListener {
  /** What the terminal has sent: keys, perhaps several. */
  input(text: string): void;
  resized(): void;
}

/** The whole screen of a terminal, until it is disposed of; however the program ends, it is given back as it was. */
export interface FullScreen extends Disposable {
  /** Shows these lines, as many as there are rows at most and none wider than the screen. */
  draw(lines: readonly string[]): void;
  /** Stops this process as Ctrl-Z does; shows the screen again when it goes on. */
  suspend(): void;
}

/** All that a command needs from outside; the real one is made by main, tests pass a literal. */
export interface CliWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The current directory, absolute. */
  readonly cwd: string;
  /** The effective user id. */
  readonly uid: number;
  /** The user who is really at work: under sudo the one who called it. */
  readonly invokingUid: number;
  readonly host: string;
  /** Home directory of the user, absolute. */
  readonly home: string;
  /** Version of this program. */
  readonly version: string;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Milliseconds since 1970. */
  now(): number;
  /** Connects to a Unix socket, to ask something there. */
  readonly connect: ConnectClient;
  /** true if some process holds the lock of this pid file; false also when there is no such file. */
  isLocked(pidFile: string): boolean;
  /** The number in this pid file; null if there is no file or no number. */
  pidIn(pidFile: string): number | null;
  /** Has the process go on if somebody has stopped it (SIGSTOP), and it may be signalled. */
  wake(pid: number): void;
  /** Reads the file that a supervisor has left; null: there is none. To be called only while no supervisor runs. */
  readHistory(file: string, question: HistoryQuestion): Promise<HistoryAnswer | null>;
  /** What `check` looks at besides the definitions themselves. */
  machine(): Machine;
  /** Reads log files here and now, merged by time; what cannot be read is said in notes. */
  readLogFiles(wish: FilesWish): AsyncIterable<OutputItem>;
  /** Login name of the effective user; its number, where the user database does not know it. */
  readonly userName: string;
  /** The file of this program, absolute. */
  readonly program: string;
  /** Runs a program to its end; `code` is null if it could not be started or was killed, then `output` may say why. */
  run(words: readonly string[], input: string): Promise<{ readonly code: number | null; readonly output: string }>;
  /** Takes the whole screen; null: standard input or output is no terminal. */
  openFullScreen(listener: FullScreenListener): Promise<FullScreen | null>;
  /** Becomes the launcher of a daemon (or, in the foreground, the supervisor); returns the exit status. */
  start(options: StartOptions): Promise<number>;
  /** Calls `listener` at SIGINT instead of dying of it, until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
}
