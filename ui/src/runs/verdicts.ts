import { lookOf } from "../kit/State";

const STATES: Readonly<Record<string, string>> = {
  hit: "CACHED",
  run: "RUNNING",
  wait: "WAITING",
  skip: "SKIPPED",
  fail: "FAILED",
};
const WORDS: Readonly<Record<string, string>> = {
  hit: "reused",
  run: "to run",
  wait: "not known yet",
  skip: "skipped",
  fail: "failing",
};

/** The state that looks like a verdict of a plan. */
export function verdictState(verdict: string): string {
  return STATES[verdict] ?? verdict;
}

/** A verdict as a word. */
export function verdictWord(verdict: string): string {
  return WORDS[verdict] ?? verdict;
}

/** The tone of a verdict. */
export function verdictTone(verdict: string): string {
  return lookOf(verdictState(verdict))[1];
}
