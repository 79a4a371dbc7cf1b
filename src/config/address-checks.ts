import type { Definition } from "../core/definition.ts";
import type { SocketPolicy } from "../core/life-policies.ts";
import { addressTextOf, isUnixAddress } from "../core/listen-address.ts";
import { faultAt } from "./fault.ts";
import { MAX_SOCKET_PATH } from "./network-address.ts";
import { quote, type Problem } from "./problem.ts";
import type { SoundDefinition } from "./sound-definition.ts";

interface Claim {
  readonly owner: SoundDefinition;
  readonly socket: SocketPolicy;
}

/** Addresses that two sockets want, and paths of sockets that are too long for the kernel. */
export function addressProblemsOf(sound: readonly SoundDefinition[]): Problem[] {
  const claims = sound
    .filter(({ definition }) => definition.sockets.length > 0)
    .flatMap((owner) => owner.definition.sockets.map((socket): Claim => ({ owner, socket })));
  const byDoor = Map.groupBy(claims, ({ socket }) => doorOf(socket));
  return [...byDoor.values()].flatMap((rivals) => rivalProblemsOf(rivals)).concat(claims.flatMap(pathProblemsOf));
}

/** Sockets with different doors never meet. */
function doorOf({ listen }: SocketPolicy): string {
  if (isUnixAddress(listen)) return `path ${listen.path}`;
  return `${listen.tag} ${listen.port} ${listen.host.includes(":") ? "IPv6" : "IPv4"}`;
}

function rivalProblemsOf(rivals: readonly Claim[]): Problem[] {
  return rivals.flatMap((claim, index) => {
    const rival = rivals
      .slice(0, Math.min(index, MAX_COMPARED))
      .find((earlier) => isSame(earlier.socket, claim.socket));
    if (rival === undefined) return [];
    const { definition, problemAt } = claim.owner;
    const other = whoseOf(rival, definition);
    const reason = `${other} listens on ${quote(addressTextOf(rival.socket.listen))} already`;
    const isNet = !isUnixAddress(claim.socket.listen);
    const suggestion = isNet ? "write reuse_port = true in both if they are to share it" : null;
    return problemAt(faultAt(["sockets", claim.socket.name, "listen"], reason, suggestion), "use");
  });
}

/** Each is compared with so many of one port and kind: the first of a thousand alike is enough. */
const MAX_COMPARED = 64;

/** Of one port or path. The address of a whole machine has those of its parts in it. */
function isSame(left: SocketPolicy, right: SocketPolicy): boolean {
  if (left.reusePort && right.reusePort) return false;
  if (isUnixAddress(left.listen) || isUnixAddress(right.listen)) return true;
  const [one, other] = [left.listen.host, right.listen.host];
  return one === other || isWildcard(one) || isWildcard(other);
}

function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || /^[0:]+$/.test(host);
}

function whoseOf({ owner, socket }: Claim, { name }: Definition): string {
  return owner.definition.name === name ? `socket ${quote(socket.name)}` : quote(owner.definition.name);
}

function pathProblemsOf({ owner, socket }: Claim): Problem[] {
  if (!isUnixAddress(socket.listen)) return [];
  const length = Buffer.byteLength(socket.listen.path);
  if (length <= MAX_SOCKET_PATH) return [];
  const reason = `${quote(socket.listen.path)} has ${length} bytes, want at most ${MAX_SOCKET_PATH} for a socket`;
  return [owner.problemAt(faultAt(["sockets", socket.name, "listen"], reason), "use")];
}
