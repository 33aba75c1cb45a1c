import type { Api } from '../link.ts';
import { saveFile } from '../save-file.ts';

/** Puts the parts of the file together and lets the person keep it. */
export async function saveBillCsv(api: Api, billId: number): Promise<void> {
  const parts: string[] = [];
  let name = 'bill.csv';
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const part = await api.bills.csv({ billId, ...(cursor === undefined ? {} : { cursor }) });
    parts.push(part.text);
    name = part.fileName;
    cursor = part.nextCursor;
  }
  saveFile(new File(parts, name, { type: 'text/csv;charset=utf-8' }));
}
