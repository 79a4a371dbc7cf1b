/* What the managers of a machine read in order to start a supervisor with it. */

/** A supervisor that is to be started with the machine. Paths are absolute. */
export interface BootedSupervisor {
  readonly program: string;
  readonly config: string;
  /** --name, or null. */
  readonly name: string | null;
  /** $XDG_STATE_HOME of a user who has it, and whose manager may not know it; else null. */
  readonly stateHome: string | null;
  /** The user's login name; it runs as this one. */
  readonly user: string;
  readonly isRoot: boolean;
  readonly runtime: string;
}

/** By this line a file of ours is known again. */
export const MARK = '# Made by "daemonsup install"; "daemonsup uninstall" takes it away.';

/** daemonsup, or daemonsup-NAME: what the manager calls it. */
export function bootNameOf({ name }: Pick<BootedSupervisor, "name">): string {
  return name === null ? "daemonsup" : `daemonsup-${name}`;
}

/**
 * A unit for systemd (systemd.service(5)): it is told when all is up (Type=notify), signals the supervisor alone and kills what
 * may be left at the end (KillMode=mixed), and does not try again what cannot succeed: a wrong configuration.
 */
export function systemdUnit(supervisor: BootedSupervisor): string {
  const { stateHome, config } = supervisor;
  const words = [supervisor.program, "--foreground", ...optionsOf(supervisor)].map(systemdWord);
  return `${MARK}
[Unit]
Description=daemonsup: the services of ${config.replaceAll("%", "%%")}
After=network.target local-fs.target

[Service]
Type=notify
NotifyAccess=main
ExecStart=${words.join(" ")}
ExecReload=/bin/kill -HUP $MAINPID
${stateHome === null ? "" : `Environment=${systemdWord(`XDG_STATE_HOME=${stateHome}`)}\n`}KillMode=mixed
TimeoutStartSec=90
TimeoutStopSec=infinity
WatchdogSec=60
Restart=on-failure
RestartPreventExitStatus=2 6
OOMPolicy=continue
Delegate=yes

[Install]
WantedBy=${supervisor.isRoot ? "multi-user.target" : "default.target"}
`;
}

/** A script for OpenRC (openrc-run(8)): the supervisor becomes a daemon by itself and writes the pid file. */
export function openrcScript(supervisor: BootedSupervisor): string {
  const words = optionsOf(supervisor).map(shellWord).join(" ");
  return `#!/sbin/openrc-run
${MARK}
name=${shellWord(bootNameOf(supervisor))}
description=${shellWord(`The services of ${supervisor.config}`)}
command=${shellWord(supervisor.program)}
command_args=${shellWord(words)}
pidfile=${shellWord(`${supervisor.runtime}/supervisor.pid`)}
extra_started_commands="reload"
# Services have as long as their definitions give them.
retry="TERM/3600/QUIT/30"

depend() {
  need localmount
  use logger
  after net
}

reload() {
  ebegin "Reloading $name"
  start-stop-daemon --signal HUP --pidfile "$pidfile"
  eend $?
}
`;
}

/** Lines of a crontab(5); `withUser`: of one in /etc/cron.d, where the user stands in each line. */
export function cronLines(supervisor: BootedSupervisor, withUser: boolean): readonly string[] {
  const { stateHome, user, program } = supervisor;
  const variable = stateHome === null ? [] : [`XDG_STATE_HOME=${shellWord(stateHome)}`];
  const command = [...variable, shellWord(program), ...optionsOf(supervisor).map(shellWord)].join(" ");
  // cron takes % for the end of the command.
  const line = `@reboot ${withUser ? `${user} ` : ""}${command.replaceAll("%", "\\%")}`;
  return [`${MARK} (${bootNameOf(supervisor)})`, line];
}

function optionsOf({ config, name }: BootedSupervisor): readonly string[] {
  return ["--config", config, ...(name === null ? [] : ["--name", name])];
}

/** As systemd.service(5) quotes: % are specifiers and $ are variables unless doubled. */
function systemdWord(word: string): string {
  const text = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[A-Za-z0-9_./@%$:=+-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

function shellWord(word: string): string {
  return /^[A-Za-z0-9_./@%:=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
