import { layout } from "./layout";
import type { Plan, Spots } from "./model";

/** Where everything stands, and how long that took to find out. */
export interface Laid {
  readonly spots: Spots;
  readonly tookMs: number;
}

interface Answer extends Laid {
  readonly job: number;
}

let worker: Worker | null | undefined;
let jobs = 0;
const waiting = new Map<number, (laid: Laid) => void>();

/** Lay out in the worker; here, where the browser grants none. */
export function layOut(plan: Plan): Promise<Laid> {
  const at = start();
  if (!at) return Promise.resolve(here(plan));
  jobs += 1;
  const job = jobs;
  return new Promise((done) => {
    waiting.set(job, done);
    at.postMessage({ job, plan });
  });
}

/** The same, at once. */
export function here(plan: Plan): Laid {
  const begun = performance.now();
  return { spots: layout(plan), tookMs: performance.now() - begun };
}

function start(): Worker | null {
  if (worker !== undefined) return worker;
  try {
    worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module", name: "layout" });
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      waiting.get(data.job)?.(data);
      waiting.delete(data.job);
    });
  } catch {
    worker = null;
  }
  return worker;
}
