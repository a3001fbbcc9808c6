/** What the browser keeps, where it lets a page keep anything: a framed page may be refused. */
function guarded(find: () => Storage) {
  return {
    get(key: string): string | null {
      try {
        return find().getItem(key);
      } catch {
        return null;
      }
    },
    set(key: string, value: string | null): void {
      try {
        if (value === null) find().removeItem(key);
        else find().setItem(key, value);
      } catch {
        // not kept: what depends on it is asked again next time
      }
    },
  };
}

/** Until the tab closes: the token. */
export const session = guarded(() => window.sessionStorage);
/** For good: theme, density, columns, saved filters. */
export const local = guarded(() => window.localStorage);
