import type { BillDesk, BillKind } from '../bills/desk.ts';
import { type SandboxRequest, splitPath } from '../http.ts';
import { paramError, WechatRefusal } from './words.ts';

export const BILL_PATH = '/v3/billdownload/file';

/** Where a day's bill is fetched from, and its hash (protocol: bills). Throws {@link WechatRefusal}. */
export function billUrl(bills: BillDesk, kind: BillKind, request: SandboxRequest): object {
  const asked = new URLSearchParams(splitPath(request.path).query);
  const tarType = asked.get('tar_type');
  if (tarType !== null && tarType !== 'GZIP') throw paramError('query', 'tar_type', '只支持GZIP', tarType);
  const day = asked.get('bill_date') ?? '';
  const issued = bills.issue('wechat', day, { kind, isPacked: tarType === 'GZIP' });
  switch (issued) {
    case 'day':
      throw paramError('query', 'bill_date', '格式应为yyyy-MM-dd', day);
    case 'early':
      throw new WechatRefusal('STATEMENT_CREATING', '账单文件生成中，请稍后重试');
    case 'gone':
    case 'empty':
      throw new WechatRefusal('NO_STATEMENT_EXIST', '请求的账单文件不存在');
  }
  const origin = `http://${request.headers.host ?? '127.0.0.1'}`;
  return {
    hash_type: 'SHA1',
    hash_value: issued.sha1,
    download_url: `${origin}${BILL_PATH}?token=${issued.token}`,
  };
}
