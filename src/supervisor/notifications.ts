/*
 * What services say of themselves over NOTIFY_SOCKET. Each run has a socket of its own, from its first process to its last:
 * what is heard on it was sent by somebody who was given its name, or looked for it; the sender's credentials tell whether
 * it counts. Datagrams are dealt with in order, each entirely, so that a barrier is passed when its descriptor is closed.
 *
 * A datagram stays in its socket until it has been dealt with and what came of it is written down. The socket outlives this
 * process: a successor goes on with what waits in it, and with what the run has said before. Said twice, all that can be said
 * means what it means when it is said once. Where the sockets are lost as well, new ones take their places.
 */
import type { Definition } from "../core/definition.ts";
import type { EstatePort } from "../core/estate.ts";
import { type Notification, parseNotifyMessage } from "../core/notify-message.ts";
import { memberIn, textIn } from "../core/plain-data.ts";
import type { ServiceRecord } from "../core/service-record.ts";
import { hasNoProcess } from "../core/service-state.ts";
import { millis } from "../core/units.ts";
import type { Annotate, Companion, Equipment } from "./companion.ts";
import { HeldNotifySockets, type NotifySocket, type NotifySocketPort } from "./held-notify-sockets.ts";
import { HearingPace } from "./hearing-pace.ts";
import { type Relation, type Sender, refusalOf } from "./notify-senders.ts";
import type { OutputPort } from "./ports.ts";
import { RunSpeech, type SpeechPorts } from "./run-speech.ts";

export type Received =
  /** The descriptors are the receiver's to close. */
  | {
      readonly tag: "received";
      readonly sender: Sender;
      readonly bytes: Uint8Array;
      readonly descriptors: readonly number[];
    }
  | { readonly tag: "cut"; readonly sender: Sender; readonly what: "text" | "descriptors" }
  | { readonly tag: "empty" }
  | { readonly tag: "failed"; readonly errno: string };

export interface NotificationPorts extends SpeechPorts {
  readonly estate: EstatePort;
  readonly annotate: Annotate;
  readonly sockets: NotifySocketPort & {
    /** The first that waits in it, which stays there. */
    receive(fd: number): Received;
    /** The first is dealt with. */
    dismiss(fd: number): void;
  };
  readonly output: Pick<OutputPort, "watch" | "unwatch">;
  relationOf(service: string, sender: Sender): Relation;
}

/** One run of a service, as far as it is heard. */
interface Voice {
  readonly socket: NotifySocket;
  /** null: only hooks have been given the socket so far. */
  invocation: string | null;
  readonly speech: RunSpeech;
  /** true: its socket was lost, and what it had said there with it. */
  readonly wasUnheard: boolean;
  /** What was written down of it last. */
  written: string;
}

/** The word under which it is written down what a run has said. */
const VOICE = "voice";
/** What one service may say before the others have their turn. */
const MOST_AT_ONCE = 64;
/**
 * Turns after which what a process has said is certainly heard: a socket holds no more datagrams than these
 * (net.unix.max_dgram_qlen, 10 or 512). Others of the service may go on writing as fast as it is read.
 */
const MOST_TURNS = 9;
const ANOTHER_TRY = millis(1000);
const FAILED = "failed";
/** Of one datagram, that are named in the log. */
const MOST_FAULTS = 3;

export class Notifications implements Companion {
  readonly #ports: NotificationPorts;
  readonly #sockets: HeldNotifySockets;
  readonly #voices = new Map<string, Voice>();
  /** What has been reported of each service, once and never again. */
  readonly #told = new Map<string, Set<string>>();
  readonly #pace: HearingPace;

  constructor(ports: NotificationPorts) {
    this.#ports = ports;
    this.#sockets = new HeldNotifySockets(ports.sockets, ports.estate);
    this.#pace = new HearingPace(() => ports.clock.now());
  }

  concerns({ notifyAccess }: Definition): boolean {
    return notifyAccess !== "none";
  }

  changed(record: ServiceRecord, previous: ServiceRecord): void {
    if (record.state === previous.state) return;
    const service = record.definition.name;
    const voice = this.#voices.get(service);
    if (voice === undefined) return;
    if (hasNoProcess(record.state)) return this.#close(service, voice);
    voice.speech.changed(record);
    this.#write(service, voice);
    if (voice.wasUnheard) this.#believeSoon(service, voice);
  }

  adopted({ definition, beside, state }: ServiceRecord): void {
    const written = beside[VOICE];
    const address = textIn(written, "address");
    if (address === null) return;
    const service = definition.name;
    const reopened = this.#sockets.reopen(address);
    if (typeof reopened === "string") {
      this.#tellOnce(service, FAILED, `cannot hear it any more: ${reopened}`);
      return this.#ports.annotate(service, VOICE, null);
    }
    const voice = this.#begin(service, reopened.socket, reopened.isNew);
    voice.invocation = textIn(written, "invocation");
    voice.written = JSON.stringify(written);
    voice.speech.resume(memberIn(written, "speech"));
    if (hasNoProcess(state)) this.#close(service, voice);
    else if (voice.wasUnheard) this.#believeSoon(service, voice);
  }

  allAdopted(): void {
    this.#sockets.closeLeft();
  }

  equip(definition: Definition, invocation: string): Equipment | string {
    const { name } = definition;
    const before = this.#voices.get(name);
    if (before !== undefined && before.invocation !== null) this.#close(name, before);
    const env = this.environmentFor(definition);
    if (typeof env === "string") return env;
    const voice = this.#voices.get(name);
    if (voice !== undefined) {
      voice.invocation = invocation;
      this.#write(name, voice);
    }
    return { env, descriptors: [] };
  }

  /** What a hook or another command of the service gets; a reason if that cannot be. */
  environmentFor(definition: Definition): Readonly<Record<string, string>> | string {
    if (definition.notifyAccess === "none") return {};
    const voice = this.#voices.get(definition.name) ?? this.#open(definition.name);
    return typeof voice === "string" ? voice : { NOTIFY_SOCKET: voice.socket.address };
  }

  /**
   * Hears everything that the service has said so far. To be called before the end of a process of it is told: what it said
   * comes first.
   */
  settle(service: string): void {
    const voice = this.#voices.get(service);
    if (voice === undefined) return;
    const always = (): boolean => true;
    for (let turns = 0; turns < MOST_TURNS && this.#hearSome(service, voice, always) === "more"; turns++);
    voice.speech.settle();
    if (this.#voices.get(service) === voice) this.#write(service, voice);
  }

  forgotten(service: string): void {
    const voice = this.#voices.get(service);
    if (voice !== undefined) this.#close(service, voice);
    this.#told.delete(service);
  }

  close(): void {
    for (const [service, voice] of [...this.#voices]) this.#close(service, voice);
  }

  #open(service: string): Voice | string {
    const socket = this.#sockets.open();
    if (typeof socket === "string") return socket;
    const voice = this.#begin(service, socket, false);
    this.#write(service, voice);
    return voice;
  }

  /** It may have said that it is ready to nobody. To wait in vain and then kill it would be worse than to believe it too early. */
  #believeSoon(service: string, voice: Voice): void {
    this.#ports.timers.after(millis(0), () => {
      const record = this.#ports.record(service);
      if (this.#voices.get(service) !== voice || record === null) return;
      const { state, definition } = record;
      if (state.tag !== "starting" || state.phase !== "ready" || definition.ready?.method.tag !== "notify") return;
      this.#tellOnce(service, "unheard", "whether it is ready may have been said to nobody, and is taken to be so");
      this.#ports.tell(service, { tag: "ready" });
    });
  }

  #begin(service: string, socket: NotifySocket, wasUnheard: boolean): Voice {
    const tellOnce = (kind: string, text: string): void => this.#tellOnce(service, kind, text);
    const speech = new RunSpeech(service, tellOnce, this.#ports);
    const voice: Voice = { socket, invocation: null, speech, wasUnheard, written: "" };
    this.#voices.set(service, voice);
    this.#watch(service, voice);
    return voice;
  }

  /** Has it written down what a successor has to know, if that has changed. */
  #write(service: string, voice: Voice): void {
    const { socket, invocation, speech } = voice;
    const data = { address: socket.address, invocation, speech: speech.saved };
    const written = JSON.stringify(data);
    if (written === voice.written) return;
    voice.written = written;
    this.#ports.annotate(service, VOICE, data);
  }

  #close(service: string, voice: Voice): void {
    this.#voices.delete(service);
    voice.speech.close();
    this.#ports.annotate(service, VOICE, null);
    this.#ports.output.unwatch(voice.socket.fd);
    this.#sockets.close(voice.socket);
  }

  #watch(service: string, voice: Voice): void {
    this.#ports.output.watch(voice.socket.fd, () => this.#hear(service, voice));
  }

  #hear(service: string, voice: Voice): void {
    const outcome = this.#hearSome(service, voice, () => this.#pace.mayHear(service));
    if (this.#voices.get(service) !== voice) return;
    if (outcome === "empty" || outcome === "more") return this.#watch(service, voice);
    this.#ports.timers.after(outcome === "failed" ? ANOTHER_TRY : this.#pace.rest, () => {
      if (this.#voices.get(service) === voice) this.#watch(service, voice);
    });
  }

  /** Hears as much as one may say before the others have their turn. "tired": `mayHear` has enough of it for now. */
  #hearSome(service: string, voice: Voice, mayHear: () => boolean): "empty" | "more" | "failed" | "tired" {
    for (let count = 0; count < MOST_AT_ONCE; count++) {
      if (!mayHear()) return "tired";
      const received = this.#ports.sockets.receive(voice.socket.fd);
      if (received.tag === "empty") return "empty";
      if (received.tag === "failed") {
        this.#tellOnce(service, FAILED, `cannot receive from "${voice.socket.address}": ${received.errno}`);
        return "failed";
      }
      this.#take(service, voice, received);
      // What it has said may have ended the run.
      if (this.#voices.get(service) !== voice) return "empty";
      this.#write(service, voice);
      this.#ports.sockets.dismiss(voice.socket.fd);
    }
    return "more";
  }

  #take(service: string, voice: Voice, received: Exclude<Received, { tag: "empty" | "failed" }>): void {
    const { sender } = received;
    if (received.tag === "cut") {
      const reason = received.what === "text" ? "it is too long" : "some of its descriptors are lost";
      return this.#ignore(service, sender, reason);
    }
    const { bytes, descriptors } = received;
    const message = parseNotifyMessage(bytes, descriptors.length);
    if (message.tag === "said") {
      const kept = this.#obey(service, voice, { sender, ...message, descriptors });
      if (kept) return;
    } else if (message.tag === "malformed") this.#ignore(service, sender, message.reason);
    for (const fd of descriptors) this.#ports.closeFd(fd);
  }

  /** true: the descriptors have been taken over. */
  #obey(
    service: string,
    voice: Voice,
    heard: {
      readonly sender: Sender;
      readonly notification: Notification;
      readonly ignored: readonly string[];
      readonly descriptors: readonly number[];
    },
  ): boolean {
    const { sender, notification, ignored, descriptors } = heard;
    const access = voice.speech.access ?? this.#ports.record(service)?.definition.notifyAccess ?? "none";
    const refusal = refusalOf(access, this.#ports.relationOf(service, sender));
    if (refusal !== null) {
      this.#ignore(service, sender, refusal);
      return false;
    }
    if (ignored.length > 0)
      this.#tellOnce(service, "faulty", `ignoring what it says: ${ignored.slice(0, MOST_FAULTS).join("; ")}`);
    return voice.speech.obey(notification, descriptors);
  }

  #ignore(service: string, { pid, uid }: Sender, reason: string): void {
    this.#tellOnce(service, reason, `ignoring a notification of pid ${pid} (uid ${uid}): ${reason}`);
  }

  #tellOnce(service: string, kind: string, text: string): void {
    const told = this.#told.get(service) ?? new Set();
    this.#told.set(service, told);
    if (told.has(kind)) return;
    told.add(kind);
    this.#ports.report(kind === FAILED ? "err" : "info", `${service}: ${text}`);
  }
}
