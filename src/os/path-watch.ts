/*
 * Tells when something changes at or below given paths: files are written, made, renamed or removed. Contents and names
 * count, permissions and times do not.
 *
 * A path is watched at every place that decides where it leads: its last component in the directory that it stands in, each
 * symbolic link on the way, and what is missing yet; so a file that an editor replaces by a rename, a link that is turned to
 * another release and a directory that is made later are all noticed. Below a directory everything is watched, directories
 * made later included; symbolic links below it are not followed.
 */
import { join } from "node:path";
import { type FileEvent, IN, IN_TOLD, Inotify } from "./inotify.ts";
import { type PathWalk, walkPath } from "./path-walk.ts";
import { isIgnored, subdirectoriesOf } from "./subdirectories.ts";

export type FileNews =
  | { readonly tag: "changed"; readonly owner: string; readonly path: string }
  /** Not everything can be watched from now on. `message` is a whole sentence. */
  | { readonly tag: "unseen"; readonly owner: string; readonly message: string };

/** For all owners together; the kernel needs about 1 KiB for each. */
const MOST_WATCHES = 8192;

/** So many directories are looked into in one go, which takes a few milliseconds. */
const SLICE = 256;

/** For a path that leads elsewhere each time it is looked at. */
const MOST_ATTEMPTS = 5;

const ENTRY = IN.closeWrite | IN.movedFrom | IN.movedTo | IN.create | IN.delete;
const SELF = IN.moveSelf | IN.deleteSelf;
const APPEARED = IN.movedTo | IN.create;
const NAMES = APPEARED | IN.movedFrom | IN.delete;

interface Root {
  readonly owner: string;
  readonly path: string;
  readonly uses: Set<Use>;
  end: PathWalk["end"];
  /** Directories that are still to be looked into. */
  ahead: number;
  /** What is dropped once there are none: until then nothing that was watched goes unseen. */
  former: readonly Use[];
}

/** What a watched directory is watched for. self: whether it stays; entry: one entry; tree: all of them. */
interface Use {
  readonly root: Root;
  readonly watch: number;
  readonly directory: string;
  readonly what:
    | { readonly tag: "self" }
    | { readonly tag: "tree" }
    | { readonly tag: "entry"; readonly name: string; readonly isLast: boolean };
}

export class PathWatch {
  readonly #inotify: Inotify;
  readonly #most: number;
  readonly #uses = new Map<number, Set<Use>>();
  readonly #roots = new Map<string, readonly Root[]>();
  readonly #complained = new Set<string>();
  #ahead: { readonly root: Root; readonly directory: string }[] = [];
  #news: FileNews[] = [];

  private constructor(inotify: Inotify, most: number) {
    this.#inotify = inotify;
    this.#most = most;
  }

  /** The name of an errno if nothing can be watched. */
  static open(most = MOST_WATCHES): PathWatch | string {
    const inotify = Inotify.open();
    return typeof inotify === "string" ? inotify : new PathWatch(inotify, most);
  }

  /** Readable while there is something to take. */
  get fd(): number {
    return this.#inotify.fd;
  }

  /** How many directories are watched. */
  get size(): number {
    return this.#uses.size;
  }

  /** true: there are directories that are not watched yet; each `take` watches some more. */
  get isBusy(): boolean {
    return this.#ahead.length > 0;
  }

  /**
   * From now on these are the owner's paths, all absolute; none: nothing is watched for it any more. What cannot be watched is
   * told by the next `take`, which the descriptor does not call for.
   */
  watch(owner: string, paths: readonly string[]): void {
    const former = this.#roots.get(owner) ?? [];
    this.#complained.delete(owner);
    const roots = paths.map((path): Root => ({
      owner,
      path,
      uses: new Set(),
      end: { tag: "missing" },
      ahead: 0,
      former: [],
    }));
    if (roots.length === 0) this.#roots.delete(owner);
    else this.#roots.set(owner, roots);
    for (const root of roots) this.#follow(root);
    this.#ahead = this.#ahead.filter(({ root }) => !former.includes(root));
    for (const root of former) for (const use of [...root.uses]) this.#drop(use);
    this.#lookAhead();
  }

  /** What has happened since the last call, in order. */
  take(): readonly FileNews[] {
    for (let events = this.#inotify.take(); events.length > 0; events = this.#inotify.take())
      for (const event of events) this.#happened(event);
    this.#lookAhead();
    const news = this.#news;
    this.#news = [];
    return news;
  }

  close(): void {
    this.#inotify.close();
    this.#uses.clear();
    this.#roots.clear();
  }

  #happened(event: FileEvent): void {
    if ((event.mask & IN_TOLD.overflow) !== 0) return this.#lostTrack();
    const uses = [...(this.#uses.get(event.watch) ?? [])];
    if ((event.mask & IN_TOLD.ignored) !== 0) {
      this.#uses.delete(event.watch);
      for (const use of uses) use.root.uses.delete(use);
      return;
    }
    for (const use of uses) if (use.root.uses.has(use)) this.#concerns(use, event);
  }

  #concerns(use: Use, { mask, name }: FileEvent): void {
    const { root, what } = use;
    switch (what.tag) {
      case "self":
        if ((mask & SELF) !== 0 && this.#followAgain(root)) this.#changed(root, root.path);
        return;
      case "entry": {
        if (what.name !== name || (mask & ENTRY) === 0) return;
        const isElsewhere = (mask & NAMES) !== 0 && this.#followAgain(root);
        if (isElsewhere || what.isLast) this.#changed(root, root.path);
        return;
      }
      case "tree":
        if (name !== "" && (mask & ENTRY) !== 0) this.#changedBelow(use, name, mask);
        return;
    }
  }

  #changedBelow({ root, directory }: Use, name: string, mask: number): void {
    const path = join(directory, name);
    const isDirectory = (mask & IN_TOLD.isDirectory) !== 0;
    if (isIgnored(name, isDirectory)) return;
    this.#changed(root, path);
    if (!isDirectory) return;
    if ((mask & APPEARED) !== 0) this.#watchTree(root, path);
    else if ((mask & IN.movedFrom) !== 0) {
      // What was moved away goes on being watched by the kernel, wherever it is now.
      const isBelow = (use: Use): boolean => use.directory === path || use.directory.startsWith(`${path}/`);
      for (const use of [...root.uses]) if (use.what.tag === "tree" && isBelow(use)) this.#drop(use);
    }
  }

  /** Events were lost: anything may have changed, directories may have been made. */
  #lostTrack(): void {
    for (const root of [...this.#roots.values()].flat()) {
      this.#followAgain(root);
      this.#changed(root, root.path);
    }
  }

  /** true if the path leads elsewhere than before. What is still to be watched stays watched meanwhile. */
  #followAgain(root: Root): boolean {
    root.former = [...root.uses];
    const before = root.end;
    this.#follow(root);
    this.#dropFormer(root);
    return identityOf(before) !== identityOf(root.end);
  }

  /** What is made or turned while the way is looked at may go unseen: so it is looked at again until it stays the same. */
  #follow(root: Root): void {
    let walk = walkPath(root.path);
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      root.end = walk.end;
      for (const directory of walk.directories) this.#add(root, { directory, mask: SELF, what: { tag: "self" } });
      // Where no file is written, its neighbours may be written to without waking anybody.
      const isFile = walk.end.tag === "file";
      for (const { directory, name, isLast } of walk.signposts)
        this.#add(root, { directory, mask: isFile && isLast ? ENTRY : NAMES, what: { tag: "entry", name, isLast } });
      if (walk.end.tag === "directory") this.#watchTree(root, walk.end.path);
      const again = walkPath(root.path);
      if (JSON.stringify(again) === JSON.stringify(walk)) return;
      walk = again;
    }
  }

  #watchTree(root: Root, directory: string): void {
    root.ahead++;
    this.#ahead.push({ root, directory });
  }

  /** Watches some of the directories that are still ahead, and finds those below them. */
  #lookAhead(): void {
    for (let count = 0; count < SLICE; count++) {
      const next = this.#ahead.pop();
      if (next === undefined) return;
      const { root, directory } = next;
      root.ahead--;
      if (this.#add(root, { directory, mask: ENTRY, what: { tag: "tree" } }))
        for (const name of subdirectoriesOf(directory)) this.#watchTree(root, join(directory, name));
      else {
        this.#ahead = this.#ahead.filter((each) => each.root !== root);
        root.ahead = 0;
      }
      this.#dropFormer(root);
    }
  }

  #dropFormer(root: Root): void {
    if (root.ahead > 0) return;
    for (const use of root.former) this.#drop(use);
    root.former = [];
  }

  /** false if no more can be watched. */
  #add(root: Root, { directory, mask, what }: Pick<Use, "directory" | "what"> & { readonly mask: number }): boolean {
    const added = this.#inotify.add(directory, mask);
    if (added.tag === "failed") {
      // Many directories may be passed through by everybody and read by few; what they are called by is seen elsewhere.
      if (what.tag === "self") return true;
      return this.#cannotAdd(root, directory, added.errno);
    }
    const uses = this.#uses.get(added.watch) ?? new Set();
    if (uses.size === 0 && this.#uses.size >= this.#most) {
      this.#inotify.remove(added.watch);
      return this.#complain(root, `more than ${this.#most} directories are watched`);
    }
    this.#uses.set(added.watch, uses);
    const use: Use = { root, watch: added.watch, directory, what };
    uses.add(use);
    root.uses.add(use);
    return true;
  }

  #cannotAdd(root: Root, directory: string, errno: string): boolean {
    if (errno === "ENOENT" || errno === "ENOTDIR") return true;
    if (errno === "ENOSPC") return this.#complain(root, "the user may have no more watches (max_user_watches)");
    this.#complain(root, `${errno}: ${directory}`);
    return true;
  }

  #complain({ owner, path }: Root, reason: string): false {
    if (this.#complained.has(owner)) return false;
    this.#complained.add(owner);
    this.#news.push({ tag: "unseen", owner, message: `cannot watch all of "${path}": ${reason}` });
    return false;
  }

  #drop(use: Use): void {
    use.root.uses.delete(use);
    const uses = this.#uses.get(use.watch);
    uses?.delete(use);
    if (uses === undefined || uses.size > 0) return;
    this.#uses.delete(use.watch);
    this.#inotify.remove(use.watch);
  }

  #changed({ owner }: Root, path: string): void {
    this.#news.push({ tag: "changed", owner, path });
  }
}

function identityOf(end: PathWalk["end"]): string {
  return end.tag === "missing" ? "" : end.identity;
}
