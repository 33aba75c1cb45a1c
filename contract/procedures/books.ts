import { z } from 'zod';
import {
  Bill,
  BillLine,
  BillRef,
  DropBillInput,
  FetchBillInput,
  LINE_CLASSES,
  ResolveLineInput,
  ResolveLinesInput,
  UploadPieceInput,
} from '../bill.ts';
import { Report, ReportCsvInput, ReportInput } from '../report.ts';
import { CloseShiftInput, HandOverShiftInput, Shift, ShiftHandedOver, ShiftRef } from '../shift.ts';
import { Page, procedure } from './procedure.ts';

/* Shifts, bills and reports. */

export const shifts = {
  current: procedure('work_shift')
    .route({ method: 'GET', path: '/shifts/current', summary: 'The open shift, or null' })
    .output(Shift.nullable()),
  list: procedure('work_shift')
    .route({ method: 'GET', path: '/shifts', summary: 'Shifts, newest first' })
    .input(z.object(Page))
    .output(z.object({ items: z.array(Shift), nextCursor: z.string().nullable() })),
  open: procedure('work_shift')
    .route({ method: 'POST', path: '/shifts', successStatus: 201, summary: 'Open a shift' })
    .output(Shift),
  close: procedure('work_shift')
    .route({ method: 'POST', path: '/shifts/close', summary: 'Close the open shift' })
    .input(CloseShiftInput)
    .output(Shift),
  handOver: procedure('work_shift')
    .route({
      method: 'POST',
      path: '/shifts/hand-over',
      summary: 'Close the open shift and open the next one, for the person who goes on, in one step',
    })
    .input(HandOverShiftInput)
    .output(ShiftHandedOver),
  csv: procedure('work_shift')
    .route({ method: 'GET', path: '/shifts/{shiftId}/csv', summary: 'A closed shift’s slip as CSV' })
    .input(ShiftRef)
    .output(z.object({ fileName: z.string(), text: z.string() })),
};

export const bills = {
  list: procedure('close_day')
    .route({
      method: 'GET',
      path: '/bills',
      summary: 'The wallets’ bills held against the ledger, newest day first',
    })
    .input(z.object(Page))
    .output(z.object({ items: z.array(Bill), nextCursor: z.string().nullable() })),
  get: procedure('close_day')
    .route({
      method: 'GET',
      path: '/bills/{billId}',
      summary: 'One bill: how far it is, and what came of it',
    })
    .input(BillRef)
    .output(Bill),
  fetch: procedure('close_day')
    .route({
      method: 'POST',
      path: '/bills/fetch',
      summary: 'Fetch a day’s bill at the wallet and reconcile it',
    })
    .input(FetchBillInput)
    .output(Bill),
  drop: procedure('close_day')
    .route({
      method: 'POST',
      path: '/bills/files',
      summary: 'Reconcile a bill that comes as a file, in pieces',
    })
    .input(DropBillInput)
    .output(Bill),
  piece: procedure('close_day')
    .route({ method: 'POST', path: '/bills/{billId}/pieces', summary: 'The next piece of the file' })
    .input(UploadPieceInput)
    .output(Bill),
  lines: procedure('close_day')
    .route({
      method: 'GET',
      path: '/bills/{billId}/lines',
      summary: 'Lines of a bill, each with what it means',
    })
    .input(
      BillRef.extend({
        /** One class, or `open`: what waits for a person. */
        class: z.enum([...LINE_CLASSES, 'open']).optional(),
        ...Page,
      }),
    )
    .output(z.object({ items: z.array(BillLine), nextCursor: z.string().nullable() })),
  ask: procedure('close_day')
    .route({
      method: 'POST',
      path: '/bills/{billId}/ask',
      summary: 'Ask the wallet again about what differs',
    })
    .input(BillRef)
    .output(Bill),
  resolve: procedure('close_day', { approval: 'always' })
    .route({
      method: 'POST',
      path: '/bills/{billId}/lines/{line}/resolve',
      summary: 'End a difference by hand, with a reason; no money state changes',
    })
    .input(ResolveLineInput)
    .output(Bill),
  resolveLines: procedure('close_day', { approval: 'always' })
    .route({
      method: 'POST',
      path: '/bills/{billId}/resolve',
      summary: 'End several differences by hand for one reason: all of them, or none',
    })
    .input(ResolveLinesInput)
    .output(Bill),
  stop: procedure('close_day')
    .route({
      method: 'POST',
      path: '/bills/{billId}/stop',
      summary: 'Stop reading a bill, or asking about it; what an earlier reading found stays',
    })
    .input(BillRef)
    .output(Bill),
  csv: procedure('close_day')
    .route({
      method: 'GET',
      path: '/bills/{billId}/csv',
      summary: 'The result for a spreadsheet, in parts',
    })
    .input(BillRef.extend({ cursor: Page.cursor }))
    .output(z.object({ fileName: z.string(), text: z.string(), nextCursor: z.string().nullable() })),
};

export const reports = {
  takings: procedure('report')
    .route({
      method: 'GET',
      path: '/reports/takings',
      summary: 'Takings of a range of days by hour, day, wallet and cashier, beside the range before it',
    })
    .input(ReportInput)
    .output(Report),
  csv: procedure('report')
    .route({ method: 'GET', path: '/reports/takings/csv', summary: 'The same for a spreadsheet' })
    .input(ReportCsvInput)
    .output(z.file()),
};
