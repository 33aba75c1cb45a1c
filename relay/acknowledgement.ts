import type { RelayChannel } from '../wire/relay.ts';

export interface Words {
  status: number;
  contentType?: string;
  body: string;
}

const XML = 'text/xml; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';
const TEXT = 'text/plain; charset=utf-8';

/** “I have it”, as each wallet wants to hear it; anything else makes it send again. */
const TAKEN: Record<RelayChannel, Words> = {
  // Exactly these seven bytes.
  alipay: { status: 200, contentType: TEXT, body: 'success' },
  wechat: { status: 204, body: '' },
  wechat_v2: {
    status: 200,
    contentType: XML,
    body: '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>',
  },
  test: { status: 204, body: '' },
};

export function taken(channel: RelayChannel): Words {
  return TAKEN[channel];
}

/** “I do not have it”, in the wallet's words where a channel is known. `reason` is plain ASCII of ours. */
export function refused(channel: RelayChannel | null, status: number, reason: string): Words {
  switch (channel) {
    case 'alipay':
      return { status, contentType: TEXT, body: 'failure' };
    case 'wechat_v2':
      return {
        status,
        contentType: XML,
        body: `<xml><return_code><![CDATA[FAIL]]></return_code><return_msg><![CDATA[${reason}]]></return_msg></xml>`,
      };
    default:
      return { status, contentType: JSON_TYPE, body: JSON.stringify({ code: 'FAIL', message: reason }) };
  }
}
