/** A refusal in WeChat Pay's words: HTTP status, `code`, `message`, and where it is (protocol: error codes). */
export class WechatRefusal extends Error {
  override readonly name = 'WechatRefusal';
  readonly status: number;
  readonly code: string;
  readonly detail: object | undefined;

  constructor(code: string, message: string, options: { status?: number | undefined; detail?: object } = {}) {
    super(message);
    this.code = code;
    this.status = options.status ?? STATUS_OF_CODE[code] ?? 400;
    this.detail = options.detail;
  }
}

const STATUS_OF_CODE: Record<string, number> = {
  USERPAYING: 202,
  USER_PAYING: 202,
  SIGN_ERROR: 401,
  OUT_TRADE_NO_USED: 403,
  NOT_ENOUGH: 403,
  NO_AUTH: 403,
  RULE_LIMIT: 403,
  TRADE_ERROR: 403,
  ACCOUNT_ERROR: 403,
  USER_ACCOUNT_ABNORMAL: 403,
  ORDER_NOT_EXIST: 404,
  RESOURCE_NOT_EXISTS: 404,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  FREQUENCY_LIMITED: 429,
  RATELIMIT_EXCEEDED: 429,
  SYSTEM_ERROR: 500,
  BANK_ERROR: 500,
};

/** A parameter that breaks a rule; `field` is a JSON pointer or a header's or query parameter's name. */
export function paramError(
  location: 'body' | 'query' | 'header' | 'uri_template',
  field: string,
  issue: string,
  value?: unknown,
): WechatRefusal {
  return new WechatRefusal('PARAM_ERROR', `参数错误：${issue}`, {
    detail: { field, issue, location, ...(value === undefined ? {} : { value }) },
  });
}

export const STATE_TEXT: Record<string, string> = {
  SUCCESS: '支付成功',
  REFUND: '转入退款',
  NOTPAY: '订单未支付',
  CLOSED: '订单已关闭',
  USERPAYING: '用户支付中，需要输入密码',
};

export const REFUND_TEXT: Record<string, string> = {
  SUCCESS: '退款成功',
  CLOSED: '退款关闭',
  ABNORMAL: '退款异常',
};
