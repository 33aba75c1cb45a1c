import { join } from 'node:path';
import { StartError } from '../ports/service.ts';
import { MerchantError } from './merchant.ts';
import { migrations, StorageError } from './store/database.ts';
import { findBackups } from './store/restore.ts';

/** What keeps a till from starting, in both languages of its users: the reason, and what to do. */
export function asStartError(error: unknown): unknown {
  if (error instanceof StorageError) {
    return new StartError(`storage_${error.kind}`, `${error.message}\n${STORAGE_ZH[error.kind]}`, {
      cause: error,
    });
  }
  if (error instanceof MerchantError) {
    const zh = `商户配置 ${error.field || '文件'} ${MERCHANT_ZH[error.kind]}`;
    return new StartError(`merchant_${error.kind}`, `${error.message}\n${zh}`, { cause: error });
  }
  return error;
}

/** Names the backup that helps, where one does: the newest that this version can read. */
export function adviseRestore(
  error: unknown,
  at: { data: string | undefined; backup: string | undefined },
): unknown {
  if (!(error instanceof StorageError) || at.data === undefined) return error;
  if (!['newer', 'corrupt', 'half_restored'].includes(error.kind)) return error;
  const newest = migrations().at(-1)?.version ?? 0;
  const fitting = backupsIn(at.backup ?? join(at.data, 'backups')).find((file) => file.schema <= newest);
  if (!fitting) return error;
  const command = `npm run restore -- --data ${at.data} --from ${fitting.path}`;
  return new StorageError(
    error.kind,
    `${error.message}\nThe newest backup that fits is of ${new Date(fitting.atMs).toISOString()}: ${command}`,
    { cause: error },
  );
}

/** A folder that is not there has none. */
function backupsIn(dir: string): ReturnType<typeof findBackups> {
  try {
    return findBackups(dir);
  } catch (error) {
    if ((error as { code?: unknown }).code === undefined) throw error;
    return [];
  }
}

const STORAGE_ZH: Record<StorageError['kind'], string> = {
  newer: '数据由更新的版本写入。请重新安装较新的版本，或恢复旧版本的备份；数据未被改动。',
  in_use:
    '已有一个收款台在使用此数据文件夹。请使用它的窗口，或用 --data 另选文件夹；要在同一文件夹上运行多个，请都加上 --locks folder。',
  readonly: '数据文件夹不可写。请授予写入权限，或用 --data 另选文件夹。',
  full: '磁盘已满。请清理空间；未保存任何内容。',
  corrupt: '数据库已损坏。请保留该文件夹原样，并从备份恢复：npm run restore -- --data 数据文件夹',
  half_restored: '上次恢复被中断。请重新执行：npm run restore -- --data 数据文件夹',
  other_mode: '此数据文件夹属于另一种模式（演示与正式不可混用）。请用 --data 分别指定文件夹。',
  io: '数据库无法使用。请检查磁盘后重试。',
};

const MERCHANT_ZH: Record<MerchantError['kind'], string> = {
  not_a_key: '不是密钥：请粘贴完整的 PEM 或 Base64 内容。',
  encrypted: '是加密的私钥：请先解密后再使用。',
  wrong_half: '公钥与私钥弄反了：请检查文件。',
  not_rsa: '不是 RSA 密钥：钱包只接受 RSA2（2048 位）。',
  too_short: '密钥太短：至少需要 2048 位。',
  not_a_certificate: '不是证书：请使用控制台下载的 .crt 或 .pem 文件。',
  expired: '证书已过期：请在商户平台更新证书；也请检查本机时间。',
  not_yet_valid: '证书尚未生效：请检查本机时间。',
  mismatch: '与私钥不匹配：证书和私钥必须成对。',
  wrong_length: '长度不对：请从商户平台重新复制。',
  missing: '缺失：请补全该项。',
  malformed: '格式不正确：请对照说明填写。',
  no_wallet: '没有任何钱包：至少需要 alipay 或 wechat。',
};
