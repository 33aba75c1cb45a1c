import { createHash } from 'node:crypto';
import { BillError } from '../../wire/bill.ts';
import { gunzipped, hashChecked } from '../../wire/bill-packing.ts';
import { readWechatTable } from '../../wire/wechat-bill.ts';
import { Refused, type Runner, text } from './vector.ts';

export const wechatBill: Runner = async ({ inputs }) => {
  if (inputs.hashType !== 'SHA1') throw new Error(`Unknown kind of case: hash ${String(inputs.hashType)}.`);
  const packed = Buffer.from(text(inputs, 'gzipBase64'), 'base64');
  const hash = createHash('sha1');
  async function* watched(): AsyncGenerator<Uint8Array> {
    // In small pieces: no cell, character or line may depend on where a piece ends.
    async function* pieces() {
      for (let at = 0; at < packed.length; at += 7) yield packed.subarray(at, at + 7);
    }
    for await (const piece of hashChecked(gunzipped(pieces()), text(inputs, 'hashValue'))) {
      hash.update(piece);
      yield piece;
    }
  }
  try {
    const table = readWechatTable(watched());
    const rows: (readonly string[])[] = [];
    let columns: readonly string[] = [];
    let step = await table.next();
    for (; !step.done; step = await table.next()) {
      columns = step.value.columns;
      rows.push(...step.value.rows);
    }
    return {
      sha1OfUncompressed: hash.digest('hex'),
      columns,
      rows,
      summaryColumns: step.value.columns,
      summary: step.value.cells,
    };
  } catch (error) {
    if (error instanceof BillError) throw new Refused('Refused.', { cause: error });
    throw error;
  }
};
