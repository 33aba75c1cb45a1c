import { hash } from 'node:crypto';
import type { Settings } from '../ports/settings.ts';
import type { StartSettings } from './services/tell-settings.ts';

/** What of the settings decides how the till treats money, people and messages: the ledger is told when it changes. */
export function startSettings(settings: Settings, merchant: readonly string[]): StartSettings {
  return {
    shopName: settings.shopName,
    storeTimeZone: settings.storeTimeZone,
    merchant,
    host: settings.host,
    allowedHosts: settings.allowedHosts,
    chargeTtlSeconds: settings.chargeTtlSeconds,
    closeGraceSeconds: settings.closeGraceSeconds,
    amountMaxFen: settings.amountMaxFen,
    refundAutomaticMaxFen: settings.refundAutomaticMaxFen,
    backup: settings.backup ?? null,
    backupMinutes: settings.backupMinutes,
    locks: placeOf(settings.locks),
    sessions: placeOf(settings.sessions),
    relay: settings.relay === undefined ? null : placeOf(settings.relay),
    webhook:
      settings.webhook === undefined ? null : `${placeOf(settings.webhook)} ${markOf(settings.webhook)}`,
    webhookSecret: markOf(settings.webhookSecret),
    apiKey: markOf(settings.apiKey),
  };
}

/** An address without what may be secret in it. */
function placeOf(address: string): string {
  return URL.canParse(address) ? `${new URL(address).protocol}//${new URL(address).host}` : address;
}

/** Enough to see that a secret is another, too little to guess it by; null where there is none. */
function markOf(secret: string | undefined): string | null {
  return secret === undefined ? null : hash('sha256', secret).slice(0, 4);
}
