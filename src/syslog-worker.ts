/**
 * Composition root of the syslog Worker, the only thread that calls syslog(3): that call blocks for as long as the
 * daemon behind /dev/log does not read, and that daemon may be one of our own services. How far it has come stands in
 * shared memory, so that the main thread knows without being woken up.
 */
import {
  type FromSyslog,
  PROGRESS,
  type SyslogMessage,
  type SyslogSettings,
  type ToSyslog,
} from "./log/syslog-messages.ts";
import { isAtLeast } from "./log/syslog-severity.ts";
import { syslogTextOf } from "./log/syslog-text.ts";
import { closeSyslog, limitSyslog, openSyslog, writeSyslog } from "./os/syslog.ts";

declare const self: Worker;

let progress: Int32Array = new Int32Array(0);
let settings: SyslogSettings | null = null;
let mayUseConsole = false;

self.onmessage = (event: MessageEvent<ToSyslog>) => perform(event.data);

function perform(message: ToSyslog): void {
  switch (message.tag) {
    case "begin":
      progress = new Int32Array(message.progress);
      return open(message.settings);
    case "configure":
      closeSyslog();
      return open(message.settings);
    case "messages":
      for (const one of message.messages) write(one);
      return tellRoomIfAsked();
    case "flush":
      return say({ tag: "flushed", token: message.token });
  }
}

function open(given: SyslogSettings): void {
  settings = given;
  reopen(false);
}

// Where no syslog daemon is, LOG_CONS puts every message on the machine's console, which is slow and is somebody's screen.
// So it is asked for only around messages that somebody has to see.
function reopen(useConsole: boolean): void {
  if (settings === null) return;
  mayUseConsole = useConsole;
  openSyslog({ ...settings, options: settings.options.filter((option) => option !== "cons" || useConsole) });
  limitSyslog(settings.level);
}

function write(message: SyslogMessage): void {
  const wantsConsole = settings?.options.includes("cons") === true && isAtLeast(message.severity, "err");
  if (wantsConsole !== mayUseConsole) reopen(wantsConsole);
  Atomics.add(progress, PROGRESS.begun, 1);
  writeSyslog(message.severity, syslogTextOf(message.text));
  Atomics.add(progress, PROGRESS.done, 1);
}

function tellRoomIfAsked(): void {
  if (Atomics.exchange(progress, PROGRESS.tellRoom, 0) === 1) say({ tag: "room" });
}

function say(message: FromSyslog): void {
  self.postMessage(message);
}
