/** What a Worker has thrown, out of the runtime's report, which quotes the source around it. */
export function threadEndOf(report: string): string {
  const lines = report.split("\n");
  const line = lines.find((one) => /^(\w*Error|error): /u.test(one)) ?? lines[0] ?? report;
  return line.replace(/^error: /u, "");
}
