/**
 * Chromium knows the app's own scheme only when it is compiled in, as Electron does. Here pages of
 * `scheme://host/` live at `https://host.scheme.stand-in.invalid/`, a name that can never resolve;
 * the code under test sees and gives the former only.
 */
const SUFFIX = '.stand-in.invalid';
const custom = new Set<string>();

export function addScheme(scheme: string): void {
  custom.add(scheme);
}

/** The address under which Chromium loads what the code calls `url`. */
export function toChromium(url: string): string {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/s.exec(url);
  const [, scheme = '', host = '', rest = ''] = match ?? [];
  return custom.has(scheme) ? `https://${host}.${scheme}${SUFFIX}${rest}` : url;
}

/** The address as the code knows it. */
export function fromChromium(url: string): string {
  const match = /^https:\/\/([^/?#]*)\.([a-z0-9+-]+)\.stand-in\.invalid(.*)$/s.exec(url);
  const [, host = '', scheme = '', rest = ''] = match ?? [];
  return custom.has(scheme) ? `${scheme}://${host}${rest}` : url;
}

export function schemeOf(url: string): string {
  return url.slice(0, url.indexOf(':'));
}
