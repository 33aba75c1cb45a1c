/** How the form fields of people look and behave; nothing is suggested or kept by the browser. */
export const FIELD = {
  variant: 'unstyled',
  withAsterisk: false,
  autoComplete: 'off',
  spellCheck: false,
  classNames: { input: 'search', label: 'reason-label', description: 'reason-hint', error: 'reason-problem' },
} as const;

export const PIN_MIN = 4;
export const PIN_MAX = 12;

export function isPin(text: string): boolean {
  return /^\d{4,12}$/.test(text);
}
