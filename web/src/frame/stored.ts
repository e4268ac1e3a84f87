/** Choices kept in the browser. A browser that keeps nothing (a private window) is no error. */

export function stored(key: string): string | null {
  try {
    return localStorage.getItem(`baluardo.${key}`);
  } catch {
    return null;
  }
}

export function store(key: string, value: string): void {
  try {
    localStorage.setItem(`baluardo.${key}`, value);
  } catch {
    // The choice then lasts as long as the page.
  }
}
