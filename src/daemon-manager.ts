/*
 * The supervisor as a service of somebody else: in the foreground under systemd (Type=notify) or another manager that
 * speaks sd_notify(3), it says when it is ready, reloads and ends, and answers the watchdog. Silent without NOTIFY_SOCKET.
 * Part of the composition root.
 */
import { monotonicNow } from "./os/clock.ts";
import { monotonicMicros } from "./os/micro-clock.ts";
import { type UnixDatagram, openUnixDatagram } from "./os/unix-datagram.ts";

export class Manager {
  readonly #socket: UnixDatagram | null;
  readonly #watchdog: NodeJS.Timeout | null;

  /** `env`: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID as the manager has set them. */
  constructor(env: Readonly<Record<string, string | undefined>>) {
    const opened = env["NOTIFY_SOCKET"] === undefined ? null : openUnixDatagram(env["NOTIFY_SOCKET"]);
    this.#socket = opened?.tag === "opened" ? opened.datagram : null;
    const interval = this.#socket === null ? null : watchdogIntervalOf(env);
    this.#watchdog = interval === null ? null : setInterval(() => this.#say("WATCHDOG=1"), interval / 2);
  }

  ready(services: number): void {
    this.#say(`READY=1\nSTATUS=${services} ${services === 1 ? "service" : "services"}\nMAINPID=${process.pid}`);
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
    this.#socket?.send(Buffer.from(text), monotonicNow());
  }
}

/** In milliseconds; null if no watchdog is meant for this process. */
function watchdogIntervalOf(env: Readonly<Record<string, string | undefined>>): number | null {
  const isForUs = env["WATCHDOG_PID"] === undefined || Number(env["WATCHDOG_PID"]) === process.pid;
  const micros = Number(env["WATCHDOG_USEC"] ?? "0");
  return isForUs && micros > 0 ? Math.max(micros / 1000, 2) : null;
}
