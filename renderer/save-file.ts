import { after } from './clock.ts';

/** Longer than a person takes to say where a file goes. */
const KEPT_MS = 600_000;

/** Lets the person keep a file: where, is asked by the browser or by the till's own window. */
export function saveFile(file: File): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  after(KEPT_MS, () => URL.revokeObjectURL(link.href));
}
