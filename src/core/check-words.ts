import type { ListenAddress, ReadyMethod, SchedulePolicy } from "./life-policies.ts";

/**
 * What is waited for, in words: "http 127.0.0.1:8080/healthz". Of a command only the program is named and of an address neither
 * user nor query: they may hold what is nobody's business.
 */
export function checkWordsOf(method: ReadyMethod): string {
  switch (method.tag) {
    case "tcp":
      return `tcp ${hostWordsOf(method.host)}:${method.port}`;
    case "http":
      return `http ${method.url
        .replace(/^https?:\/\//, "")
        .replace(/^[^/?#]*@/, "")
        .replace(/[?#].*$/s, "")}`;
    case "command":
      return `command ${(method.command[0] ?? "").replace(/^.*\//, "")}`;
    case "notify":
      return "READY=1 from it";
    case "fd":
      return `a newline on its descriptor ${method.fd}`;
    case "log":
      return `a line of output like ${JSON.stringify(method.pattern)}`;
  }
}

/** "tcp 127.0.0.1:80", "unix /run/web.sock". */
export function listenWordsOf(address: ListenAddress): string {
  return "path" in address
    ? `${address.tag} ${address.path}`
    : `${address.tag} ${hostWordsOf(address.host)}:${address.port}`;
}

/** "cron 0 3 * * * Europe/Berlin", "every 15m". */
export function scheduleWordsOf({ cron, every, timezone }: SchedulePolicy): string {
  return cron === null ? `every ${spanOf(every ?? 0)}` : `cron ${cron}${timezone === null ? "" : ` (${timezone})`}`;
}

function hostWordsOf(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

/** A span in milliseconds, as people write it: "15m", "200ms". */
export function spanOf(span: number): string {
  const unit = UNITS.find(([, size]) => span >= size && span % size === 0);
  return unit === undefined ? `${span}ms` : `${span / unit[1]}${unit[0]}`;
}
