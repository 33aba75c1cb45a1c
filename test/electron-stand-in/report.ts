/** What the stand-in tells the driver that started it, over the channel to its parent. */
export type Report =
  | { type: 'devtools'; endpoint: string }
  | { type: 'forked'; name: string; pid: number }
  | { type: 'window'; targetId: string }
  | { type: 'external'; url: string }
  | { type: 'error-box'; title: string; message: string };

export function report(message: Report): void {
  if (process.connected) process.send?.(message);
}
