/* The services of the chaos test: every type, every kind of readiness, and whatever else has a memory to lose. */
import { writeFileSync } from "node:fs";
import { chanceLoopbackAddress } from "../scenarios/loopback-address.ts";
import { memberOf, type Member } from "./member.ts";

/** What changes from one reload to the next. */
export interface Variant {
  /** Members with a definition of their own number are restarted when it changes. */
  readonly changing: number;
  /** A stop timeout, which is taken over while the service runs; in milliseconds. */
  readonly adjusting: number;
  /** Guests that there are. */
  readonly guests: readonly number[];
}

/** Ends its pings on SIGUSR2. */
export const MUTABLE = "mutable";
/** What comes to the service that reads the logs of others, and to the syslog; in the log directory. */
export const COLLECTED = "collected.log";
export const SYSLOG = "syslog.log";
export const FIRST_VARIANT: Variant = { changing: 0, adjusting: 3000, guests: [0] };
export const MOST_GUESTS = 3;
export const MOST_INSTANCES = 4;
export const FIRST_INSTANCES = 2;

/** What a definition needs to know of its surroundings. */
export interface Surroundings {
  /** The compiled service. */
  readonly program: string;
  /** Its books. */
  readonly books: string;
  readonly logs: string;
  /** true: somebody writes down what comes to the syslog. */
  readonly hasSyslog: boolean;
}

interface Part {
  readonly member: Member;
  readonly words: readonly string[];
  /** TOML; tables last. */
  readonly more: string;
}

/** What a member has beside its words: TOML, tables last, and what the model has to know of it. */
type More = Partial<Member> & { readonly toml?: string };

const SETTINGS = `[defaults.restart]
delay = "10ms"
max_delay = "60ms"
[defaults.stop]
timeout = "5s"
[defaults.log]
keep = 1000
`;

export class Fleet {
  readonly #at: Surroundings;
  readonly #address = chanceLoopbackAddress();

  constructor(at: Surroundings) {
    this.#at = at;
    writeFileSync(this.#variables, "NUMBER=1\n");
    writeFileSync(this.#secret, "none\n", { mode: 0o600 });
  }

  get #variables(): string {
    return `${this.#at.books}/variables`;
  }

  get #secret(): string {
    return `${this.#at.books}/secret`;
  }

  /** Where a service that is given a socket is reached. */
  socketOf(service: "demanded" | "passed"): string {
    return `${this.#at.books}/${service}.sock`;
  }

  /** All members that there can be with this variant and so many instances. */
  members(variant: Variant, instances: number): readonly Member[] {
    const guests = variant.guests.map((guest) => memberOf(`guest-${guest}`));
    const made = Array.from({ length: instances }, (_, index) => memberOf(`inst@${index + 1}`, { group: "inst" }));
    return [...this.#parts(variant).map(({ member }) => member), ...guests, ...made];
  }

  /** Files by name. */
  files(variant: Variant): ReadonlyMap<string, string> {
    const texts = this.#parts(variant).map(
      ({ member, words, more }) => [`${member.name}.toml`, this.#definition(words, more)] as const,
    );
    const guests = variant.guests.map((guest) => [`guest-${guest}.toml`, this.#definition(["burst=5"], "")] as const);
    const template = this.#definition(["burst=5"], `instances = ${FIRST_INSTANCES}`);
    return new Map([["daemonsup.toml", SETTINGS], ...texts, ...guests, ["inst@.toml", template]]);
  }

  #parts(variant: Variant): readonly Part[] {
    return [
      ...this.#writers(),
      ...this.#elsewhere(),
      ...this.#ending(),
      ...this.#readiness(),
      ...this.#linked(),
      ...this.#life(variant),
    ];
  }

  #writers(): readonly Part[] {
    const shared = `[log]\nfile = "${this.#at.logs}/shared.log"`;
    return [
      part("slow-writer", ["burst=1", "gap=7"]),
      part("burst-writer", ["burst=1500", "gap=120"]),
      part("both-streams", ["burst=50", "gap=40", "streams=2"]),
      part("shared-a", ["burst=15", "gap=20"], { toml: shared }),
      part("shared-b", ["burst=300", "gap=90", "streams=2"], { toml: shared }),
      part("rotating", ["burst=400", "gap=60"], { toml: '[log]\nmax_size = "256KiB"' }),
    ];
  }

  /** Those whose lines do not go the usual way to a file. */
  #elsewhere(): readonly Part[] {
    const { logs, hasSyslog } = this.#at;
    const direct = '[log]\ndirect = true\nrotate_signal = "SIGUSR1"\nmax_size = "64KiB"';
    const told = '[log]\nto = ["service:reader"]\nstamp = "none"';
    // So few that a slow machine finds room for those that came while there was no supervisor: what finds none is dropped.
    const syslogged = part("syslogged", ["burst=1", "gap=40"], { toml: '[log]\nto = ["syslog"]', sink: "syslog" });
    return [
      part("direct", ["burst=20", "gap=20", `log=${logs}/direct.log`], { toml: direct }),
      part("reader", [`collect=${logs}/${COLLECTED}`]),
      part("told-a", ["burst=1", "gap=15"], { toml: told, sink: "reader" }),
      part("told-b", ["burst=10", "gap=70", "streams=2"], { toml: told, sink: "reader" }),
      ...(hasSyslog ? [syslogged] : []),
    ];
  }

  #ending(): readonly Part[] {
    const onFailure = '[restart]\npolicy = "on-failure"';
    const slow = '[restart]\ndelay = "300ms"\nmax_delay = "300ms"';
    return [
      part("ending", ["life=200", "burst=5"]),
      part("dying", ["life=400", "burst=200", "end=kill", "child"], { processes: 2 }),
      part("backing-off", ["life=100", "end=3", "burst=5"], { toml: slow }),
      part("on-failure", ["life=1500", "burst=5"], { toml: onFailure, policy: "on-failure" }),
      part("never", ["life=2500", "burst=5"], { toml: '[restart]\npolicy = "never"', policy: "never" }),
      part("once", ["once=300"], { toml: 'type = "oneshot"', type: "oneshot", policy: "never" }),
      part("at-times", ["once=10"], {
        toml: 'type = "oneshot"\n[schedule]\nevery = "1s"',
        type: "oneshot",
        policy: "never",
        calls: "schedule",
      }),
      part("slow-end", ["slow=250", "burst=5"]),
      part("deaf", ["deaf", "burst=5"], { toml: '[stop]\ntimeout = "150ms"' }),
      part("family", ["child", "burst=5"], { processes: 2 }),
    ];
  }

  #readiness(): readonly Part[] {
    const { books } = this.#at;
    const [tcp, http] = [`${this.#address}:8001`, `${this.#address}:8002`];
    const file = `${books}/is-ready`;
    const pidFile = `${books}/forking.pid`;
    return [
      part("ready-notify", ["ready=notify", "delay=150"], { toml: "[ready]\nnotify = true" }),
      part("ready-fd", ["ready=fd:5", "delay=150"], { toml: "[ready]\nfd = 5" }),
      part("ready-log", ["ready=log", "delay=150"], { toml: '[ready]\nlog = "^ready now$"' }),
      part("ready-tcp", [`tcp=${tcp}`, "delay=100"], { toml: `[ready]\ntcp = "${tcp}"\ninterval = "30ms"` }),
      part("ready-http", [`tcp=${http}`, "delay=100"], {
        toml: `[ready]\nhttp = "http://${http}/"\ninterval = "30ms"`,
      }),
      part("ready-command", [`ready=file:${file}`, "delay=100"], {
        toml: `[ready]\ncommand = ["test", "-e", "${file}"]\n[hooks]\nbefore_start = ["rm", "-f", "${file}"]`,
      }),
      part("forking", [`fork=${pidFile}`], {
        toml: `type = "forking"\npid_file = "${pidFile}"`,
        type: "forking",
      }),
      part("hooked", ["burst=5"], { toml: this.#hooks(), hooks: ["before_start", "after_start"] }),
    ];
  }

  #hooks(): string {
    const { books, program } = this.#at;
    const names = ["before_start", "after_start", "before_stop", "after_stop"];
    return ["[hooks]", ...names.map((name) => `${name} = ["${program}", "${books}", "note=${name}"]`)].join("\n");
  }

  #linked(): readonly Part[] {
    const chain = { group: "chain" };
    return [
      part("base", ["ready=notify", "delay=40"], { toml: "[ready]\nnotify = true", ...chain }),
      part("middle", ["burst=5"], { toml: 'requires = ["base"]', ...chain }),
      part("top", ["burst=5"], { toml: 'requires = ["middle"]\nwants = ["aside"]', ...chain }),
      part("aside", ["burst=5"], chain),
      part("red", ["burst=5"], { toml: 'conflicts = ["green"]', group: "colours" }),
      part("green", ["burst=5"], { toml: 'start = "manual"', group: "colours" }),
    ];
  }

  #life(variant: Variant): readonly Part[] {
    const checked = `[health]\ncommand = ["test", "-d", "${this.#at.books}"]\ninterval = "150ms"\ntimeout = "20s"`;
    const demand = `[sockets.main]\nlisten = "${this.socketOf("demanded")}"\non_demand = true`;
    const passed = `[sockets.main]\nlisten = "${this.socketOf("passed")}"`;
    const looked = `environment_file = ["${this.#variables}"]\nenvironment = { WORD = { file = "${this.#secret}" } }`;
    return [
      part("checked", ["burst=5"], { toml: checked }),
      part("watched", ["ping", "gap=300"], { toml: '[watchdog]\ntimeout = "8s"' }),
      part(MUTABLE, ["ping", "gap=100", "burst=5"], { toml: '[watchdog]\ntimeout = "2s"' }),
      part("demanded", ["listen", "burst=5"], { toml: demand, calls: "connection" }),
      part("passed", ["listen", "life=900", "burst=5"], { toml: passed }),
      part("looking", ["life=900", "burst=5"], {
        toml: `${looked}\n[condition]\npath_exists = ["${this.#variables}"]`,
      }),
      part("storing", ["store", "life=700", "end=kill", "burst=5"], {
        toml: 'fd_store = { max = 3, keep = "always" }',
      }),
      part("changing", ["burst=5"], { toml: `environment = { NUMBER = "${variant.changing}" }` }),
      part("adjusting", ["burst=5"], { toml: `[stop]\ntimeout = "${variant.adjusting}ms"` }),
    ];
  }

  #definition(words: readonly string[], more: string): string {
    return `command = ${JSON.stringify([this.#at.program, this.#at.books, ...words])}\n${more}\n`;
  }
}

function part(name: string, words: readonly string[], { toml = "", ...member }: More = {}): Part {
  return { member: memberOf(name, member), words, more: toml };
}
