import { type DragEvent, useState } from 'react';
import { UPLOAD_PIECE_BYTES } from '../../contract/bill.ts';
import type { Channel } from '../../contract/trade.ts';
import { Action } from '../action.tsx';
import { nowMs } from '../clock.ts';
import { useWords } from '../i18n/index.ts';
import type { Api } from '../link.ts';
import { type LinkErrorCode, linkError } from '../link-error.ts';
import { useTill, useTillContext } from '../till-context.ts';
import '../field.css';

const DAY_MS = 86_400_000;
/** Both wallets end their days in China, wherever the store is. */
const WALLET_OFFSET_MS = 8 * 3_600_000;

/** Chooses a wallet and a day, then fetches the bill or takes it as a file. */
export function BillStart({ onBegun }: { onBegun(): void }) {
  const { api } = useTillContext();
  const { t } = useWords();
  const channels = useTill((state) => state.till?.channels ?? []);
  const [chosen, setChannel] = useState<Channel | null>(null);
  const [kind, setKind] = useState<'trade' | 'fund_flow'>('trade');
  const [day, setDay] = useState(yesterday);
  const [failure, setFailure] = useState<LinkErrorCode | null>(null);
  const [isBusy, setBusy] = useState(false);
  const channel = chosen ?? channels[0];

  function begin(work: (channel: Channel) => Promise<unknown>): void {
    if (channel === undefined || isBusy) return;
    setBusy(true);
    setFailure(null);
    work(channel)
      .then(
        () => {},
        (error: unknown) => setFailure(linkError(error).code),
      )
      .finally(() => {
        setBusy(false);
        onBegun();
      });
  }

  const take = (file: File | undefined) => {
    if (file) begin((at) => upload(api, file, { channel: at, day, kind }, onBegun));
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  };

  return (
    <section className="bill-start">
      <label>
        <span>{t('bills.wallet')}</span>
        <select
          className="field"
          value={channel}
          onChange={(event) => {
            setChannel(event.currentTarget.value as Channel);
            setKind('trade');
          }}
        >
          {channels.map((each) => (
            <option key={each} value={each}>
              {t(`wallet.${each}`)}
            </option>
          ))}
        </select>
      </label>
      {channel === 'wechat' && (
        <label>
          <span>{t('bills.kind')}</span>
          <select
            className="field"
            value={kind}
            onChange={(event) => setKind(event.currentTarget.value as typeof kind)}
          >
            <option value="trade">{t('bills.kind.trade')}</option>
            <option value="fund_flow">{t('bills.kind.fund_flow')}</option>
          </select>
        </label>
      )}
      <label>
        <span>{t('bills.day')}</span>
        <input
          className="field"
          type="date"
          value={day}
          onChange={(event) => event.currentTarget.value && setDay(event.currentTarget.value)}
        />
      </label>
      <Action
        kind="main"
        busy={isBusy}
        onPress={() => begin((at) => api.bills.fetch({ channel: at, day, kind }))}
        testId="bill-fetch"
      >
        {t('bills.fetch')}
      </Action>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the field inside does the same by keyboard. */}
      <div className="bill-drop" onDragOver={(event) => event.preventDefault()} onDrop={onDrop}>
        <label>
          {t('bills.drop')}
          <input
            type="file"
            accept=".csv,.gz,.zip"
            disabled={isBusy}
            onChange={(event) => {
              take(event.currentTarget.files?.[0]);
              event.currentTarget.value = '';
            }}
          />
        </label>
      </div>
      {failure !== null && (
        <p role="alert" className="bill-failure">
          {t(`errors.${failure}`)}
        </p>
      )}
    </section>
  );
}

/** Sends the file piece by piece; what is wrong with it, the bill itself says. */
async function upload(
  api: Api,
  file: File,
  where: { channel: Channel; day: string; kind: 'trade' | 'fund_flow' },
  onBegun: () => void,
): Promise<void> {
  const { billId } = await api.bills.drop({
    ...where,
    fileName: file.name.slice(0, 200),
    fileBytes: file.size,
  });
  onBegun();
  for (let at = 0; at === 0 || at < file.size; at += UPLOAD_PIECE_BYTES) {
    const piece = new Uint8Array(await file.slice(at, at + UPLOAD_PIECE_BYTES).arrayBuffer());
    const isLast = at + UPLOAD_PIECE_BYTES >= file.size;
    await api.bills.piece({ billId, position: at, base64: base64(piece), isLast });
  }
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function yesterday(): string {
  return new Date(nowMs() + WALLET_OFFSET_MS - DAY_MS).toISOString().slice(0, 10);
}
