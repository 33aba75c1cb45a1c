/** What this window was handed when somebody signed in. In memory alone: no script of another page reads it. */
export interface Credentials {
  /** For HTTP; a port is signed in itself. */
  accessToken: string | null;
  /** For a port that follows a broken one; a browser keeps its own in a cookie that no script sees. */
  refreshToken: string | null;
}

export function noCredentials(): Credentials {
  return { accessToken: null, refreshToken: null };
}
