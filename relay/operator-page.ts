import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

const STYLE = `

:root { color-scheme: light dark; --line: light-dark(#ddd, #333); --here: light-dark(#0a7a2f, #5fd38a); --away: light-dark(#a33, #f19a9a); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: light-dark(#1d1d1f, #ecedee); background: light-dark(#fff, #121417); }
table { border-collapse: collapse; width: 100%; margin-top: 1rem; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { white-space: nowrap; overflow-wrap: normal; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.here { color: var(--here); } .away { color: var(--away); }
input, button { font: inherit; padding: .3rem .6rem; min-height: 44px; }
td button { min-height: 44px; background: none; color: inherit; border: 1px solid var(--line); border-radius: 6px; cursor: pointer; }
section { margin-top: 2rem; }`;

/** The token stays in this page's memory: a reload asks for it again. */
const SCRIPT = `
const form = document.querySelector('form');
const note = document.querySelector('#note');
const rows = document.querySelector('#tills');
const letters = document.querySelector('#letters');
let token = '';
/** The till whose dead letters are shown. */
let opened = null;
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
const ask = (path) => fetch('admin/tills' + path, { headers: { authorization: 'Bearer ' + token } });
const opener = (till) => {
  const td = cell('', 'number');
  if (till.dead === 0) {
    td.textContent = '0';
    return td;
  }
  const button = document.createElement('button');
  button.textContent = till.dead;
  button.dataset.till = till.till;
  button.setAttribute('aria-label', till.dead + ' dead letters of ' + till.till);
  button.addEventListener('click', () => {
    opened = opened === till.till ? null : till.till;
    show();
  });
  td.append(button);
  return td;
};
async function showLetters() {
  letters.hidden = opened === null;
  if (opened === null) return;
  const answer = await ask('/' + encodeURIComponent(opened));
  const { deadLetters = [] } = answer.ok ? await answer.json() : {};
  letters.querySelector('h2').textContent = 'Dead letters of ' + opened;
  letters.querySelector('tbody').replaceChildren(...deadLetters.map((letter) => {
    const row = document.createElement('tr');
    row.append(cell(letter.reason), cell(letter.channel), cell(ago(letter.receivedMs) + ' ago'),
      cell(letter.bytes, 'number'), cell(letter.id));
    return row;
  }));
}
async function show() {
  if (!token) return;
  try {
    const answer = await ask('');
    if (!answer.ok) {
      const { detail } = await answer.json();
      note.textContent = detail;
      if (answer.status === 401) {
        token = '';
        form.hidden = false;
      }
      return;
    }
    form.hidden = true;
    const { tills, invited } = await answer.json();
    const connected = tills.filter((till) => till.connected).length;
    note.textContent = connected + ' of ' + tills.length + ' tills connected' +
      (invited.length ? '; invited: ' + invited.join(', ') : '');
    const { till: focused } = document.activeElement.dataset;
    rows.replaceChildren(...tills.map((till) => {
      const row = document.createElement('tr');
      row.append(cell(till.till), cell(till.connected ? 'connected' : 'away', till.connected ? 'here' : 'away'),
        cell(till.connected ? 'now' : ago(till.lastSeenMs)), cell(till.waiting, 'number'),
        cell(ago(till.oldestMs), 'number'), opener(till), cell(till.fingerprint));
      return row;
    }));
    if (focused) rows.querySelector('[data-till="' + focused + '"]')?.focus();
    await showLetters();
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
<th class="number">Oldest</th><th class="number">Dead letters</th><th>Key</th></tr></thead><tbody id="tills"></tbody></table>
<section id="letters" hidden><h2></h2>
<p>Why each died, in its till’s own words. <code>npm run relay -- replay --till ID</code> puts them back.</p>
<table><thead><tr><th>Reason</th><th>Channel</th><th>Came</th><th class="number">Bytes</th><th>Id</th></tr></thead><tbody></tbody></table></section>
<script>${SCRIPT}</script>
</body>
</html>
`;

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const POLICY = `default-src 'none'; script-src ${hashOf(SCRIPT)}; style-src ${hashOf(STYLE)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** `GET /operator`: the tills, their backlog, when they were last seen, and why their letters died. Holds nothing; its data need the token. */
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
