/*
 * Where the sockets for notifications are: one for each run of a service, in the directory `notify` of the runtime
 * directory. A socket of its own tells which run is meant, also when the sender has ended before its datagram is read, and
 * what a process of an earlier run says late goes nowhere.
 *
 * A supervisor of root's runs services of all users, and a process may change its user while it runs. So every user may
 * send; that a sender belongs to the service is told by its credentials. For this the runtime directory is opened for
 * passing through, not for listing, when the first such service is started; what lies in it has modes of its own. Where a
 * directory above is closed to others, no path can be reached, and the sockets have abstract names; these can be reached
 * from the same network namespace alone.
 */
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { MOST_ADDRESS_BYTES, openNotifySocket } from "./notify-socket.ts";
import { randomHex } from "./random-hex.ts";
import { closeFd } from "./signalling.ts";

export interface NotifySocket {
  readonly fd: number;
  /** The value of NOTIFY_SOCKET: a path, or an abstract name after "@". */
  readonly address: string;
}

/** Passing through, for everybody. */
const PASS = 0o011;

export class NotifyPlace {
  readonly #runtime: string;
  readonly #isForAll: boolean;
  /** Addresses of the sockets that are open. */
  readonly #inUse = new Set<string>();
  #prefix: string | null = null;
  #count = 0;

  /** `isForAll`: processes of other users than this one are to be heard as well. */
  constructor(runtimeDirectory: string, isForAll: boolean) {
    this.#runtime = runtimeDirectory;
    this.#isForAll = isForAll;
  }

  /** A new socket, or why there can be none. */
  open(): NotifySocket | string {
    try {
      this.#prefix ??= this.#prepare();
      let address: string;
      do address = `${this.#prefix}${(++this.#count).toString(36)}`;
      while (this.#inUse.has(address));
      return this.#bind(address);
    } catch (error) {
      return `cannot make a socket in "${this.#runtime}": ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
    }
  }

  /** A socket in the place of one that a predecessor had and that is lost; or why there can be none. */
  reopen(address: string): NotifySocket | string {
    return this.#bind(address);
  }

  /** Has a predecessor's socket for its own from now on. To be called before any is opened. */
  adopt(socket: NotifySocket): void {
    this.#inUse.add(socket.address);
  }

  close(socket: NotifySocket): void {
    closeFd(socket.fd);
    this.#inUse.delete(socket.address);
    if (!socket.address.startsWith("@")) rmSync(socket.address, { force: true });
  }

  #bind(address: string): NotifySocket | string {
    const excess = Buffer.byteLength(address) - MOST_ADDRESS_BYTES;
    if (excess > 0) return `cannot make "${address}": its path is ${excess} bytes too long for a socket`;
    if (!address.startsWith("@")) rmSync(address, { force: true });
    const opened = openNotifySocket(address, this.#isForAll ? 0o666 : 0o600);
    if (opened.tag !== "open") return `cannot make "${address}": ${opened.errno}`;
    this.#inUse.add(address);
    return { fd: opened.fd, address };
  }

  /**
   * What every new address begins with: by chance, so that a process of an earlier run under a predecessor hardly ever finds
   * somebody else there. What a dead one has left that nobody goes on with is removed.
   */
  #prepare(): string {
    const directory = join(this.#runtime, "notify");
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      if (!this.#inUse.has(path)) rmSync(path, { recursive: true, force: true });
    }
    const prefix = `${directory}/${randomHex(2)}`;
    if (!this.#isForAll) return prefix;
    if (!isOpenToAll(dirname(this.#runtime))) return `@daemonsup-${randomHex(8)}/`;
    chmodSync(directory, 0o700 | PASS);
    chmodSync(this.#runtime, (statSync(this.#runtime).mode & 0o7777) | PASS);
    return prefix;
  }
}

/** true if everybody may pass through the directory and all above it, as far as modes tell. */
function isOpenToAll(directory: string): boolean {
  if ((statSync(directory).mode & 0o001) === 0) return false;
  const parent = dirname(directory);
  return parent === directory || isOpenToAll(parent);
}
