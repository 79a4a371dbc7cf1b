/** Looks for what a test needs and the machine may lack; says on standard error what is missing, null if nothing is. */
export function skipReason(
  what: string,
  needs: readonly (readonly [isThere: boolean, reason: string])[],
): string | null {
  const reason = needs.find(([isThere]) => !isThere)?.[1] ?? null;
  if (reason !== null) process.stderr.write(`SKIPPED: ${what}: ${reason}\n`);
  return reason;
}
