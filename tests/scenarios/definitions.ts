/** A definition that runs a shell script; `more` is TOML that follows. */
export function shell(script: string, more = ""): string {
  return program(["sh", "-c", script], more);
}

/** A definition that runs a program; `more` is TOML that follows. */
export function program(command: readonly string[], more = ""): string {
  // Strings of JSON are strings of TOML as well.
  return `command = ${JSON.stringify(command)}\n${more}\n`;
}

/**
 * A definition of a program that can run only once at a time: it holds a lock while it or a child of it lives. If the lock
 * is taken, it notes that in the file `violations` and fails. `then`: a shell script, run once the lock is held.
 */
export function onlyInstance(files: { lock: string; violations: string }, then: string, more = ""): string {
  const script = [
    `exec 9> "${files.lock}"`,
    `flock -n 9 || { echo "$DAEMONSUP_SERVICE: pid $$ is a second instance" >> "${files.violations}"; exit 99; }`,
    then,
  ];
  return shell(script.join("\n"), more);
}
