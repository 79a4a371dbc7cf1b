/* The files that guard the door to the network. What is weak is refused: nobody finds out later that it was. */
import type { Stats } from "node:fs";
import type { TcpSettings } from "../core/definition.ts";
import { quote } from "./problem.ts";
import { readTextFile } from "./read-file.ts";

/** Shortest and longest token, in characters: 32 of base 16 are 128 bits. */
const MIN_TOKEN = 32;
const MAX_TOKEN = 1024;
/** Fewer different characters are no accident. */
const MIN_DIFFERENT = 8;

export interface TcpFiles {
  readonly token: string;
  /** Text in PEM; null: no TLS. */
  readonly tls: { readonly certificate: string; readonly key: string } | null;
}

export interface TcpFault {
  /** Which key of [control.tcp] it concerns. */
  readonly key: "listen" | "token_file" | "certificate" | "key";
  readonly reason: string;
}

export type TcpFilesLoaded =
  | { readonly tag: "loaded"; readonly files: TcpFiles }
  | { readonly tag: "unusable"; readonly faults: readonly TcpFault[] };

/** Reads the files, and judges them and what is written about them. `uid`: who may own what is secret, beside root. */
export function loadTcpFiles(tcp: TcpSettings, uid: number): TcpFilesLoaded {
  const faults: TcpFault[] = [];
  function take(key: TcpFault["key"], read: Text): string {
    if (read.tag === "read") return read.text;
    faults.push({ key, reason: read.reason });
    return "";
  }
  const { certificate, key } = tcp;
  if (certificate === null && key !== null)
    faults.push({ key: "key", reason: "it is of no use without a certificate" });
  if (certificate !== null && key === null)
    faults.push({ key: "certificate", reason: "it is of no use without a key" });
  if (certificate === null && !isLoopback(tcp.listen.host))
    faults.push({
      key: "listen",
      reason: "others could listen in on the way, want a certificate and a key, or a loopback address",
    });
  const token = take("token_file", readToken(tcp.tokenFile, uid));
  const tls =
    certificate === null || key === null
      ? null
      : { certificate: take("certificate", readPem(certificate, "CERTIFICATE")), key: take("key", readKey(key, uid)) };
  return faults.length > 0 ? { tag: "unusable", faults } : { tag: "loaded", files: { token, tls } };
}

type Text = { readonly tag: "read"; readonly text: string } | { readonly tag: "refused"; readonly reason: string };

function readToken(path: string, uid: number): Text {
  const read = readSecret(path, uid);
  if (read.tag === "refused") return read;
  const token = read.text.replace(/\r?\n$/, "");
  if (!/^[\x21-\x7e]*$/.test(token))
    return refused(`${quote(path)} is no token, want one line of printable characters`);
  if (token.length < MIN_TOKEN || token.length > MAX_TOKEN)
    return refused(`the token in ${quote(path)} has ${token.length} characters, want ${MIN_TOKEN} to ${MAX_TOKEN}`);
  if (new Set(token).size < MIN_DIFFERENT)
    return refused(`the token in ${quote(path)} is easily guessed, want a random one`);
  return { tag: "read", text: token };
}

function readKey(path: string, uid: number): Text {
  const read = readSecret(path, uid);
  return read.tag === "read" && !/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(read.text)
    ? refused(`${quote(path)} is no private key in PEM`)
    : read;
}

function readPem(path: string, what: string): Text {
  const read = readTextFile(path);
  if (read.tag === "failed") return refused(`${quote(path)}: ${read.reason}`);
  return read.text.includes(`-----BEGIN ${what}-----`) ? read : refused(`${quote(path)} is no certificate in PEM`);
}

function readSecret(path: string, uid: number): Text {
  const read = readTextFile(path);
  // What is said of one byte would be said of the secret.
  if (read.tag === "failed")
    return refused(`${quote(path)}: ${/^(byte|NUL)/.test(read.reason) ? "it is no text in UTF-8" : read.reason}`);
  const wrong = faultOfOwner(read.stat, uid);
  return wrong === null ? read : refused(`${quote(path)} ${wrong}`);
}

function faultOfOwner({ mode, uid: owner }: Stats, uid: number): string | null {
  if ((mode & 0o077) !== 0)
    return `may be read or written by others (mode ${(mode & 0o7777).toString(8).padStart(4, "0")}), want mode 0600`;
  return owner === 0 || owner === uid ? null : `belongs to user ${owner}, want user ${uid}`;
}

function isLoopback(host: string): boolean {
  return host === "::1" || host.startsWith("127.");
}

function refused(reason: string): Text {
  return { tag: "refused", reason };
}
