/*
 * Composition root of the Worker that looks at conditions and reads environment files: one service after the other. It also
 * opens the logs that services write themselves; descriptors belong to the whole process.
 */
import { type LookAnswer, type LookRequest, look } from "./config/look.ts";
import type { DirectBeginning, DirectEnds, DirectFiles } from "./core/direct-output.ts";
import { openDirectLog } from "./os/direct-log-file.ts";
import { closeLogFile, identityOfLogFile, logFileStatus } from "./os/log-file.ts";

declare const self: Worker;

self.onmessage = (event: MessageEvent<LookRequest>) => self.postMessage(answerTo(event.data));

function answerTo(request: LookRequest): LookAnswer {
  const seen = look(request);
  const isGoingOn = seen.unmet === null && seen.files.tag === "read";
  return { ...seen, ends: request.output === null || !isGoingOn ? null : openAll(request.output) };
}

function openAll({ stdout, stderr, owner }: DirectFiles): DirectEnds {
  const first = openDirectLog(stdout, owner);
  if (first.tag === "failed") return { tag: "failed", reason: `cannot open "${stdout}": ${first.reason}` };
  const began = beginningOf(stdout, first.fd);
  if (stderr === null) return { tag: "open", stdout: first.fd, stderr: first.fd, began };
  const second = openDirectLog(stderr, owner);
  if (second.tag === "open")
    return { tag: "open", stdout: first.fd, stderr: second.fd, began: [...began, ...beginningOf(stderr, second.fd)] };
  closeLogFile(first.fd);
  return { tag: "failed", reason: `cannot open "${stderr}": ${second.reason}` };
}

function beginningOf(path: string, fd: number): readonly DirectBeginning[] {
  const identity = identityOfLogFile(fd);
  const status = logFileStatus(fd);
  return identity === null || status === null ? [] : [{ path, identity, size: status.size }];
}
