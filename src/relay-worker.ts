/*
 * Composition root of the relay Worker, which hands lines on to syslog servers and to the standard input of services. It is
 * there only where some service logs so. The sockets of the runtime and TLS are loaded here and nowhere else.
 */
import { unreachable } from "./core/unreachable.ts";
import { PipeOutlets } from "./log/pipe-outlets.ts";
import { Relay } from "./log/relay.ts";
import {
  type FromRelay,
  RELAY_CHANNEL,
  type RelayOrder,
  type RelayTarget,
  type ToRelay,
} from "./log/relay-messages.ts";
import type { Outlet, OutletReport } from "./log/relay-outlet.ts";
import { StreamOutlet } from "./log/stream-outlet.ts";
import { UdpOutlet } from "./log/udp-outlet.ts";
import { isMarkedTorn, markTorn, takenWhole, writePipe } from "./os/sink-pipe.ts";
import { connectStream } from "./os/stream-connection.ts";
import { openUdpSender } from "./os/udp-sender.ts";

declare const self: Worker;

/** How long a pipe that nobody logs to any more may take nothing before it is given up, in milliseconds. */
const RELEASE_PATIENCE = 5_000;

const report: OutletReport = (message, recovered) => say({ tag: "problem", message, recovered });
const relay = new Relay(openOutlet);
const pipes = new PipeOutlets({
  write: writePipe,
  takenWhole,
  markTorn,
  isMarkedTorn,
  report,
  awaitRoom: (service) => say({ tag: "full", service }),
  patience: () => Bun.sleep(RELEASE_PATIENCE),
});

self.onmessage = (event: MessageEvent<ToRelay>) => perform(event.data);

function perform(message: ToRelay): void {
  switch (message.tag) {
    case "begin": {
      const channel = new BroadcastChannel(RELAY_CHANNEL);
      channel.onmessage = (event) => relay.handle(event.data as RelayOrder);
      return say({ tag: "ready" });
    }
    case "pipe":
      return pipes.use(message.service, message.fd);
    case "release":
      void pipes.release(message.service).then(() => say({ tag: "done", number: message.number }));
      return;
    case "room":
      return pipes.room(message.service);
    case "finish": {
      const { to, millis, number } = message;
      const settled = to === "files" ? pipes.settleFiles() : Promise.all([pipes.settleFiles(), relay.settle()]);
      void Promise.race([settled, Bun.sleep(millis)]).then(() => say({ tag: "done", number }));
      return;
    }
    default:
      return unreachable(message);
  }
}

function openOutlet(target: RelayTarget, name: string): Outlet {
  if (target.tag === "service") return pipes.open(target.service);
  const { protocol } = target;
  const reportServer: OutletReport = (message, recovered) => {
    say({ tag: "server", name, trouble: recovered ? null : message });
    report(message, recovered);
  };
  // Whatever was said of it belongs to one that is no more.
  say({ tag: "server", name, trouble: null });
  if (protocol === "udp") return new UdpOutlet(name, (listener) => openUdpSender(target, listener), reportServer);
  return new StreamOutlet(name, (listener) => connectStream({ ...target, protocol }, listener), reportServer);
}

function say(message: FromRelay): void {
  self.postMessage(message);
}
