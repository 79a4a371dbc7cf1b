/*
 * Composition root of the data-plane Worker. It sleeps in epoll_wait without end; the main thread wakes it through the
 * eventfd, and it then yields to its own event loop until it has received as many messages as were posted.
 */
import type { WallTime } from "./core/units.ts";
import { directKernelOf } from "./daemon-direct-logs.ts";
import { stretchPartsOf } from "./daemon-plane.ts";
import { BusyMark } from "./log/busy-mark.ts";
import { FdLedger } from "./log/fd-ledger.ts";
import type { SendDatagram } from "./log/datagram-log.ts";
import type { LogFiles } from "./log/log-files.ts";
import { Plane } from "./log/plane.ts";
import type { FromPlane, PlaneStart, ToPlane } from "./log/plane-messages.ts";
import { journaledLogFiles } from "./log/journaled-files.ts";
import { finishStretch, stretchesOf } from "./log/pipe-stretches.ts";
import { PostedCount } from "./log/posted-count.ts";
import { RelayLine } from "./log/relay-line.ts";
import { RELAY_CHANNEL, type RelayOrder } from "./log/relay-messages.ts";
import { syslogDatagramOf } from "./log/syslog-datagram-text.ts";
import { monotonicNow } from "./os/clock.ts";
import { addToEpoll, EpollWaiter, removeFromEpoll } from "./os/epoll.ts";
import { readCompressedLogEnd } from "./os/compressed-log.ts";
import { takeFromEventfd } from "./os/eventfd.ts";
import * as logFile from "./os/log-file.ts";
import { microsNow, monotonicMicros } from "./os/micro-clock.ts";
import { pipeBudget, resizePipe, sizeOfPipe } from "./os/pipe-size.ts";
import { stampCopierAt } from "./os/stamp-copier.ts";
import { randomHex } from "./os/random-hex.ts";
import { openUnixDatagram } from "./os/unix-datagram.ts";

declare const self: Worker;

self.onmessage = (event: MessageEvent<PlaneStart>) => void serve(event.data);

async function serve(start: PlaneStart): Promise<void> {
  const busy = new BusyMark(start.busy);
  busy.begin(monotonicMicros());
  const ledger = new FdLedger(start.opened);
  const parts = stretchPartsOf(start.estate, (fd) => ledger.note(fd));
  const files = notedLogFiles(ledger);
  for (const path of finishStretch(parts, files, start.unsettled)) self.postMessage([doubledIn(path)]);
  const { journal } = parts;
  if (journal.held > 0) self.postMessage([lostOf(journal.held)]);
  if (journal.underway > 0) self.postMessage([lostUnderwayOf(journal.underway)]);
  journal.held = 0;
  journal.underway = 0;
  let received = 0;
  const posted = new PostedCount(start.posted);
  const stretches = stretchesOf(parts);
  const relayed = openRelayLine();
  const plane = new Plane({
    held: (delta) => (journal.held += delta),
    underway: (delta) => (journal.underway += delta),
    files: journaledLogFiles(files, journal),
    direct: directKernelOf(files, (fd) => ledger.note(fd)),
    pipes: {
      ...stretches,
      settle(pipe, carry) {
        stretches.settle(pipe, carry);
        relayed.send();
      },
    },
    sizes: { resizePipe, sizeOfPipe, pipeBudget: pipeBudget() },
    copyStamped: stampCopierAt(start.stamping),
    send: datagramSender(start.syslog),
    watch: (fd, once) => addToEpoll(start.epoll, fd, once),
    unwatch: (fd) => void removeFromEpoll(start.epoll, fd),
    relay: relayed.line,
    now: microsNow,
    monotonic: monotonicMicros,
    isAsked: () => posted.isBeyond(received),
    post: (messages) => self.postMessage(messages),
  });
  self.onmessage = (event: MessageEvent<readonly ToPlane[]>) => {
    received = (received + 1) | 0;
    for (const message of event.data) plane.handle(message);
    relayed.send();
    plane.finishRound();
  };
  addToEpoll(start.epoll, start.wakeup, false);
  const waiter = new EpollWaiter(start.epoll);
  for (;;) {
    const patience = plane.patience();
    busy.end();
    const ready = waiter.wait(patience);
    busy.begin(monotonicMicros());
    const meant = ready.map((fd) => plane.watchedAs(fd));
    // What was asked before comes before what is readable: a pipe that has ended may be known by a message alone, and what it holds
    // was said before what others say now.
    if (ready.includes(start.wakeup)) takeFromEventfd(start.wakeup);
    while (posted.isBeyond(received)) await nextTurn();
    for (const [index, fd] of ready.entries())
      // Meanwhile the number may stand for something else.
      if (fd !== start.wakeup && plane.watchedAs(fd) === meant[index]) plane.ready(fd);
    plane.doDue();
    relayed.send();
    plane.finishRound();
  }
}

/** What goes to the relay waits for `send`, so that no stretch is looked at again whose lines have left already. */
function openRelayLine(): { readonly line: RelayLine; send(): void } {
  let channel: BroadcastChannel | null = null;
  const orders: RelayOrder[] = [];
  return {
    line: new RelayLine(randomHex(8), (order) => void orders.push(order)),
    send() {
      if (orders.length === 0) return;
      // Nothing is opened before there is something to be said.
      channel ??= new BroadcastChannel(RELAY_CHANNEL);
      for (const order of orders.splice(0)) channel.postMessage(order);
    },
  };
}

function doubledIn(path: string): FromPlane {
  const message = `cannot cut "${path}" back to what it was: some of the last lines may be there twice`;
  return { tag: "problem", service: null, message, recovered: false };
}

function lostOf(count: number): FromPlane {
  const lines = count === 1 ? "1 line" : `${count} lines`;
  const message = `${lines} that no file had taken yet, or that belonged to an unfinished record, died with whoever had read them`;
  return { tag: "problem", service: null, message, recovered: false };
}

function lostUnderwayOf(count: number): FromPlane {
  const lines = count === 1 ? "1 line that was on its way" : `${count} lines that were on their way`;
  const message = `at most ${lines} to a log file for which nobody waits died with whoever had read them`;
  return { tag: "problem", service: null, message, recovered: false };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

function datagramSender(path: string): SendDatagram {
  const opened = openUnixDatagram(path);
  if (opened.tag === "failed") return () => "gone";
  return (line) => opened.datagram.send(syslogDatagramOf({ ...line, at: line.at as WallTime }), monotonicNow());
}

/** The file system, with every descriptor that is open noted in the ledger. */
function notedLogFiles(ledger: FdLedger): LogFiles {
  return {
    ...logFile,
    readCompressedLogEnd,
    openLogFile: (path, isLast) => {
      const opened = logFile.openLogFile(path, isLast);
      if (opened.tag === "open") ledger.note(opened.fd);
      return opened;
    },
    closeLogFile: (fd) => {
      ledger.strike(fd);
      logFile.closeLogFile(fd);
    },
  };
}
