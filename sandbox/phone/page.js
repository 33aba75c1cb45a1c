/** The customer's phone: lists what can be scanned, scans, pays. Talks to the sandbox it came from alone. */

const REFRESH_MS = 1000;
/** Characters from which an amount is set smaller, so that it never breaks. */
const LONG_AMOUNT = 9;

const TEXTS = {
  zh: {
    title: '顾客的手机',
    badge: '演示 · 沙箱',
    scan: '扫一扫',
    hint: '点一下收银台上的码，就像对着它扫',
    empty: '现在没有可以扫的码。收银台出码后，这里会自动出现。',
    offline: '连不上沙箱，正在重试',
    alipay: '支付宝',
    wechat: '微信支付',
    to: '付款给',
    pay: '确认付款',
    paying: '正在付款',
    cancel: '取消',
    back: '返回',
    done: '支付成功',
    finish: '完成',
    ends: (text) => `${text} 后失效`,
    unknown_code: '这个码无法识别。',
    already_paid: '这笔订单已经付过了。',
    closed: '商家已关闭这笔订单。',
    expired: '已超过付款时间。',
    code_expired: '二维码已过期，请商家重新出码。',
    failed: '没有付成，请再试一次。',
  },
  en: {
    title: 'Customer’s phone',
    badge: 'Demo · sandbox',
    scan: 'Scan',
    hint: 'Tap a code of the till, as if you scanned it',
    empty: 'Nothing to scan now. A code of the till appears here by itself.',
    offline: 'The sandbox does not answer. Trying again',
    alipay: 'Alipay',
    wechat: 'WeChat Pay',
    to: 'Pay to',
    pay: 'Pay',
    paying: 'Paying',
    cancel: 'Cancel',
    back: 'Back',
    done: 'Paid',
    finish: 'Done',
    ends: (text) => `ends in ${text}`,
    unknown_code: 'No wallet knows this code.',
    already_paid: 'This order is already paid.',
    closed: 'The shop has closed this order.',
    expired: 'The time to pay is over.',
    code_expired: 'This code is too old. Ask the shop for a new one.',
    failed: 'That did not work. Please try again.',
  },
};

const language = navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
const text = TEXTS[language];
const MARKS = { alipay: '支', wechat: '微' };

const element = (id) => document.getElementById(id);
const screens = ['codes', 'sheet', 'done'];
let open = null;
/** By code, so that a refresh moves nothing under the finger. */
const rows = new Map();

document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
document.title = text.title;
element('badge').textContent = text.badge;
element('codes-title').textContent = text.scan;
element('codes-hint').textContent = text.hint;
element('empty-text').textContent = text.empty;
element('offline').textContent = text.offline;
element('sheet-to').textContent = text.to;
element('done-title').textContent = text.done;
element('finish').textContent = text.finish;

/** 1250 → `12.50`: as text, never through a fraction. */
function yuan(fen) {
  const digits = String(fen).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function amountInto(target, fen) {
  const sign = document.createElement('small');
  sign.textContent = '¥';
  target.replaceChildren(sign, yuan(fen));
  target.toggleAttribute('data-long', yuan(fen).length > LONG_AMOUNT);
}

function show(name) {
  for (const screen of screens) element(screen).hidden = screen !== name;
}

async function post(path, code) {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });
  return { ok: answer.ok, body: await answer.json() };
}

function showSheet(trade, reason) {
  const sheet = element('sheet');
  sheet.dataset.wallet = trade.wallet ?? '';
  element('sheet-mark').textContent = MARKS[trade.wallet] ?? '?';
  element('sheet-wallet').textContent = text[trade.wallet] ?? '';
  element('sheet-merchant').textContent = trade.merchant ?? '';
  element('sheet-subject').textContent = trade.subject ?? '';
  element('sheet-to').hidden = !trade.merchant;
  if (trade.amountFen === undefined) element('sheet-amount').replaceChildren();
  else amountInto(element('sheet-amount'), trade.amountFen);
  const pay = element('pay');
  pay.hidden = reason !== null;
  pay.disabled = false;
  pay.textContent = trade.amountFen === undefined ? text.pay : `${text.pay} ¥${yuan(trade.amountFen)}`;
  element('cancel').textContent = reason === null ? text.cancel : text.back;
  element('sheet-reason').hidden = reason === null;
  element('sheet-reason').textContent = reason ?? '';
  show('sheet');
  (reason === null ? pay : element('cancel')).focus();
}

async function scan(code) {
  open = code;
  try {
    const { body } = await post('/phone/scan', code);
    if (body.wallet) showSheet(body, body.payable ? null : (text[body.reason.code] ?? text.failed));
    else showSheet({}, text[body.code] ?? text.failed);
  } catch {
    showSheet({}, text.offline);
  }
}

async function pay() {
  const button = element('pay');
  button.disabled = true;
  button.textContent = text.paying;
  try {
    const { ok, body } = await post('/phone/pay', open);
    if (!ok) {
      showSheet(body.trade ?? {}, text[body.code] ?? text.failed);
      return;
    }
    element('done').dataset.wallet = body.wallet;
    amountInto(element('done-amount'), body.amountFen);
    element('done-merchant').textContent = body.merchant;
    element('done-number').textContent = body.providerTradeNo;
    show('done');
    element('finish').focus();
  } catch {
    // Paying twice is impossible: the wallet refuses a paid code.
    button.disabled = false;
    button.textContent = text.pay;
    element('sheet-reason').hidden = false;
    element('sheet-reason').textContent = text.failed;
  }
}

function home() {
  open = null;
  history.replaceState(null, '', '/phone');
  show('codes');
  refresh();
}

function newRow(trade) {
  const row = document.createElement('li');
  row.innerHTML =
    '<button type="button" class="code"><span class="mark"></span><span class="text">' +
    '<span class="name"></span><span class="line subject"></span></span>' +
    '<span class="side"><span class="sum"></span><span class="ends"></span></span></button>';
  const part = (selector) => row.querySelector(selector);
  part('.code').dataset.wallet = trade.wallet;
  part('.mark').textContent = MARKS[trade.wallet];
  part('.name').textContent = text[trade.wallet];
  part('.subject').textContent = trade.subject;
  amountInto(part('.sum'), trade.amountFen);
  part('.code').addEventListener('click', () => scan(trade.code));
  return row;
}

function left(untilMs) {
  const seconds = Math.max(0, Math.round((untilMs - Date.now()) / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${String(minutes).padStart(hours ? 2 : 1, '0')}:${String(seconds % 60).padStart(2, '0')}`;
  return hours ? `${hours}:${rest}` : rest;
}

function showCodes(codes) {
  const list = element('list');
  const living = new Set(codes.map((trade) => trade.code));
  for (const [code, row] of rows) {
    if (living.has(code)) continue;
    row.remove();
    rows.delete(code);
  }
  codes.forEach((trade, index) => {
    const row = rows.get(trade.code) ?? newRow(trade);
    rows.set(trade.code, row);
    row.querySelector('.ends').textContent = text.ends(left(Date.parse(trade.expiresAt)));
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  });
  element('empty').hidden = codes.length > 0;
  list.hidden = codes.length === 0;
}

async function refresh() {
  try {
    const answer = await fetch('/phone/codes');
    showCodes((await answer.json()).codes);
    element('offline').hidden = true;
  } catch {
    element('offline').hidden = false;
  }
}

async function keepFresh() {
  element('time').textContent = new Date().toLocaleTimeString(document.documentElement.lang, {
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  });
  if (!document.hidden && open === null) await refresh();
  setTimeout(keepFresh, REFRESH_MS);
}

element('pay').addEventListener('click', pay);
element('cancel').addEventListener('click', home);
element('finish').addEventListener('click', home);
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && open !== null) home();
});

const asked = new URLSearchParams(location.search).get('code');
if (asked) scan(asked);
else show('codes');
keepFresh();
