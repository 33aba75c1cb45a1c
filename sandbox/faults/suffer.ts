import { type Clock, sleep } from '../../ports/clock.ts';
import { answer, type SandboxAnswer, type SandboxReply } from '../http.ts';
import type { Plight } from './armed.ts';
import type { Fault } from './vocabulary.ts';

/** How a wallet says in its own words that it did not do what it was asked. */
export interface WalletWords {
  systemError(): SandboxAnswer;
  throttled(): SandboxAnswer;
  refused(code: string, status: number | undefined): SandboxAnswer;
  /** Alipay's “call again” of a cancel. */
  retryFlag(): SandboxAnswer;
}

/**
 * Waits as a fault says; false when the sandbox stops meanwhile: nothing is done or answered then.
 */
async function waited(clock: Clock, ms: number, stopping: AbortSignal): Promise<boolean> {
  if (ms === 0) return true;
  try {
    await sleep(clock, ms, stopping);
    return true;
  } catch (error) {
    if (stopping.aborted) return false;
    throw error;
  }
}

/**
 * Runs one exchange through what befalls it. `act` does the wallet's work once, or is never called; faults of
 * the answer's content and signature are its own affair.
 */
export async function suffer(
  plight: Plight,
  ports: { clock: Clock; stopping: AbortSignal },
  act: () => SandboxAnswer,
  words: WalletWords,
): Promise<SandboxReply> {
  const { clock, stopping } = ports;
  if (!(await waited(clock, plight.delayBeforeMs, stopping))) return { kind: 'reset' };
  const instead = plight.main && insteadOfActing(plight.main, words);
  const acted = instead ?? act();
  if (!(await waited(clock, plight.delayAfterMs, stopping))) return { kind: 'reset' };
  if (instead || !plight.main || acted.kind !== 'answer') return acted;
  return afterActing(plight.main, acted, words);
}

function insteadOfActing(fault: Fault, words: WalletWords): SandboxReply | null {
  switch (fault.kind) {
    case 'drop_before':
      return { kind: 'silence', holdMs: fault.holdMs };
    case 'reset_before':
      return { kind: 'reset' };
    case 'throttled':
      return words.throttled();
    case 'refuse':
      return words.refused(fault.code, fault.status);
    case 'retry_flag':
      return words.retryFlag();
    case 'http_status':
    case 'html':
    case 'system_error':
      return fault.when === 'before' ? replaced(fault, words) : null;
    default:
      return null;
  }
}

function afterActing(fault: Fault, acted: SandboxAnswer, words: WalletWords): SandboxReply {
  switch (fault.kind) {
    case 'drop_after':
      return { kind: 'silence', holdMs: fault.holdMs };
    case 'reset_after':
      return { kind: 'reset' };
    case 'half_body':
      return { ...acted, cutAtByte: acted.body.length >> 1 };
    case 'http_status':
    case 'html':
    case 'system_error':
      return replaced(fault, words);
    default:
      return acted;
  }
}

function replaced(
  fault: Extract<Fault, { kind: 'http_status' | 'html' | 'system_error' }>,
  words: WalletWords,
): SandboxAnswer {
  if (fault.kind === 'system_error') return words.systemError();
  if (fault.kind === 'html') return page(200, 'Welcome to the Wi-Fi of this shop. Please log in.');
  return fault.body === undefined ? page(fault.status, `${fault.status}`) : body(fault.status, fault.body);
}

function page(status: number, text: string): SandboxAnswer {
  return body(status, `<!doctype html><html><head><title>${text}</title></head><body>${text}</body></html>`);
}

function body(status: number, text: string): SandboxAnswer {
  const json = /^\s*[{[]/.test(text);
  return answer(status, json ? 'application/json' : 'text/html; charset=utf-8', text);
}
