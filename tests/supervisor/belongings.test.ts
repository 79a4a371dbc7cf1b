import { describe, expect, spyOn, test } from "bun:test";
import { environmentOf, twoServices } from "./two-services.ts";

describe("ends that are told together", () => {
  test("need one look for what all of them have left", () => {
    const { machine, belongings, endMain } = twoServices();
    for (const pid of [201, 301]) machine.becomeZombie(pid);
    const strangers = spyOn(machine, "strangers");
    belongings.orphans.whileMetOf([201, 301], () => {
      expect([endMain("web", 201), endMain("db", 301)]).toEqual([0, 0]);
    });
    expect(strangers).toHaveBeenCalledTimes(1);
  });

  test("need another one for a number that another process has by then", () => {
    const { machine, belongings, begin, endMain } = twoServices();
    for (const pid of [201, 301]) machine.becomeZombie(pid);
    belongings.orphans.whileMetOf([201, 301], () => {
      expect(endMain("web", 201)).toBe(0);
      begin("web", 201, 2);
      machine.start(202, { parent: 201, group: 201 });
      expect(endMain("web", 201)).toBe(1);
    });
  });
});

describe("what belongs to a service", () => {
  test("is what descends from its main process, in whatever session", () => {
    const { machine, pidsOf } = twoServices();
    machine.start(202, { parent: 201, group: 201 });
    machine.start(203, { parent: 202 });
    machine.start(302, { parent: 301, group: 301 });
    expect(pidsOf("web")).toEqual([202, 203]);
    expect(pidsOf("db")).toEqual([302]);
  });

  test("is no process that has ended, nobody else's, and not the supervisor", () => {
    const { machine, pidsOf } = twoServices();
    machine.start(202, { parent: 201, group: 201 });
    machine.becomeZombie(202);
    machine.start(900, { parent: 1 });
    machine.start(901);
    expect(pidsOf("web")).toEqual([]);
    expect(pidsOf("nothing")).toEqual([]);
  });

  test("is an orphan in its session, and what descends from that", () => {
    const { machine, pidsOf } = twoServices();
    machine.start(202, { group: 202, session: 201 });
    machine.start(203, { parent: 202 });
    expect(pidsOf("web")).toEqual([202, 203]);
    expect(pidsOf("db")).toEqual([]);
  });

  test("is an orphan that was known before its parent died", () => {
    const { machine, pidsOf, endMain } = twoServices();
    machine.start(202, { parent: 201, environment: null });
    machine.start(203, { parent: 202, environment: null });
    expect(pidsOf("web")).toEqual([202, 203]);
    machine.end(202);
    expect(pidsOf("web")).toEqual([203]);
    expect(endMain("web", 201)).toBe(1);
    expect(pidsOf("web")).toEqual([203]);
  });

  test("is an orphan whose environment names its run", () => {
    const { machine, pidsOf } = twoServices();
    machine.start(202, { environment: environmentOf("web") });
    machine.start(203, { parent: 202 });
    expect(pidsOf("web")).toEqual([202, 203]);
  });

  test("is no orphan whose environment names an earlier run, another service's run, or cannot be read", () => {
    const { belongings, machine, pidsOf, unknown } = twoServices();
    machine.start(202, { environment: environmentOf("web", 0) });
    machine.start(203, { environment: { DAEMONSUP_SERVICE: "web", INVOCATION_ID: "db-1" } });
    machine.start(204, { environment: { INVOCATION_ID: "web-1" } });
    machine.start(205);
    for (const service of ["web", "db", "web"]) expect(pidsOf(service)).toEqual([]);
    // One that shows no environment may be in the middle of an exec, for a while.
    expect(unknown).not.toContain(205);
    for (let look = 0; look <= 40; look++) belongings.retryOrphans();
    // But that they came out of some service is certain, and told once.
    expect(unknown.toSorted((left, right) => left - right)).toEqual([202, 203, 204, 205]);
  });

  test("is told by the session before the environment: that is inherited by whatever is started from inside", () => {
    const { machine, pidsOf } = twoServices();
    machine.start(302, { group: 302, session: 301, environment: environmentOf("web") });
    expect(pidsOf("db")).toEqual([302]);
    expect(pidsOf("web")).toEqual([]);
  });

  test("is not what has taken the number of its session, once nobody held that any more", () => {
    const { machine, endMain, pidsOf } = twoServices();
    machine.start(210, { parent: 201 });
    expect(endMain("web", 201)).toBe(1);
    expect(pidsOf("web")).toEqual([210]);
    machine.start(303, { parent: 301, group: 301 });
    machine.start(201, { parent: 303 });
    machine.end(303);
    expect([pidsOf("web"), pidsOf("db")]).toEqual([[210], [201]]);
  });

  test("is no command that is run on its behalf, and nothing below one", () => {
    const { machine, belongings, pidsOf } = twoServices();
    machine.start(401, { environment: environmentOf("web") });
    belongings.addHelper(401);
    machine.start(402, { parent: 401, environment: environmentOf("web") });
    expect(pidsOf("web")).toEqual([]);
  });

  test("is nothing of a process outside, whatever its session, group and environment say", () => {
    const { machine, pidsOf } = twoServices();
    machine.start(950, { parent: 1, group: 201, environment: environmentOf("web") });
    expect(pidsOf("web")).toEqual([]);
  });
});

describe("the end of a main process", () => {
  test("tells how many others are left", () => {
    const { machine, endMain } = twoServices();
    machine.start(202, { parent: 201, group: 201 });
    machine.start(203, { parent: 202 });
    expect(endMain("web", 201)).toBe(2);
    expect(endMain("db", 301)).toBe(0);
  });

  test("tells also of what has taken the number of a command or of an orphan that was reaped", () => {
    const { machine, belongings, endMain, pidsOf } = twoServices();
    machine.start(401);
    belongings.addHelper(401);
    machine.start(202, { session: 201 });
    expect(pidsOf("web")).toEqual([202]);
    for (const pid of [401, 202]) {
      machine.end(pid);
      belongings.reaped(pid);
    }
    machine.start(401, { session: 201 });
    machine.start(202, { session: 301 });
    expect([endMain("web", 201), endMain("db", 301)]).toEqual([1, 1]);
    expect([pidsOf("web"), pidsOf("db")]).toEqual([[401], [202]]);
  });

  test("looks at all processes if a child that is new cannot be seen alone", () => {
    const { machine, endMain } = twoServices();
    machine.start(202, { session: 201 });
    machine.row = () => null;
    expect(endMain("web", 201)).toBe(1);
    expect(machine.looks).toBe(1);
  });

  test("needs no look at all processes while every child is a main process or a command", () => {
    const { machine, belongings, endMain } = twoServices();
    machine.start(401);
    belongings.addHelper(401);
    expect(endMain("web", 201)).toBe(0);
    expect(machine.looks).toBe(0);
  });

  test("ends the run if nothing is left, and then nothing is held any more", () => {
    const { machine, belongings, endMain } = twoServices();
    endMain("web", 201);
    endMain("db", 301);
    expect([belongings.mainOf("web"), belongings.serviceOfMain(201)]).toEqual([null, null]);
    expect(machine.openPidfds).toBe(0);
  });

  test("of which something is left keeps hold of it until it has gone", () => {
    const { machine, belongings, endMain, pidsOf } = twoServices();
    machine.start(202, { parent: 201 });
    endMain("web", 201);
    endMain("db", 301);
    expect(machine.openPidfds).toBe(1);
    machine.end(202);
    expect(pidsOf("web")).toEqual([]);
    expect(machine.openPidfds).toBe(0);
    belongings.over("web");
    belongings.over("web");
  });

  test("that never executed is the end of the run, and its descriptor is not closed again", () => {
    const { machine, belongings } = twoServices();
    // The spawner has closed it.
    machine.closeFd(11);
    machine.end(201);
    belongings.vanished("web");
    expect([belongings.mainOf("web"), belongings.serviceOfMain(201)]).toEqual([null, null]);
  });
});

describe("a signal to a service", () => {
  test("reaches each of its processes once, then SIGCONT, and nobody else", () => {
    const { machine, belongings } = twoServices();
    machine.start(202, { parent: 201, group: 201 });
    machine.start(203, { parent: 201 });
    machine.start(204, { parent: 203, group: 203 });
    machine.start(302, { parent: 301, group: 301 });
    machine.start(901);
    belongings.signalAll("web", "SIGTERM");
    expect([...machine.received].sort()).toEqual(
      [201, 202, 203, 204].flatMap((pid) => [`${pid} SIGCONT`, `${pid} SIGTERM`]),
    );
    expect(machine.received.findLastIndex((line) => line.endsWith("SIGTERM"))).toBe(3);
  });

  test("for the main process reaches that alone", () => {
    const { machine, belongings, endMain } = twoServices();
    machine.start(202, { parent: 201, group: 201 });
    expect(belongings.signalMain("web", "SIGHUP")).toBe(true);
    expect(machine.received).toEqual(["201 SIGHUP"]);
    endMain("web", 201);
    expect(belongings.signalMain("web", "SIGHUP")).toBe(false);
    expect(belongings.signalMain("nothing", "SIGHUP")).toBe(false);
  });

  test("reaches what is left after the main process has ended", () => {
    const { machine, belongings, endMain } = twoServices();
    machine.start(202, { parent: 201, group: 201 });
    machine.start(203, { parent: 201 });
    endMain("web", 201);
    belongings.signalAll("web", "SIGTERM");
    expect(machine.takeReceivers("SIGTERM")).toEqual([202, 203]);
  });

  test("does not reach a group whose number has become another service's", () => {
    const { machine, belongings, begin, endMain } = twoServices();
    machine.start(210, { parent: 201 });
    expect(endMain("web", 201)).toBe(1);
    // Nothing holds the group 201 any more, so the number is free.
    begin("api", 201);
    machine.start(211, { parent: 201, group: 201 });
    belongings.signalAll("web", "SIGTERM");
    expect(machine.takeReceivers("SIGTERM")).toEqual([210]);
    belongings.signalAll("api", "SIGTERM");
    expect(machine.takeReceivers("SIGTERM")).toEqual([201, 211]);
    belongings.over("web");
    belongings.signalAll("api", "SIGTERM");
    expect(machine.takeReceivers("SIGTERM")).toEqual([201, 211]);
  });

  test("does not reach a group of strangers that has taken the number since", () => {
    const { machine, belongings, endMain } = twoServices();
    machine.start(210, { parent: 201 });
    endMain("web", 201);
    machine.start(201, { parent: 1 });
    machine.start(960, { parent: 201, group: 201 });
    belongings.signalAll("web", "SIGTERM");
    expect(machine.takeReceivers("SIGTERM")).toEqual([210]);
  });

  test("does not reach a process that has taken the number of one that was known", () => {
    const { machine, belongings, pidsOf } = twoServices();
    machine.start(210, { parent: 201 });
    expect(pidsOf("web")).toEqual([210]);
    machine.end(210);
    machine.start(210, { parent: 1 });
    belongings.signalAll("web", "SIGTERM");
    expect(machine.takeReceivers("SIGTERM")).toEqual([201]);
  });

  test("does not reach a process that takes a number between the look and the taking hold", () => {
    const { machine, belongings } = twoServices();
    machine.start(210, { parent: 201 });
    machine.onOpen = () => {
      machine.end(210);
      machine.start(210, { parent: 1 });
    };
    belongings.signalAll("web", "SIGTERM");
    expect(machine.takeReceivers("SIGTERM")).toEqual([201]);
  });

  test("reads about none but the service's own processes", () => {
    const { machine, belongings } = twoServices();
    machine.start(202, { parent: 201, group: 201 });
    for (const service of ["web", "db"]) belongings.signalAll(service, "SIGTERM");
    expect(machine.looks).toBe(0);
    expect(machine.takeReceivers("SIGTERM")).toEqual([201, 202, 301]);
  });

  test("looks at the machine once a turn, however many services are signalled", () => {
    const { machine, timers, belongings, begin } = twoServices();
    const services = Array.from({ length: 50 }, (_, index) => `service-${index}`);
    for (const [index, service] of services.entries()) begin(service, 1_000 + index);
    for (const service of services) belongings.signalAll(service, "SIGTERM");
    expect(machine.takeReceivers("SIGTERM")).toEqual(services.map((_, index) => 1_000 + index));
    expect(machine.looks).toBe(1);
    timers.turns();
    for (const service of services) belongings.signalAll(service, "SIGTERM");
    expect(machine.looks).toBe(2);
  });
});

describe("while what the guardian had adopted cannot be seen, as it has just died,", () => {
  test("a main process that has ended may have left others, and the service is not empty", () => {
    const { machine, belongings, endMain } = twoServices();
    machine.isWhole = false;
    expect(endMain("web", 201)).toBe(1);
    expect([belongings.isEmpty("web"), belongings.orphans.hasOpen]).toEqual([false, true]);
    machine.isWhole = true;
    expect([belongings.isEmpty("web"), belongings.orphans.hasOpen]).toEqual([true, false]);
  });

  test("it is waited for, but not for ever", () => {
    const { machine, belongings, endMain } = twoServices();
    machine.isWhole = false;
    endMain("web", 201);
    let retries = 0;
    for (; !belongings.isEmpty("web") && retries < 1_000; retries++) belongings.retryOrphans();
    expect(retries).toBe(40);
  });
});

describe("killing a service", () => {
  test("reaches what is forked meanwhile into a session of its own", () => {
    const { machine, belongings } = twoServices();
    machine.start(202, { parent: 201 });
    machine.onKill = (pid) => {
      if (pid === 202) machine.start(203, { environment: environmentOf("web") });
      if (pid === 203) machine.start(204, { environment: environmentOf("web") });
    };
    belongings.killAll("web");
    const killed = machine.takeReceivers("SIGKILL");
    expect(killed).toContain(203);
    expect(killed).not.toContain(301);
  });

  test("comes to an end, also if something forks without end", () => {
    const { machine, belongings } = twoServices();
    let last = 1_000;
    const fork = (): void => void machine.start(++last, { environment: environmentOf("web") });
    fork();
    // One more after each round, so that it never seems to be over.
    machine.onKill = (pid) => {
      if (pid === last) fork();
      fork();
    };
    belongings.killAll("web");
    expect(machine.takeReceivers("SIGKILL").length).toBeGreaterThan(2);
  });
});
