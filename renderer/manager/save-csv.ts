import type { Api } from '../link.ts';

/** Puts the parts of the file together and hands it to the window's own way of saving. */
export async function saveBillCsv(api: Api, billId: number): Promise<void> {
  const parts: string[] = [];
  let name = 'bill.csv';
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const part = await api.bills.csv({ billId, ...(cursor === undefined ? {} : { cursor }) });
    parts.push(part.text);
    name = part.fileName;
    cursor = part.nextCursor;
  }
  const url = URL.createObjectURL(new Blob(parts, { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
