/*
 * Composition root of the relay Worker, which hands lines on to syslog servers and to the standard input of services. It is
 * there only where some service logs so. The sockets of the runtime and TLS are loaded here and nowhere else.
 */
import { unreachable } from "./core/unreachable.ts";
import { PipeOutlet } from "./log/pipe-outlet.ts";
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
import { writePipe } from "./os/sink-pipe.ts";
import { connectStream } from "./os/stream-connection.ts";
import { openUdpSender } from "./os/udp-sender.ts";

declare const self: Worker;

const report: OutletReport = (message, recovered) => say({ tag: "problem", message, recovered });
const relay = new Relay(openOutlet);
const pipes = new Map<string, number>();
const outlets = new Map<string, PipeOutlet>();

self.onmessage = (event: MessageEvent<ToRelay>) => perform(event.data);

function perform(message: ToRelay): void {
  switch (message.tag) {
    case "begin": {
      const channel = new BroadcastChannel(RELAY_CHANNEL);
      channel.onmessage = (event) => relay.handle(event.data as RelayOrder);
      return say({ tag: "ready" });
    }
    case "pipe":
      if (message.fd === null) pipes.delete(message.service);
      else pipes.set(message.service, message.fd);
      outlets.get(message.service)?.use(message.fd);
      if (message.fd === null) say({ tag: "released", service: message.service });
      return;
    case "room":
      return outlets.get(message.service)?.room();
    case "finish":
      void Promise.race([relay.settle(), Bun.sleep(message.millis)]).then(() => say({ tag: "done" }));
      return;
    default:
      return unreachable(message);
  }
}

function openOutlet(target: RelayTarget, name: string): Outlet {
  if (target.tag === "service") return openPipeOutlet(target.service, name);
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

function openPipeOutlet(service: string, name: string): Outlet {
  const outlet = new PipeOutlet(name, {
    write: writePipe,
    awaitRoom: () => say({ tag: "full", service }),
    report,
  });
  outlets.set(service, outlet);
  outlet.use(pipes.get(service) ?? null);
  return outlet;
}

function say(message: FromRelay): void {
  self.postMessage(message);
}
