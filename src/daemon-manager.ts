/*
 * The supervisor as a service of somebody else: in the foreground under systemd (Type=notify) or another manager that
 * speaks sd_notify(3), it says when it is ready, reloads and ends, and answers the watchdog. Silent without NOTIFY_SOCKET.
 * Part of the composition root.
 */
import type { GuardianLink } from "./daemon-guardian.ts";
import { monotonicNow } from "./os/clock.ts";
import { monotonicMicros } from "./os/micro-clock.ts";
import { type UnixDatagram, openUnixDatagram } from "./os/unix-datagram.ts";

export class Manager {
  readonly #socket: UnixDatagram | null;
  readonly #guardian: GuardianLink | null;
  readonly #watchdog: NodeJS.Timeout | null;
  /** What the manager takes for its service. */
  readonly #pid: number;

  /**
   * `env`: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID as the manager has set them. It listens to its main process alone,
   * so a guardian says it for the supervisor.
   */
  constructor(env: Readonly<Record<string, string | undefined>>, guardian: GuardianLink | null) {
    const opened = env["NOTIFY_SOCKET"] === undefined ? null : openUnixDatagram(env["NOTIFY_SOCKET"]);
    this.#socket = opened?.tag === "opened" ? opened.datagram : null;
    this.#guardian = guardian;
    this.#pid = guardian?.pid ?? process.pid;
    const interval = this.#socket === null ? null : watchdogIntervalOf(env, this.#pid);
    this.#watchdog = interval === null ? null : setInterval(() => this.#say("WATCHDOG=1"), interval / 2);
  }

  ready(services: number): void {
    this.#say(`READY=1\nSTATUS=${services} ${services === 1 ? "service" : "services"}\nMAINPID=${this.#pid}`);
  }

  reloading(): void {
    this.#say(`RELOADING=1\nMONOTONIC_USEC=${monotonicMicros()}`);
  }

  stopping(): void {
    this.#say("STOPPING=1\nSTATUS=stopping the services");
  }

  [Symbol.dispose](): void {
    if (this.#watchdog !== null) clearInterval(this.#watchdog);
    this.#socket?.close();
  }

  #say(text: string): void {
    if (this.#socket === null) return;
    if (this.#guardian === null) this.#socket.send(Buffer.from(text), monotonicNow());
    else this.#guardian.manager(text);
  }
}

/** In milliseconds; null if no watchdog is meant for the process of this number. */
function watchdogIntervalOf(env: Readonly<Record<string, string | undefined>>, pid: number): number | null {
  const isForUs = env["WATCHDOG_PID"] === undefined || Number(env["WATCHDOG_PID"]) === pid;
  const micros = Number(env["WATCHDOG_USEC"] ?? "0");
  return isForUs && micros > 0 ? Math.max(micros / 1000, 2) : null;
}
