import type { IncidentFile } from '../../contract/incident-file.ts';
import type { IncidentWords } from './incident-words.ts';
import { en } from './incident-words-en.ts';
import { zh } from './incident-words-zh.ts';

const WORDS: Readonly<Record<'zh' | 'en', IncidentWords>> = { zh, en };

type Entry = IncidentFile['entries'][number];
type WireExchange = NonNullable<Entry['exchange']>;

/** An incident file as one page, complete in itself: to be read on any machine, and printed on A4. */
export function incidentHtml(file: IncidentFile, lang: 'zh' | 'en'): string {
  const words = WORDS[lang];
  const { order, till } = file;
  const word = (key: string) => words.of[key] ?? key;
  const title = `${words.title} ${order.orderNo}`;
  const facts: [string, string | null][] = [
    [words.amount, yuan(order.amountFen)],
    [words.state, word(order.state)],
    [words.subject, order.subject],
    [words.source, word(order.source)],
    [words.created, time(order.createdAt)],
    [words.paid, order.paidAt && time(order.paidAt)],
  ];
  return `<!doctype html>
<html lang="${words.lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${safe(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<p>${safe(till.shopName)} · ${safe(till.tillId)} · ${safe(till.mode)}</p>
<h1>${safe(words.title)} <span>${safe(order.orderNo)}</span></h1>
<p>${time(file.madeAt)} ${file.madeAt.slice(-6)}</p>
</header>
<dl>${facts.map(([name, value]) => (value === null ? '' : `<div><dt>${safe(name)}</dt><dd>${safe(value)}</dd></div>`)).join('')}</dl>
${tradesTable(file, words, word)}
${refundsTable(file, words, word)}
<h2>${safe(words.timeline)}</h2>
<ol>${file.entries.map((entry) => entryItem(entry, words, word)).join('\n')}</ol>
<footer>
<p>${safe(words.masked)}</p>
<p>${safe(words.proof)}<br><code>${safe(file.ledgerHead)}</code></p>
</footer>
</body>
</html>
`;
}

function tradesTable({ trades }: IncidentFile, words: IncidentWords, word: (key: string) => string): string {
  const heads = [words.trade, words.wallet, words.state, words.providerNo, words.payer, words.marks];
  const rows = trades.map((trade) => [
    trade.tradeNo,
    word(trade.channel),
    word(trade.state),
    trade.providerTradeNo,
    trade.payer,
    said([trade.late ? 'late' : null, trade.surplus ? 'surplus' : null, trade.incident].map(orNull(word))),
  ]);
  return table(words.trades, heads, rows);
}

function refundsTable(
  { refunds }: IncidentFile,
  words: IncidentWords,
  word: (key: string) => string,
): string {
  const back = (key: string) => words.of[`back.${key}`] ?? word(key);
  const heads = [words.refund, words.amount, words.state, words.reason, words.by, words.asked, words.ended];
  const rows = refunds.map((refund) => [
    said([refund.refundNo, refund.providerRefundNo], ' / '),
    yuan(refund.amountFen),
    said([back(refund.state), orNull(back)(refund.incident)]),
    said([
      refund.why === 'asked' ? null : back(refund.why),
      refund.origin === 'here' ? null : back(refund.origin),
      refund.reason,
    ]),
    said([
      refund.by && whoOf(refund.by, word),
      refund.by?.approvedBy && `${words.approvedBy} ${refund.by.approvedBy}`,
    ]),
    refund.requestedAt.slice(0, 19).replace('T', ' '),
    refund.succeededAt?.slice(0, 19).replace('T', ' '),
  ]);
  return table(words.refunds, heads, rows);
}

type Cell = string | null | undefined;

const orNull = (word: (key: string) => string) => (key: string | null) => (key === null ? null : word(key));

function said(parts: readonly Cell[], between = ' · '): string {
  return parts.filter((part) => part !== null && part !== undefined && part !== '').join(between);
}

/** Nothing where there are no rows. */
function table(title: string, heads: readonly string[], rows: readonly Cell[][]): string {
  if (rows.length === 0) return '';
  const cells = (tag: string, texts: readonly Cell[]) =>
    `<tr>${texts.map((text) => `<${tag}>${safe(text ?? '')}</${tag}>`).join('')}</tr>`;
  return `<h2>${safe(title)}</h2>
<table><thead>${cells('th', heads)}</thead><tbody>${rows.map((row) => cells('td', row)).join('')}</tbody></table>`;
}

function whoOf(by: NonNullable<Entry['by']>, word: (key: string) => string): string {
  return said([by.name ?? by.id ?? word(by.actor), word(by.via)]);
}

function entryItem(entry: Entry, words: IncidentWords, plain: (key: string) => string): string {
  const { exchange, by, seq, hash, refundNo } = entry;
  const word = refundNo === null ? plain : (key: string) => words.of[`back.${key}`] ?? plain(key);
  const what = entry.what === null ? '' : word(exchange ? stepKey(entry.what) : entry.what);
  const change =
    entry.toState && entry.fromState !== entry.toState
      ? said([entry.fromState && word(entry.fromState), word(entry.toState)], ' → ')
      : '';
  const head = [plain(entry.type), what, change].filter((text) => text !== '').join(' · ');
  const place =
    seq === null ? '' : `${words.entry.replace('{seq}', String(seq))} ${hash?.slice(0, 16) ?? ''}`;
  const who = by && whoOf(by, plain);
  const lines: Line[] = [
    [words.trade, entry.tradeNo],
    [words.refund, refundNo],
    [words.by, who],
    [words.reason, by?.reason ?? null],
    [words.approvedBy, by?.approvedBy ?? null],
  ];
  return `<li>
<time>${time(entry.at)}</time>
<div><p><strong>${safe(head)}</strong> <small>${safe(place)}</small></p>
${inLine(exchange ? [...lines, ...brief(exchange, words, word)] : lines)}
${exchange ? unfolded(exchange, words) : ''}</div>
</li>`;
}

function stepKey(step: string): string {
  return step === 'open' ? 'step.open' : step;
}

function brief(
  { request, seal, outcome, httpStatus, providerCode, requestId, durationMs }: WireExchange,
  words: IncidentWords,
  word: (key: string) => string,
): Line[] {
  const [kind = '', detail] = outcome.split(/:(.*)/s);
  const came = [
    outcomeWords(kind, detail ?? null, words),
    httpStatus,
    providerCode,
    requestId,
    `${durationMs} ms`,
  ];
  return [
    [words.request, request && `${request.method} ${request.url.replace(/\?.*/, '')}`],
    [words.answer, came.filter((each) => each !== null).join(' · ')],
    [words.check, seal ? `${word(seal.verdict)} ${seal.signature?.slice(0, 12) ?? ''}` : null],
  ];
}

/** `evidence:NOTPAY`, `unknown:no_answer`: the more telling half, the wallet's own status as it is. */
function outcomeWords(kind: string, detail: string | null, { of }: IncidentWords): string {
  if (kind === 'unknown' && detail !== null) return of[`outcome.${detail}`] ?? detail;
  return said([of[`outcome.${kind}`] ?? kind, detail], ' ');
}

/** Behind a line, to be unfolded and then printed: all that was sent and answered. */
function unfolded({ request, answer, seal }: WireExchange, words: IncidentWords): string {
  const whole: (Line | null)[] = [
    request && [words.request, `${request.method} ${request.url}${request.body ? `\n${request.body}` : ''}`],
    request && [words.signature, request.signature],
    request && [words.serial, request.serial],
    [words.answer, answer ?? (seal ? null : words.noAnswer)],
    seal && [words.signature, seal.signature],
    seal && [words.serial, seal.serial],
    seal && [words.digest, seal.digest],
  ];
  const texts = whole.flatMap((line) =>
    line?.[1] ? [`<h3>${safe(line[0])}</h3><pre>${safe(line[1])}</pre>`] : [],
  );
  return `<details><summary>${safe(words.whole)}</summary>${texts.join('')}</details>`;
}

type Line = readonly [string, string | null];

/** What is known of it, each with its name. */
function inLine(lines: readonly Line[]): string {
  const known = lines.flatMap(([name, value]) =>
    value ? [`<span><b>${safe(name)}</b> ${safe(value)}</span>`] : [],
  );
  return known.length === 0 ? '' : `<p class="named">${known.join(' ')}</p>`;
}

/** `2026-11-21 14:32:10.000` of the store. */
function time(instant: string): string {
  return safe(instant.slice(0, 23).replace('T', ' '));
}

function yuan(fen: number): string {
  const digits = String(fen).padStart(3, '0');
  return `¥${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Whatever a person, a system or a wallet wrote is text here, and nothing else. */
function safe(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}

const STYLE = `
:root { color-scheme: light; }
* { box-sizing: border-box; margin: 0; }
body { max-width: 190mm; margin: 0 auto; padding: 10mm 6mm; color: #15181e; background: #fff; overflow-wrap: anywhere;
  font: 14px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans SC", sans-serif; font-variant-numeric: tabular-nums; }
header p, small, footer, time { color: #5b6270; }
h1 { font-size: 24px; font-weight: 600; line-height: 1.3; }
h1 span { font-weight: 400; }
h2 { margin: 24px 0 8px; font-size: 17px; font-weight: 600; break-after: avoid; }
h3 { margin-top: 8px; font-size: 12px; font-weight: 600; color: #5b6270; break-after: avoid; }
dl { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px 24px; margin-top: 16px; }
dt { font-size: 12px; color: #5b6270; }
dd { font-size: 16px; }
table { width: 100%; border-collapse: collapse; font-size: 12px; }
th { text-align: left; font-weight: 400; color: #5b6270; }
th, td { padding: 4px 10px 4px 0; overflow-wrap: break-word; vertical-align: top; border-bottom: 1px solid #e3e4e2; }
th { white-space: nowrap; }
ol { padding: 0; list-style: none; }
li { display: grid; grid-template-columns: 43mm 1fr; gap: 4mm; padding: 8px 0; border-top: 1px solid #e3e4e2; }
time { font-size: 13px; }
.named { font-size: 12px; }
.named span { margin-right: 10px; }
.named b { font-weight: 400; color: #5b6270; }
details { font-size: 12px; }
summary { padding: 4px 0; color: #5b6270; cursor: pointer; }
pre, code { font: 11px/1.45 ui-monospace, Menlo, Consolas, monospace; white-space: pre-wrap; }
footer { margin-top: 24px; padding-top: 8px; border-top: 1px solid #15181e; font-size: 12px; break-inside: avoid; }
footer p + p { margin-top: 4px; }
@media (max-width: 600px) { table { display: block; overflow-x: auto; } li { grid-template-columns: 1fr; gap: 0; } dl { grid-template-columns: 1fr 1fr; } }
@page { size: A4; margin: 10mm 12mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 9.5pt; line-height: 1.35; }
  h1 { font-size: 16pt; } h2 { margin: 10pt 0 4pt; font-size: 11pt; } dd { font-size: 11pt; }
  dl { margin-top: 8pt; gap: 4pt 16pt; }
  li { padding: 2.5pt 0; break-inside: avoid; }
  li:has(details[open]) { break-inside: auto; }
  table, .named, time { font-size: 8pt; } small { font-size: 7.5pt; } pre, code { font-size: 7pt; }
  details:not([open]) { display: none; }
}
`;
