/*
 * Services with [watch]: restarts or reloads one when files change at or below its paths, once nothing more has changed for
 * its `debounce`.
 *
 * What a service changes itself must not restart it for ever. From the restart that a change brings about until the service
 * is up again nothing counts, nor while it is being ended or reloads: a pid file or a cache below a watched path does no harm.
 * Many a program writes such files only when it counts as up already: if changes have restarted it several times in a row,
 * each right after the restart before, those are taken for its own from then on. A log below a watched path does do harm: every
 * line of it counts. While a service waits to be started again after a failure a change starts it at once: that may be what it
 * was waiting for.
 */
import type { Definition } from "../core/definition.ts";
import type { WatchPolicy } from "../core/life-policies.ts";
import { type PlainData, isTrueIn, textIn } from "../core/plain-data.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { isAtRest } from "../core/service-state.ts";
import type { Annotate, Companion } from "./companion.ts";
import { MOST_EARLY, OwnChanges, SETTLING } from "./own-changes.ts";
import type { ClockPort, OutputPort, Report, TimerPort } from "./ports.ts";
import { type WatchPhase, hasArrived, phaseOf } from "./watch-phase.ts";

export type FileNews =
  | { readonly tag: "changed"; readonly owner: string; readonly path: string }
  /** Not everything can be watched from now on. `message` is a whole sentence. */
  | { readonly tag: "unseen"; readonly owner: string; readonly message: string };

export interface FileWatchPort {
  /** Readable while something has happened. */
  readonly fd: number;
  /** From now on these are the owner's paths; none: nothing is watched for it any more. Problems are told by `take`. */
  watch(owner: string, paths: readonly string[]): void;
  /** What has happened since the last call, in order. */
  take(): readonly FileNews[];
  /** true: not all is watched yet; each `take` does some more of it. */
  readonly isBusy: boolean;
  close(): void;
}

export interface WatchesPorts {
  readonly clock: ClockPort;
  readonly timers: TimerPort;
  readonly report: Report;
  readonly annotate: Annotate;
  readonly output: Pick<OutputPort, "watch" | "unwatch">;
  /** The name of an errno if nothing can be watched. Called when it is first needed. */
  openFiles(): FileWatchPort | string;
  restart(service: string): void;
  reload(service: string): void;
}

interface Entry {
  readonly service: string;
  policy: WatchPolicy;
  phase: WatchPhase;
  /** The paths that are watched now. */
  watched: readonly string[];
  /** true: from a restart that was brought about here until it is up. */
  isOwnRestart: boolean;
  readonly own: OwnChanges;
  /** What has changed since the last silence, in order. */
  readonly changed: Set<string>;
  /** Calls off what is to happen after the silence. */
  cancel: (() => void) | null;
  /** true: something of it is written down. */
  isWritten: boolean;
  /** Files that it was said of that they changed while it was starting. */
  readonly said: Set<string>;
}

/** The word under which it is written down what is about to be done, or is being done. */
const WATCH = "watch";
/** No more names than that are kept. */
const MOST_NAMES = 100;

export class Watches implements Companion {
  readonly #ports: WatchesPorts;
  readonly #entries = new Map<string, Entry>();
  #files: FileWatchPort | null = null;
  #isRefused = false;
  #isTakeScheduled = false;

  constructor(ports: WatchesPorts) {
    this.#ports = ports;
  }

  concerns({ watch }: Definition): boolean {
    return watch !== null;
  }

  changed(record: ServiceRecord, previous: ServiceRecord): void {
    const policy = record.definition.watch;
    const service = record.definition.name;
    const entry = this.#entries.get(service) ?? (policy === null ? null : this.#add(service, policy));
    if (entry === null) return;
    if (record.state !== previous.state && hasArrived(record)) this.#arrived(entry, record);
    const isWatching = policy !== null && !isAtRest(record.state) && !record.removed;
    const phase = isWatching ? phaseOf(record, entry.isOwnRestart) : "deaf";
    if (policy !== null) entry.policy = policy;
    if (phase !== entry.phase) {
      // What has happened so far happened in the phase that is over.
      this.#take();
      this.#callOff(entry);
      entry.phase = phase;
    }
    const paths = isWatching ? policy.paths : [];
    if (paths === entry.watched || (paths.length === 0 && entry.watched.length === 0)) return;
    entry.watched = paths;
    this.#ports.timers.soon(() => this.#watch(entry));
  }

  /** What changes in the moment between the two supervisors is not seen. */
  adopted(record: ServiceRecord): void {
    this.changed(record, record);
    const entry = this.#entries.get(record.definition.name);
    const written = record.beside[WATCH];
    if (entry === undefined || written === undefined) return;
    entry.isWritten = true;
    entry.isOwnRestart = isTrueIn(written, "restarts");
    if (entry.phase !== "deaf") entry.phase = phaseOf(record, entry.isOwnRestart);
    const path = textIn(written, "changed");
    if (path !== null && (entry.phase === "runs" || entry.phase === "failed")) this.#changed(entry, path);
  }

  forgotten(service: string): void {
    const entry = this.#entries.get(service);
    if (entry === undefined) return;
    this.#callOff(entry);
    this.#entries.delete(service);
    this.#files?.watch(service, []);
  }

  close(): void {
    for (const entry of this.#entries.values()) this.#callOff(entry);
    this.#entries.clear();
    if (this.#files === null) return;
    this.#ports.output.unwatch(this.#files.fd);
    this.#files.close();
    this.#files = null;
  }

  #arrived(entry: Entry, { state }: ServiceRecord): void {
    if (entry.isOwnRestart && state.tag === "up") entry.own.began(this.#ports.clock.now());
    else entry.own.begunAnew();
    entry.isOwnRestart = false;
    this.#write(entry, null);
  }

  #add(service: string, policy: WatchPolicy): Entry {
    const entry: Entry = {
      service,
      policy,
      phase: "deaf",
      watched: [],
      isOwnRestart: false,
      own: new OwnChanges(),
      changed: new Set(),
      cancel: null,
      isWritten: false,
      said: new Set(),
    };
    this.#entries.set(service, entry);
    return entry;
  }

  #watch(entry: Entry): void {
    if (this.#entries.get(entry.service) !== entry) return;
    const files = this.#files ?? this.#open();
    files?.watch(entry.service, entry.watched);
    this.#take();
  }

  #open(): FileWatchPort | null {
    const files = this.#ports.openFiles();
    if (typeof files === "string") {
      if (!this.#isRefused) this.#ports.report("err", `cannot watch files: ${files}`);
      this.#isRefused = true;
      return null;
    }
    this.#isRefused = false;
    this.#files = files;
    this.#listen();
    return files;
  }

  #listen(): void {
    const files = this.#files;
    if (files === null) return;
    this.#ports.output.watch(files.fd, () => {
      if (this.#files !== files) return;
      this.#take();
      this.#listen();
    });
  }

  #take(): void {
    if (this.#files?.isBusy === true) this.#takeSoon();
    const now = this.#ports.clock.now();
    for (const news of this.#files?.take() ?? []) {
      const entry = this.#entries.get(news.owner);
      if (entry === undefined) continue;
      if (news.tag === "unseen") this.#ports.report("warning", `${news.owner}: ${news.message}`);
      else if (entry.phase === "begins" || (entry.phase === "runs" && entry.own.isOwn(now)))
        this.#tellIgnored(entry, news.path);
      else if (entry.phase !== "deaf") this.#changed(entry, news.path);
    }
  }

  #takeSoon(): void {
    if (this.#isTakeScheduled) return;
    this.#isTakeScheduled = true;
    this.#ports.timers.soon(() => {
      this.#isTakeScheduled = false;
      this.#take();
    });
  }

  #changed(entry: Entry, path: string): void {
    // What changes while it is about to be restarted already is no further time that it would be restarted for.
    const isCounted = entry.changed.size === 0 && !entry.isOwnRestart;
    if (isCounted && entry.own.noteFirst(this.#ports.clock.now())) this.#tellRestless(entry);
    if (entry.changed.size === 0) this.#write(entry, { changed: path });
    if (entry.changed.size < MOST_NAMES) entry.changed.add(path);
    entry.cancel?.();
    entry.cancel = this.#ports.timers.after(entry.policy.debounce, () => {
      entry.cancel = null;
      // The timer may be ahead of the descriptor: what has changed meanwhile begins the silence anew.
      this.#take();
      if (entry.cancel === null) this.#act(entry);
    });
  }

  #act(entry: Entry): void {
    const { service, policy } = entry;
    const isReload = policy.action === "reload" && entry.phase === "runs";
    const doing = isReload ? "reloading it" : entry.phase === "failed" ? "starting it" : "restarting it";
    this.#ports.report("notice", `${service}: ${describe(entry.changed)}: ${doing}`);
    this.#callOff(entry);
    if (isReload) {
      entry.own.began(this.#ports.clock.now());
      return this.#ports.reload(service);
    }
    entry.isOwnRestart = true;
    this.#write(entry, { restarts: true });
    this.#ports.restart(service);
  }

  #tellRestless({ service }: Entry): void {
    const wait = `${SETTLING / 1000}s`;
    const times = `${MOST_EARLY} times in a row files have changed within ${wait} after it was restarted for a change`;
    this.#ports.report("warning", `${service}: ${times}: from now on what changes then is taken for its own doing`);
  }

  /** It may have been started with what was there before: said once of each file. */
  #tellIgnored(entry: Entry, path: string): void {
    const { said, service } = entry;
    if (said.has(path) || said.size >= MOST_NAMES) return;
    said.add(path);
    this.#ports.report("info", `${service}: "${path}" changed while it was restarted: not restarted again for that`);
  }

  #write(entry: Entry, data: PlainData): void {
    if (data !== null || entry.isWritten) this.#ports.annotate(entry.service, WATCH, data);
    entry.isWritten = data !== null;
  }

  #callOff(entry: Entry): void {
    entry.cancel?.();
    entry.cancel = null;
    if (entry.changed.size > 0) this.#write(entry, null);
    entry.changed.clear();
  }
}

function describe(changed: ReadonlySet<string>): string {
  const [first = ""] = changed;
  const others = changed.size - 1;
  const count = `${others}${changed.size === MOST_NAMES ? " or more" : ""}`;
  return others < 1 ? `"${first}" changed` : `"${first}" and ${count} ${others === 1 ? "other" : "others"} changed`;
}
