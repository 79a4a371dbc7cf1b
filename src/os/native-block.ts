import { ptr, type Pointer } from "bun:ffi";
import { LIMIT_NUMBERS, type SpawnRequest, type SpawnStage } from "./spawn-request.ts";

/** Indices of 32-bit words in `request` of native.c. The tests with real children compare the two. */
const WORD = {
  running: 0,
  pidfd: 1,
  stage: 2,
  error: 3,
  flags: 4,
  umask: 5,
  nice: 6,
  uid: 7,
  gid: 8,
  fdCount: 9,
  limitCount: 10,
  groupCount: 11,
  argumentCount: 12,
  environmentCount: 13,
  text: 14,
  textLength: 15,
  generation: 16,
  record: 18,
  generationNow: 20,
  lists: 30,
} as const;

/** Stands for a descriptor that is to stay closed. */
const NOTHING = -1;

const WITH_NICE = 1;
const WITH_NO_NEW_PRIVS = 2;
const WITH_CREDENTIALS = 4;
const GOES_FIRST = 8;
const READS_NOTHING = 16;

/** The stages of native.c by number; those of limits begin at 64. */
const STAGES: readonly string[] = [
  "none",
  "clone",
  "revoked",
  "setsid",
  "stdio",
  "fds",
  "nice",
  "no_new_privs",
  "groups",
  "gid",
  "uid",
  "chdir",
  "exec",
  "pipe",
  "fork",
];
const FIRST_LIMIT_STAGE = 64;
const LIMIT_NAME_OF: ReadonlyMap<number, string> = new Map(
  Object.entries(LIMIT_NUMBERS).map(([name, number]) => [number, name]),
);

/** Enough for most: while many execs are pending there are as many blocks. */
const FIRST_SIZE = 20 * 1024;
const STACK_SIZE = 16 * 1024;
/** The kernel takes at most 2 MiB of arguments and environment together, unless the stack limit was raised. */
const LARGEST_SIZE = 8 * 1024 * 1024;

const encoder = new TextEncoder();

/** What is executed. */
export interface Image {
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
}

/**
 * Memory that a child may be reading from and running on: the request in front, its strings, and a stack at the end. It
 * must not be written to or let go of until the child has executed or ended.
 */
export class NativeBlock {
  #bytes: Uint8Array = new Uint8Array(0);
  #words: Int32Array = new Int32Array(0);
  #address = 0;

  constructor() {
    this.#allocate(FIRST_SIZE);
  }

  get address(): Pointer {
    return this.#address as Pointer;
  }

  get stackTop(): Pointer {
    return (this.#address + this.#bytes.length) as Pointer;
  }

  /** true from the clone until the child has executed or ended. */
  get isRunning(): boolean {
    return this.#words[WORD.running] !== 0;
  }

  get pidfd(): number {
    return this.#words[WORD.pidfd] ?? -1;
  }

  /** The errno of what failed, 0 if nothing did. */
  get errno(): number {
    return this.#words[WORD.error] ?? 0;
  }

  /** The name of what failed; "none" if nothing did. */
  get stage(): string {
    const stage = this.#words[WORD.stage] ?? 0;
    if (stage >= FIRST_LIMIT_STAGE)
      return `rlimit ${LIMIT_NAME_OF.get(stage - FIRST_LIMIT_STAGE) ?? stage - FIRST_LIMIT_STAGE}`;
    return STAGES[stage] ?? `stage ${stage}`;
  }

  get spawnStage(): SpawnStage {
    return this.stage as SpawnStage;
  }

  /** Writes a request. false: its strings are longer than the kernel would take. `stdin` stands for a null one. */
  encodeSpawn(request: SpawnRequest, stdin: number): boolean {
    const { credentials, limits, passed, record } = request;
    const groups = credentials?.groups ?? [];
    const textAt = (WORD.lists + 3 + passed.length + 5 * limits.length + groups.length) * 4;
    if (!this.#encodeImage(request, request.directory, textAt)) return false;
    const words = this.#words;
    words[WORD.flags] = flagsOf(request);
    words[WORD.umask] = request.umask;
    words[WORD.nice] = request.nice ?? 0;
    words[WORD.uid] = credentials?.uid ?? 0;
    words[WORD.gid] = credentials?.gid ?? 0;
    words[WORD.fdCount] = 3 + passed.length;
    words[WORD.limitCount] = limits.length;
    words[WORD.groupCount] = groups.length;
    words[WORD.generation] = record?.expected ?? 0;
    this.#writeLong(WORD.record, record?.child ?? 0);
    this.#writeLong(WORD.generationNow, record?.generation ?? 0);
    words[WORD.lists] = request.stdin ?? stdin;
    words[WORD.lists + 1] = request.stdout;
    words[WORD.lists + 2] = request.stderr;
    let at: number = WORD.lists + 3;
    for (const fd of passed) words[at++] = fd ?? NOTHING;
    for (const limit of limits) at = this.#writeLimit(at, LIMIT_NUMBERS[limit.resource], limit);
    for (const group of groups) words[at++] = group;
    return true;
  }

  /** Writes what a role is executed with, and the descriptors that it keeps. */
  encodeRole(image: Image, kept: readonly number[]): boolean {
    if (!this.#encodeImage(image, "/", (WORD.lists + kept.length) * 4)) return false;
    this.#words[WORD.fdCount] = kept.length;
    kept.forEach((fd, index) => (this.#words[WORD.lists + index] = fd));
    return true;
  }

  #encodeImage(image: Image, directory: string, textAt: number): boolean {
    const text = `${[image.path, directory, ...image.argv, ...image.env].join("\0")}\0`;
    const pointers = (image.argv.length + image.env.length + 3) * 8;
    // A UTF-16 unit becomes at most three bytes.
    const size = textAt + 3 * text.length + pointers + STACK_SIZE;
    if (size > LARGEST_SIZE) return false;
    if (size > this.#bytes.length) this.#allocate(size);
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(textAt));
    const words = this.#words;
    words[WORD.argumentCount] = image.argv.length;
    words[WORD.environmentCount] = image.env.length;
    words[WORD.text] = textAt;
    words[WORD.textLength] = written;
    return true;
  }

  #writeLimit(at: number, resource: number, limit: { readonly soft: number; readonly hard: number }): number {
    this.#words[at] = resource;
    this.#writeLong(at + 1, limit.soft);
    this.#writeLong(at + 3, limit.hard);
    return at + 5;
  }

  #writeLong(at: number, value: number): void {
    const unlimited = value === Number.POSITIVE_INFINITY;
    this.#words[at] = unlimited ? -1 : value;
    this.#words[at + 1] = unlimited ? -1 : Math.floor(value / 2 ** 32);
  }

  #allocate(size: number): void {
    const rounded = Math.ceil(size / 4096) * 4096;
    this.#bytes = new Uint8Array(rounded);
    this.#words = new Int32Array(this.#bytes.buffer);
    this.#address = ptr(this.#bytes);
  }
}

function flagsOf(request: SpawnRequest): number {
  return (
    (request.nice === null ? 0 : WITH_NICE) |
    (request.noNewPrivileges ? WITH_NO_NEW_PRIVS : 0) |
    (request.credentials === null ? 0 : WITH_CREDENTIALS) |
    (request.goesFirst ? GOES_FIRST : 0) |
    (request.stdin === null ? READS_NOTHING : 0)
  );
}
