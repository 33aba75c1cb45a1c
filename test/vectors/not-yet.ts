/**
 * Suites of vectors whose protocol part is not built yet, each with what will bring it. A suite leaves this
 * list in the change that gives it a runner; a test holds the two apart.
 */
export const NOT_YET: Readonly<Record<string, string>> = {
  'alipay-wap-pay': 'arrives with the page behind the one-QR code',
  'wechat-v2-sign': 'arrives with the channel wechat_v2',
  'wechat-v2-xml-notify': 'arrives with the channel wechat_v2',
  'wechat-v2-refund-reqinfo': 'arrives with the channel wechat_v2',
};
