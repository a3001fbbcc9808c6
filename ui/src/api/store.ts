import { useSyncExternalStore } from "react";

/** A value outside React that views can watch. */
export interface Store<T> {
  readonly get: () => T;
  readonly set: (value: T) => void;
  readonly watch: (heard: () => void) => () => void;
}

/** Make a store that begins with `value`. */
export function store<T>(value: T): Store<T> {
  const watchers = new Set<() => void>();
  let now = value;
  return {
    get: () => now,
    set: (next) => {
      if (Object.is(next, now)) return;
      now = next;
      for (const heard of [...watchers]) heard();
    },
    watch: (heard) => {
      watchers.add(heard);
      return () => watchers.delete(heard);
    },
  };
}

/** The value of a store; the view is drawn again when it changes. */
export function useStore<T>(from: Store<T>): T {
  return useSyncExternalStore(from.watch, from.get);
}
