import { layout } from "./layout";
import type { Plan } from "./model";

/** Lays out in a thread of its own, so that no drawing ever stops the page. */
self.addEventListener("message", ({ data }: MessageEvent<{ readonly job: number; readonly plan: Plan }>) => {
  const start = performance.now();
  const spots = layout(data.plan);
  self.postMessage({ job: data.job, spots, tookMs: performance.now() - start });
});
