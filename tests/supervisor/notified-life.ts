import { millis } from "../../src/core/units.ts";
import { Notifications, type Received } from "../../src/supervisor/notifications.ts";
import type { Relation } from "../../src/supervisor/notify-senders.ts";
import type { DefinitionChanges } from "../core/literal-definition.ts";
import { LiteralLife, MAIN_PID } from "./literal-life.ts";

export const NOTIFY: DefinitionChanges = {
  notifyAccess: "main",
  ready: { method: { tag: "notify" }, timeout: millis(5000), interval: millis(200) },
};

interface Letter {
  readonly from?: number;
  readonly descriptors?: readonly number[];
}

/** A service that is told of by datagrams; 201 is its main process, 202 another of it, 203 a command, the rest strangers. */
export function notifiedLife(changes: DefinitionChanges = {}, predecessor: Predecessor | null = null) {
  const it = new LiteralLife({ ...NOTIFY, ...changes }, predecessor?.it);
  const relations = new Map<number, Relation>([
    [MAIN_PID, "main"],
    [202, "member"],
    [203, "command"],
  ]);
  const queues = new Map<number, Received[]>(predecessor?.queues);
  const heard: string[] = [];
  const world = {
    it,
    queues,
    heard,
    /** Children of the supervisor. */
    children: new Set<number>(),
    address: (): string => [...queues.keys()].at(-1)?.toString() ?? "none",
    /** The kernel's clock, in microseconds. */
    micros: 0,
    failure: null as string | null,
    post(received: Received): void {
      const fd = [...queues.keys()].at(-1) ?? -1;
      queues.get(fd)?.push(received);
    },
    hear(): void {
      for (const fd of [...queues.keys()]) if ((queues.get(fd) ?? []).length > 0) it.readable(fd);
    },
    /** Says it, and lets it be heard. */
    say(text: string, { from = MAIN_PID, descriptors = [] }: Letter = {}): void {
      world.mutter(text, { from, descriptors });
      world.hear();
    },
    /** Says it; it waits to be heard. */
    mutter(text: string, { from = MAIN_PID, descriptors = [] }: Letter = {}): void {
      world.post({
        tag: "received",
        sender: { pid: from, uid: 0 },
        bytes: new TextEncoder().encode(text),
        descriptors,
      });
    },
  };
  const notifications = new Notifications({
    ...it.ports,
    sockets: {
      open() {
        if (world.failure !== null) return world.failure;
        const fd = it.openFd();
        queues.set(fd, []);
        return { fd, address: `/run/notify/${fd}` };
      },
      reopen(address) {
        if (world.failure !== null) return world.failure;
        const fd = it.openFd();
        queues.set(fd, []);
        return { fd, address };
      },
      adopt: ({ address }) => void heard.push(`goes on with ${address}`),
      receive(fd) {
        const queue = queues.get(fd);
        if (queue === undefined) throw new Error(`descriptor ${fd} is closed`);
        return (queue[0]?.tag === "failed" ? queue.shift() : queue[0]) ?? { tag: "empty" };
      },
      dismiss: (fd) => void queues.get(fd)?.shift(),
      close({ fd }) {
        it.closeFd(fd);
        queues.delete(fd);
      },
    },
    pings: {
      pinged: () => void heard.push("ping"),
      triggered: () => void heard.push("trigger"),
      timeoutChanged: (_service, timeout) => void heard.push(`timeout ${timeout}`),
    },
    store: {
      keep(_service, descriptors, { name, poll }) {
        heard.push(`store ${descriptors.join(" ")} ${name} ${poll}`);
        for (const fd of descriptors) it.closeFd(fd);
      },
      drop: (_service, name) => void heard.push(`drop ${name}`),
    },
    relationOf: (_service, { pid }) => relations.get(pid) ?? "stranger",
    isMember: (_service, pid) => relations.get(pid) === "member",
    mayBeMain: (_service, pid) => relations.get(pid) === "member" && world.children.has(pid),
    resetRestarts: (service) => void heard.push(`reset ${service}`),
    errnoNameOf: (errno) => (errno === 98 ? "EADDRINUSE" : `errno ${errno}`),
    kernelMicros: () => world.micros,
  });
  it.companions.push(notifications);
  const all = Object.assign(it, world, { notifications, notified: world });
  return all;
}

export interface Predecessor {
  readonly it: LiteralLife;
  readonly queues: ReadonlyMap<number, Received[]>;
}

/** Started, and waited for. */
export function started(changes: DefinitionChanges = {}) {
  const it = notifiedLife(changes);
  it.notifications.equip(it.definition, "run-1");
  it.starting();
  return it;
}

export function running(changes: DefinitionChanges = {}) {
  const it = started(changes);
  it.up();
  return it;
}
