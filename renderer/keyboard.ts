import { after } from './clock.ts';
import { commandFor } from './store/commands.ts';
import { isPaymentCode, looksScanned, NO_BURST, nextBurst, scannedAt, scannedText } from './store/scanner.ts';
import { screenOf } from './store/screen.ts';
import type { TillState } from './store/state.ts';
import type { TillContext } from './till-context.ts';

/** A gun without an Enter at the end has finished after this pause. */
const SCAN_OVER_MS = 200;

/**
 * The keyboard and the barcode gun, wherever the focus is. What turns out to be a scan is undone: the till
 * stands as it stood before the gun's first key. While nothing runs a receipt opens its payment, to be given back;
 * otherwise the till says what was scanned.
 */
export function listenToKeys({ till, run, open }: TillContext): () => void {
  let burst = NO_BURST;
  let before: TillState | null = null;
  let stopWaiting = () => {};

  function undoScan(text: string): void {
    const stood = before;
    burst = NO_BURST;
    before = null;
    const screen = screenOf(stood ?? till.store.getState());
    const isReceipt = (screen === 'idle' || screen === 'entering') && !isPaymentCode(text);
    till.change((state) => ({
      ...state,
      ...(stood ? { typed: stood.typed, shown: stood.shown, focus: stood.focus } : {}),
      // A refused sale that the gun's first digit cleared away comes back.
      sales: { ...stood?.sales, ...state.sales },
      notice: isReceipt ? null : { kind: 'scanned', text },
    }));
    if (isReceipt) open({ name: 'refund', text });
  }

  function onKey(event: KeyboardEvent): void {
    // Whoever turns away locks at once, whatever stands open.
    if (event.key === 'F9') {
      event.preventDefault();
      run({ do: 'lock' });
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isElsewhere(event)) return;
    // When it was pressed: handling may be late, and late keys would look like a hand's.
    const atMs = event.timeStamp;
    stopWaiting();
    if (event.key === 'Enter' || event.key === 'Tab') {
      const scanned = scannedAt(burst, atMs);
      burst = NO_BURST;
      if (scanned !== null) {
        event.preventDefault();
        undoScan(scanned);
        return;
      }
    } else if (event.key.length === 1) {
      const next = nextBurst(burst, event.key, atMs);
      if (next.text.length === 1) before = till.store.getState();
      burst = next;
      if (looksScanned(burst)) {
        const text = scannedText(burst);
        stopWaiting = after(SCAN_OVER_MS, () => undoScan(text));
      }
    }
    // A button that was reached by Tab is pressed by the browser.
    if ((event.key === 'Enter' || event.key === ' ') && document.activeElement?.matches('button, summary'))
      return;
    const command = commandFor(screenOf(till.store.getState()), event.key);
    if (command === null || (event.repeat && command.do !== 'type' && command.do !== 'erase')) return;
    event.preventDefault();
    run(command);
  }

  function onPaste(event: ClipboardEvent): void {
    if (isElsewhere(event)) return;
    const screen = screenOf(till.store.getState());
    if (screen === 'idle' || screen === 'entering') till.paste(event.clipboardData?.getData('text') ?? '');
  }

  window.addEventListener('keydown', onKey);
  window.addEventListener('paste', onPaste);
  return () => {
    stopWaiting();
    window.removeEventListener('keydown', onKey);
    window.removeEventListener('paste', onPaste);
  };
}

/** A text field, a list over the stage and a locked screen have their own keys. */
function isElsewhere(event: Event): boolean {
  const isField = event.target instanceof Element && event.target.matches('input, textarea, select');
  return isField || document.querySelector('[role="dialog"], [data-locked]') !== null;
}
