/** The words of an incident file. What has none here is shown as it is. */
export interface IncidentWords {
  lang: string;
  title: string;
  order: string;
  amount: string;
  subject: string;
  state: string;
  source: string;
  created: string;
  paid: string;
  trades: string;
  trade: string;
  wallet: string;
  providerNo: string;
  payer: string;
  marks: string;
  timeline: string;
  by: string;
  reason: string;
  approvedBy: string;
  entry: string;
  request: string;
  answer: string;
  noAnswer: string;
  whole: string;
  signature: string;
  serial: string;
  digest: string;
  check: string;
  masked: string;
  proof: string;
  of: Readonly<Record<string, string>>;
}

const zh: IncidentWords = {
  lang: 'zh-CN',
  title: '事件档案',
  order: '订单',
  amount: '金额',
  subject: '内容',
  state: '状态',
  source: '来源',
  created: '创建',
  paid: '付款',
  trades: '交易',
  trade: '交易号',
  wallet: '钱包',
  providerNo: '钱包单号',
  payer: '付款人',
  marks: '标记',
  timeline: '经过',
  by: '操作',
  reason: '原因',
  approvedBy: '批准人',
  entry: '账本第 {seq} 条',
  request: '请求',
  answer: '应答',
  noAnswer: '没有应答',
  whole: '请求、应答与签名全文',
  signature: '签名',
  serial: '证书序列号',
  digest: '原文 SHA-256',
  check: '验签',
  masked: '付款人信息已遮盖，文件中没有任何密钥。应答经遮盖，原文以 SHA-256 为凭。',
  proof: '核对账本：npm run verify-ledger -- --data 数据文件夹 --head',
  of: {
    alipay: '支付宝',
    wechat: '微信支付',
    open: '待收款',
    cancelled: '已取消',
    created: '已发起',
    awaiting_payment: '已出码',
    paying: '顾客正在付款',
    closing: '正在关闭',
    paid: '已收款',
    closed: '已关闭，未付款',
    failed: '被拒绝',
    till: '收款台',
    integrator: '其他系统',
    person: '人员',
    window: '窗口',
    http: '接口',
    relay: '中继',
    restore: '恢复',
    wallet: '钱包应答',
    late: '迟到付款',
    surplus: '重复付款',
    amount_mismatch: '金额对不上',
    merchant_mismatch: '商户对不上',
    'order.created': '订单创建',
    'order.cancelled': '订单取消',
    'order.paid': '订单收款',
    'charge.started': '开始收款',
    'charge.ended': '收款结束',
    'trade.changed': '交易变化',
    'trade.incident': '对不上',
    'trade.set_aside': '由人了结',
    'trade.restored': '从流水恢复',
    'trade.kept': '付款留下',
    'refund.changed': '退款',
    'refund.incident': '退款对不上',
    'refund.set_aside': '退款由人了结',
    refund: '请求退款',
    refund_query: '询问退款',
    queued: '等待退款',
    processing: '退款处理中',
    abnormal: '退款异常',
    succeeded: '已退款',
    withdrawn: '已撤回',
    asked: '询问钱包',
    notified: '钱包通知',
    code_obtained: '取到码',
    refused: '被钱包拒绝',
    paying_seen: '钱包说：顾客正在付款',
    paid_seen: '钱包说：已付款',
    closed_seen: '钱包说：已关闭',
    unpaid_seen: '钱包说：未付款',
    deadline_passed: '到时间了',
    cancel_requested: '取消收款',
    other_trade_paid: '已用另一个钱包付款',
    query: '询问状态',
    close: '请求关闭',
    cancel: '请求撤销',
    notification: '通知',
    'step.open': '请求出码',
    OK: '通过',
  },
};

const en: IncidentWords = {
  lang: 'en',
  title: 'Incident file',
  order: 'Order',
  amount: 'Amount',
  subject: 'Subject',
  state: 'State',
  source: 'From',
  created: 'Created',
  paid: 'Paid',
  trades: 'Trades',
  trade: 'Trade',
  wallet: 'Wallet',
  providerNo: 'Wallet’s number',
  payer: 'Paid by',
  marks: 'Marks',
  timeline: 'What happened',
  by: 'By',
  reason: 'Reason',
  approvedBy: 'Approved by',
  entry: 'ledger entry {seq}',
  request: 'Request',
  answer: 'Answer',
  noAnswer: 'No answer',
  whole: 'Request, answer and signatures in full',
  signature: 'Signature',
  serial: 'Serial',
  digest: 'SHA-256 as received',
  check: 'Check',
  masked:
    'Payers are masked, and no key is in this file. Answers are masked; their bytes as received are vouched for by SHA-256.',
  proof: 'To check the ledger: npm run verify-ledger -- --data FOLDER --head',
  of: {
    alipay: 'Alipay',
    wechat: 'WeChat Pay',
    open: 'to be collected',
    cancelled: 'cancelled',
    created: 'begun',
    awaiting_payment: 'code shown',
    paying: 'customer is paying',
    closing: 'closing',
    paid: 'paid',
    closed: 'closed, nobody paid',
    failed: 'refused',
    till: 'till',
    integrator: 'another system',
    person: 'person',
    window: 'window',
    http: 'HTTP',
    relay: 'relay',
    restore: 'restore',
    wallet: 'wallet’s answer',
    late: 'late',
    surplus: 'surplus',
    amount_mismatch: 'another amount',
    merchant_mismatch: 'another merchant',
    'order.created': 'Order created',
    'order.cancelled': 'Order cancelled',
    'order.paid': 'Order paid',
    'charge.started': 'Charge started',
    'charge.ended': 'Charge ended',
    'trade.changed': 'Trade',
    'trade.incident': 'Does not agree',
    'trade.set_aside': 'Ended by hand',
    'trade.restored': 'Restored from the journal',
    'trade.kept': 'Payment kept',
    'refund.changed': 'Refund',
    'refund.incident': 'Refund does not agree',
    'refund.set_aside': 'Refund ended by hand',
    refund: 'to give back',
    refund_query: 'how the refund stands',
    queued: 'waiting to be given back',
    processing: 'being given back',
    abnormal: 'not given back: needs a person',
    succeeded: 'given back',
    withdrawn: 'withdrawn',
    asked: 'Wallet asked',
    notified: 'Wallet’s notification',
    code_obtained: 'code obtained',
    refused: 'the wallet refused',
    paying_seen: 'the wallet says: customer is paying',
    paid_seen: 'the wallet says: paid',
    closed_seen: 'the wallet says: closed',
    unpaid_seen: 'the wallet says: not paid',
    deadline_passed: 'time is up',
    cancel_requested: 'cancelled',
    other_trade_paid: 'paid with the other wallet',
    query: 'how it stands',
    close: 'to close it',
    cancel: 'to undo it',
    notification: 'notification',
    'step.open': 'for a code',
    OK: 'holds',
  },
};

export const INCIDENT_WORDS: Readonly<Record<'zh' | 'en', IncidentWords>> = { zh, en };
