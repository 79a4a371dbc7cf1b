import { expect, test } from "bun:test";
import { crontabWith } from "../../src/cli/boot-plan.ts";
import { type BootedSupervisor, cronLines, MARK, openrcScript, systemdUnit } from "../../src/cli/boot-texts.ts";

const PLAIN: BootedSupervisor = {
  program: "/usr/local/bin/daemonsup",
  config: "/etc/services.d",
  name: null,
  stateHome: null,
  user: "root",
  isRoot: true,
  runtime: "/run/daemonsup",
};

test.each([
  ["/plain/path", "/plain/path"],
  ["/with blank", '"/with blank"'],
  ['/quo"te', '"/quo\\"te"'],
  ["/back\\slash", '"/back\\\\slash"'],
  ["/100%", "/100%%"],
  ["/$HOME", "/$$HOME"],
])("a unit names %p so that systemd reads just that", (config, written) => {
  const unit = systemdUnit({ ...PLAIN, config });
  expect(unit).toContain(`\nExecStart=/usr/local/bin/daemonsup --foreground --config ${written}\n`);
});

test("a user's unit is wanted by what that user has, and knows where the user keeps state", () => {
  const unit = systemdUnit({ ...PLAIN, isRoot: false, stateHome: "/home/a b/state" });
  expect(unit).toContain("\nWantedBy=default.target\n");
  expect(unit).toContain('\nEnvironment="XDG_STATE_HOME=/home/a b/state"\n');
});

test("a line of cron has no % that would end it, and words that a shell reads as they are", () => {
  expect(cronLines({ ...PLAIN, config: "/it's 100%", user: "eve" }, true)[1]).toBe(
    "@reboot eve /usr/local/bin/daemonsup --config '/it'\\''s 100\\%'",
  );
});

test("a script of OpenRC quotes twice what is read twice", () => {
  expect(openrcScript({ ...PLAIN, config: "/a b" })).toContain("\ncommand_args='--config '\\''/a b'\\'''\n");
});

const OURS = [`${MARK} (x)`, "@reboot us"];

test.each([
  { what: "nothing", before: "", lines: OURS, after: `${OURS.join("\n")}\n` },
  { what: "others", before: "0 1 * * * true\n", lines: OURS, after: `0 1 * * * true\n${OURS.join("\n")}\n` },
  { what: "ours", before: `a\n${OURS[0]}\n@reboot old\nb\n`, lines: OURS, after: `a\nb\n${OURS.join("\n")}\n` },
  { what: "ours, to be taken away", before: `a\n${OURS.join("\n")}\nb\n`, lines: [], after: "a\nb\n" },
  { what: "only ours, to be taken away", before: `${OURS.join("\n")}\n`, lines: [], after: "" },
])("a crontab with $what keeps whatever is not ours", ({ before, lines, after }) => {
  expect(crontabWith(before, lines, OURS[0] ?? "")).toBe(after);
});
