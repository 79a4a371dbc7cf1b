/*
 * The relay: takes records from the data plane and hands them on to other programs, each at its own pace. One that does not
 * take anything holds up nobody else. It runs in a Worker of its own.
 */
import { unreachable } from "../core/unreachable.ts";
import { costOf, nameOfTarget, type RelayOrder, type RelayTarget } from "./relay-messages.ts";
import type { Outlet, OpenOutlet } from "./relay-outlet.ts";

interface Sink {
  readonly outlet: SharedOutlet;
  readonly taken: Int32Array;
  readonly allTaken: Int32Array;
}

interface SharedOutlet {
  readonly key: string;
  readonly outlet: Outlet;
  users: number;
}

export class Relay {
  readonly #openOutlet: OpenOutlet;
  readonly #sinks = new Map<string, Sink>();
  readonly #outlets = new Map<string, SharedOutlet>();

  constructor(openOutlet: OpenOutlet) {
    this.#openOutlet = openOutlet;
  }

  handle(order: RelayOrder): void {
    switch (order.tag) {
      case "open":
        return this.#open(order);
      case "records":
        return this.#take(order);
      case "shut":
        return this.#shut(order.sink);
      default:
        return unreachable(order);
    }
  }

  /** Done when everything has been handed on. */
  async settle(): Promise<void> {
    await Promise.all([...this.#outlets.values()].map(({ outlet }) => outlet.settle()));
  }

  #open({ sink, target, taken, allTaken }: RelayOrder & { readonly tag: "open" }): void {
    const outlet = this.#outletTo(target);
    outlet.users++;
    this.#sinks.set(sink, { outlet, taken: new Int32Array(taken), allTaken: new Int32Array(allTaken) });
  }

  #outletTo(target: RelayTarget): SharedOutlet {
    const key = JSON.stringify(target);
    const known = this.#outlets.get(key);
    if (known !== undefined) return known;
    const made = { key, outlet: this.#openOutlet(target, nameOfTarget(target)), users: 0 };
    this.#outlets.set(key, made);
    return made;
  }

  #take(order: RelayOrder & { readonly tag: "records" }): void {
    const sink = this.#sinks.get(order.sink);
    if (sink === undefined) return;
    let left = costOf(order);
    const took = (bytes: number): void => {
      left -= bytes;
      Atomics.add(sink.taken, 0, bytes);
      Atomics.add(sink.allTaken, 0, bytes);
    };
    const lost = (count: number): void => void Atomics.add(sink.taken, 1, count);
    const { bytes, ends, lines } = order;
    sink.outlet.outlet.push({ bytes, ends, lines, took, done: () => took(left), lost });
  }

  #shut(name: string): void {
    const sink = this.#sinks.get(name);
    if (sink === undefined) return;
    this.#sinks.delete(name);
    const { outlet } = sink;
    if (--outlet.users > 0) return;
    this.#outlets.delete(outlet.key);
    outlet.outlet.close();
  }
}
