import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1d1d1f; }
table { border-collapse: collapse; width: 100%; margin-top: 1rem; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #ddd; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.here { color: #0a7a2f; } .away { color: #a33; }
input, button { font: inherit; padding: .3rem .6rem; }`;

/** The token stays in this page's memory: a reload asks for it again. */
const SCRIPT = `
const form = document.querySelector('form');
const note = document.querySelector('#note');
const rows = document.querySelector('tbody');
let token = '';
const ago = (ms) => {
  if (ms === null) return '—';
  const seconds = Math.max(0, Math.round((Date.now() - ms) / 1000));
  if (seconds < 120) return seconds + ' s';
  if (seconds < 7200) return Math.round(seconds / 60) + ' min';
  return Math.round(seconds / 3600) + ' h';
};
const cell = (text, name) => {
  const td = document.createElement('td');
  td.textContent = text;
  if (name) td.className = name;
  return td;
};
async function show() {
  if (!token) return;
  try {
    const answer = await fetch('admin/tills', { headers: { authorization: 'Bearer ' + token } });
    if (!answer.ok) {
      const { detail } = await answer.json();
      note.textContent = detail;
      if (answer.status === 401) token = '';
      return;
    }
    const { tills, invited } = await answer.json();
    const connected = tills.filter((till) => till.connected).length;
    note.textContent = connected + ' of ' + tills.length + ' tills connected' +
      (invited.length ? '; invited: ' + invited.join(', ') : '');
    rows.replaceChildren(...tills.map((till) => {
      const row = document.createElement('tr');
      row.append(cell(till.till), cell(till.connected ? 'connected' : 'away', till.connected ? 'here' : 'away'),
        cell(till.connected ? 'now' : ago(till.lastSeenMs)), cell(till.waiting, 'number'),
        cell(ago(till.oldestMs), 'number'), cell(till.dead, 'number'), cell(till.fingerprint));
      return row;
    }));
  } catch {
    note.textContent = 'The relay does not answer.';
  }
}
form.addEventListener('submit', (event) => {
  event.preventDefault();
  token = form.elements.token.value;
  form.elements.token.value = '';
  show();
});
setInterval(show, 5000);`;

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Mianfu relay</title>
<style>${STYLE}</style></head>
<body>
<h1>Mianfu relay</h1>
<form><label>Admin token <input name="token" type="password" autocomplete="off" required></label> <button>Show</button></form>
<p id="note" role="status"></p>
<table><thead><tr><th>Till</th><th>Connection</th><th>Last seen</th><th class="number">Waiting</th>
<th class="number">Oldest</th><th class="number">Dead letters</th><th>Key</th></tr></thead><tbody></tbody></table>
<script>${SCRIPT}</script>
</body>
</html>
`;

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const POLICY = `default-src 'none'; script-src ${hashOf(SCRIPT)}; style-src ${hashOf(STYLE)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** `GET /operator`: the tills, their backlog and when they were last seen. Holds nothing; its data need the token. */
export function registerOperatorPage(app: FastifyInstance): void {
  app.get('/operator', async (_request, reply) =>
    reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', POLICY)
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .send(PAGE),
  );
}
