/** What this window remembers between starts; a browser that forbids it forgets. */
export type Remembered = 'language' | 'theme' | 'muted';

export function remembered(name: Remembered): string | null {
  try {
    return localStorage.getItem(`mianfu.${name}`);
  } catch {
    return null;
  }
}

export function remember(name: Remembered, value: string): void {
  try {
    localStorage.setItem(`mianfu.${name}`, value);
  } catch {
    // Chosen for this window only.
  }
}
