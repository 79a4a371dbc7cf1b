/* Composition root of the Worker that compresses rotated log files: one after the other, behind everybody else. */
import type { CompressionJob } from "./log/compression-job.ts";
import { compressFile, syncDirectoryOf } from "./os/compress-file.ts";
import { lowerPriorityOfThread } from "./os/low-priority.ts";

declare const self: Worker;

lowerPriorityOfThread();
self.onmessage = ({ data: job }: MessageEvent<CompressionJob>) =>
  self.postMessage(job.step === "sync" ? syncDirectoryOf(job.target) : compressFile(job));
