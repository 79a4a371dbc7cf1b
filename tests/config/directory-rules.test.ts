import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRoot, lines, makePlace, mustLoad, problemsIn, problemsOf } from "./load-texts.ts";

const GOOD = 'command = ["true"]\n';

describe("a directory that cannot be read is refused, never taken for an empty one", () => {
  test("one that is missing", () => {
    using place = makePlace();
    rmSync(place.directory, { recursive: true });
    const refusal = ['services.d:1:1: cannot read "services.d": no such file or directory'];
    expect(problemsIn(place)).toEqual(refusal);
    expect(problemsIn(place, { allowEmpty: true })).toEqual(refusal);
  });

  test("one that is a file", () => {
    using place = makePlace({ "web.toml": GOOD });
    expect(problemsIn(place, { directory: join(place.directory, "web.toml") })).toEqual([
      'services.d:1:1: cannot read "services.d": it is not a directory',
    ]);
  });

  test.skipIf(isRoot)("one without permission (not as root)", () => {
    using place = makePlace({ "web.toml": GOOD });
    chmodSync(place.directory, 0o000);
    expect(problemsIn(place, { allowEmpty: true })).toEqual([
      'services.d:1:1: cannot read "services.d": permission denied',
    ]);
    chmodSync(place.directory, 0o755);
  });

  test("an empty one, unless that is allowed", () => {
    using place = makePlace({ README: "" });
    expect(problemsIn(place)).toEqual([
      'services.d:1:1: cannot read "services.d": it holds no service definition, want files like NAME.toml\n  write --allow-empty if it is meant to be empty',
    ]);
    expect(mustLoad(place.load({ allowEmpty: true })).definitions).toEqual([]);
  });
});

describe("the name of a file is the name of a service", () => {
  const bad: readonly (readonly [string, string])[] = [
    [
      "daemonsup.yaml",
      "this name is taken by the supervisor itself\n  the supervisor's own settings stand in daemonsup.toml",
    ],
    ["-web.toml", 'a name does not begin with "." or "-"'],
    ["we b.toml", 'want a name of ASCII letters, digits, ".", "_" and "-"'],
    ["wéb.toml", 'want a name of ASCII letters, digits, ".", "_" and "-"'],
    ["@x.toml", 'a name has at most one "@", between a template and its instance'],
    ["web@1@2.toml", 'a name has at most one "@", between a template and its instance'],
    [`${"x".repeat(65)}.toml`, "the name has 65 characters, want at most 64"],
  ];
  for (const [file, reason] of bad) {
    test(`${file} is refused`, () => {
      expect(problemsOf({ [file]: GOOD })).toEqual([
        `services.d/${file}:1:1: cannot define service ${JSON.stringify(file.slice(0, file.lastIndexOf(".")))}: ${reason}`,
      ]);
    });
  }

  test("64 characters, dots, dashes and underlines are taken", () => {
    const names = ["x".repeat(64), "a.b-c_d", "9"];
    using place = makePlace(Object.fromEntries(names.map((name) => [`${name}.toml`, GOOD])));
    expect(mustLoad(place.load()).definitions.map(({ name }) => name)).toEqual(["9", "a.b-c_d", "x".repeat(64)]);
  });

  test("a control character in a file's name does not reach the terminal", () => {
    expect(problemsOf({ "we\u001b[31mb.toml": GOOD })[0]).toStartWith(
      'services.d/we?[31mb.toml:1:1: cannot define service "we\\u001b[31mb"',
    );
  });

  test("two files may not define one service", () => {
    expect(problemsOf({ "web.toml": GOOD, "web.yaml": "command: 'true'", "web.json": '{"command": "true"}' })).toEqual([
      'services.d/web.toml:1:1: cannot define service "web": "services.d/web.json" defines it too',
      'services.d/web.yaml:1:1: cannot define service "web": "services.d/web.json" defines it too',
    ]);
  });
});

test("files that are no definitions are listed, hidden files and editor backups are not", () => {
  using place = makePlace({
    "web.toml": GOOD,
    "clock.ts": "",
    README: "",
    "web.toml.bak": "",
    "WEB.TOML": "",
    ".hidden.toml": "nonsense",
    "web.toml~": "",
    "#web.toml#": "",
    ".web.toml.swp": "",
    "a.toml.swp": "",
  });
  mkdirSync(join(place.directory, "sub"));
  expect(mustLoad(place.load()).ignored).toEqual(["README", "WEB.TOML", "clock.ts", "sub/", "web.toml.bak"]);
});

describe("a definition is a regular file, or a link to one", () => {
  test("a link is followed, and relative paths begin in the directory of the link", () => {
    using place = makePlace();
    const outside = join(place.directory, "..", "outside.toml");
    writeFileSync(outside, 'command = ["./run"]\n', { mode: 0o644 });
    symlinkSync(outside, join(place.directory, "web.toml"));
    const [definition] = mustLoad(place.load()).definitions;
    expect(definition?.command).toEqual([join(place.directory, "run")]);
    expect(definition?.source).toBe(join(place.directory, "web.toml"));
  });

  test("a link to nothing, in a circle, to a directory and to a device", () => {
    using place = makePlace({ "ok.toml": GOOD });
    symlinkSync("nowhere", join(place.directory, "a.toml"));
    symlinkSync("b.toml", join(place.directory, "b.toml"));
    symlinkSync("/", join(place.directory, "c.toml"));
    symlinkSync("/dev/null", join(place.directory, "d.toml"));
    expect(problemsIn(place)).toEqual([
      'services.d/a.toml:1:1: cannot read "a.toml": it is a symbolic link to nothing',
      'services.d/b.toml:1:1: cannot read "b.toml": too many symbolic links',
      'services.d/c.toml:1:1: cannot read "c.toml": it is a directory, want a regular file',
      'services.d/d.toml:1:1: cannot read "d.toml": it is a device, want a regular file',
    ]);
  });

  test("a directory and a FIFO that nobody writes to", () => {
    using place = makePlace();
    mkdirSync(join(place.directory, "a.toml"));
    expect(Bun.spawnSync(["mkfifo", join(place.directory, "b.toml")]).exitCode).toBe(0);
    expect(problemsIn(place)).toEqual([
      'services.d/a.toml:1:1: cannot read "a.toml": it is a directory, want a regular file',
      'services.d/b.toml:1:1: cannot read "b.toml": it is a FIFO, want a regular file',
    ]);
  });

  test.skipIf(isRoot)("one without permission (not as root)", () => {
    using place = makePlace({ "web.toml": GOOD });
    chmodSync(join(place.directory, "web.toml"), 0o000);
    expect(problemsIn(place)).toEqual(['services.d/web.toml:1:1: cannot read "web.toml": permission denied']);
  });
});

describe("a definition is text of a bounded size", () => {
  const bytes = (...parts: (string | number[])[]): Uint8Array =>
    Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part))));

  test("1 MiB is taken, one byte more is not", () => {
    const rest = 1024 * 1024 - GOOD.length;
    expect(problemsOf({ "web.toml": `${GOOD}#${"x".repeat(rest - 1)}` })).toEqual([]);
    expect(problemsOf({ "web.toml": `${GOOD}#${"x".repeat(rest)}` })).toEqual([
      'services.d/web.toml:1:1: cannot read "web.toml": it has 1048577 bytes, want at most 1 MiB',
    ]);
  });

  const faulty: readonly (readonly [string, Uint8Array, string])[] = [
    [
      "a byte that begins nothing",
      bytes("# é\nab = ", [0xff], "x\n"),
      '2:6: cannot read "web.toml": byte 0xff is not UTF-8',
    ],
    [
      "a character that does not end",
      bytes("a\n", [0xe2, 0x82], "x"),
      '2:1: cannot read "web.toml": byte 0xe2 is not UTF-8',
    ],
    [
      "a character cut off by the end of the file",
      bytes("a = é", [0xc3]),
      '1:6: cannot read "web.toml": byte 0xc3 is not UTF-8',
    ],
    ["a surrogate", bytes("x", [0xed, 0xa0, 0x80]), '1:2: cannot read "web.toml": byte 0xed is not UTF-8'],
    ["a NUL byte", bytes("a = 1\nb", [0], "\n"), '2:2: cannot read "web.toml": NUL byte'],
  ];
  for (const [title, content, problem] of faulty) {
    test(title, () => expect(problemsOf({ "web.toml": content })).toEqual([`services.d/web.toml:${problem}`]));
  }

  test("a file with so many keys that parsing would take long", () => {
    const text = Array.from({ length: 20_000 }, (_, index) => `k${index}=1\n`).join("");
    expect(problemsOf({ "web.toml": text })).toEqual([
      'services.d/web.toml:1:1: cannot parse "web.toml": it has more than 10000 of the characters that make keys and lists ([ { = : . -)',
    ]);
  });

  test("more than 4096 services are refused", () => {
    using place = makePlace(Object.fromEntries(Array.from({ length: 4097 }, (_, index) => [`s${index}.toml`, ""])));
    expect(problemsIn(place)).toEqual([
      'services.d:1:1: cannot read "services.d": it holds 4097 definitions, want at most 4096',
    ]);
  });
});

test("all problems of all files come at once, in the order of files and lines", () => {
  const files = {
    "b.toml": lines("nice = 'x'", "command = 5"),
    "a.json": "{}",
    "daemonsup.toml": "[syslog]\nlevel = 'x'\n",
  };
  expect(problemsOf(files).map((problem) => problem.split(": cannot")[0])).toEqual([
    "services.d/a.json:1:1",
    "services.d/b.toml:1:8",
    "services.d/b.toml:2:11",
    "services.d/daemonsup.toml:2:9",
  ]);
});

describe("root believes only what others cannot write", () => {
  const asRoot = { isRoot: true, invokingUid: process.getuid?.() ?? 0 };

  test("a definition that everybody may write", () => {
    using place = makePlace({ "web.toml": GOOD, "daemonsup.toml": "" });
    chmodSync(join(place.directory, "web.toml"), 0o646);
    chmodSync(join(place.directory, "daemonsup.toml"), 0o666);
    expect(problemsIn(place, asRoot)).toEqual([
      'services.d/daemonsup.toml:1:1: cannot read "daemonsup.toml": everybody may write it (mode 0666), and root would run what it says',
      'services.d/web.toml:1:1: cannot read "web.toml": everybody may write it (mode 0646), and root would run what it says',
    ]);
    expect(problemsIn(place, { isRoot: false })).toEqual([]);
  });

  test("a directory that everybody may write, sticky or not", () => {
    using place = makePlace({ "web.toml": GOOD });
    chmodSync(place.directory, 0o1777);
    expect(problemsIn(place, asRoot)).toEqual([
      'services.d:1:1: cannot read "services.d": everybody may write it (mode 1777), and root would run what it says',
    ]);
  });

  test("of a link, its target counts", () => {
    using place = makePlace();
    const outside = join(place.directory, "../outside.toml");
    writeFileSync(outside, GOOD);
    chmodSync(outside, 0o666);
    symlinkSync(outside, join(place.directory, "web.toml"));
    expect(problemsIn(place, asRoot)).toHaveLength(1);
    chmodSync(outside, 0o664);
    expect(problemsIn(place, asRoot)).toEqual([]);
  });

  test.skipIf(!isRoot)("what belongs to somebody else, but not to whoever gave the command (only as root)", () => {
    using place = makePlace({ "web.toml": GOOD });
    chownSync(join(place.directory, "web.toml"), 4711, 0);
    expect(problemsIn(place, { isRoot: true, invokingUid: 0 })).toEqual([
      'services.d/web.toml:1:1: cannot read "web.toml": it belongs to user 4711, neither root nor you, and root would run what it says',
    ]);
    expect(problemsIn(place, { isRoot: true, invokingUid: 4711 })).toEqual([]);
    expect(problemsIn(place, { isRoot: false, invokingUid: 0 })).toEqual([]);
  });
});
