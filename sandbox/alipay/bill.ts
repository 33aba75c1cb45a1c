import type { BillDesk } from '../bills/desk.ts';
import type { Content } from './content.ts';
import { AlipayRefusal, SUCCESS } from './words.ts';

/** Where the zip of a day is fetched from (protocol: bill.downloadurl.query). Throws {@link AlipayRefusal}. */
export function billUrl(bills: BillDesk, content: Content, origin: string): Record<string, unknown> {
  if (content.bill_type !== 'trade') throw new AlipayRefusal('isp.bill_type_error', '账单类型只支持trade');
  const issued = bills.issue('alipay', String(content.bill_date), { kind: 'trade', isPacked: false });
  switch (issued) {
    case 'day':
      throw new AlipayRefusal('isv.invalid-parameter', 'bill_date格式应为yyyy-MM-dd');
    case 'early':
    case 'gone':
    case 'empty':
      throw new AlipayRefusal('isp.bill_not_exist', '账单不存在');
  }
  return { ...SUCCESS, bill_download_url: `${origin}/alipay/bill.zip?token=${issued.token}` };
}
