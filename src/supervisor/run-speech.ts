/* What follows from what a service says of itself, in one run of it. */
import type { SyslogSeverity } from "../core/log-policy.ts";
import type { NotifyAccess } from "../core/life-policies.ts";
import { type Notification, isAccess } from "../core/notify-message.ts";
import { type PlainData, isTrueIn, memberIn, numberIn, textIn } from "../core/plain-data.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { mainPidOf } from "../core/service-state.ts";
import { type Instant, type Millis, later, millis, spanBetween } from "../core/units.ts";
import type { Tell } from "./companion.ts";
import { NO_WORDS, addWords, readWords, renderOwnWords, tellsTrouble } from "./own-words.ts";
import type { ClockPort, Report, TimerPort } from "./ports.ts";

/** Who hears of the pings of a service. */
export interface PingListener {
  pinged(service: string): void;
  triggered(service: string): void;
  /** The time between two pings is another from now on, for this run; Infinity: none are due. */
  timeoutChanged(service: string, timeout: Millis): void;
}

/** Who keeps descriptors for services. */
export interface DescriptorKeeper {
  /** Takes over the descriptors. */
  keep(service: string, descriptors: readonly number[], how: { readonly name: string; readonly poll: boolean }): void;
  drop(service: string, name: string): void;
}

export interface SpeechPorts {
  readonly clock: Pick<ClockPort, "now">;
  readonly timers: Pick<TimerPort, "after">;
  readonly report: Report;
  readonly tell: Tell;
  readonly pings: PingListener;
  readonly store: DescriptorKeeper;
  closeFd(fd: number): void;
  record(service: string): ServiceRecord | null;
  amend(service: string, change: Partial<Pick<ServiceRecord, "status" | "reloading">>): void;
  /** true if this live process is one of the service's. */
  isMember(service: string, pid: number): boolean;
  /** true if this live process of the service can be its main process now: its end would be told. */
  mayBeMain(service: string, pid: number): boolean;
  /** Its failures and restarts are counted from the beginning again. */
  resetRestarts(service: string): void;
  errnoNameOf(errno: number): string;
  /** CLOCK_MONOTONIC in microseconds. */
  kernelMicros(): number;
}

/** For a reload of a service whose readiness has no time limit of its own. */
const RELOAD_TIMEOUT = millis(60_000);
/** So many lines in the log are about what a service says of itself, in so long a time. */
const MOST_LINES = 20;
const LINES_SPAN = millis(60_000);

export class RunSpeech {
  readonly #service: string;
  readonly #tellOnce: (kind: string, text: string) => void;
  readonly #ports: SpeechPorts;
  #access: NotifyAccess | null = null;
  #words = NO_WORDS;
  #isReady = false;
  /** It is to be the main process, but is the child of another one yet, whose end will make it ours. */
  #nextMain: number | null = null;
  /** The lines in the log since then. */
  #lines: { since: Instant; count: number } | null = null;
  /** The time that the reload which is going on has; null: none is. */
  #reload: { readonly until: Instant; readonly cancel: () => void } | null = null;

  constructor(service: string, tellOnce: (kind: string, text: string) => void, ports: SpeechPorts) {
    this.#service = service;
    this.#tellOnce = tellOnce;
    this.#ports = ports;
  }

  /** Whose notifications count, if it has said so in this run. */
  get access(): NotifyAccess | null {
    return this.#access;
  }

  /** All that a successor has to know to go on hearing this run. */
  get saved(): PlainData {
    const { status, errno, busError, varlinkError, exitStatus } = this.#words;
    return {
      access: this.#access,
      ready: this.#isReady,
      nextMain: this.#nextMain,
      reloadUntil: this.#reload?.until ?? null,
      ...(this.#words === NO_WORDS ? {} : { words: { status, errno, busError, varlinkError, exitStatus } }),
    };
  }

  /** Goes on where a predecessor was, by what it has saved. */
  resume(saved: PlainData | undefined): void {
    const access = textIn(saved, "access");
    this.#access = access !== null && isAccess(access) ? access : null;
    this.#isReady = isTrueIn(saved, "ready");
    this.#nextMain = numberIn(saved, "nextMain");
    this.#words = readWords(memberIn(saved, "words"));
    const until = numberIn(saved, "reloadUntil");
    if (until !== null) this.#awaitReload(until as Instant);
  }

  /** The state of the service is another one. */
  changed({ state }: ServiceRecord): void {
    if (state.tag === "starting" && state.phase === "ready" && this.#isReady) this.#tellReady();
    if (state.tag !== "up") this.#endReload();
  }

  /** The main process may be about to be told of as ended: then a successor that it has named takes its place. */
  settle(): void {
    if (this.#nextMain !== null) this.#changeMain(this.#nextMain);
  }

  /** The run is over. */
  close(): void {
    this.#endReload();
  }

  /** true: the descriptors have been taken over. */
  obey(said: Notification, descriptors: readonly number[]): boolean {
    const { pings, store, tell } = this.#ports;
    const service = this.#service;
    if (said.access !== null) this.#access = said.access;
    if (said.store !== null) store.keep(service, descriptors, said.store);
    if (said.unstore !== null) store.drop(service, said.unstore);
    if (said.mainPid !== null) this.#changeMain(said.mainPid);
    if (said.watchdogTimeout !== null) pings.timeoutChanged(service, said.watchdogTimeout);
    if (said.watchdog === "ping") pings.pinged(service);
    if (said.watchdog === "trigger") pings.triggered(service);
    if (said.resetsRestarts) this.#ports.resetRestarts(service);
    this.#note(said);
    if (said.extendBy !== null) {
      tell(service, { tag: "extend-timeout", by: said.extendBy });
      this.#extendReload(said.extendBy);
    }
    this.#enter(said);
    return said.store !== null;
  }

  #enter({ phase, monotonicMicros }: Notification): void {
    switch (phase) {
      case "ready":
        this.#isReady = true;
        this.#tellReady();
        if (this.#reload !== null) this.#reloaded("its reload is complete");
        return;
      case "reloading":
        return this.#beginReload(monotonicMicros);
      case "stopping":
        if (this.#reload !== null) this.#reloaded("it is stopping instead of finishing its reload");
        return this.#ports.tell(this.#service, { tag: "says-stopping" });
      case null:
        return;
    }
  }

  /** Only where it is waited for; said too early, it counts when the time has come. */
  #tellReady(): void {
    const record = this.#ports.record(this.#service);
    if (record?.definition.ready?.method.tag !== "notify") return;
    if (record.state.tag === "starting" && record.state.phase === "ready")
      this.#ports.tell(this.#service, { tag: "ready" });
  }

  #note(said: Notification): void {
    const words = addWords(this.#words, said);
    if (words === this.#words) return;
    this.#words = words;
    const status = renderOwnWords(words, this.#ports.errnoNameOf);
    if (this.#ports.record(this.#service)?.status !== status) this.#ports.amend(this.#service, { status });
    this.#log(tellsTrouble(said) ? "notice" : "debug", `says: ${status ?? "nothing more"}`);
  }

  #changeMain(pid: number): void {
    this.#nextMain = null;
    const record = this.#ports.record(this.#service);
    const state = record?.state;
    if (state?.tag !== "up" && state?.tag !== "starting") return;
    if (mainPidOf(state) === pid) return;
    if (this.#ports.mayBeMain(this.#service, pid)) return this.#ports.tell(this.#service, { tag: "main-changed", pid });
    if (this.#ports.isMember(this.#service, pid)) this.#nextMain = pid;
    else this.#tellOnce("main", `ignoring MAINPID=${pid}: the service has no such process`);
  }

  /** The time limit counts from the moment that it names, if it names one of the past. */
  #beginReload(monotonicMicros: number | null): void {
    const record = this.#ports.record(this.#service);
    if (record?.state.tag !== "up") return;
    const now = this.#ports.clock.now();
    const age = monotonicMicros === null ? 0 : (this.#ports.kernelMicros() - monotonicMicros) / 1000;
    const mostAge = record.startedAt === null ? 0 : spanBetween(record.startedAt, now);
    const began = later(now, millis(age > 0 && age <= mostAge ? -age : 0));
    if (this.#reload === null) this.#log("info", "reloading");
    if (!record.reloading) this.#ports.amend(this.#service, { reloading: true });
    this.#awaitReload(later(began, record.definition.ready?.timeout ?? RELOAD_TIMEOUT));
  }

  /** More time never means less. */
  #extendReload(by: Millis): void {
    if (this.#reload === null) return;
    const until = later(this.#ports.clock.now(), by);
    if (until > this.#reload.until) this.#awaitReload(until);
  }

  #awaitReload(until: Instant): void {
    this.#reload?.cancel();
    const wait = millis(Math.max(0, spanBetween(this.#ports.clock.now(), until)));
    const cancel = this.#ports.timers.after(wait, () =>
      this.#reloaded("it has not finished its reload in time, and goes on as it is", "warning"),
    );
    this.#reload = { until, cancel };
  }

  #reloaded(words: string, severity: "info" | "warning" = "info"): void {
    this.#endReload();
    this.#ports.amend(this.#service, { reloading: false });
    this.#log(severity, words);
  }

  /** A service may say what it likes, as often as it likes: it fills no log with it. */
  #log(severity: SyslogSeverity, words: string): void {
    const { clock, report } = this.#ports;
    if (severity !== "debug") {
      const now = clock.now();
      if (this.#lines === null || now >= later(this.#lines.since, LINES_SPAN)) this.#lines = { since: now, count: 0 };
      if (++this.#lines.count > MOST_LINES) return;
      if (this.#lines.count === MOST_LINES) report("notice", `${this.#service}: says more than is logged from here on`);
    }
    report(severity, `${this.#service}: ${words}`);
  }

  #endReload(): void {
    this.#reload?.cancel();
    this.#reload = null;
  }
}
